// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package policy

import (
	"bytes"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
)

// root is the top of the checkout.
const root = "../../.."

// file is a file of the checkout that holds text.
type file struct {
	// path is relative to the checkout, with slashes.
	path string
	text []byte
	// syntax is nil except for Go files.
	syntax *ast.File
}

var readOnce = sync.OnceValues(readCheckout)

// checkout returns all text files, those that .gitignore leaves out aside.
func checkout(t *testing.T) []file {
	t.Helper()
	files, err := readOnce()
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// goFiles returns the Go files below the folders, or all.
func goFiles(t *testing.T, folders ...string) []file {
	t.Helper()
	var out []file
	for _, f := range checkout(t) {
		below := func(folder string) bool { return strings.HasPrefix(f.path, folder+"/") }
		if f.syntax != nil && (len(folders) == 0 || slices.ContainsFunc(folders, below)) {
			out = append(out, f)
		}
	}
	return out
}

func readCheckout() ([]file, error) {
	var files []file
	set := token.NewFileSet()
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name := d.Name()
		if d.IsDir() {
			if name == ".git" || name == "bin" || name == "dist" || strings.HasPrefix(name, "_") {
				return fs.SkipDir
			}
			return nil
		}
		if !d.Type().IsRegular() {
			return nil
		}
		text, err := os.ReadFile(path)
		if err != nil || bytes.IndexByte(text, 0) >= 0 {
			return err
		}
		relative, err := filepath.Rel(root, path)
		if err != nil {
			return err
		}
		f := file{path: filepath.ToSlash(relative), text: text}
		if filepath.Ext(name) == ".go" && !strings.Contains(f.path, "testdata/") {
			f.syntax, err = parser.ParseFile(set, f.path, text, parser.ParseComments|parser.SkipObjectResolution)
		}
		files = append(files, f)
		return err
	})
	return files, err
}
