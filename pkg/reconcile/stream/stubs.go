// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package stream

import (
	"context"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/client-go/tools/cache"
	"k8s.io/klog/v2"
)

// runStubs runs a Reflector over stubs until ctx ends.
func (s *Stream) runStubs(ctx context.Context, lw cache.ListerWatcher) {
	logger := klog.FromContext(ctx)
	// Without an expected type, the reflector takes stubs and bookmarks alike.
	r := cache.NewReflectorWithOptions(lw, nil, discard{}, cache.ReflectorOptions{
		Logger: &logger, Name: "pods", TypeDescription: "pods", Clock: s.cfg.Clock,
	})
	// What its RunWithContext does, with the same back-off, but for the default
	// error handler, which a plain reflector cannot be rid of: it logs what the
	// ListerWatcher has noted, and may sleep in a lock of the whole process.
	backoff := wait.Backoff{Duration: minPause, Cap: maxPause, Steps: 40, Factor: 2, Jitter: 1}
	_ = backoff.DelayWithReset(s.cfg.Clock, 2*time.Minute).Until(ctx, true, true,
		func(ctx context.Context) (bool, error) {
			_ = r.ListAndWatchWithContext(ctx)
			return false, nil
		})
}

// The methods below are the points at which frames come out of the
// ListerWatcher. With KeepStubs they are delivered there; with KeepProjections
// the informer delivers them later.

// beginList starts a list.
func (s *Stream) beginList() int {
	if s.cfg.Keep == KeepStubs {
		return s.delivery.begin()
	}
	return s.delivery.current()
}

// listed takes a pod of a page and returns what the reflector is to see.
func (s *Stream) listed(round int, pod *corev1.Pod) runtime.Object {
	if s.cfg.Keep == KeepStubs {
		return s.upsertStub(round, pod)
	}
	return s.project(pod)
}

// watched takes a pod of a watch and returns what the reflector is to see.
func (s *Stream) watched(round int, event watch.EventType, pod *corev1.Pod) runtime.Object {
	switch {
	case s.cfg.Keep != KeepStubs:
		return pod
	case event == watch.Deleted:
		s.delivery.remove(round, s.cfg.Project(pod))
		return stubOf(pod)
	default:
		return s.upsertStub(round, pod)
	}
}

// completeList ends a list at rv.
func (s *Stream) completeList(round int, rv string) {
	relist := s.history.end(rv)
	if s.cfg.Keep == KeepStubs {
		s.settle(round)
	}
	if relist {
		s.monitor.relisted()
	}
}

func (s *Stream) upsertStub(round int, pod *corev1.Pod) *stub {
	t := stubOf(pod)
	if s.delivery.wants(round, pod) {
		s.delivery.upsert(round, s.project(pod), t)
	}
	return t
}
