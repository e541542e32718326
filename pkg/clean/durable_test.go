// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package clean

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/podwatch/kubectl-podwatch/pkg/apis/podwatch/v1alpha1"
)

func TestS51_WhatCannotBeArchivedIsNotDeleted(t *testing.T) {
	t.Parallel()
	mkdir := func(path ...string) error { return os.MkdirAll(filepath.Join(append(path, "in-the-way")...), 0o700) }
	pod := failedPod("a", "p")
	for name, spoil := range map[string]func(*Archive) error{
		"a folder has its name":      func(a *Archive) error { return mkdir(a.dir, "a_p_uid-a-p.json") },
		"the journal's name is had":  func(a *Archive) error { return mkdir(a.dir, journalDir, a.run+".jsonl") },
		"a file has the journal's":   func(a *Archive) error { return os.WriteFile(filepath.Join(a.dir, journalDir), nil, 0o600) },
		"the spool has disappeared":  func(a *Archive) error { return os.RemoveAll(filepath.Join(a.dir, a.spool)) },
		"the manifest was never had": func(a *Archive) error { delete(a.manifests.spooled, pod.UID); return nil },
		"the last manifest could not be spooled": func(a *Archive) error {
			// As on a full disk: no further byte can be written.
			err := a.manifests.file.Close()
			a.Spool(pod)
			return err
		},
		"the disk fails at fsync of the manifest": func(a *Archive) error {
			a.flush = func(*os.File) error { return errors.New("input/output error") }
			return nil
		},
		"the disk fails at fsync": func(a *Archive) error {
			a.names.sync = func() error { return errors.New("input/output error") }
			return nil
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newServer(t, pod)
			actor, archive := deleting(s)
			if err := spoil(archive); err != nil {
				t.Fatal(err)
			}
			got, err := actor.Remove(t.Context(), planned(pod))
			if err != nil || got.Result != v1alpha1.ResultArchiveFailed || got.Error == "" {
				t.Errorf("Remove() = %s (%q), %v; want archiveFailed", got.Result, got.Error, err)
			}
			if sent := s.mutations(); len(sent) > 0 {
				t.Errorf("sent %q", sent)
			}
		})
	}
}

// That the file is flushed by default cannot be seen but by its failing.
func TestS51_ManifestsAreFlushed(t *testing.T) {
	t.Parallel()
	f, err := os.Create(filepath.Join(t.TempDir(), "closed"))
	if err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	if err := openArchive(t).flush(f); err == nil {
		t.Error("a closed file was flushed")
	}
}

// After a record was lost nothing is removed any more, even if the next could be
// written.
func TestS51_AnErrorOfTheJournalSticks(t *testing.T) {
	t.Parallel()
	a, err := OpenArchive(t.TempDir(), noon)
	if err != nil {
		t.Fatal(err)
	}
	item := planned(failedPod("a", "p"))
	if err := a.decide(item, noon); err != nil {
		t.Fatal(err)
	}
	file := a.journal.file
	if a.journal.file, err = os.Open(file.Name()); err != nil { // as on a full disk: it cannot be written
		t.Fatal(err)
	}
	if err := a.decide(item, noon); err == nil {
		t.Error("the record cannot be written, and no error")
	}
	if err := a.journal.file.Close(); err != nil {
		t.Error(err)
	}
	a.journal.file = file
	if err := a.decide(item, noon); err == nil {
		t.Error("a removal is recorded after one that was not")
	}
	if err := a.Close(); err == nil {
		t.Error("Close() = nil although the journal is incomplete")
	}
}

// readJournal returns the records of the only run in dir.
func readJournal(t *testing.T, dir string) []record {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, journalDir, "*.jsonl"))
	if err != nil || len(files) != 1 {
		t.Fatalf("journals: %q, %v; want one", files, err)
	}
	data, err := os.ReadFile(files[0])
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Contains(data, []byte("hunter2")) {
		t.Error("the journal holds an env value")
	}
	var out []record
	for lines := bufio.NewScanner(bytes.NewReader(data)); lines.Scan(); {
		var r record
		if err := json.Unmarshal(lines.Bytes(), &r); err != nil {
			t.Fatalf("journal line %q: %v", lines.Text(), err)
		}
		if r.Entry != entryRun {
			out = append(out, r)
		}
	}
	return out
}

func spools(t *testing.T, dir string) []string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, e := range entries {
		out = append(out, e.Name())
	}
	return slices.DeleteFunc(out, func(name string) bool { return !strings.HasPrefix(name, spoolPrefix) })
}
