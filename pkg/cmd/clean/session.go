// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package clean

import (
	"fmt"
	"io"
	"iter"
	"slices"
	"sync"
	"time"

	"k8s.io/apimachinery/pkg/types"

	"github.com/podwatch/kubectl-podwatch/pkg/apis/podwatch/v1alpha1"
	"github.com/podwatch/kubectl-podwatch/pkg/clean"
	"github.com/podwatch/kubectl-podwatch/pkg/cmd/internal/clocks"
	"github.com/podwatch/kubectl-podwatch/pkg/cmd/internal/failure"
	"github.com/podwatch/kubectl-podwatch/pkg/cmd/internal/scope"
	"github.com/podwatch/kubectl-podwatch/pkg/diagnose"
	"github.com/podwatch/kubectl-podwatch/pkg/projection"
	"github.com/podwatch/kubectl-podwatch/pkg/reconcile"
	"github.com/podwatch/kubectl-podwatch/pkg/reconcile/stream"
)

// session is one run of clean.
type session struct {
	Options
	// archive is nil in a dry run.
	archive *clean.Archive

	clock *clocks.Server

	mu   sync.Mutex
	pods map[reconcile.Key]*projection.Pod
	seen scope.Seen
	// unread counts the namespaces whose pods could not be read.
	unread      int
	limitations []v1alpha1.Limitation
	// told is how many of limitations the user knows of.
	told int
	// partial is set if a part of a file could not be read.
	partial error
	// known is what a file tells of what surrounds its pods.
	known clean.Known

	// plan, the keys of all pods by UID, and cleaner are set once, before anything
	// is acted on.
	plan    *clean.Plan
	keys    map[string]reconcile.Key
	cleaner *clean.Cleaner
	// shown is true if the plan was shown as a table.
	shown bool
	// interrupted is the signal that came while the run waited for pods to be
	// gone, nil for none.
	interrupted error
	// bar counts what was acted on.
	bar *progress
}

func newSession(o Options) *session {
	return &session{
		Options: o, clock: clocks.NewServer(o.Clock), pods: map[reconcile.Key]*projection.Pod{}, seen: o.Scope.NewSeen(),
	}
}

// origin is the cluster of the run, the zero value with files.
func (s *session) origin() clean.Cluster {
	if s.Cluster.Core == nil {
		return clean.Cluster{}
	}
	return clean.ClusterOf(s.Cluster.Context, s.Cluster.Core.RESTClient())
}

// emit keeps the pods as the engine sees them.
func (s *session) emit(ev reconcile.Event) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch ev.Type {
	case reconcile.Judged:
		s.pods[ev.Key] = ev.Pod
		s.seen.Add(ev.Pod)
	case reconcile.Gone:
		delete(s.pods, ev.Key)
	case reconcile.SourceFailed:
		s.unread++
		s.limitations = append(s.limitations, failure.Limitation(ev.Source.Namespace, ev.Err))
	case reconcile.Stream:
		s.clock.SetSkew(ev.Status.Skew)
	case reconcile.Synced, reconcile.Tick, reconcile.Look, reconcile.Aftermath, reconcile.Read:
	}
	return nil
}

// snapshot returns the pods as they are now, judged at the instant now, and
// their keys by UID: the engine has judged each of them at a time of its own.
func (s *session) snapshot(now time.Time) (iter.Seq2[*projection.Pod, diagnose.Verdict], map[string]reconcile.Key) {
	s.mu.Lock()
	defer s.mu.Unlock()
	pods := make([]*projection.Pod, 0, len(s.pods))
	keys := make(map[string]reconcile.Key, len(s.pods))
	for key, pod := range s.pods {
		pods = append(pods, pod)
		keys[string(key.UID)] = key
	}
	return func(yield func(*projection.Pod, diagnose.Verdict) bool) {
		for _, pod := range pods {
			if !yield(pod, diagnose.Judge(pod, diagnose.Related{}, now, s.Thresholds)) {
				return
			}
		}
	}, keys
}

// there reports whether a pod that was seen when the plan was made is still
// there, and not on its way out.
func (s *session) there(uid types.UID) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	pod, ok := s.pods[s.keys[string(uid)]]
	return ok && pod.DeletionTimestamp == nil
}

// limit adds what could not be read beside the pods, each once.
func (s *session) limit(limitations []v1alpha1.Limitation) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, l := range limitations {
		if !slices.Contains(s.limitations, l) {
			s.limitations = append(s.limitations, l)
		}
	}
}

// warn tells what changes nothing, whether or not somebody reads it.
func (s *session) warn(line string) {
	if !s.Quiet {
		_, _ = io.WriteString(s.ErrOut, line)
	}
}

// warnOfSkew tells whose clock counts, also with -q: who goes by the other would
// expect other pods.
func (s *session) warnOfSkew() {
	if text := stream.SkewNotice(s.clock.Skew()); text != "" {
		// It changes nothing if nobody reads it.
		_, _ = fmt.Fprintf(s.ErrOut, "warning: %s\n", text)
	}
}

// missing returns an error if a target has no pod, before anything is planned.
// With a part of the scope unread, that cannot be known.
func (s *session) missing() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.unread > 0 || s.partial != nil {
		return nil
	}
	return s.seen.Missing()
}

func (s *session) setPlan(plan *clean.Plan, keys map[string]reconcile.Key, cleaner *clean.Cleaner) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.plan, s.keys, s.cleaner = plan, keys, cleaner
}

// count shows from now on how many of total pods were acted on.
func (s *session) count(total int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.bar = newProgress(s.Options, total)
}

// progress is nil if nothing is shown.
func (s *session) progress() *progress {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.bar
}

// planned returns the plan and what carries it out, nil if it was not made. An
// interrupt can end the run while the plan is still being made.
func (s *session) planned() (*clean.Plan, *clean.Cleaner) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.plan, s.cleaner
}
