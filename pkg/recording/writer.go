// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package recording

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/podwatch/kubectl-podwatch/pkg/reconcile"
)

// waiting bounds the deliveries that wait for the disk. Behind it the stream
// waits: a recording with holes would be worth nothing.
const waiting = 4096

// Writer writes one recording.
type Writer struct {
	path  string
	lines chan line
	done  chan error
}

// Create makes a new file that only its owner can read. A file that is there
// already is never touched.
func Create(path string, h Header) (*Writer, error) {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return nil, fmt.Errorf("create recording: %w", err)
	}
	w := &Writer{path: path, lines: make(chan line, waiting), done: make(chan error, 1)}
	go func() { w.done <- errors.Join(write(f, h, w.lines), f.Close()) }()
	return w, nil
}

// Put is meant for reconcile.Config.Tap: it hands d over and does no I/O.
func (w *Writer) Put(d reconcile.Delivery) { w.lines <- lineOf(d) }

// Close writes what is left and returns the first error of the recording. Put
// must not be called any more.
func (w *Writer) Close() error {
	close(w.lines)
	if err := <-w.done; err != nil {
		return fmt.Errorf("write recording %q: %w", w.path, err)
	}
	return nil
}

// write encodes lines until there are no more. After an error the rest is
// dropped.
func write(f io.Writer, h Header, lines <-chan line) error {
	b := bufio.NewWriter(f)
	e := json.NewEncoder(b)
	err := e.Encode(newHeader(h))
	for l := range lines {
		if err != nil {
			continue
		}
		if err = e.Encode(l); err == nil && len(lines) == 0 {
			err = b.Flush() // so that a process that is killed leaves all it has seen
		}
	}
	return errors.Join(err, b.Flush())
}
