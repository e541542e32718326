// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package diagnose

import (
	corev1 "k8s.io/api/core/v1"

	"github.com/podwatch/kubectl-podwatch/pkg/apis/podwatch/v1alpha1"
	"github.com/podwatch/kubectl-podwatch/pkg/projection"
)

func disruptionRules() []Rule {
	kinds := []string{"TaintManager", "DeviceTaintManager", "EvictionAPI", "PodGC", "Kubelet"}
	return []Rule{
		{
			Cause: "Disrupted", Category: string(categoryDisruption), SubCauses: kinds,
			Severity: "Info while the pod is there. If it failed of it: warning if a controller replaces it, else critical.",
			Trigger:  "Condition DisruptionTarget is True.",
			Doc:      "The pod was ended from outside, or is about to be (condition DisruptionTarget).",
		},
		{
			Cause: "Preempted", Category: string(categoryDisruption), SubCauses: []string{"Scheduler", "Kubelet"},
			Severity: "Info while the pod is there. If it failed of it: warning if a controller replaces it, else critical.",
			Trigger:  "Condition DisruptionTarget with reason PreemptionByScheduler, or phase Failed with reason Preempting.",
			Doc:      "The pod had to make room for one of higher priority.",
		},
		{
			Cause: "NeverDeleted", Category: string(categoryDisruption),
			SubCauses: []string{"Scheduler", "TaintManager", "DeviceTaintManager", "EvictionAPI", "PodGC"},
			Severity:  "Warning.",
			Trigger: "Condition DisruptionTarget is True for longer than --warn-after, its reason announces a deletion, and there is no " +
				"deletionTimestamp.",
			Doc: "The pod was marked as about to be deleted, and the deletion did not come. The pod runs on.",
		},
	}
}

// disruption notes that a running pod is about to be ended from outside. The
// condition stays True on pods that survived, so it is no more than a note.
func (in *input) disruption() {
	c := in.disruptionTarget()
	if c == nil {
		return
	}
	f := disruptionFinding(c)
	f.severity, f.aside = v1alpha1.SeverityInfo, true
	if deletes(c.Reason) && in.mildWait(c.LastTransitionTime) == v1alpha1.SeverityWarning {
		f.severity = v1alpha1.SeverityWarning
		f.cause = "NeverDeleted"
		f.message = "marked for deletion, but nobody has deleted it: " + f.message
	}
	in.add(f)
}

// deletes is true for a reason that is written right before the pod is deleted.
// The kubelet's own ends the pod and leaves the object.
func deletes(reason string) bool {
	switch reason {
	case corev1.PodReasonPreemptionByScheduler, "DeletionByTaintManager", "DeletionByDeviceTaintManager", "EvictionByEvictionAPI", "DeletionByPodGC":
		return true
	default:
		return false
	}
}

func (in *input) disruptionTarget() *projection.Condition {
	c := in.pod.Condition(corev1.DisruptionTarget)
	if c == nil || c.Status != corev1.ConditionTrue {
		return nil
	}
	return c
}

// disruptionFinding describes who ends the pod; the severity is the caller's.
func disruptionFinding(c *projection.Condition) finding {
	f := finding{
		category: categoryDisruption,
		cause:    "Disrupted",
		since:    exactly(c.LastTransitionTime),
		message:  orElse(c.Message, c.Reason),
		evidence: facts(conditionFact(c)),
	}
	switch c.Reason {
	case corev1.PodReasonPreemptionByScheduler:
		f.cause, f.subCause = "Preempted", "Scheduler"
	case "DeletionByTaintManager":
		f.subCause = "TaintManager"
	case "DeletionByDeviceTaintManager":
		f.subCause = "DeviceTaintManager"
	case "EvictionByEvictionAPI":
		f.subCause = "EvictionAPI"
	case "DeletionByPodGC":
		f.subCause = "PodGC"
	case corev1.PodReasonTerminationByKubelet:
		f.subCause = "Kubelet"
	default:
		f.subCause = word(c.Reason)
	}
	return f
}
