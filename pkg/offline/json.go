// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package offline

import (
	"bytes"
	"errors"
)

// fragment is the text of one JSON object.
type fragment struct {
	raw   []byte
	begin int
	// list is set if the object has items; they are not in raw.
	list *list
	// cut is where in raw items were left out, cutLines how many lines of them.
	cut, cutLines int
}

// line returns the line of the input that the offset into raw is in.
func (f *fragment) line(offset int) int {
	n := f.begin + bytes.Count(f.raw[:min(max(offset, 0), len(f.raw))], []byte("\n"))
	if f.cut > 0 && offset >= f.cut {
		n += f.cutLines
	}
	return n
}

// json reads one JSON document: an object, or an array of them.
func (d *decoder) json() error {
	if d.skipSpace() == '[' {
		l := &list{}
		if err := d.elements(l); err != nil {
			return err
		}
		return d.endList(l)
	}
	f := &fragment{begin: d.line}
	for {
		done, err := d.step(f)
		if err != nil {
			return err
		}
		if done {
			return d.whole(f)
		}
	}
}

// step adds the next token or value of an object to f. It does not check that
// they come in a valid order; decoding the whole does. done is true behind the
// closing brace.
func (d *decoder) step(f *fragment) (done bool, err error) {
	f.raw, err = d.takeSpace(f.raw)
	next := d.window()
	punctuation := len(next) - len(bytes.TrimLeft(next, "],:"))
	switch {
	case err != nil:
	case len(next) == 0:
		err = d.cutOff()
	case punctuation > 0:
		f.raw, err = d.take(f.raw, punctuation)
	case len(f.raw) == 0, next[0] == '}':
		done = next[0] == '}'
		f.raw, err = d.take(f.raw, 1)
	case next[0] == '[' && f.opensItems():
		return false, d.items(f)
	default:
		f.raw, err = d.takeValue(f.raw)
	}
	if err != nil {
		return false, d.at(f.begin, err)
	}
	return done, nil
}

// opensItems is true if f ends in the key "items" and may be a list. Behind the
// whole tokens that f consists of, a key follows a brace or a comma.
func (f *fragment) opensItems() bool {
	const space = " \t\r\n"
	rest, ok := bytes.CutSuffix(bytes.TrimRight(f.raw, space), []byte(":"))
	if !ok {
		return false
	}
	if rest, ok = bytes.CutSuffix(bytes.TrimRight(rest, space), []byte(`"items"`)); !ok {
		return false
	}
	rest = bytes.TrimRight(rest, space)
	return len(rest) > 0 && (rest[len(rest)-1] == '{' || rest[len(rest)-1] == ',') && isList(f.kind())
}

// kind returns the kind that f names so far.
func (f *fragment) kind() string { return kindOf(append(bytes.Clone(f.raw), "[]}"...)) }

// items handles the items of the list f.
func (d *decoder) items(f *fragment) error {
	begin := d.line
	if f.list == nil {
		f.list = &list{kind: f.kind()}
	}
	if err := d.elements(f.list); err != nil {
		return err
	}
	d.item = 0
	f.raw = append(f.raw, "[]"...)
	f.cut, f.cutLines = len(f.raw), f.cutLines+d.line-begin
	return nil
}

// elements handles an array of objects one by one.
func (d *decoder) elements(l *list) error {
	d.skip(len("["))
	for first := true; ; first = false {
		c := d.skipSpace()
		switch {
		case c == ']':
			d.skip(len("]"))
			return nil
		case c == ',' && !first:
			d.skip(len(","))
			c = d.skipSpace()
		case !first && c != 0:
			return d.at(d.line, errors.New("want a comma or a closing bracket behind the item"))
		}
		if c == 0 {
			return d.at(d.line, d.cutOff())
		}
		d.item++
		f := fragment{begin: d.line}
		var err error
		if f.raw, err = d.takeValue(d.scratch[:0]); err != nil {
			return d.at(f.begin, err)
		}
		d.scratch = f.raw
		if err := d.element(l, &f); err != nil {
			return err
		}
	}
}
