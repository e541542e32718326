// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package policy

import (
	"bytes"
	"go/ast"
	"path"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// maxLines is where a file surely has more than one purpose.
const maxLines = 400

func TestGoFilesNameTheLicence(t *testing.T) {
	t.Parallel()
	const header = "// Copyright The kubectl-podwatch Authors.\n// SPDX-License-Identifier: Apache-2.0\n\n"
	for _, f := range goFiles(t) {
		if !bytes.HasPrefix(f.text, []byte(header)) {
			t.Errorf("%s does not begin with the two lines of the licence and an empty one", f.path)
		}
	}
}

func TestGoFilesAreShort(t *testing.T) {
	t.Parallel()
	for _, f := range goFiles(t) {
		if n := bytes.Count(f.text, []byte("\n")); n > maxLines {
			t.Errorf("%s has %d lines, want at most %d", f.path, n, maxLines)
		}
	}
}

func TestPackagesHaveADocComment(t *testing.T) {
	t.Parallel()
	docs := map[string]int{}
	for _, f := range goFiles(t) {
		folder := path.Dir(f.path)
		docs[folder] += 0
		if strings.HasSuffix(f.path, "_test.go") || f.syntax.Doc == nil {
			continue
		}
		docs[folder]++
		want := "Package " + f.syntax.Name.Name + " "
		if f.syntax.Name.Name == "main" {
			want = "Command " + path.Base(folder) + " "
		}
		if doc := f.syntax.Doc.Text(); !strings.HasPrefix(doc, want) {
			t.Errorf("%s: the doc comment does not begin with %q", f.path, want)
		}
	}
	for folder, n := range docs {
		if n != 1 {
			t.Errorf("%s: %d files have a package doc comment, want 1", folder, n)
		}
	}
}

func TestPackageNamesSayAPurpose(t *testing.T) {
	t.Parallel()
	drawers := []string{"util", "utils", "common", "helper", "helpers", "shared", "misc", "types", "base"}
	for _, f := range goFiles(t) {
		if name := f.syntax.Name.Name; slices.Contains(drawers, name) {
			t.Errorf("%s: package name %q says nothing about what is in it", f.path, name)
		}
	}
}

func TestNothingRunsBeforeMain(t *testing.T) {
	t.Parallel()
	for _, f := range goFiles(t) {
		for _, d := range f.syntax.Decls {
			if fn, ok := d.(*ast.FuncDecl); ok && fn.Recv == nil && fn.Name.Name == "init" {
				t.Errorf("%s has an init function", f.path)
			}
		}
	}
}

func TestOneExitInTheProduct(t *testing.T) {
	t.Parallel()
	var got []string
	for _, f := range goFiles(t, "cmd", "pkg") {
		for range calls(f, "os", "Exit") {
			if !strings.HasSuffix(f.path, "_test.go") { // a test may be a process of its own
				got = append(got, f.path)
			}
		}
	}
	if want := []string{"cmd/kubectl-podwatch/main.go"}; !slices.Equal(got, want) {
		t.Errorf("os.Exit is called in %v, want %v", got, want)
	}
}

func TestErrorsSayTheOperation(t *testing.T) {
	t.Parallel()
	feeling := regexp.MustCompile(`^["` + "`" + `](?i:failed to|unable to|could not|error|cannot get)\b`)
	for _, f := range goFiles(t, "cmd", "pkg", "hack", "test") {
		for _, c := range append(calls(f, "fmt", "Errorf"), calls(f, "errors", "New")...) {
			text, ok := c.Args[0].(*ast.BasicLit)
			if ok && feeling.MatchString(text.Value) {
				t.Errorf("%s: error text %s: say the operation and the object: %q", f.path, text.Value, "list pods: ...")
			}
		}
	}
}

// calls returns the calls of pkg.name with at least one argument.
func calls(f file, pkg, name string) []*ast.CallExpr {
	var out []*ast.CallExpr
	ast.Inspect(f.syntax, func(n ast.Node) bool {
		call, ok := n.(*ast.CallExpr)
		if !ok || len(call.Args) == 0 {
			return true
		}
		if sel, ok := call.Fun.(*ast.SelectorExpr); ok && sel.Sel.Name == name {
			if x, ok := sel.X.(*ast.Ident); ok && x.Name == pkg {
				out = append(out, call)
			}
		}
		return true
	})
	return out
}
