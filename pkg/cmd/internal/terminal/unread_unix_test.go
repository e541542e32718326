// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build unix

package terminal_test

import (
	"context"
	"errors"
	"os"
	"syscall"
	"testing"
	"time"

	"github.com/podwatch/kubectl-podwatch/pkg/cmd/internal/terminal"
)

func TestF35_AReaderThatGoesIsNoticedWithoutAWrite(t *testing.T) {
	t.Parallel()
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = w.Close() }()
	got := make(chan error, 1)
	go func() { got <- terminal.AwaitUnread(t.Context(), w) }()
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
	select {
	case err := <-got:
		if !errors.Is(err, syscall.EPIPE) {
			t.Errorf("AwaitUnread = %v, want EPIPE", err)
		}
	case <-time.After(time.Second):
		t.Error("not noticed within a second")
	}
}

func TestAwaitUnreadEndsWithItsContext(t *testing.T) {
	t.Parallel()
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _, _ = r.Close(), w.Close() }()
	file, err := os.Create(t.TempDir() + "/file")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = file.Close() }()
	for name, stream := range map[string]any{"a pipe": w, "a file": file, "no file": 7} {
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
		if err := terminal.AwaitUnread(ctx, stream); err != nil {
			t.Errorf("%s: AwaitUnread = %v, want nil", name, err)
		}
		cancel()
	}
}
