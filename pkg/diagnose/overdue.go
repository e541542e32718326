// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package diagnose

import (
	"time"

	"github.com/podwatch/kubectl-podwatch/pkg/apis/podwatch/v1alpha1"
	"github.com/podwatch/kubectl-podwatch/pkg/projection"
)

// longGrace is a grace period that people wonder about while it lasts.
const longGrace = 5 * time.Minute

// overdue says why a deletion is not through, with the deadline passed: by an
// event of the kubelet, by the node if it is well, by the way in which a
// container ended.
func (in *input) overdue(f *finding, deadline time.Time) {
	if e := in.newestEvent(f.since.at, withReason("FailedKillPod", "ExceededGracePeriod", "FailedPreStopHook")); e != nil {
		f.subCause = e.Reason
		f.confidence = v1alpha1.ConfidenceMedium
		f.message += behind(eventText(e))
		f.support(eventFact(e))
		return
	}
	if !in.containersGone() {
		if in.related.Node != nil {
			f.subCause = "KubeletStuck"
			f.message = "the grace period is over and node " + in.pod.NodeName + " is ready, but its kubelet has not ended the containers"
			f.support(in.nodeFact())
		}
		return
	}
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
