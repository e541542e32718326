// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package diagnose

import (
	corev1 "k8s.io/api/core/v1"

	"github.com/podwatch/kubectl-podwatch/pkg/apis/podwatch/v1alpha1"
	"github.com/podwatch/kubectl-podwatch/pkg/projection"
)

// What is wrong with a node that was read.
const (
	nodeGone         = "NodeGone"     // there is no node of this name
	nodeUnreachable  = "Unreachable"  // the kubelet is not heard of
	nodeNotReady     = "NotReady"     // the kubelet itself says so
	nodeOutOfService = "OutOfService" // somebody has declared it dead
	statusStuck      = "StatusStuck"  // the node is well, the pod's status is not
)

// nodeTrouble says what is wrong with the pod's node, "" if it is well or was
// not read. The taints follow the condition by seconds, in both directions, so
// they count only for a pod that something has already happened to.
func (in *input) nodeTrouble() string {
	n := in.related.Node
	switch {
	case n == nil:
		return ""
	case n.Missing:
		return nodeGone
	case n.Ready != nil && n.Ready.Status == corev1.ConditionUnknown:
		return nodeUnreachable
	case n.Ready == nil || n.Ready.Status != corev1.ConditionTrue:
		return nodeNotReady
	case in.pod.DeletionTimestamp == nil && in.nodeMark() == nil:
		return ""
	}
	for i := range n.Taints {
		switch n.Taints[i].Key {
		case corev1.TaintNodeUnreachable:
			return nodeUnreachable
		case corev1.TaintNodeNotReady:
			return nodeNotReady
		case corev1.TaintNodeOutOfService:
			return nodeOutOfService
		}
	}
	return ""
}

// nodeIsLost is true if nobody on the node can confirm anything: by the node if
// it was read, else by the mark that the node controller leaves on the pod.
func (in *input) nodeIsLost() bool {
	if in.related.Node != nil {
		return in.nodeTrouble() != ""
	}
	return in.nodeMark() != nil
}

// nodeRead judges by the node itself. It is critical at once if the node is lost
// or the pod was taken out of service; a node that only says that it is not
// ready may be starting, and its kubelet still reports on the pod.
func (in *input) nodeRead() {
	mark, trouble := in.nodeMark(), in.nodeTrouble()
	switch {
	case terminal(in.pod.Phase):
		return
	case trouble == "" && mark != nil:
		in.stuckStatus(mark)
		return
	case trouble == "" || !in.acknowledged():
		return
	}
	f := finding{
		severity: v1alpha1.SeverityCritical,
		category: categoryNode,
		cause:    "NodeNotReady",
		subCause: trouble,
		object:   in.nodeObject(),
		message:  in.nodeText(trouble),
		evidence: facts(in.nodeFact()),
	}
	if mark != nil {
		f.since = exactly(mark.LastTransitionTime)
		f.support(conditionFact(mark))
	}
	if r := in.related.Node.Ready; r != nil && r.Status != corev1.ConditionTrue && !r.LastTransitionTime.IsZero() {
		f.since = exactly(r.LastTransitionTime)
	}
	if trouble == nodeNotReady && mark == nil {
		f.severity = in.wait(f.since.at)
	}
	in.add(f)
}

// stuckStatus judges a pod that bears the mark of a lost node while the node is
// well: the kubelet should have written Ready again within seconds and has not
// (kubernetes/kubernetes#80968).
func (in *input) stuckStatus(mark *projection.Condition) {
	t := mark.LastTransitionTime
	if back := in.related.Node.Ready.LastTransitionTime; back.After(t) {
		t = back
	}
	in.add(finding{
		severity: in.wait(t),
		category: categoryNode,
		cause:    "NodeNotReady",
		subCause: statusStuck,
		object:   in.nodeObject(),
		since:    exactly(t),
		message:  "node " + in.pod.NodeName + " is ready, but the pod is still marked as not ready: its status is stuck",
		evidence: facts(conditionFact(mark), in.nodeFact()),
	})
}

func (in *input) nodeText(trouble string) string {
	node := "node " + orElse(in.pod.NodeName, "unknown")
	reason := ""
	if r := in.related.Node.Ready; r != nil && r.Status != corev1.ConditionTrue {
		reason = behind(reasonAndMessage(r.Reason, r.Message))
	}
	switch trouble {
	case nodeGone:
		return node + " does not exist any more; the container states are old"
	case nodeUnreachable:
		return node + " does not report any more; the container states are old" + reason
	case nodeOutOfService:
		return node + " is declared out of service"
	default:
		return node + " is not ready" + reason
	}
}

func (in *input) nodeFact() v1alpha1.Evidence {
	n := in.related.Node
	e := v1alpha1.Evidence{Source: kindNode, Path: "metadata.name", Value: n.Name + " not found"}
	switch {
	case n.Missing:
	case n.Ready == nil:
		e.Path, e.Value = "status.conditions[Ready]", "not reported"
	default:
		e = conditionFact(n.Ready)
		e.Source = kindNode
	}
	return e
}
