// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"os"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestPagesShowWhatTheCommandsPrint(t *testing.T) {
	t.Chdir("../..")
	for name, value := range environment() {
		t.Setenv(name, value)
	}
	fresh, err := pages()
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range fresh {
		got, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(string(want), string(got)); diff != "" {
			t.Errorf("%s is out of date, make generate writes it (-want +got):\n%s", name, diff)
		}
	}
}

func TestBlockBelowAMarkIsReplaced(t *testing.T) {
	t.Parallel()
	const text = "before\n<!-- generated: kubectl podwatch nonsense -->\n```console\nold\n```\nafter\n"
	got := string(marked.ReplaceAllFunc([]byte(text), refresh))
	const want = "before\n<!-- generated: kubectl podwatch nonsense -->\n```console\n$ kubectl podwatch nonsense\n" +
		"error: unknown command \"nonsense\" for \"kubectl podwatch\"\n```\nafter\n"
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
