// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package diagnose

import (
	corev1 "k8s.io/api/core/v1"

	"github.com/podwatch/kubectl-podwatch/pkg/apis/podwatch/v1alpha1"
	"github.com/podwatch/kubectl-podwatch/pkg/projection"
)

func resizeRules() []Rule {
	return []Rule{{
		Cause: "Resize", Category: string(categoryResize), SubCauses: []string{"Infeasible", "Deferred", "Error"},
		Severity: "Warning; Deferred: info.",
		Trigger:  "Conditions PodResizePending and PodResizeInProgress.",
		Doc: "An in-place resize cannot be done on this node (Infeasible), waits for room (Deferred) or went wrong (Error). " +
			"The pod runs on with its old resources.",
	}}
}

// resize judges an in-place resize that is not through. The pod runs on.
func (in *input) resize() {
	for i := range in.pod.Conditions {
		c := &in.pod.Conditions[i]
		if c.Status != corev1.ConditionTrue {
			continue
		}
		switch {
		case c.Type == corev1.PodResizePending && c.Reason == corev1.PodReasonInfeasible:
			in.resizeFinding(c, v1alpha1.SeverityWarning, "Infeasible")
		case c.Type == corev1.PodResizePending:
			in.resizeFinding(c, v1alpha1.SeverityInfo, "Deferred")
		case c.Type == corev1.PodResizeInProgress && c.Reason == corev1.PodReasonError:
			in.resizeFinding(c, v1alpha1.SeverityWarning, "Error")
		}
	}
}

func (in *input) resizeFinding(c *projection.Condition, severity v1alpha1.Severity, subCause string) {
	in.add(finding{
		severity: severity,
		category: categoryResize,
		cause:    "Resize",
		subCause: subCause,
		since:    exactly(c.LastTransitionTime),
		message:  orElse(c.Message, "resize is "+c.Reason),
		evidence: facts(conditionFact(c)),
		aside:    true,
	})
}
