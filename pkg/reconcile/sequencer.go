// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package reconcile

import "sync"

// maxReady bounds the events that wait for emit. Behind it workers wait, then
// the frames of one pod merge in the intake, and the stream never notices. What
// a reader that has stopped still costs is the frames of pods that are new.
const maxReady = 1024

// sequencer puts the events of all workers into the order of their frames and
// emits them one at a time.
type sequencer struct {
	mu   sync.Mutex
	cond *sync.Cond
	// next is the place that the output waits for.
	next uint64
	// early holds what is finished but has something before it that is not.
	early map[uint64]*Event
	ready []Event
	// judged counts the reconciliations up to next.
	judged int64
	// closed: no further put will come. broken: nobody reads any more.
	closed, broken bool
}

func newSequencer() *sequencer {
	s := &sequencer{early: map[uint64]*Event{}}
	s.cond = sync.NewCond(&s.mu)
	return s
}

// put says that the frame at seq is finished, with an event or, if ev is nil,
// without. It never waits.
func (s *sequencer) put(seq uint64, ev *Event) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.early[seq] = ev
	for {
		ev, ok := s.early[s.next]
		if !ok {
			break
		}
		delete(s.early, s.next)
		s.next++
		if ev == nil || ev.Type == Judged || ev.Type == Gone {
			s.judged++
		}
		if ev != nil {
			ev.Reconciliations = s.judged
			s.ready = append(s.ready, *ev)
		}
	}
	s.cond.Broadcast()
}

// wait waits while the reader is far behind. It is for those that may: workers,
// not sources.
func (s *sequencer) wait() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for len(s.ready) > maxReady && !s.broken {
		s.cond.Wait()
	}
}

// close lets run return when everything that is in order was emitted.
func (s *sequencer) close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed = true
	s.cond.Broadcast()
}

// run emits until close, or until emit fails.
func (s *sequencer) run(emit func(Event) error) error {
	for {
		events := s.take()
		if events == nil {
			return nil
		}
		for _, ev := range events {
			if err := emit(ev); err != nil {
				s.abandon()
				return err
			}
		}
	}
}

// flush emits what is ready, for callers that put and emit in turns.
func (s *sequencer) flush(emit func(Event) error) error {
	s.mu.Lock()
	events := s.ready
	s.ready = nil
	s.mu.Unlock()
	for _, ev := range events {
		if err := emit(ev); err != nil {
			return err
		}
	}
	return nil
}

// take waits for events and returns nil when there will be none.
func (s *sequencer) take() []Event {
	s.mu.Lock()
	defer s.mu.Unlock()
	for len(s.ready) == 0 && !s.closed {
		s.cond.Wait()
	}
	events := s.ready
	s.ready = nil
	s.cond.Broadcast()
	return events
}

// abandon frees all who wait for a reader that is gone.
func (s *sequencer) abandon() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.broken = true
	s.cond.Broadcast()
}
