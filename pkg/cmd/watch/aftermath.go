// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package watch

import (
	"context"
	"iter"
	"slices"
	"sync"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/podwatch/kubectl-podwatch/pkg/aftermath"
	"github.com/podwatch/kubectl-podwatch/pkg/apis/podwatch/v1alpha1"
	"github.com/podwatch/kubectl-podwatch/pkg/logs"
	"github.com/podwatch/kubectl-podwatch/pkg/projection"
	"github.com/podwatch/kubectl-podwatch/pkg/reconcile"
)

// readUnmet bounds the pods whose logs are read when a gate does not hold: the
// command is about to end.
const readUnmet = 3

// crashes reads about crashes beside the run.
type crashes struct {
	ctx     context.Context //nolint:containedctx // for what is begun in emit
	stop    context.CancelFunc
	readers map[string]*aftermath.Reader
	// add takes what is found during the run.
	add func(*v1alpha1.PodWatchEvent)
	wg  sync.WaitGroup
}

func newCrashes(ctx context.Context, o Options, add func(*v1alpha1.PodWatchEvent)) *crashes {
	ctx, stop := context.WithCancel(ctx)
	c := &crashes{ctx: ctx, stop: stop, readers: map[string]*aftermath.Reader{}, add: add}
	if o.Logs == 0 && o.Events == 0 {
		return c
	}
	for _, cluster := range o.Clusters {
		c.readers[cluster.Context] = aftermath.NewReader(logs.FromCluster(cluster.Core), cluster.Core, o.Logs, o.Events)
	}
	return c
}

// isCrash reports whether e is one that a log may explain.
func isCrash(e *v1alpha1.PodWatchEvent) bool {
	return !e.Initial && slices.Contains([]v1alpha1.EventType{
		v1alpha1.EventCrashLoopEntered, v1alpha1.EventCrashLoopContinues, v1alpha1.EventContainerOOMKilled, v1alpha1.EventPodFailed,
		v1alpha1.EventPodFailing, v1alpha1.EventPodImageFailing, v1alpha1.EventPodConfigError, v1alpha1.EventPodEvicted,
	}, e.Type)
}

// follow reads about the crash that e tells of, beside the run. It does not wait.
func (c *crashes) follow(ev reconcile.Event, e *v1alpha1.PodWatchEvent) {
	r := c.readers[e.Context]
	if r == nil || ev.Pod == nil || ev.Key.Name != e.Name || !isCrash(e) {
		return
	}
	release, ok := r.Reserve()
	if !ok {
		return
	}
	c.wg.Go(func() {
		defer release()
		for found := range read(c.ctx, r, aftermath.CrashOf(ev.Pod, e.Container), e) {
			c.add(found)
		}
	})
}

// read reads about the crash, as of the time of e. It is best effort: whoever may not
// list events has none.
func read(ctx context.Context, r *aftermath.Reader, crash aftermath.Crash, e *v1alpha1.PodWatchEvent) iter.Seq[*v1alpha1.PodWatchEvent] {
	return func(yield func(*v1alpha1.PodWatchEvent) bool) {
		if lines, err := r.Tail(ctx, crash); len(lines) > 0 && err == nil {
			out := part(e, v1alpha1.EventContainerLogs)
			out.Logs = lines
			if !yield(out) {
				return
			}
		}
		events, err := r.About(ctx, crash)
		if err != nil || len(events) == 0 {
			return
		}
		out := part(e, v1alpha1.EventPodEvents)
		out.Container = ""
		for _, event := range events {
			out.Events = append(out.Events, eventOf(event))
		}
		yield(out)
	}
}

// end ends what is still being read: nobody waits for it.
func (c *crashes) end() {
	c.stop()
	c.wg.Wait()
}

// unmet reads about a pod because of which a gate has not held, while it is waited for.
func (c *crashes) unmet(ctx context.Context, p *projection.Pod, e *v1alpha1.PodWatchEvent) iter.Seq[*v1alpha1.PodWatchEvent] {
	if r := c.readers[e.Context]; r != nil {
		return read(ctx, r, aftermath.CrashOf(p, e.Container), e)
	}
	return func(func(*v1alpha1.PodWatchEvent) bool) {}
}

// part is an event that belongs to e.
func part(e *v1alpha1.PodWatchEvent, kind v1alpha1.EventType) *v1alpha1.PodWatchEvent {
	return &v1alpha1.PodWatchEvent{
		TypeMeta: e.TypeMeta, Type: kind, Time: e.Time, Context: e.Context, Namespace: e.Namespace, Name: e.Name, UID: e.UID,
		Container: e.Container, Severity: v1alpha1.SeverityInfo, Episode: e.Episode,
	}
}

func eventOf(e projection.Event) v1alpha1.PodEvent {
	out := v1alpha1.PodEvent{Type: "Normal", Reason: e.Reason, Message: e.Message, Count: e.Count}
	if e.Warning {
		out.Type = "Warning"
	}
	if !e.Last.IsZero() {
		out.Last = new(metav1.NewTime(e.Last.UTC()))
	}
	return out
}
