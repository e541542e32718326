// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package transition

import (
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/podwatch/kubectl-podwatch/pkg/apis/podwatch/v1alpha1"
	"github.com/podwatch/kubectl-podwatch/pkg/diagnose"
	"github.com/podwatch/kubectl-podwatch/pkg/projection"
	"github.com/podwatch/kubectl-podwatch/pkg/reconcile"
)

// edge compares p, as it is now, with what it was. It opens and closes the
// episode and returns the type of the worst transition, "" if there is none,
// and the finding behind it.
func (p *pod) edge(was pod, ev reconcile.Event) (v1alpha1.EventType, *v1alpha1.Finding) {
	if f := p.newProblem(ev); f != nil {
		return typeOf(p.last, f), f
	}
	if kind, f := p.restarted(was); kind != "" {
		return kind, f
	}
	if f := p.madeUpFor(was, ev); f != nil {
		return typeOf(p.last, f), f
	}
	return p.moved(was, ev.AsOf()), nil
}

// retried reports whether f is about an attempt of a Job that has attempts left:
// a Job is made to try again, so that is nothing to warn of. When the Job has
// given up, the same finding is a problem.
func (p *pod) retried(f *v1alpha1.Finding) bool {
	return p.last.Phase == corev1.PodFailed && slices.Contains(f.SeverityReason, diagnose.LoweredAttempts)
}

// madeUpFor returns why a pod has just failed, as information, if what stands above
// it makes up for that; nil otherwise. newProblem must have found nothing.
func (p *pod) madeUpFor(was pod, ev reconcile.Event) *v1alpha1.Finding {
	f := p.verdict.Primary()
	if f == nil || ev.Initial || p.verdict.State != v1alpha1.StateFailed || was.verdict != nil && was.verdict.State == v1alpha1.StateFailed {
		return nil
	}
	told := *f
	told.Severity = v1alpha1.SeverityInfo
	return &told
}

// newProblem returns the worst finding of warning or worse that has not been
// told in this episode at its severity, and nil if there is none.
func (p *pod) newProblem(ev reconcile.Event) *v1alpha1.Finding {
	var news *v1alpha1.Finding
	for i := range p.verdict.Findings {
		f := &p.verdict.Findings[i]
		if rank(f.Severity) < rank(v1alpha1.SeverityWarning) || p.retried(f) {
			continue
		}
		if p.episode == nil {
			p.episode = newEpisode(ev.Key, f, ev.AsOf())
		}
		id := problemOf(f)
		if rank(f.Severity) <= rank(p.episode.worst[id]) {
			continue
		}
		p.episode.worst[id] = f.Severity
		if news == nil || rank(f.Severity) > rank(news.Severity) {
			news = f
		}
	}
	if news != nil {
		p.episode.restarts = p.last.Kubectl.Restarts
	}
	return news
}

// restarted tells restarts: each one outside an episode, and within a crash
// loop at 5, 10, 20, 40 and so on.
func (p *pod) restarted(was pod) (v1alpha1.EventType, *v1alpha1.Finding) {
	if was.last == nil || p.last.Kubectl.Restarts <= was.last.Kubectl.Restarts {
		return "", nil
	}
	switch {
	case p.episode == nil:
		return v1alpha1.EventContainerRestarted, p.verdict.Primary()
	case loud(p.last.Kubectl.Restarts) > loud(p.episode.restarts) && looping(p):
		p.episode.restarts = p.last.Kubectl.Restarts
		return v1alpha1.EventCrashLoopContinues, p.verdict.Primary()
	default:
		return "", nil
	}
}

// loud is the last number of restarts up to n at which a crash loop is told
// again, 0 if there is none yet.
func loud(n int64) int64 {
	const first = 5
	if n < first {
		return 0
	}
	at := int64(first)
	for at <= n/2 {
		at *= 2
	}
	return at
}

// looping reports whether the restarts of p are those of a crash loop: before
// the third one, that is known only while the container waits.
func looping(p *pod) bool {
	f := p.verdict.Primary()
	return f != nil && f.Cause == "CrashLoop"
}

// moved tells a change of state that is no problem.
func (p *pod) moved(was pod, now time.Time) v1alpha1.EventType {
	to := p.verdict.State
	if p.episode != nil && p.over(now) {
		p.episode = nil
		if to == v1alpha1.StateHealthy {
			return v1alpha1.EventPodRecovered
		}
	}
	if was.verdict == nil || was.verdict.State == to || p.episode != nil {
		return ""
	}
	switch to {
	case v1alpha1.StateHealthy:
		return v1alpha1.EventPodReady
	case v1alpha1.StateCompleted:
		return v1alpha1.EventPodSucceeded
	case v1alpha1.StateTerminating:
		return v1alpha1.EventPodTerminating
	case v1alpha1.StateProgressing:
		return v1alpha1.EventPodNotReady
	case v1alpha1.StateFailed:
		return v1alpha1.EventPodFailed
	case v1alpha1.StateUnknown:
		return v1alpha1.EventPodUnknown
	case v1alpha1.StateFailing, v1alpha1.StateDegraded:
		return "" // has a finding, which newProblem has told
	}
	return ""
}

// over reports whether the pod has come to rest: a pod that merely starts again
// has not recovered.
func (p *pod) over(now time.Time) bool {
	switch p.verdict.State {
	case v1alpha1.StateHealthy:
		at := p.recovers()
		return !at.IsZero() && !now.Before(at)
	case v1alpha1.StateCompleted, v1alpha1.StateTerminating:
		return true
	case v1alpha1.StateFailed, v1alpha1.StateUnknown, v1alpha1.StateFailing,
		v1alpha1.StateDegraded, v1alpha1.StateProgressing:
	}
	return false
}

// hop counts that a pod in trouble has looked well and does no longer.
func (p *pod) hop(was pod) {
	if p.episode != nil && was.episode != nil && ready(was.last) && !ready(p.last) {
		p.episode.Flaps++
	}
}

func ready(p *projection.Pod) bool {
	return p.Kubectl.Total > 0 && p.Kubectl.Ready == p.Kubectl.Total
}

// typeOf names the transition into f.
func typeOf(p *projection.Pod, f *v1alpha1.Finding) v1alpha1.EventType {
	switch f.Cause {
	case "CrashLoop":
		return v1alpha1.EventCrashLoopEntered
	case "OOMKilled":
		if p.Phase != corev1.PodFailed {
			return v1alpha1.EventContainerOOMKilled
		}
	case "Evicted":
		return v1alpha1.EventPodEvicted
	case "Terminating":
		return v1alpha1.EventPodTerminatingLate
	}
	switch p.Phase {
	case corev1.PodFailed:
		return v1alpha1.EventPodFailed
	case corev1.PodUnknown:
		return v1alpha1.EventPodUnknown
	case corev1.PodPending, corev1.PodRunning, corev1.PodSucceeded:
	}
	switch f.Category {
	case "Image":
		return v1alpha1.EventPodImageFailing
	case "Config":
		return v1alpha1.EventPodConfigError
	case "Scheduling":
		return v1alpha1.EventPodPendingStuck
	case "Probe":
		return v1alpha1.EventPodNotReady
	}
	switch {
	case p.Phase == corev1.PodPending:
		return v1alpha1.EventPodPendingStuck
	case f.Severity == v1alpha1.SeverityCritical:
		return v1alpha1.EventPodFailing
	default:
		return v1alpha1.EventPodDegraded
	}
}
