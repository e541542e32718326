// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package clean

import (
	"errors"
	"os"
	"runtime"
	"sync"
	"sync/atomic"
)

// syncer lets writers that wait for stable storage at the same time share one
// fsync: with eight of them that is most of the waiting.
type syncer struct {
	// sync flushes everything written so far.
	sync func() error

	asked atomic.Uint64
	mu    sync.Mutex
	done  uint64
	// err sticks: after a failed fsync the kernel has dropped the data, and the
	// next one reports success.
	err error
}

// wait returns once everything that was written before the call is flushed.
func (s *syncer) wait() error {
	mine := s.asked.Add(1)
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.err != nil || s.done >= mine {
		return s.err
	}
	upTo := s.asked.Load()
	if s.err = s.sync(); s.err == nil {
		s.done = upTo
	}
	return s.err
}

// syncDir flushes the names in a folder, without which a crash can lose a file
// that was flushed itself. Windows has no such operation and needs none.
func syncDir(root *os.Root, name string) error {
	if runtime.GOOS == "windows" {
		return nil
	}
	d, err := root.Open(name)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// syncFolder is syncDir for a folder that is no part of the archive.
func syncFolder(path string) error {
	root, err := os.OpenRoot(path)
	if err != nil {
		return err
	}
	return errors.Join(syncDir(root, "."), root.Close())
}
