// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package policy

import (
	"os"
	"path"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
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
