// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package clean

import (
	"iter"
	"sync"

	"github.com/podwatch/kubectl-podwatch/pkg/apis/podwatch/v1alpha1"
	"github.com/podwatch/kubectl-podwatch/pkg/clean"
	"github.com/podwatch/kubectl-podwatch/pkg/cmd/internal/failure"
	"github.com/podwatch/kubectl-podwatch/pkg/cmd/internal/scope"
	"github.com/podwatch/kubectl-podwatch/pkg/diagnose"
	"github.com/podwatch/kubectl-podwatch/pkg/projection"
	"github.com/podwatch/kubectl-podwatch/pkg/reconcile"
)

// session is one run of clean.
type session struct {
	Options
	// archive is nil in a dry run.
	archive *clean.Archive

	mu          sync.Mutex
	pods        map[reconcile.Key]judged
	seen        scope.Seen
	limitations []v1alpha1.Limitation
	// partial is set if a part of a file could not be read.
	partial error

	// plan and cleaner are set once, before anything is acted on.
	plan    *clean.Plan
	cleaner *clean.Cleaner
	// shown is true if the plan was shown as a table.
	shown bool
}

type judged struct {
	pod     *projection.Pod
	verdict *diagnose.Verdict
}

func newSession(o Options) *session {
	return &session{Options: o, pods: map[reconcile.Key]judged{}, seen: o.Scope.NewSeen()}
}

// emit keeps the pods as the engine sees them.
func (s *session) emit(ev reconcile.Event) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch ev.Type {
	case reconcile.Judged:
		s.pods[ev.Key] = judged{ev.Pod, ev.To}
		s.seen.Add(ev.Pod)
	case reconcile.Gone:
		delete(s.pods, ev.Key)
	case reconcile.SourceFailed:
		s.limitations = append(s.limitations, failure.Limitation(ev.Source.Namespace, ev.Err))
	case reconcile.Stream, reconcile.Synced, reconcile.Tick:
	}
	return nil
}

// snapshot returns the pods as they are now, and their keys by UID.
func (s *session) snapshot() (iter.Seq2[*projection.Pod, diagnose.Verdict], map[string]reconcile.Key) {
	s.mu.Lock()
	defer s.mu.Unlock()
	pods := make([]judged, 0, len(s.pods))
	keys := make(map[string]reconcile.Key, len(s.pods))
	for key, j := range s.pods {
		pods = append(pods, j)
		keys[string(key.UID)] = key
	}
	return func(yield func(*projection.Pod, diagnose.Verdict) bool) {
		for _, j := range pods {
			if !yield(j.pod, *j.verdict) {
				return
			}
		}
	}, keys
}

// missing returns an error if a target has no pod, before anything is planned.
// With a part of the scope unread, that cannot be known.
func (s *session) missing() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.limitations) > 0 {
		return nil
	}
	return s.seen.Missing()
}

func (s *session) setPlan(plan *clean.Plan, cleaner *clean.Cleaner) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.plan, s.cleaner = plan, cleaner
}

// planned returns the plan and what carries it out, nil if it was not made. An
// interrupt can end the run while the plan is still being made.
func (s *session) planned() (*clean.Plan, *clean.Cleaner) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.plan, s.cleaner
}
