// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package live

import (
	"slices"
	"sync"
	"time"

	"github.com/podwatch/kubectl-podwatch/pkg/apis/podwatch/v1alpha1"
)

// feedLength is how many transitions a board remembers: more than any terminal
// has lines for.
const feedLength = 200

// Freshness says how well a source is heard of.
type Freshness string

// The freshnesses, from the best to the worst. Lagging is suspicious silence;
// Denied and Failed sources are not heard of any more.
const (
	Live       Freshness = "LIVE"
	Connecting Freshness = "CONNECTING"
	Lagging    Freshness = "LAGGING"
	Stale      Freshness = "STALE"
	Denied     Freshness = "DENIED"
	Failed     Freshness = "FAILED"
)

// Source is one list+watch and how fresh it is.
type Source struct {
	// Namespace is empty for all namespaces of the context.
	Context, Namespace string
	Freshness          Freshness
	// LastFrame is when the server was last heard of, zero before the first time.
	// While Live it is some time ago and tells nothing.
	LastFrame time.Time
	// Attempts counts the failed attempts since then; Reason is the last failure.
	Attempts int
	Reason   string
	// Skew is what the server's clock is ahead of this machine's: ages of pods are by
	// the server's.
	Skew time.Duration
}

// Board holds what is known now. Its methods are safe for concurrent use and
// never wait for a terminal.
type Board struct {
	mu      sync.Mutex
	version uint64
	synced  bool
	rows    map[ID]*Row
	sources []Source
	// feed is the last transitions, the oldest first.
	feed []*v1alpha1.PodWatchEvent
	// restarts are those of the last restartWindow, the oldest first.
	restarts []restarts
}

// restartWindow is how long restarts are counted.
const restartWindow = 5 * time.Minute

// restarts are those that were seen within one second.
type restarts struct {
	at time.Time
	n  int64
}

// NewBoard returns a board that knows of no pod.
func NewBoard(sources []Source) *Board {
	return &Board{version: 1, rows: map[ID]*Row{}, sources: slices.Clone(sources)}
}

// Put sets what is known of a pod. Restarts since it was put before are counted.
func (b *Board) Put(r Row) {
	b.change(func() {
		if last := b.rows[r.ID]; last != nil && r.Restarts > last.Restarts {
			b.count(restarts{r.Observed.Truncate(time.Second), r.Restarts - last.Restarts})
		}
		b.rows[r.ID] = &r
	})
}

// count adds restarts, and forgets those that are too old to be told.
func (b *Board) count(more restarts) {
	if n := len(b.restarts); n > 0 && !b.restarts[n-1].at.Before(more.at) {
		b.restarts[n-1].n += more.n
		return
	}
	old := 0
	for old < len(b.restarts) && more.at.Sub(b.restarts[old].at) > restartWindow {
		old++
	}
	b.restarts = append(b.restarts[old:], more)
}

// Remove forgets a pod.
func (b *Board) Remove(id ID) {
	b.change(func() { delete(b.rows, id) })
}

// Fresh sets how fresh one of the sources is.
func (b *Board) Fresh(s Source) {
	b.change(func() {
		for i := range b.sources {
			if b.sources[i].Context == s.Context && b.sources[i].Namespace == s.Namespace {
				b.sources[i] = s
			}
		}
	})
}

// Synced says that the initial lists are on the board.
func (b *Board) Synced() { b.change(func() { b.synced = true }) }

// Tell adds a transition. It keeps e, which must not change any more.
func (b *Board) Tell(e *v1alpha1.PodWatchEvent) {
	b.change(func() {
		b.feed = append(b.feed, e)
		b.feed = slices.Delete(b.feed, 0, max(0, len(b.feed)-feedLength))
	})
}

func (b *Board) change(f func()) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.version++
	f()
}

// snapshot is what a board held at one moment. It is immutable.
type snapshot struct {
	version uint64
	synced  bool
	rows    []*Row // in no order
	sources []Source
	feed    []*v1alpha1.PodWatchEvent
	// restarts may hold older ones than are to be told.
	restarts []restarts
}

// restarted is how many restarts were seen within the window before now.
func (s *snapshot) restarted(now time.Time) int {
	n := int64(0)
	for _, r := range s.restarts {
		if now.Sub(r.at) <= restartWindow {
			n += r.n
		}
	}
	return int(n)
}

// snapshot returns what the board holds: last itself if nothing has changed.
func (b *Board) snapshot(last *snapshot) *snapshot {
	b.mu.Lock()
	defer b.mu.Unlock()
	if last != nil && last.version == b.version {
		return last
	}
	s := &snapshot{
		version: b.version, synced: b.synced, rows: make([]*Row, 0, len(b.rows)),
		sources: slices.Clone(b.sources), feed: slices.Clone(b.feed), restarts: slices.Clone(b.restarts),
	}
	for _, r := range b.rows {
		s.rows = append(s.rows, r)
	}
	return s
}
