// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

// Package streamtest tests sources of pods: a Handler that records, and the
// conformance suite that every source must pass.
package streamtest

import (
	"context"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/podwatch/kubectl-podwatch/pkg/projection"
	"github.com/podwatch/kubectl-podwatch/pkg/reconcile/stream"
)

// Recorder is a Handler that keeps what it is told. It fails the test if two
// calls overlap or Synced comes twice.
type Recorder struct {
	tb testing.TB

	busy sync.Mutex

	mu       sync.Mutex
	changed  chan struct{}
	lines    []string
	statuses []stream.Status
	synced   bool
}

var _ stream.Handler = (*Recorder)(nil)

// NewRecorder returns an empty Recorder.
func NewRecorder(tb testing.TB) *Recorder {
	tb.Helper()
	return &Recorder{tb: tb, changed: make(chan struct{})}
}

// Upsert implements stream.Handler.
func (r *Recorder) Upsert(p *projection.Pod, f stream.Frame) { r.note(line("upsert", p, f)) }

// Delete implements stream.Handler.
func (r *Recorder) Delete(p *projection.Pod, f stream.Frame) { r.note(line("delete", p, f)) }

// Synced implements stream.Handler.
func (r *Recorder) Synced() {
	r.mu.Lock()
	if r.synced {
		r.tb.Error("Synced was called twice")
	}
	r.synced = true
	r.mu.Unlock()
	r.note("synced")
}

// Status implements stream.Handler.
func (r *Recorder) Status(s stream.Status) {
	r.change(func() { r.statuses = append(r.statuses, s) })
}

func (r *Recorder) note(l string) { r.change(func() { r.lines = append(r.lines, l) }) }

func (r *Recorder) change(f func()) {
	if !r.busy.TryLock() {
		r.tb.Error("calls of the handler overlap")
		return
	}
	defer r.busy.Unlock()
	r.mu.Lock()
	defer r.mu.Unlock()
	f()
	close(r.changed)
	r.changed = make(chan struct{})
}

func line(verb string, p *projection.Pod, f stream.Frame) string {
	words := []string{verb, p.Name, string(p.UID)}
	if f.Initial {
		words = append(words, "initial")
	}
	if f.Gap {
		words = append(words, "gap")
	}
	return strings.Join(words, " ")
}

// Lines returns what was delivered: "synced", or verb, name, UID and the flags
// of the frame.
func (r *Recorder) Lines() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.lines)
}

// Statuses returns every Status told.
func (r *Recorder) Statuses() []stream.Status {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.statuses)
}

// Drain forgets what was delivered so far.
func (r *Recorder) Drain() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.lines, r.statuses = nil, nil
}

// AwaitLine waits until a line was delivered, and fails the test after half a
// minute.
func (r *Recorder) AwaitLine(want string) {
	r.tb.Helper()
	r.await(want, func() bool { return slices.Contains(r.lines, want) })
}

// AwaitStatus waits for a Status that matches.
func (r *Recorder) AwaitStatus(what string, match func(stream.Status) bool) {
	r.tb.Helper()
	r.await(what, func() bool { return slices.ContainsFunc(r.statuses, match) })
}

func (r *Recorder) await(what string, holds func() bool) {
	r.tb.Helper()
	ctx, cancel := context.WithTimeout(r.tb.Context(), 30*time.Second)
	defer cancel()
	for {
		r.mu.Lock()
		ok, changed := holds(), r.changed
		r.mu.Unlock()
		if ok {
			return
		}
		select {
		case <-changed:
		case <-ctx.Done():
			lines := r.Lines()
			r.tb.Fatalf("%s: not seen; delivered %d, the last of them %q; statuses: %+v",
				what, len(lines), lines[max(0, len(lines)-20):], r.Statuses())
		}
	}
}

// Expect waits for the last of the lines and compares all that was delivered
// since the last Drain with them, in any order.
func (r *Recorder) Expect(want ...string) {
	r.tb.Helper()
	for _, l := range want {
		r.AwaitLine(l)
	}
	got, want := slices.Sorted(slices.Values(r.Lines())), slices.Sorted(slices.Values(want))
	if diff := cmp.Diff(want, got); diff != "" {
		r.tb.Errorf("delivered (-want +got):\n%s", diff)
	}
}
