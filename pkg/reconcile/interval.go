// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package reconcile

import (
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/podwatch/kubectl-podwatch/pkg/apis/podwatch/v1alpha1"
	"github.com/podwatch/kubectl-podwatch/pkg/diagnose"
	"github.com/podwatch/kubectl-podwatch/pkg/projection"
)

// The intervals after which a pod is looked at again without an event from the
// server, by phase. They set the pace only; severity comes from the verdict.
const (
	notReadyInterval = 30 * time.Second  // R8: running, not all containers ready
	healthyInterval  = 300 * time.Second // R9: running and healthy
	pendingInterval  = 15 * time.Second  // R10: waiting for a node or an image
	failedInterval   = 60 * time.Second  // R11: waiting to be removed
	unknownInterval  = 60 * time.Second  // R13: no word from the node
)

// requeueAfter returns when to look at p again: after the interval of its
// phase, or earlier if the verdict can change by time alone. Zero means: not
// before the server sends it again (R12: nothing follows success).
func requeueAfter(p *projection.Pod, v diagnose.Verdict, now time.Time) time.Duration {
	if v.State == v1alpha1.StateCompleted {
		return 0
	}
	after := interval(p)
	if !v.Next.IsZero() {
		after = min(after, max(v.Next.Sub(now), 0))
	}
	return max(after, time.Millisecond)
}

func interval(p *projection.Pod) time.Duration {
	switch p.Phase {
	case corev1.PodRunning:
		if p.Kubectl.Ready < p.Kubectl.Total {
			return notReadyInterval
		}
		return healthyInterval
	case corev1.PodFailed:
		return failedInterval
	case corev1.PodUnknown:
		return unknownInterval
	case corev1.PodSucceeded: // terminating: a finalizer holds it
		return healthyInterval
	case corev1.PodPending:
		return pendingInterval
	default: // "": not observed by anyone yet, hence pending
		return pendingInterval
	}
}
