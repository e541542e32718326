// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package clean

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/podwatch/kubectl-podwatch/pkg/apis/podwatch/v1alpha1"
)

// entry says what a line of the journal is: the beginning of a run, or one of
// the two records of a removal.
type entry string

const (
	// entryRun is the first line: where the pods of the run come from.
	entryRun entry = "run"
	// entryDecision is on stable storage before the DELETE is sent.
	entryDecision entry = "decision"
	// entryResult follows it. A decision without a result is a removal that
	// nobody has seen the end of.
	entryResult entry = "result"
)

// journalEnding is that of the names of journals.
const journalEnding = ".jsonl"

// record is one line of the journal but the first. It holds nothing of the manifest but names.
type record struct {
	Time  time.Time `json:"time"`
	Entry entry     `json:"entry"`
	v1alpha1.CleanItem
}

// journal is the file that tells the removals of one run. The file is made
// with the first record.
type journal struct {
	mu     sync.Mutex
	file   *os.File
	err    error
	synced syncer
}

// decide records that item is about to be removed, and returns once the record
// is on stable storage.
func (a *Archive) decide(item v1alpha1.CleanItem, now time.Time) error {
	err := a.record(entryDecision, item, now)
	if err == nil {
		err = a.journal.synced.wait()
	}
	if err != nil {
		return fmt.Errorf("record removal of pod %q: %w", item.Namespace+"/"+item.Name, err)
	}
	return nil
}

// conclude records what became of item. The pod is gone by then, so an error is
// not the pod's; Close returns it.
func (a *Archive) conclude(item v1alpha1.CleanItem, now time.Time) {
	_ = a.record(entryResult, item, now)
}

// record appends one line. Its errors stick: nothing is removed any more once a
// removal could not be recorded.
func (a *Archive) record(e entry, item v1alpha1.CleanItem, now time.Time) error {
	line, err := json.Marshal(record{Time: now.UTC(), Entry: e, CleanItem: item})
	if err != nil {
		return err
	}
	j := &a.journal
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.err == nil && j.file == nil {
		j.err = a.openJournal(now)
	}
	if j.err == nil {
		// One write per line, so that a killed process leaves whole lines.
		_, j.err = j.file.Write(append(line, '\n'))
	}
	return j.err
}

func (a *Archive) openJournal(now time.Time) error {
	if err := a.root.Mkdir(journalDir, dirMode); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	first, err := json.Marshal(runRecord{Time: now.UTC(), Entry: entryRun, Cluster: a.cluster})
	if err != nil {
		return err
	}
	name := filepath.Join(journalDir, a.run+journalEnding)
	f, err := a.root.OpenFile(name, os.O_WRONLY|os.O_APPEND|os.O_CREATE|os.O_EXCL, fileMode)
	if err != nil {
		return err
	}
	_, err = f.Write(append(first, '\n'))
	if err = errors.Join(err, syncDir(a.root, journalDir), a.names.wait()); err != nil {
		return errors.Join(err, f.Close())
	}
	a.journal.file = f
	a.journal.synced.sync = f.Sync
	return nil
}

func (j *journal) close() error {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.file == nil {
		return nil
	}
	return errors.Join(j.err, j.file.Sync(), j.file.Close())
}
