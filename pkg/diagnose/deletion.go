// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package diagnose

import (
	"strings"
	"time"

	"github.com/podwatch/kubectl-podwatch/pkg/apis/podwatch/v1alpha1"
)

func deletionRules() []Rule {
	return []Rule{{
		Cause: "Terminating", Category: string(categoryDeletion),
		SubCauses: []string{
			"SlowShutdown", "Finalizer", "NodeGone", "KubeletStuck", "FailedKillPod", "ExceededGracePeriod", "FailedPreStopHook",
			"GracePeriodExceeded", "Overdue",
		},
		Severity: "Info within the grace period. Overdue: warning after --warn-after, critical after --critical-after if a container still " +
			"runs. Never lowered by the owner.",
		Trigger: "A deletionTimestamp. Events FailedKillPod, ExceededGracePeriod, FailedPreStopHook and the node say why it is overdue.",
		Doc: "The pod is being deleted. Without a sub-cause it is within its grace period. Finalizer: the containers are gone and a finalizer holds the object. " +
			"NodeGone: the node that has to confirm is lost. SlowShutdown: the grace period is five minutes or longer. Overdue: the grace period is over. " +
			"KubeletStuck: it is over, and the node is well. FailedKillPod, ExceededGracePeriod and FailedPreStopHook are what the kubelet says about it. " +
			"GracePeriodExceeded: a container did not end by itself and was killed when the grace period was over.",
	}}
}

// deletion judges a pod with a deletionTimestamp: the time of the request plus
// the grace period, so it lies in the future while the grace period lasts.
func (in *input) deletion() {
	deadline := in.pod.DeletionTimestamp.Time
	f := finding{
		severity: v1alpha1.SeverityInfo,
		category: categoryDeletion,
		cause:    "Terminating",
		since:    exactly(deadline),
		message:  "being deleted, within the grace period",
		evidence: facts(fact("metadata.deletionTimestamp", deadline.UTC().Format("2006-01-02T15:04:05Z"), deadline)),
	}
	if s := in.pod.DeletionGracePeriodSeconds; s != nil && *s >= 0 && *s < 1<<31 && !deadline.IsZero() {
		f.since = exactly(deadline.Add(-time.Duration(*s) * time.Second))
	}
	if len(in.pod.Finalizers) > 0 {
		f.support(fact("metadata.finalizers", strings.Join(in.pod.Finalizers, ", "), time.Time{}))
	}
	switch {
	case in.reached(deadline):
		in.overdue(&f, deadline)
	case deadline.Sub(f.since.at) >= longGrace:
		f.subCause = "SlowShutdown"
		f.message = "being deleted, within a long grace period"
	}
	in.add(f)
}

// containersGone is true if no container runs any more, as far as is known.
func (in *input) containersGone() bool {
	if terminal(in.pod.Phase) {
		return true
	}
	for i := range in.pod.Containers {
		if in.pod.Containers[i].Running != nil {
			return false
		}
	}
	return true
}
