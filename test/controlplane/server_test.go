// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package controlplane

import (
	"context"
	"errors"
	"os"
	"strings"
	"testing"
)

func TestServer_TellsItsVersionAndHasNoRateLimit(t *testing.T) {
	t.Parallel()
	s := Shared(t)
	version, err := s.Client().Discovery().ServerVersion()
	if err != nil {
		t.Fatal(err)
	}
	p, err := readPins()
	if err != nil {
		t.Fatal(err)
	}
	if version.GitVersion != p.versions["kube-apiserver"] || version.Major == "" {
		t.Errorf("version %s (major %q), want the pinned %s",
			version.GitVersion, version.Major, p.versions["kube-apiserver"])
	}
	if got := s.Config().QPS; got != -1 {
		t.Errorf("QPS = %v, want -1", got)
	}
}

func TestServer_ErrorQuotesTheLogOfWhatFailed(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	l, err := newLeash(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := l.release(); err != nil {
			t.Error(err)
		}
	}()
	p, err := launch(t.Context(), l, dir, "etcd", []string{"--data-dir=" + os.DevNull})
	if err != nil {
		refuse(t, err)
	}
	never := errors.New("never")
	err = awaitReady(t.Context(), func(context.Context) error { return never }, p)
	if err == nil || !strings.Contains(err.Error(), "start etcd: exit status") ||
		!strings.Contains(err.Error(), "data-dir") || !strings.Contains(err.Error(), os.DevNull) {
		t.Errorf("error = %v, want the exit status and the log", err)
	}
}
