// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build unix

package clean

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// A pipe has no end until somebody writes to it, which nobody does here.
func TestArchivedPipe(t *testing.T) {
	t.Parallel()
	pipe := filepath.Join(t.TempDir(), "x.json")
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := ReadArchived([]string{pipe}, Cluster{}, noon, everyPod); err == nil || !strings.Contains(err.Error(), "it is no file") {
		t.Errorf("ReadArchived() = %v", err)
	}
}

func TestFoldersOfAnotherUser(t *testing.T) {
	t.Parallel()
	if os.Geteuid() != 0 {
		t.Skip("only root gives folders away")
	}
	dir := filepath.Join(t.TempDir(), "archive")
	if err := os.Mkdir(dir, dirMode); err != nil {
		t.Fatal(err)
	}
	if err := os.Chown(dir, 12345, -1); err != nil {
		t.Skip(err)
	}
	if a, err := OpenArchive(dir, noon); err == nil || !strings.Contains(err.Error(), "it belongs to another user") {
		t.Errorf("OpenArchive() = %v, %v", a, err)
	}
	if _, err := ReadArchived([]string{dir}, Cluster{}, noon, everyPod); err == nil {
		t.Error("an archive of another user was read")
	}
}
