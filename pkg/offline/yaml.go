// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package offline

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"

	yamlv3 "go.yaml.in/yaml/v3"
	"sigs.k8s.io/yaml"
)

// maxIndent is how deep the items of a YAML list may be indented to be read one
// by one.
const maxIndent = 16

// yaml reads one YAML document. The items of a list in block style at the top
// level are handled one by one on the way and left out.
func (d *decoder) yaml() error {
	f := &fragment{begin: d.line}
	for len(d.ahead(1)) > 0 && !d.atSeparator() {
		begin := len(f.raw)
		var err error
		if f.raw, err = d.takeLine(f.raw); err != nil {
			return d.at(f.begin, err)
		}
		if !bytes.Equal(bytes.TrimRight(f.raw[begin:], " \t\r\n"), []byte("items:")) {
			continue
		}
		if err := d.blockItems(f); err != nil {
			return err
		}
	}
	if err := d.ended(); err != nil {
		return d.at(d.line, err)
	}
	raw, err := d.toJSON(f.raw)
	if err != nil {
		return d.explainYAML(f.begin, err)
	}
	switch f.raw = raw; {
	case string(raw) == "null":
		return nil
	case raw[0] == '[' && f.list == nil:
		return d.array(f)
	default:
		return d.whole(f)
	}
}

// atSeparator is true where the document ends and another one, or the log of a
// dump, may follow.
func (d *decoder) atSeparator() bool { return d.fresh && (separator(d.ahead(4)) || d.atLog()) }

// array handles a bare array that was read whole.
func (d *decoder) array(f *fragment) error {
	var items []json.RawMessage
	if err := json.Unmarshal(f.raw, &items); err != nil {
		return d.explain(f, err)
	}
	return d.nested(f, &list{}, items)
}

// blockItems handles the items that stand in block style behind the key items,
// which f ends in. If there are none, it leaves what follows to the caller.
func (d *decoder) blockItems(f *fragment) error {
	head, err := d.toJSON(f.raw)
	if err != nil {
		return d.explainYAML(f.begin, err)
	}
	kind := kindOf(head)
	if f.raw, err = d.takeRemarks(f.raw); err != nil {
		return d.at(d.line, err)
	}
	indent := d.indent()
	if !isList(kind) || indent < 0 || !d.atDash(indent) {
		return nil
	}
	if f.list == nil {
		f.list = &list{kind: kind}
	}
	for d.atDash(indent) {
		if err := d.blockItem(f.list, indent); err != nil {
			return err
		}
	}
	d.item = 0
	return nil
}

// blockItem handles one item: the line with its dash and all that is indented
// further.
func (d *decoder) blockItem(l *list, indent int) error {
	begin := d.line
	text, err := d.takeLine(d.scratch[:0])
	for err == nil && len(d.ahead(1)) > 0 && d.within(indent) {
		text, err = d.takeLine(text)
	}
	d.scratch = text
	d.item++
	if err != nil {
		return d.at(begin, err)
	}
	raw, err := d.toJSON(text)
	if err != nil {
		return d.explainYAML(begin, err)
	}
	var items []json.RawMessage
	if err := json.Unmarshal(raw, &items); err != nil {
		return d.at(begin, err)
	}
	for _, item := range items {
		if err := d.element(l, &fragment{raw: item, begin: begin}); err != nil {
			return err
		}
	}
	return nil
}

// takeRemarks appends blank lines and comments to buf.
func (d *decoder) takeRemarks(buf []byte) ([]byte, error) {
	for {
		line := bytes.TrimLeft(d.ahead(maxIndent), " \t\r")
		if len(line) == 0 || line[0] != '\n' && line[0] != '#' {
			return buf, nil
		}
		var err error
		if buf, err = d.takeLine(buf); err != nil {
			return buf, err
		}
	}
}

// indent is the number of spaces that the line ahead begins with, -1 if there
// are more than maxIndent.
func (d *decoder) indent() int {
	b := d.ahead(maxIndent + 1)
	n := len(b) - len(bytes.TrimLeft(b, " "))
	if n > maxIndent {
		return -1
	}
	return n
}

// atDash is true if the line ahead begins an item with the given indentation.
func (d *decoder) atDash(indent int) bool {
	b := d.ahead(indent + 2)
	return len(b) > indent && b[indent] == '-' && len(bytes.TrimLeft(b[:indent], " ")) == 0 &&
		(len(b) == indent+1 || blank(b[indent+1]))
}

// within is true if the line ahead belongs to an item with the given
// indentation: it is blank, a comment, or indented further.
func (d *decoder) within(indent int) bool {
	b := bytes.TrimLeft(d.ahead(indent+1), " ")
	return len(b) == 0 || b[0] == '\n' || b[0] == '\r' || b[0] == '#'
}

// toJSON converts one YAML document.
func (d *decoder) toJSON(text []byte) ([]byte, error) {
	// Without both characters there are no anchors and aliases.
	if bytes.IndexByte(text, '&') >= 0 && bytes.IndexByte(text, '*') >= 0 {
		if err := checkAliases(text, d.max); err != nil {
			return nil, err
		}
	}
	return yaml.YAMLToJSON(text)
}

// checkAliases refuses a document that its aliases blow up. The YAML library
// bounds how many nodes aliases may repeat, but not how long these are.
func checkAliases(text []byte, most int) error {
	var root yamlv3.Node
	if err := yamlv3.Unmarshal(text, &root); err != nil {
		return err
	}
	e := expansion{most: most, sizes: map[*yamlv3.Node]int{}}
	if e.size(&root) > most {
		return fmt.Errorf("aliases make the document larger than %d MiB", most>>20)
	}
	if e.cyclic {
		return errors.New("an alias refers to what it is part of")
	}
	return nil
}

// expansion computes how large a document is with its aliases written out.
type expansion struct {
	most int
	// sizes holds the anchored nodes, -1 while one is being computed.
	sizes  map[*yamlv3.Node]int
	cyclic bool
}

func (e *expansion) size(n *yamlv3.Node) int {
	switch size, known := e.sizes[n]; {
	case known && size < 0:
		e.cyclic = true
		return 0
	case known:
		return size
	}
	if n.Anchor != "" {
		e.sizes[n] = -1
	}
	// The constant stands for quotes, commas and brackets.
	total := len(n.Value) + 4
	if n.Alias != nil {
		total += e.size(n.Alias)
	}
	for _, child := range n.Content {
		// Bounded at every step, so that the sum cannot overflow.
		total = min(total+e.size(child), 2*e.most)
	}
	if n.Anchor != "" {
		e.sizes[n] = total
	}
	return total
}
