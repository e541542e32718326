// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package transition

import (
	"fmt"
	"slices"

	"github.com/podwatch/kubectl-podwatch/pkg/apis/podwatch/v1alpha1"
	"github.com/podwatch/kubectl-podwatch/pkg/diagnose"
	"github.com/podwatch/kubectl-podwatch/pkg/reconcile"
)

// held is a doubtful verdict, and what was told before it.
type held struct {
	was pod
	ev  reconcile.Event
}

// passed ends a doubt: whatever has become of the pod, ev is told now, and before
// it what was held if ev does not know of it any more. Nothing is lost that way
// but the states between two sightings. ev gets the marks of what it stands for.
func (t *Teller) passed(ev *reconcile.Event) []v1alpha1.PodWatchEvent {
	p := t.pods[ev.Key]
	if p == nil || p.held == nil {
		return nil
	}
	h := p.held
	if problem := h.ev.To.Primary(); ev.To != nil && knows(ev.To, problem) {
		ev.Initial, ev.Gap = ev.Initial || h.ev.Initial, ev.Gap || h.ev.Gap
		return nil
	}
	return t.release(p)
}

// release tells what is held of p as it looks.
func (t *Teller) release(p *pod) []v1alpha1.PodWatchEvent {
	h := p.held
	*p = h.was
	h.ev.Doubtful = false
	return t.tellPod(h.ev, t.judged(h.ev))
}

// knows reports whether v has the finding f, at whatever severity.
func knows(v *diagnose.Verdict, f *v1alpha1.Finding) bool {
	return slices.ContainsFunc(v.Findings, func(g v1alpha1.Finding) bool {
		return f == nil || problemOf(&g) == problemOf(f)
	})
}

// Rest returns what is still held at the end of a run, by key.
func (t *Teller) Rest() []v1alpha1.PodWatchEvent {
	var keys []reconcile.Key
	for key, p := range t.pods {
		if p.held != nil {
			keys = append(keys, key)
		}
	}
	slices.SortFunc(keys, reconcile.Key.Compare)
	var events []v1alpha1.PodWatchEvent
	for _, key := range keys {
		events = append(events, t.release(t.pods[key])...)
	}
	return events
}

// unreadable is a limitation in one context.
type unreadable struct {
	context string
	v1alpha1.Limitation
}

// unread tells once of everything that could not be read above pods.
func (t *Teller) unread(ev reconcile.Event) []v1alpha1.PodWatchEvent {
	var events []v1alpha1.PodWatchEvent
	for _, l := range ev.Surroundings.Limitations {
		what := unreadable{ev.Source.Context, l}
		if t.unreadable[what] {
			continue
		}
		t.unreadable[what] = true
		of := reconcile.Event{Time: ev.Time, Source: reconcile.Source{Context: ev.Source.Context, Namespace: l.Namespace}}
		events = append(events, streamEvent(v1alpha1.EventRelatedUnread, v1alpha1.SeverityInfo, of,
			fmt.Sprintf("%s not read (%s): %s", l.Resource, l.Reason, l.Effect)))
	}
	return events
}
