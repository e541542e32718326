// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package diagnose

import (
	"strings"
	"time"

	"github.com/podwatch/kubectl-podwatch/pkg/apis/podwatch/v1alpha1"
	"github.com/podwatch/kubectl-podwatch/pkg/projection"
)

// longGrace is a grace period that people wonder about while it lasts.
const longGrace = 5 * time.Minute

// overdue judges a deletion that is not through at its deadline.
func (in *input) overdue(f *finding, deadline time.Time) {
	gone := in.containersGone()
	if gone {
		f.severity = in.mildWait(deadline)
	} else {
		f.severity = in.wait(deadline)
	}
	switch {
	case gone && len(in.pod.Finalizers) > 0:
		f.subCause = "Finalizer"
		f.message = "the containers are gone, finalizer " + strings.Join(in.pod.Finalizers, ", ") + " holds the pod"
	case in.nodeIsLost() || in.pod.Reason == reasonNodeLost && !gone:
		f.subCause = "NodeGone"
		f.message = "the grace period is over, but the lost node " + in.pod.NodeName + " cannot confirm the end"
	case gone:
		f.subCause = "Overdue"
		f.message = "the grace period is over and the containers are gone, but the pod is still there"
		in.lateKill(f, deadline)
	default:
		f.subCause = "Overdue"
		f.message = "the grace period is over, but a container still runs"
		in.stuckKubelet(f)
	}
	if f.subCause != "Finalizer" && f.subCause != "NodeGone" {
		in.kubeletSays(f)
	}
}

// kubeletSays makes what the kubelet complains about the reason.
func (in *input) kubeletSays(f *finding) {
	e := in.newestEvent(f.since.at, withReason("FailedKillPod", "ExceededGracePeriod", "FailedPreStopHook"))
	if e == nil {
		return
	}
	f.subCause = e.Reason
	f.confidence = v1alpha1.ConfidenceMedium
	f.message += behind(eventText(e))
	f.support(eventFact(e))
}

// stuckKubelet blames the kubelet of a node that was read and is well.
func (in *input) stuckKubelet(f *finding) {
	if in.related.Node == nil {
		return
	}
	f.subCause = "KubeletStuck"
	f.message = "the grace period is over and node " + in.pod.NodeName + " is ready, but its kubelet has not ended the containers"
	f.support(in.nodeFact())
}

// lateKill tells that a container did not end by itself.
func (in *input) lateKill(f *finding, deadline time.Time) {
	if c := in.killedAt(deadline); c != nil {
		f.subCause = "GracePeriodExceeded"
		f.message = "the pod is still there although container " + c.Name + " was killed at the end of the grace period"
		f.support(endFact(c, c.Terminated))
	}
}

// killedAt is the first container that was killed when the grace period was over.
func (in *input) killedAt(deadline time.Time) *projection.Container {
	for i := range in.pod.Containers {
		c := &in.pod.Containers[i]
		if c.Terminated == nil || exitKind(c.Terminated) != exitSigKilled {
			continue
		}
		if late := c.Terminated.FinishedAt.Sub(deadline); late >= 0 && late <= killAfter {
			return c
		}
	}
	return nil
}
