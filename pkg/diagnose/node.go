// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package diagnose

import (
	"slices"

	corev1 "k8s.io/api/core/v1"

	"github.com/podwatch/kubectl-podwatch/pkg/apis/podwatch/v1alpha1"
	"github.com/podwatch/kubectl-podwatch/pkg/projection"
)

// reasonNodeLost is what controllers before v1.10 wrote; it is still read.
const reasonNodeLost = "NodeLost"

func nodeRules() []Rule {
	return []Rule{
		{
			Cause: "NodeNotReady", Category: string(categoryNode), SubCauses: []string{"Inferred", reasonNodeLost},
			Doc: "The node is lost: its kubelet reports no more, so what the status says of the containers is old. Inferred: told from the pod alone, " +
				"by the Ready condition that the node controller sets to False without a reason while the containers still count as ready.",
		},
		{
			Cause: "KubeletUnresponsive", Category: string(categoryNode),
			Doc: "The pod is bound to a node whose kubelet has not taken it: the node is down, or there is no node of this name.",
		},
		{Cause: "PhaseUnknown", Category: string(categoryNode), Doc: "The phase is Unknown: the state of the pod could not be obtained."},
		{Cause: "PhaseUnset", Category: string(categoryOther), Doc: "The pod has no phase yet: nothing has been reported about it."},
	}
}

// lostNode judges a pod whose node no longer reports. With a terminal phase the
// node does not matter any more.
func (in *input) lostNode() {
	if ready := in.nodeLost(); ready != nil {
		in.add(finding{
			severity: v1alpha1.SeverityCritical,
			category: categoryNode,
			cause:    "NodeNotReady",
			subCause: "Inferred",
			since:    exactly(ready.LastTransitionTime),
			message:  "node " + orElse(in.pod.NodeName, "unknown") + " does not report any more; the container states are old",
			evidence: facts(conditionFact(ready), conditionFact(in.pod.Condition(corev1.ContainersReady))),
		})
		return
	}
	if in.pod.DeletionTimestamp != nil && in.pod.Reason == reasonNodeLost && !terminal(in.pod.Phase) {
		in.add(finding{
			severity: v1alpha1.SeverityCritical,
			category: categoryNode,
			cause:    "NodeNotReady",
			subCause: reasonNodeLost,
			message:  orElse(in.pod.Message, "node "+in.pod.NodeName+" is lost"),
			evidence: facts(fact("status.reason", in.pod.Reason, in.pod.DeletionTimestamp.Time)),
		})
	}
}

// nodeLost returns the Ready condition if it bears the mark of the node
// controller: it sets Ready to False, leaves reason and message empty, and
// touches nothing else (MarkPodsNotReady, v1.37). A readiness gate that does not
// hold looks the same but for the kubelet's reason.
func (in *input) nodeLost() *projection.Condition {
	if terminal(in.pod.Phase) {
		return nil
	}
	ready := in.pod.Condition(corev1.PodReady)
	if ready == nil || ready.Status != corev1.ConditionFalse || ready.Reason != "" {
		return nil
	}
	containers := in.pod.Condition(corev1.ContainersReady)
	if containers == nil || containers.Status != corev1.ConditionTrue {
		return nil
	}
	if slices.ContainsFunc(in.pod.ReadinessGates, func(gate string) bool { return !in.gateHolds(gate) }) {
		return nil
	}
	return ready
}

func terminal(phase corev1.PodPhase) bool {
	return phase == corev1.PodSucceeded || phase == corev1.PodFailed
}

// silentKubelet judges a bound pod of which the kubelet has said nothing.
func (in *input) silentKubelet() {
	if in.pod.NodeName == "" || in.pod.Phase != corev1.PodPending || in.acknowledged() {
		return
	}
	bound := in.begun()
	f := finding{
		severity: in.wait(bound),
		category: categoryNode,
		cause:    "KubeletUnresponsive",
		since:    exactly(bound),
		message:  "bound to node " + in.pod.NodeName + ", whose kubelet has not taken the pod yet",
		evidence: facts(
			fact("spec.nodeName", in.pod.NodeName, bound),
			fact("status.startTime", "", bound),
		),
	}
	f.evidence[1].Time = nil
	in.add(f)
}

func (in *input) unknownPhase() {
	in.add(finding{
		severity: v1alpha1.SeverityWarning,
		category: categoryNode,
		cause:    "PhaseUnknown",
		message:  orElse(reasonAndMessage(in.pod.Reason, in.pod.Message), "the state of the pod could not be obtained from its node"),
		evidence: facts(fact("status.phase", string(in.pod.Phase), in.pod.CreationTimestamp.Time)),
	})
}

func (in *input) emptyPhase() {
	in.add(finding{
		severity: v1alpha1.SeverityInfo,
		category: categoryOther,
		cause:    "PhaseUnset",
		since:    exactly(in.pod.CreationTimestamp.Time),
		message:  "nothing has been reported about the pod yet",
		evidence: facts(fact("status.phase", "", in.pod.CreationTimestamp.Time)),
	})
}
