// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package recording

import (
	"bufio"
	"encoding/json"
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
	lines chan line
	done  chan error
}

// Create makes a new file that only its owner can read. A file that is there
// already is never touched. If it cannot be written, failed is called once, by another
// goroutine, with the error that Close returns: what is put from then on is dropped.
func Create(path string, h Header, failed func(error)) (*Writer, error) {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return nil, fmt.Errorf("create recording: %w", err)
	}
	w := &Writer{lines: make(chan line, waiting), done: make(chan error, 1)}
	go func() {
		err := write(f, h, w.lines)
		if closeErr := f.Close(); err == nil {
			err = closeErr
		}
		if err != nil {
			err = fmt.Errorf("write recording %q: %w", path, err)
			failed(err)
		}
		for range w.lines { // whoever puts must not wait
		}
		w.done <- err
	}()
	return w, nil
}

// Put is meant for reconcile.Config.Tap: it hands d over and does no I/O.
func (w *Writer) Put(d reconcile.Delivery) { w.lines <- lineOf(d) }

// Close writes what is left and returns the first error of the recording. Put
// must not be called any more.
func (w *Writer) Close() error {
	close(w.lines)
	return <-w.done
}

// write encodes lines until there are no more, or to the first error.
func write(f io.Writer, h Header, lines <-chan line) error {
	b := bufio.NewWriter(f)
	e := json.NewEncoder(b)
	if err := e.Encode(newHeader(h)); err != nil {
		return err
	}
	for {
		if len(lines) == 0 { // a process that is killed leaves all it has seen
			if err := b.Flush(); err != nil {
				return err
			}
		}
		l, ok := <-lines
		if !ok {
			return b.Flush()
		}
		if err := e.Encode(l); err != nil {
			return err
		}
	}
}
