// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package transition

import (
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/podwatch/kubectl-podwatch/pkg/apis/podwatch/v1alpha1"
	"github.com/podwatch/kubectl-podwatch/pkg/projection"
	"github.com/podwatch/kubectl-podwatch/pkg/reconcile"
)

// The bounds of the adaptive hold. The kubelet itself forgets a crash loop after
// ten minutes without a crash (kubelet.go, v1.37), so nothing is gained by
// waiting longer.
const (
	shortestHold = time.Minute
	longestHold  = 10 * time.Minute
)

// hold is how long p must be well to have recovered: each try of a crash loop
// looks well for as long as it lasts.
func hold(p *projection.Pod) time.Duration {
	var ran time.Duration
	for i := range p.Containers {
		if last := p.Containers[i].LastTerminated; last != nil && !last.StartedAt.IsZero() {
			ran = max(ran, last.FinishedAt.Sub(last.StartedAt))
		}
	}
	return min(max(2*ran, shortestHold), longestHold)
}

// recovers is the instant at which a pod that is well now has recovered from
// its episode, zero if it is not well or has none.
func (p *pod) recovers() time.Time {
	if p.episode == nil || p.verdict.State != v1alpha1.StateHealthy ||
		rank(p.verdict.Severity()) >= rank(v1alpha1.SeverityWarning) {
		return time.Time{}
	}
	return wellSince(p.last).Add(p.hold)
}

// wellSince is when the youngest container that has restarted began to run, or
// the pod became ready if that was later.
func wellSince(p *projection.Pod) time.Time {
	var since time.Time
	if c := p.Condition(corev1.PodReady); c != nil {
		since = c.LastTransitionTime
	}
	for i := range p.Containers {
		c := &p.Containers[i]
		if c.RestartCount > 0 && c.Running != nil && c.Running.StartedAt.After(since) {
			since = c.Running.StartedAt
		}
	}
	return since
}

// Due is the instant at which the pod of key has recovered if nothing happens
// until then, by the clock of Event.Time, zero if there is none. The caller sees to it that Tell gets a
// Judged event on the pod then.
func (t *Teller) Due(key reconcile.Key) time.Time {
	p := t.pods[key]
	if p == nil {
		return time.Time{}
	}
	at := p.recovers()
	if at.IsZero() {
		return at
	}
	return at.Add(-p.skew)
}

// recoveredText says what an episode was, now that it is over.
func recoveredText(was *pod, ep *episode, ev reconcile.Event) string {
	well := ev.AsOf().Sub(wellSince(was.last)).Round(time.Second)
	trouble := ev.AsOf().Sub(ep.Since.Time).Round(time.Second) - well
	text := fmt.Sprintf("well for %s, after %s in trouble", max(well, 0), max(trouble, 0))
	if ep.Flaps > 0 {
		text += fmt.Sprintf("; looked well %d times before", ep.Flaps)
	}
	return text
}
