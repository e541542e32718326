// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package offline

import (
	"bytes"

	corev1 "k8s.io/api/core/v1"
)

// decoder reads the documents of one input.
type decoder struct {
	source
	snapshot *Snapshot
	yield    func(*corev1.Pod) error
	// input is what is being read, place what its path says about it.
	input Input
	place place

	// document and item count from 1; item is 0 outside of lists.
	document, item int
	// handled is true once an object was understood.
	handled bool
	// maxPending bounds list.pendingBytes.
	maxPending int
	// scratch is the memory of the item at hand.
	scratch []byte
}

// form is how a document is written.
type form int

const (
	formNone form = iota
	formJSON
	formYAML
	formLog
)

func (d *decoder) documents() error {
	for {
		form := d.next()
		d.document++
		d.item = 0
		var err error
		switch form {
		case formNone:
			return d.ended()
		case formJSON:
			err = d.json()
		case formYAML:
			err = d.yaml()
		case formLog:
			err = d.log()
		}
		if err != nil {
			return err
		}
	}
}

// next consumes what may stand between documents (blank lines, comments,
// separators, directives) and tells the form of the document that follows. The
// indentation of its first line stays: it matters in YAML.
func (d *decoder) next() form {
	for {
		d.skipBlankLines()
		b := d.ahead(512)
		rest := bytes.TrimLeft(b, " \t\r")
		switch {
		case len(b) == 0:
			return formNone
		case len(rest) == 0:
			d.skip(len(b))
		case rest[0] == '\n':
		case rest[0] == '#', d.fresh && b[0] == '%':
			d.skipLine()
		case d.fresh && separator(b):
			d.skip(len("---"))
		case d.atLog():
			return formLog
		case opensJSON(rest):
			return formJSON
		default:
			return formYAML
		}
	}
}

// separator is true for the beginning of a line that ends a YAML document.
func separator(line []byte) bool {
	rest, ok := bytes.CutPrefix(line, []byte("---"))
	if !ok {
		rest, ok = bytes.CutPrefix(line, []byte("..."))
	}
	return ok && (len(rest) == 0 || blank(rest[0]))
}

func blank(c byte) bool { return c == ' ' || c == '\t' || c == '\r' || c == '\n' }

// opensJSON tells JSON from YAML in braces, as kubectl's KYAML is: JSON quotes
// its keys.
func opensJSON(b []byte) bool {
	if b[0] != '{' && b[0] != '[' {
		return false
	}
	rest := bytes.TrimLeft(b, " \t\r\n{[")
	return len(rest) == 0 || bytes.IndexByte([]byte(`"}]`), rest[0]) >= 0
}
