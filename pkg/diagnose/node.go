// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package diagnose

import (
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/podwatch/kubectl-podwatch/pkg/apis/podwatch/v1alpha1"
	"github.com/podwatch/kubectl-podwatch/pkg/projection"
)

// reasonNodeLost is what controllers before v1.10 wrote; it is still read.
const reasonNodeLost = "NodeLost"

func nodeRules() []Rule {
	return []Rule{
		{
			Cause: "NodeNotReady", Category: string(categoryNode),
			SubCauses: []string{nodeGone, nodeUnreachable, nodeNotReady, nodeOutOfService, statusStuck, "Inferred", reasonNodeLost},
			Severity: "Critical. NotReady without a mark on the pod, and StatusStuck: by the clocks, from info over warning to critical. Not " +
				"lowered because replicas elsewhere do the work.",
			Trigger: "The node does not exist, its Ready condition is not True, or it is tainted unreachable, not-ready or out-of-service. " +
				"Without the node: condition Ready of the pod is False without a reason while ContainersReady is True, or event " +
				"NodeNotReady. NodeLost: this reason, which old controllers wrote, on a pod that is deleted, failed or of phase Unknown.",
			Doc: "The node is lost: its kubelet reports no more, so what the status says of the containers is old. NodeGone: it does not " +
				"exist. Unreachable: its kubelet is not heard of. NotReady: its kubelet says so itself. OutOfService: somebody has declared it dead. " +
				"StatusStuck: the node is well, but the pod is still marked. Inferred: told from the pod alone, " +
				"by the Ready condition that the node controller sets to False without a reason while the containers still count as ready.",
		},
		{
			Cause: "KubeletUnresponsive", Category: string(categoryNode),
			SubCauses: []string{nodeGone, nodeUnreachable, nodeNotReady},
			Severity: "Info at first, warning after --warn-after, critical after --critical-after. Critical at once if the node does not exist " +
				"or is unreachable.",
			Trigger: "spec.nodeName is set, the phase is Pending, and the status has neither a startTime nor containers.",
			Doc:     "The pod is bound to a node whose kubelet has not taken it: the node is down, or there is no node of this name.",
		},
		{
			Cause: "PhaseUnknown", Category: string(categoryNode),
			Severity: "Warning.",
			Trigger:  "Phase Unknown, and no lost node explains it.",
			Doc:      "The phase is Unknown: the state of the pod could not be obtained.",
		},
		{
			Cause: "PhaseUnset", Category: string(categoryOther),
			Severity: "Info.",
			Trigger:  "No phase.",
			Doc:      "The pod has no phase yet: nothing has been reported about it.",
		},
	}
}

// lostNode judges a pod whose node no longer reports. With a terminal phase the
// node does not matter any more.
func (in *input) lostNode() {
	if in.related.Node != nil {
		found := len(in.found)
		in.nodeRead()
		if len(in.found) > found {
			return
		}
	} else if mark := in.nodeMark(); mark != nil {
		in.inferredLoss(mark)
		return
	}
	// The reason of a pod that runs on can be an old one.
	deleted := in.pod.DeletionTimestamp
	if in.pod.Reason != reasonNodeLost || terminal(in.pod.Phase) || deleted == nil && in.pod.Phase != corev1.PodUnknown {
		return
	}
	f := finding{
		severity: v1alpha1.SeverityCritical,
		category: categoryNode,
		cause:    "NodeNotReady",
		subCause: reasonNodeLost,
		object:   in.nodeObject(),
		message:  orElse(in.pod.Message, "node "+in.pod.NodeName+" is lost"),
		evidence: facts(fact("status.reason", in.pod.Reason, time.Time{})),
	}
	if deleted != nil {
		f.evidence[0].Time = timestamp(deleted.Time)
	}
	in.add(f)
}

// inferredLoss judges by the mark alone: the node was not read. An event of the
// node controller says it in words.
func (in *input) inferredLoss(mark *projection.Condition) {
	f := finding{
		severity:   v1alpha1.SeverityCritical,
		category:   categoryNode,
		cause:      "NodeNotReady",
		subCause:   "Inferred",
		object:     in.nodeObject(),
		confidence: v1alpha1.ConfidenceLow,
		since:      exactly(mark.LastTransitionTime),
		message:    "node " + orElse(in.pod.NodeName, "unknown") + " does not report any more; the container states are old",
		evidence:   facts(conditionFact(mark), conditionFact(in.pod.Condition(corev1.ContainersReady))),
	}
	if e := in.newestEvent(mark.LastTransitionTime, withReason("NodeNotReady")); e != nil {
		f.subCause, f.confidence = nodeNotReady, v1alpha1.ConfidenceMedium
		f.support(eventFact(e))
	}
	in.add(f)
}

// nodeMark returns the Ready condition if it bears the mark of the node
// controller: it sets Ready to False, leaves reason and message empty, and
// touches nothing else (MarkPodsNotReady, v1.37). A readiness gate that does not
// hold looks the same but for the kubelet's reason.
func (in *input) nodeMark() *projection.Condition {
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
		object:   in.nodeObject(),
		message:  "bound to node " + in.pod.NodeName + ", whose kubelet has not taken the pod yet",
		evidence: facts(
			fact("spec.nodeName", in.pod.NodeName, bound),
			fact("status.startTime", "", bound),
		),
	}
	f.evidence[1].Time = nil
	if trouble := in.nodeTrouble(); trouble != "" {
		f.subCause = trouble
		f.message = "bound, but the kubelet has not taken the pod: " + in.nodeText(trouble)
		f.support(in.nodeFact())
		if trouble != nodeNotReady {
			f.severity = v1alpha1.SeverityCritical
		}
	}
	in.add(f)
}

// unknownPhase judges a pod whose state could not be obtained, because of a lost
// node or for a reason that nobody gives.
func (in *input) unknownPhase() {
	in.lostNode()
	if in.worstOngoing() == v1alpha1.SeverityCritical {
		return
	}
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
