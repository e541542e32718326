// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package printers_test

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/olekukonko/tablewriter/pkg/twwidth"
	"k8s.io/apimachinery/pkg/runtime"
	cliprinters "k8s.io/cli-runtime/pkg/printers"

	"github.com/podwatch/kubectl-podwatch/pkg/printers"
)

var update = flag.Bool("update", false, "write the golden files instead of comparing with them")

// TestMain keeps the locale of the developer out of the widths of "…" and "→".
func TestMain(m *testing.M) {
	twwidth.SetEastAsian(false)
	m.Run()
}

// golden compares got with testdata/<TestName>/<case>.golden.
func golden(t *testing.T, got string) {
	t.Helper()
	path := filepath.Join("testdata", filepath.FromSlash(t.Name())+".golden")
	if *update {
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s (-want +got)\n%s", path, diff)
	}
}

// printed returns what p prints of objects.
func printed(t *testing.T, p cliprinters.ResourcePrinter, objects ...runtime.Object) string {
	t.Helper()
	var b bytes.Buffer
	for _, object := range objects {
		if err := p.PrintObj(object, &b); err != nil {
			t.Fatal(err)
		}
	}
	return b.String()
}

// palette colours always or never.
func palette(t *testing.T, mode printers.ColorMode) printers.Palette {
	t.Helper()
	p, err := printers.NewPalette(mode, env(nil), false)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// env looks up in a map.
func env(vars map[string]string) func(string) (string, bool) {
	return func(name string) (string, bool) {
		value, ok := vars[name]
		return value, ok
	}
}

// widest returns the longest line of text, in runes.
func widest(text string) string {
	longest := ""
	for line := range strings.Lines(text) {
		if line = strings.TrimSuffix(line, "\n"); len([]rune(line)) > len([]rune(longest)) {
			longest = line
		}
	}
	return longest
}
