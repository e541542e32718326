// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package stream

import (
	"context"
	"errors"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/watch"
)

// forwarder passes the frames of one watch on to the reflector.
type forwarder struct {
	lw      *listWatch
	attempt *attempt
	in      watch.Interface
	out     chan watch.Event
	round   int
	begun   time.Time
	// initial is true until the bookmark that ends a streamed list.
	initial bool
	// changed is true after a frame that is not part of an initial list.
	changed bool
	// bookmarked is true after a bookmark that only tells the time.
	bookmarked bool
}

// ResultChan implements watch.Interface.
func (f *forwarder) ResultChan() <-chan watch.Event { return f.out }

// Stop implements watch.Interface.
func (f *forwarder) Stop() { f.attempt.cancel(nil) }

// run forwards until the stream ends, is cut or is stopped.
func (f *forwarder) run(ctx context.Context) {
	s := f.lw.stream
	overdue := s.cfg.Clock.NewTimer(s.cfg.SyncTimeout)
	defer func() {
		overdue.Stop()
		f.in.Stop()
		f.attempt.end()
		close(f.out)
	}()
	if !f.initial {
		overdue.Stop()
	}
	for {
		select {
		case <-ctx.Done():
			f.ended(ctx)
			return
		case <-overdue.C():
			if f.initial {
				f.lw.noEnd()
				return
			}
		case ev, ok := <-f.in.ResultChan():
			if !ok {
				f.ended(ctx)
				return
			}
			if f.initial && ev.Type == watch.Added && !f.changed {
				overdue.Reset(s.cfg.SyncTimeout * 2 / 3)
			}
			obj := f.take(ev)
			select {
			case <-ctx.Done():
				f.ended(ctx)
				return
			case f.out <- watch.Event{Type: ev.Type, Object: obj}:
			}
			f.passed(ev)
		}
	}
}

// ended notes how the watch has ended.
func (f *forwarder) ended(ctx context.Context) {
	f.lw.ended(f.lw.stream.cfg.Clock.Since(f.begun))
	if errors.Is(context.Cause(ctx), errSilent) && !f.initial && !f.bookmarked {
		f.lw.stream.monitor.noBookmark()
	}
}

// take notes a frame before the reflector sees it, and returns the object that
// the reflector is to see.
func (f *forwarder) take(ev watch.Event) runtime.Object {
	s := f.lw.stream
	switch ev.Type {
	case watch.Error:
		s.failedInStream(apierrors.FromObject(ev.Object))
		return ev.Object
	case watch.Bookmark:
		s.monitor.heard()
		f.bookmark(ev.Object)
		return ev.Object
	case watch.Added:
	case watch.Modified, watch.Deleted:
		f.changed = true
	}
	s.monitor.heard()
	pod, ok := ev.Object.(*corev1.Pod)
	if !ok {
		return ev.Object
	}
	if f.initial {
		s.history.found(pod.ResourceVersion)
	}
	return s.watched(f.round, ev.Type, pod)
}

func (f *forwarder) bookmark(obj runtime.Object) {
	s := f.lw.stream
	o, ok := obj.(metav1.Object)
	if !ok {
		return
	}
	if o.GetAnnotations()[metav1.InitialEventsAnnotationKey] != "true" {
		f.bookmarked = true
		s.monitor.bookmark()
		return
	}
	if f.initial {
		f.initial = false
		s.completeList(f.round, o.GetResourceVersion())
	}
}

// passed notes a frame that the reflector has taken: a watch is resumed after
// it. The order within a streamed list is not that of resourceVersions.
func (f *forwarder) passed(ev watch.Event) {
	if f.initial || ev.Type == watch.Error {
		return
	}
	if o, ok := ev.Object.(metav1.Object); ok {
		f.lw.stream.history.advance(o.GetResourceVersion())
	}
}
