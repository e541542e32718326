// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package reconcile

import (
	"cmp"
	"container/heap"
	"context"
	"sync"
	"time"

	"k8s.io/utils/clock"
)

// purpose is what an appointment is for.
type purpose int

const (
	// pace looks at a pod again because its verdict may have changed.
	pace purpose = iota
	// asked is a look that the reader has asked for.
	asked
	// tick is the next Tick.
	tick
)

// appointment is what the schedule keeps one time of.
type appointment struct {
	purpose purpose
	key     Key
}

func (a appointment) compare(b appointment) int {
	return cmp.Or(cmp.Compare(a.purpose, b.purpose), a.key.Compare(b.key))
}

// schedule keeps appointments. Unlike the work queue's AddAfter, each has one
// time and the latest word counts, those that are due at once come in a fixed
// order, and nothing fires while the engine drains.
type schedule struct {
	clock clock.WithTicker

	mu      sync.Mutex
	entries map[appointment]*entry
	order   entryHeap
	changed chan struct{}
}

type entry struct {
	appointment
	at    time.Time
	index int
}

func newSchedule(c clock.WithTicker) *schedule {
	return &schedule{clock: c, entries: map[appointment]*entry{}, changed: make(chan struct{}, 1)}
}

// set replaces the time of a; the zero time cancels it.
func (s *schedule) set(a appointment, at time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	e, ok := s.entries[a]
	switch {
	case ok && at.IsZero():
		heap.Remove(&s.order, e.index)
		delete(s.entries, a)
	case ok:
		e.at = at
		heap.Fix(&s.order, e.index)
	case !at.IsZero():
		e = &entry{appointment: a, at: at}
		s.entries[a] = e
		heap.Push(&s.order, e)
	}
	if len(s.order) > 0 && s.order[0] == e {
		select {
		case s.changed <- struct{}{}:
		default:
		}
	}
}

// due removes the first appointment whose time is not after now, and returns
// it with that time.
func (s *schedule) due(now time.Time) (appointment, time.Time, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.order) == 0 || s.order[0].at.After(now) {
		return appointment{}, time.Time{}, false
	}
	first := s.order[0]
	heap.Pop(&s.order)
	delete(s.entries, first.appointment)
	return first.appointment, first.at, true
}

// wait is the time until the first appointment, 0 if there is none.
func (s *schedule) wait() time.Duration {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.order) == 0 {
		return 0
	}
	return max(s.order[0].at.Sub(s.clock.Now()), time.Nanosecond)
}

// run calls fire whenever something is due, until ctx ends.
func (s *schedule) run(ctx context.Context, fire func()) {
	for {
		fire()
		var due <-chan time.Time
		var timer clock.Timer
		if wait := s.wait(); wait > 0 {
			timer = s.clock.NewTimer(wait)
			due = timer.C()
		}
		select {
		case <-ctx.Done():
		case <-due:
		case <-s.changed:
		}
		if timer != nil {
			timer.Stop()
		}
		if ctx.Err() != nil {
			return
		}
	}
}

// entryHeap orders entries by time, then by what they are.
type entryHeap []*entry

func (h entryHeap) Len() int { return len(h) }
func (h entryHeap) Less(i, j int) bool {
	return cmp.Or(h[i].at.Compare(h[j].at), h[i].compare(h[j].appointment)) < 0
}

func (h entryHeap) Swap(i, j int) {
	h[i], h[j] = h[j], h[i]
	h[i].index, h[j].index = i, j
}

// Push implements heap.Interface.
func (h *entryHeap) Push(x any) {
	e, ok := x.(*entry)
	if !ok {
		return
	}
	e.index = len(*h)
	*h = append(*h, e)
}

// Pop implements heap.Interface.
func (h *entryHeap) Pop() any {
	old := *h
	e := old[len(old)-1]
	*h = old[:len(old)-1]
	return e
}
