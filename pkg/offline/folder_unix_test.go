// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build unix

package offline_test

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"

	"github.com/podwatch/kubectl-podwatch/pkg/offline"
)

func TestReadTakesOnlyFilesOfADirectory(t *testing.T) {
	t.Parallel()
	dir, elsewhere := t.TempDir(), t.TempDir()
	write := func(path, text string) {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write(filepath.Join(dir, "a.json"), podA)
	write(filepath.Join(elsewhere, "b.json"), podB)
	for _, err := range []error{
		os.Symlink(filepath.Join(elsewhere, "b.json"), filepath.Join(dir, "link.json")),
		os.Symlink(elsewhere, filepath.Join(dir, "folder")),
		os.Symlink(dir, filepath.Join(dir, "loop")),
		syscall.Mkfifo(filepath.Join(dir, "fifo.json"), 0o600),
		os.MkdirAll(filepath.Join(dir, strings.Repeat("deep/", 40)), 0o700),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	write(filepath.Join(dir, strings.Repeat("deep/", 40), "b.json"), podB)
	got := []string{}
	s, err := offline.Read(offline.Open([]string{dir}, nil), func(p *corev1.Pod) error {
		got = append(got, p.Name)
		return nil
	})
	if err != nil || len(s.Limitations) > 0 {
		t.Fatalf("Read: %v, %v", err, s)
	}
	if diff := cmp.Diff([]string{"a"}, got); diff != "" {
		t.Errorf("pods (-want +got):\n%s", diff)
	}
}
