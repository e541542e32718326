// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package policy

import (
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestNoFileNamesAPlaceOnOneMachine(t *testing.T) {
	t.Parallel()
	place := regexp.MustCompile(`(?:^|[^a-z])/(?:work|root)/`)
	for _, f := range checkout(t) {
		if path.Base(f.path) == "go.sum" {
			continue
		}
		if found := place.Find(f.text); found != nil {
			t.Errorf("%s names %q", f.path, found)
		}
	}
}

func TestLinksInTheDocumentationLead(t *testing.T) {
	t.Parallel()
	link := regexp.MustCompile(`\]\(([^)#\s]+)`)
	for _, f := range documentation(t) {
		for _, part := range link.FindAllSubmatch(f.text, -1) {
			target := string(part[1])
			if !strings.Contains(target, "://") && !exists(path.Join(path.Dir(f.path), target)) {
				t.Errorf("%s links to %s, which does not exist", f.path, target)
			}
		}
	}
}

func TestFilesInTheDocumentationExist(t *testing.T) {
	t.Parallel()
	name := regexp.MustCompile("`((?:cmd|pkg|docs|hack|plugins|test|testdata)/[\\w./-]+)`")
	for _, f := range documentation(t) {
		for _, part := range name.FindAllSubmatch(f.text, -1) {
			if target := string(part[1]); !exists(target) {
				t.Errorf("%s speaks of %s, which does not exist", f.path, target)
			}
		}
	}
}

func TestMakeTargetsInTheDocumentationExist(t *testing.T) {
	t.Parallel()
	makefile, err := os.ReadFile(filepath.Join(root, "Makefile"))
	if err != nil {
		t.Fatal(err)
	}
	targets := map[string]bool{}
	for _, part := range regexp.MustCompile(`(?m)^([a-z-]+):.*## `).FindAllSubmatch(makefile, -1) {
		targets[string(part[1])] = true
	}
	call := regexp.MustCompile("(?m)(?:`|^|^[ $]+|[A-Z]=\\S+ )make ([a-z-]+)")
	for _, f := range documentation(t) {
		for _, part := range call.FindAllSubmatch(f.text, -1) {
			if target := string(part[1]); !targets[target] {
				t.Errorf("%s speaks of make %s, which the Makefile does not have", f.path, target)
			}
		}
	}
}

func documentation(t *testing.T) []file {
	t.Helper()
	var out []file
	for _, f := range checkout(t) {
		if path.Ext(f.path) == ".md" {
			out = append(out, f)
		}
	}
	return out
}

func exists(name string) bool {
	_, err := os.Stat(filepath.Join(root, filepath.FromSlash(name)))
	return err == nil
}

func TestDependenciesHaveAReason(t *testing.T) {
	t.Parallel()
	const page = "docs/decisions/002-dependencies.md"
	want := modules(t, "go.mod", regexp.MustCompile(`(?m)^\t(\S+) v\S+$`)) // the indirect ones end in a comment
	got := modules(t, page, regexp.MustCompile("(?m)^\\| `(\\S+)` \\|"))
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s and go.mod differ (-go.mod +page):\n%s", page, diff)
	}
}

// modules returns what pattern finds in the file, sorted.
func modules(t *testing.T, name string, pattern *regexp.Regexp) []string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(root, name))
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, part := range pattern.FindAllSubmatch(text, -1) {
		out = append(out, string(part[1]))
	}
	slices.Sort(out)
	return out
}
