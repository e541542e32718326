// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package watch

import (
	"context"
	"maps"
	"slices"
	"time"

	"github.com/podwatch/kubectl-podwatch/pkg/aftermath"
	"github.com/podwatch/kubectl-podwatch/pkg/apis/podwatch/v1alpha1"
	"github.com/podwatch/kubectl-podwatch/pkg/diagnose"
	"github.com/podwatch/kubectl-podwatch/pkg/live"
	"github.com/podwatch/kubectl-podwatch/pkg/logs"
	"github.com/podwatch/kubectl-podwatch/pkg/projection"
	"github.com/podwatch/kubectl-podwatch/pkg/reconcile"
	"github.com/podwatch/kubectl-podwatch/pkg/related"
	"github.com/podwatch/kubectl-podwatch/pkg/report"
)

// How much of the log and of the events the details of a pod show.
const (
	detailLines  = 50
	detailEvents = 10
)

// subjects makes the rows of the live view.
type subjects struct {
	// readers are by context; there are none in a replay.
	readers map[string]*aftermath.Reader
	// named is true if hints must name the context.
	named bool
}

func newSubjects(o Options) subjects {
	s := subjects{readers: map[string]*aftermath.Reader{}, named: len(o.Scope.Contexts) > 0}
	for _, c := range o.Clusters {
		s.readers[c.Context] = aftermath.NewReader(logs.FromCluster(c.Core), c.Core, detailLines, detailEvents)
	}
	return s
}

func (s subjects) row(ev reconcile.Event) live.Row {
	p := ev.Pod
	r := live.Row{
		ID: idOf(ev.Key), Node: p.NodeName, State: ev.To.State, Status: p.Kubectl.Status,
		Ready: v1alpha1.Ready{Ready: p.Kubectl.Ready, Total: p.Kubectl.Total}, Restarts: p.Kubectl.Restarts,
		Created: p.CreationTimestamp.Time, Observed: ev.Time, Primary: ev.To.Primary(),
		Subject: &subject{subjects: s, context: ev.Key.Context, pod: p, verdict: ev.To},
	}
	if c := p.Controller; c != nil {
		r.Owner = c.Kind + "/" + c.Name
	}
	return r
}

func idOf(k reconcile.Key) live.ID {
	return live.ID{Context: k.Context, Namespace: k.Namespace, Name: k.Name, UID: string(k.UID)}
}

// subject is one pod as it was judged.
type subject struct {
	subjects
	context string
	pod     *projection.Pod
	verdict *diagnose.Verdict
}

// Describe implements live.Subject: a report on the pod alone.
func (s *subject) Describe(now time.Time) live.Detail {
	o := report.Options{
		Now: now, GeneratedAt: now, ObservedAtSource: "Clock", ShowHealthy: true,
		Source: v1alpha1.Source{Type: "Cluster", Context: s.context},
		Scope:  v1alpha1.Scope{Namespaces: []string{s.pod.Namespace}, Targets: []string{"pod/" + s.pod.Name}},
	}
	if s.named {
		o.HintContext = s.context
	}
	c := report.NewCollector(o)
	c.Add(s.pod, *s.verdict)
	d := live.Detail{Report: c.Build(related.Index{}, nil)}
	for _, condition := range s.pod.Conditions {
		d.Conditions = append(d.Conditions, live.Condition{
			Type: string(condition.Type), Status: string(condition.Status), Reason: condition.Reason, Message: condition.Message,
			Since: condition.LastTransitionTime,
		})
	}
	return d
}

// Read implements live.Subject.
func (s *subject) Read(ctx context.Context) live.Reading {
	var out live.Reading
	r := s.readers[s.context]
	if r == nil {
		return out
	}
	container := ""
	if f := s.verdict.Primary(); f != nil {
		container = f.Container
	}
	crash := aftermath.CrashOf(s.pod, container)
	lines, err := r.Tail(ctx, crash)
	switch {
	case err != nil:
		out.Errors = append(out.Errors, err)
	case container != "":
		tail := v1alpha1.LogTail{Container: container, Source: v1alpha1.LogCurrent, Lines: lines}
		if crash.Previous {
			tail.Source = v1alpha1.LogPrevious
		}
		out.Logs = append(out.Logs, tail)
	}
	events, err := r.About(ctx, crash)
	if err != nil {
		out.Errors = append(out.Errors, err)
	}
	for _, e := range events {
		out.Events = append(out.Events, eventOf(e))
	}
	return out
}

func sortedKeys(set map[string]bool) []string { return slices.Sorted(maps.Keys(set)) }
