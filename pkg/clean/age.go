// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package clean

import (
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/podwatch/kubectl-podwatch/pkg/apis/podwatch/v1alpha1"
	"github.com/podwatch/kubectl-podwatch/pkg/projection"
)

// Basis names the field that an age was computed from. The value is what the
// user sees.
type Basis string

// The bases.
const (
	// BasisDisruptionTarget is when the condition of that name became true:
	// the kubelet sets it as it evicts or shuts down (v1.26 and newer).
	BasisDisruptionTarget Basis = "DisruptionTarget"
	// BasisFinishedAt is when the last container ended.
	BasisFinishedAt Basis = "finishedAt"
	// BasisReady is when the condition Ready became false: for good, or the last
	// time.
	BasisReady Basis = "Ready"
	// BasisStatus is when the status was last written. A pod has not ended later
	// than that.
	BasisStatus Basis = "managedFields"
	// BasisCreation is metadata.creationTimestamp; it stands in for the end of
	// pods that the kubelet refused: they ended as they arrived.
	BasisCreation Basis = "creationTimestamp"
)

// Age is how long ago a pod ended or, if it lives, stopped being ready.
type Age struct {
	// Duration is never negative.
	Duration time.Duration
	// Basis is empty if the age is unknown.
	Basis Basis
}

// Known reports whether anything told when the pod ended.
func (a Age) Known() bool { return a.Basis != "" }

// ageOf returns how long ago p ended. Errors of the nodes' clocks make a pod
// look younger, never older: no pod ended before it was created, and none in
// the future.
func ageOf(p *projection.Pod, c v1alpha1.Category, now time.Time) Age {
	end, basis := endOf(p, c)
	if Living(c) {
		end, basis = unreadySince(p)
	}
	if basis == "" {
		return Age{}
	}
	if end.Before(p.CreationTimestamp.Time) {
		end = p.CreationTimestamp.Time
	}
	return Age{Duration: max(0, now.Sub(end)), Basis: basis}
}

// endOf returns the best known end of p. It never looks at startTime: a pod
// that ran for ten days before it was evicted has not been evicted ten days ago.
func endOf(p *projection.Pod, c v1alpha1.Category) (time.Time, Basis) {
	if c == v1alpha1.CategoryEvicted || c == v1alpha1.CategoryShutdown {
		target := p.Condition(corev1.DisruptionTarget)
		if target != nil && target.Status == corev1.ConditionTrue && known(target.LastTransitionTime) {
			return target.LastTransitionTime, BasisDisruptionTarget
		}
	}
	finished, complete := lastFinished(p)
	ready := endOfReady(p)
	switch {
	case known(finished) && complete:
		return finished, BasisFinishedAt
	case known(ready) && !ready.Before(finished):
		return ready, BasisReady
	case p.StatusWritten != nil:
		return later(*p.StatusWritten, finished), BasisStatus
	case neverRan(p, c) && known(p.CreationTimestamp.Time):
		return p.CreationTimestamp.Time, BasisCreation
	default:
		return time.Time{}, ""
	}
}

// unreadySince returns when a living pod stopped being ready. That of a pod that
// has never been is when the kubelet first looked at it.
func unreadySince(p *projection.Pod) (time.Time, Basis) {
	ready := p.Condition(corev1.PodReady)
	if ready == nil || ready.Status != corev1.ConditionFalse || !known(ready.LastTransitionTime) {
		return time.Time{}, ""
	}
	return ready.LastTransitionTime, BasisReady
}

// lastFinished returns when the last container ended, zero if unknown. It is
// not complete if a container has ended at an unknown time, as one has whose
// node was lost (reason ContainerStatusUnknown). Init containers count only
// if the pod came no further than them.
func lastFinished(p *projection.Pod) (last time.Time, complete bool) {
	var initial time.Time
	complete, started := true, false
	for i := range p.Containers {
		c := &p.Containers[i]
		if c.Terminated == nil || c.Type == v1alpha1.ContainerEphemeral {
			continue
		}
		at := c.Terminated.FinishedAt
		complete = complete && known(at)
		if c.Type == v1alpha1.ContainerInit {
			initial = later(initial, at)
			continue
		}
		started = true
		last = later(last, at)
	}
	if !started {
		return initial, complete
	}
	return last, complete
}

// endOfReady returns when p became unready because it ended, zero if unknown.
func endOfReady(p *projection.Pod) time.Time {
	ready := p.Condition(corev1.PodReady)
	if ready == nil || ready.Status != corev1.ConditionFalse {
		return time.Time{}
	}
	if ready.Reason != "PodFailed" && ready.Reason != "PodCompleted" {
		return time.Time{}
	}
	return ready.LastTransitionTime
}

// neverRan is true for a pod that the kubelet refused at its arrival, for lack
// of something or because the node was under pressure or shutting down. A pod
// can be refused after it ran, too, when its kubelet restarts.
func neverRan(p *projection.Pod, c v1alpha1.Category) bool {
	for i := range p.Containers {
		if p.Containers[i].Reported {
			return false
		}
	}
	// What the kubelet puts before every such message (kubelet.go rejectPod, v1.37).
	return c == v1alpha1.CategoryRejected || strings.HasPrefix(p.Message, "Pod was rejected: ")
}

// known is false for the times that the API and container runtimes write for
// "unknown": null, year 1 and the Unix epoch.
func known(t time.Time) bool { return t.Unix() > 0 }

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}
