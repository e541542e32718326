// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

// Package printertest is the conformance suite of package printers: what holds
// for every printer, whatever its format.
package printertest

import (
	"bytes"
	"errors"
	"io"
	"reflect"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/runtime"
	cliprinters "k8s.io/cli-runtime/pkg/printers"
)

// hostile is appended to every text: a colour, a window title, a bell, a
// carriage return, a deletion, C1 controls and a byte that is no UTF-8, and
// around them words that must survive.
const hostile = "<begin\x1b[31m\x1b]0;title\x07\rover\b\x00\x7f\u009b2J\u0085\xff\nnext line end>"

// Conformance tests printers that colour nothing. make returns one in the
// state in which it is first used; object is what it prints, and must have
// something to print.
func Conformance(t *testing.T, make func() cliprinters.ResourcePrinter, object runtime.Object) {
	t.Helper()
	t.Run("plain layout", func(t *testing.T) {
		t.Parallel()
		checkLayout(t, printed(t, make(), object))
	})
	t.Run("same bytes again", func(t *testing.T) {
		t.Parallel()
		first, second := printed(t, make(), object), printed(t, make(), object)
		if diff := cmp.Diff(first, second); diff != "" {
			t.Errorf("two prints differ:\n%s", diff)
		}
	})
	t.Run("object is left alone", func(t *testing.T) {
		t.Parallel()
		mine, before := object.DeepCopyObject(), object.DeepCopyObject()
		printed(t, make(), mine)
		if diff := cmp.Diff(before, mine); diff != "" {
			t.Errorf("printing changed the object (-before +after)\n%s", diff)
		}
	})
	t.Run("error of the writer is returned", func(t *testing.T) {
		t.Parallel()
		if err := make().PrintObj(object, full{}); !errors.Is(err, errFull) {
			t.Errorf("error %v, want %v", err, errFull)
		}
	})
	t.Run("one write", func(t *testing.T) {
		t.Parallel()
		var c counter
		if err := make().PrintObj(object, &c); err != nil || c != 1 {
			t.Errorf("%d writes, error %v, want 1", c, err)
		}
	})
	t.Run("hostile text", func(t *testing.T) {
		t.Parallel()
		copied := object.DeepCopyObject()
		poison(reflect.ValueOf(copied))
		out := printed(t, make(), copied)
		checkControls(t, out)
		if !strings.Contains(out, "begin") {
			t.Errorf("the harmless part of the text is lost:\n%s", out)
		}
	})
}

func checkLayout(t *testing.T, out string) {
	t.Helper()
	if !strings.HasSuffix(out, "\n") {
		t.Errorf("output does not end in a newline: %q", out)
	}
	for line := range strings.Lines(out) {
		line = strings.TrimSuffix(line, "\n")
		if strings.TrimRight(line, " \t") != line {
			t.Errorf("trailing space: %q", line)
		}
	}
	checkControls(t, out)
}

// checkControls fails on control characters, in the text and in the escapes
// that JSON has for them.
func checkControls(t *testing.T, out string) {
	t.Helper()
	for _, r := range out {
		if r < ' ' && r != '\n' && r != '\t' || r >= 0x7f && r <= 0x9f {
			t.Fatalf("control character %U in %q", r, out)
		}
	}
	for _, escape := range []string{`\u001b`, `\u0007`, `\u0000`, `\b`, `\r`, `\u007f`, `\u0085`, `\u009b`, `\e`, `\x1b`} {
		if strings.Contains(strings.ToLower(out), escape) {
			t.Fatalf("escaped control character %s in %q", escape, out)
		}
	}
}

// poison makes every string that can be reached from v hostile.
func poison(v reflect.Value) {
	switch v.Kind() {
	case reflect.Pointer:
		if !v.IsNil() {
			poison(v.Elem())
		}
	case reflect.String:
		if v.CanSet() {
			v.SetString(v.String() + hostile)
		}
	case reflect.Slice:
		for i := range v.Len() {
			poison(v.Index(i))
		}
	case reflect.Map:
		for key, value := range v.Seq2() {
			if key.Kind() == reflect.String {
				v.SetMapIndex(reflect.ValueOf(key.String()+hostile).Convert(key.Type()), value)
			}
		}
	case reflect.Struct:
		for i := range v.NumField() {
			// apiVersion and kind are set by podwatch, never by a stranger; the
			// decision is what an item is selected by.
			if name := v.Type().Field(i).Name; name != "TypeMeta" && name != "Decision" && v.Field(i).CanSet() {
				poison(v.Field(i))
			}
		}
	default:
	}
}

func printed(t *testing.T, p cliprinters.ResourcePrinter, object runtime.Object) string {
	t.Helper()
	var b bytes.Buffer
	if err := p.PrintObj(object, &b); err != nil {
		t.Fatal(err)
	}
	if b.Len() == 0 {
		t.Fatal("nothing was printed")
	}
	return b.String()
}

var errFull = errors.New("no space left on device")

// full is a writer whose disk is full.
type full struct{}

func (full) Write([]byte) (int, error) { return 0, errFull }

// counter counts writes.
type counter int

func (c *counter) Write(data []byte) (int, error) {
	*c++
	return len(data), nil
}

var (
	_ io.Writer = full{}
	_ io.Writer = (*counter)(nil)
)
