// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"os"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestEnvironmentReplacesEveryMention(t *testing.T) {
	t.Parallel()
	env := []string{"HOME=/home/you", "LANG=C", "HOME=/twice", "KUBECONFIG=production"}
	got := environment(env, map[string]string{"HOME": "/tmp/demo", "KUBECONFIG": os.DevNull, "NEW": "x=y"})
	want := []string{"HOME=/tmp/demo", "KUBECONFIG=" + os.DevNull, "LANG=C", "NEW=x=y"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("environment (-want +got):\n%s", diff)
	}
}

func TestPlayDoesTheActsInOrder(t *testing.T) {
	t.Parallel()
	var got []int
	note := func(n int) act {
		return act{time.Millisecond, func(context.Context) error { got = append(got, n); return nil }}
	}
	if err := play(t.Context(), []act{note(1), note(2), note(3)}); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]int{1, 2, 3}, got); diff != "" {
		t.Errorf("acts (-want +got):\n%s", diff)
	}
}

func TestPlayEndsWithItsContextAndWithAnError(t *testing.T) {
	t.Parallel()
	never := act{time.Hour, func(context.Context) error { return errors.New("done") }}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if err := play(ended, []act{never}); err != nil {
		t.Errorf("ended context: %v, want no error", err)
	}
	broken := errors.New("broken")
	fails := act{0, func(context.Context) error { return broken }}
	if err := play(t.Context(), []act{fails, never}); !errors.Is(err, broken) {
		t.Errorf("failing act: %v, want %v", err, broken)
	}
}
