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

// schedule calls fire for a key when its time has come. Unlike the work
// queue's AddAfter, a key has one time and the latest word counts, keys that
// are due at once fire in the order of keys, and nothing fires while the
// engine drains.
type schedule struct {
	clock clock.WithTicker
	fire  func(Key)

	mu      sync.Mutex
	entries map[Key]*entry
	order   entryHeap
	changed chan struct{}
}

type entry struct {
	key   Key
	at    time.Time
	index int
}

func newSchedule(c clock.WithTicker, fire func(Key)) *schedule {
	return &schedule{clock: c, fire: fire, entries: map[Key]*entry{}, changed: make(chan struct{}, 1)}
}

// set replaces the time of key; the zero time takes key off the schedule.
func (s *schedule) set(key Key, at time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	e, ok := s.entries[key]
	switch {
	case ok && at.IsZero():
		heap.Remove(&s.order, e.index)
		delete(s.entries, key)
	case ok:
		e.at = at
		heap.Fix(&s.order, e.index)
	case !at.IsZero():
		e = &entry{key: key, at: at}
		s.entries[key] = e
		heap.Push(&s.order, e)
	}
	if len(s.order) > 0 && s.order[0] == e {
		select {
		case s.changed <- struct{}{}:
		default:
		}
	}
}

// run fires until ctx ends.
func (s *schedule) run(ctx context.Context) {
	for {
		wait := s.fireDue()
		var due <-chan time.Time
		var timer clock.Timer
		if wait > 0 {
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

// fireDue fires all that is due and returns how long nothing will be, 0 if
// nothing is scheduled.
func (s *schedule) fireDue() time.Duration {
	for {
		s.mu.Lock()
		if len(s.order) == 0 {
			s.mu.Unlock()
			return 0
		}
		first := s.order[0]
		if wait := first.at.Sub(s.clock.Now()); wait > 0 {
			s.mu.Unlock()
			return wait
		}
		heap.Pop(&s.order)
		delete(s.entries, first.key)
		s.mu.Unlock()
		s.fire(first.key)
	}
}

// entryHeap orders entries by time, then by key.
type entryHeap []*entry

func (h entryHeap) Len() int { return len(h) }
func (h entryHeap) Less(i, j int) bool {
	return cmp.Or(h[i].at.Compare(h[j].at), h[i].key.Compare(h[j].key)) < 0
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
