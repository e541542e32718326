// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package reconcile

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"sync"
	"time"

	"k8s.io/utils/clock"

	"github.com/podwatch/kubectl-podwatch/pkg/projection"
)

// The pace of reading. A namespace is read when there is news about its pods,
// again when what was read is not fresh any more, and then at doubling distances
// for as long as there are findings that it matters to: a Job that has given up
// says so a moment after its last pod, and without another frame of it.
const (
	// gather lets the pods that fail together be read above together.
	gather = 20 * time.Millisecond
	// soonest is the least distance of two readings of one namespace.
	soonest = 500 * time.Millisecond
	// lastAgain bounds the distances without news.
	lastAgain = 5 * time.Minute
	// readFor bounds one reading: the pods of other namespaces wait for it.
	readFor = 10 * time.Second
)

// survey reads what stands above the pods that have findings, beside the run.
// The zero value of a pointer, nil, reads nothing.
type survey struct {
	surveyor Surveyor
	clock    clock.WithTicker

	mu     sync.Mutex
	places map[place]*surveyed
	// changed wakes up the reader of a context.
	changed map[string]chan struct{}
}

// surveyed is what the survey knows of one namespace.
type surveyed struct {
	// pods are those with findings that what stands above them may change.
	pods map[Key]*projection.Pod
	read *Surroundings
	// last is when reading began last, due when it begins next; zero is never.
	last, due time.Time
	// again is the distance of the reading after that.
	again time.Duration
	// reading is true while a reading is under way. There was news about asking
	// meanwhile: whether that settles it is known at its end.
	reading bool
	asking  []*projection.Pod
}

func newSurvey(cfg Config) *survey {
	s := &survey{surveyor: cfg.Surveyor, clock: cfg.Clock, places: map[place]*surveyed{}, changed: map[string]chan struct{}{}}
	for _, source := range cfg.Sources {
		s.changed[source.Context] = make(chan struct{}, 1)
	}
	return s
}

// drop takes in that nothing above the pod of key matters, or that it is gone.
func (s *survey) drop(key Key) {
	if s == nil {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if at := s.places[place{key.Context, key.Namespace}]; at != nil {
		delete(at.pods, key)
	}
}

// keep takes in that what stands above p, the pod of key, matters.
func (s *survey) keep(key Key, p *projection.Pod) {
	if s == nil {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.at(key).pods[key] = p
}

// ask is keep for a pod about which there is news: it has its namespace read.
func (s *survey) ask(key Key, p *projection.Pod) {
	if s == nil {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	at := s.at(key)
	at.pods[key] = p
	at.again = 2 * fresh
	if at.reading {
		at.asking = append(at.asking, p)
		return
	}
	s.schedule(place{key.Context, key.Namespace}, at, at.wanted(p, s.clock.Now()))
}

// at is what is known of the namespace of key. The caller holds mu.
func (s *survey) at(key Key) *surveyed {
	of := place{key.Context, key.Namespace}
	if s.places[of] == nil {
		s.places[of] = &surveyed{pods: map[Key]*projection.Pod{}}
	}
	return s.places[of]
}

// wanted is when to read because of news about p.
func (at *surveyed) wanted(p *projection.Pod, now time.Time) time.Time {
	soon := now.Add(gather)
	if at.read.settles(p, now.Add(-fresh)) {
		soon = at.last.Add(fresh)
	}
	if next := at.last.Add(soonest); next.After(soon) {
		return next
	}
	return soon
}

// schedule has the namespace read at due, or earlier if that was said before.
func (s *survey) schedule(of place, at *surveyed, due time.Time) {
	if !at.due.IsZero() && !due.Before(at.due) {
		return
	}
	at.due = due
	select {
	case s.changed[of.context] <- struct{}{}:
	default:
	}
}

// run reads what is due in one context until ctx ends.
func (s *survey) run(ctx context.Context, name string, deliver func(place, *Surroundings)) {
	for {
		var due <-chan time.Time
		var timer clock.Timer
		if next := s.next(name); !next.IsZero() {
			timer = s.clock.NewTimer(next.Sub(s.clock.Now()))
			due = timer.C()
		}
		select {
		case <-ctx.Done():
		case <-s.changed[name]:
		case <-due:
			s.readDue(ctx, name, deliver)
		}
		if timer != nil {
			timer.Stop()
		}
		if ctx.Err() != nil {
			return
		}
	}
}

// next is when something is due in context, zero if nothing is.
func (s *survey) next(name string) time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	var next time.Time
	for of, at := range s.places {
		if of.context == name && !at.due.IsZero() && (next.IsZero() || at.due.Before(next)) {
			next = at.due
		}
	}
	return next
}

// readDue reads the namespaces that are due, and delivers what is known of them.
func (s *survey) readDue(ctx context.Context, name string, deliver func(place, *Surroundings)) {
	pods := s.begin(name)
	if len(pods) == 0 {
		return
	}
	since := s.clock.Now()
	found := func() map[string]Surroundings {
		ctx, cancel := context.WithTimeout(ctx, readFor)
		defer cancel()
		return s.surveyor.Read(ctx, name, pods)
	}()
	if ctx.Err() != nil {
		return
	}
	for _, namespace := range slices.Sorted(maps.Keys(found)) {
		of := place{name, namespace}
		deliver(of, s.end(of, found[namespace], since))
	}
	s.resume(name)
}

// resume takes in the news that came while the namespaces of a context were read.
func (s *survey) resume(name string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.clock.Now()
	for of, at := range s.places {
		if of.context != name || !at.reading {
			continue
		}
		for _, p := range at.asking {
			s.schedule(of, at, at.wanted(p, now))
		}
		at.reading, at.asking = false, nil
	}
}

// begin returns the pods to read above, in order.
func (s *survey) begin(name string) []*projection.Pod {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.clock.Now()
	var pods []*projection.Pod
	for of, at := range s.places {
		if of.context != name || at.due.IsZero() || at.due.After(now.Add(gather)) {
			continue
		}
		at.due = time.Time{}
		if len(at.pods) > 0 {
			at.last, at.reading = now, true
			pods = slices.AppendSeq(pods, maps.Values(at.pods))
		}
	}
	slices.SortFunc(pods, func(a, b *projection.Pod) int {
		return cmp.Or(cmp.Compare(a.Namespace, b.Namespace), cmp.Compare(a.Name, b.Name), cmp.Compare(a.UID, b.UID))
	})
	return pods
}

// end keeps what was read of a namespace and says when to read it again.
func (s *survey) end(of place, found Surroundings, since time.Time) *Surroundings {
	s.mu.Lock()
	defer s.mu.Unlock()
	at := s.places[of]
	found.Since = since
	at.read = found.after(at.read)
	s.schedule(of, at, s.clock.Now().Add(at.again))
	at.again = min(2*at.again, lastAgain)
	return at.read
}
