// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package clean

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"k8s.io/apimachinery/pkg/types"
)

const (
	dirMode  = 0o700
	fileMode = 0o600

	// spoolPrefix begins the names of the folders that hold what is not yet
	// archived, one per run.
	spoolPrefix = ".spool-"
	// spoolTTL is when the spool of another run is taken for one whose process
	// was killed. No prompt waits that long; a run that does loses its spool
	// and so deletes nothing. One without end makes it anew.
	spoolTTL = 24 * time.Hour

	journalDir = "journal"
)

// Archive keeps on disk what a run is about to remove, and why: the folder
// holds one file per removed pod, <namespace>_<name>_<uid>.json, with SaveLogs
// another one that ends in .log, and in journal/ one file per run, <run>.jsonl. Folders have mode 0700, files 0600,
// because manifests hold env values. An Archive may be used by several
// goroutines at once.
//
// Manifests take two steps. Spool writes them to a file of the run as they pass
// by, one file for all because making one costs more than writing it, so that
// they need not be held in memory nor be read twice; Commit makes one of them
// permanent. What was never committed is gone after Close.
type Archive struct {
	dir   string
	root  *os.Root
	run   string
	spool string
	// made is true if the folder was not there before.
	made bool

	manifests struct {
		sync.Mutex
		// file is the spool, nil until something is spooled; end is its size.
		file *os.File
		end  int64
		// spooled has the pods whose manifest is in the spool.
		spooled   map[types.UID]extent
		committed map[types.UID]string
	}
	// flush brings a manifest to stable storage, names brings its name there.
	flush   func(*os.File) error
	names   syncer
	journal journal
	cluster Cluster
	// logs is nil if none are kept.
	logs *logSaver
}

// OpenArchive opens the archive in dir for a run that begins at now, and makes
// the folder if it is not there. The caller must Close it.
func OpenArchive(dir string, now time.Time) (*Archive, error) {
	a := &Archive{dir: dir, run: now.UTC().Format("20060102T150405Z") + "-" + strings.ToLower(rand.Text()[:8])}
	a.spool = spoolPrefix + a.run
	a.manifests.spooled = map[types.UID]extent{}
	a.manifests.committed = map[types.UID]string{}
	if err := a.open(); err != nil {
		return nil, fmt.Errorf("open archive %q: %w", dir, err)
	}
	a.sweep(now)
	return a, nil
}

func (a *Archive) open() error {
	// What is told of the files must be true from wherever it is read.
	var err error
	if a.dir, err = filepath.Abs(a.dir); err != nil {
		return err
	}
	if a.made, err = makeDir(a.dir); err != nil {
		return err
	}
	// All access goes through a root, so that no name of a pod and no symbolic
	// link leads out of the folder.
	if a.root, err = os.OpenRoot(a.dir); err != nil {
		return err
	}
	info, err := a.root.Stat(".")
	if err == nil {
		err = checkPrivate(a.dir, info)
	}
	if err == nil {
		err = a.makeSpool()
	}
	if err != nil {
		return errors.Join(err, a.root.Close())
	}
	a.flush = (*os.File).Sync
	a.names.sync = func() error { return syncDir(a.root, ".") }
	return nil
}

// makeDir makes the folder dir and those above it, and reports whether dir was
// not there before. When it returns without an error their names are on stable
// storage: a manifest is no safer than the name of its folder.
func makeDir(dir string) (made bool, err error) {
	above := missingAbove(dir)
	if err := os.MkdirAll(filepath.Dir(dir), dirMode); err != nil {
		return false, err
	}
	err = os.Mkdir(dir, dirMode)
	if errors.Is(err, fs.ErrExist) {
		return false, nil
	}
	for _, parent := range above {
		if err == nil {
			err = syncFolder(parent)
		}
	}
	return err == nil, err
}

// missingAbove returns the folders that get a new name when dir is made: its
// parent, and on upwards to the first that is there.
func missingAbove(dir string) []string {
	var above []string
	for {
		if _, err := os.Stat(dir); err == nil || filepath.Dir(dir) == dir {
			return above
		}
		dir = filepath.Dir(dir)
		above = append(above, dir)
	}
}

// sweep removes the spools of runs that were killed. It is a courtesy: what
// cannot be removed stays for the next run.
func (a *Archive) sweep(now time.Time) {
	entries, err := fs.ReadDir(a.root.FS(), ".")
	if err != nil {
		return
	}
	for _, e := range entries {
		if !e.IsDir() || !strings.HasPrefix(e.Name(), spoolPrefix) || e.Name() == a.spool {
			continue
		}
		if info, err := e.Info(); err == nil && now.Sub(info.ModTime()) > spoolTTL {
			_ = a.root.RemoveAll(e.Name())
		}
	}
}

// Close removes what was spooled and not committed, and the folder if this run
// made it and nothing was archived. If the journal is incomplete, its error is
// returned, too.
func (a *Archive) Close() error {
	err := errors.Join(a.journal.close(), a.closeSpool(), a.root.RemoveAll(a.spool), a.root.Close())
	if a.made {
		// It fails if there is something in it, as it should.
		_ = os.Remove(a.dir)
	}
	if err != nil {
		return fmt.Errorf("close archive %q: %w", a.dir, err)
	}
	return nil
}
