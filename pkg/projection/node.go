// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package projection

import (
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/podwatch/kubectl-podwatch/pkg/internal/plaintext"
)

// Node is what is kept of a node.
type Node struct {
	Name string
	// Missing is true if the nodes were read and none has this name. All other
	// fields but Name are zero then.
	Missing bool
	// Ready is the condition of that name, nil if the node has none. Its status
	// is Unknown once the node controller has not heard of the kubelet for a
	// while (nodeMonitorGracePeriod, 50 s in v1.37).
	Ready *Condition
	// Heartbeat is when the kubelet last wrote that condition.
	Heartbeat time.Time
	// Pressure are the other conditions that are True, such as MemoryPressure
	// or NetworkUnavailable, in the order of the status.
	Pressure []Condition
	Taints   []Taint
	// Unschedulable is spec.unschedulable: the node is cordoned.
	Unschedulable bool
	// Deleting is true if the node has a deletionTimestamp.
	Deleting bool
	// CPU is the allocatable processor time in thousandths of a core, Memory
	// the allocatable memory in bytes.
	CPU, Memory int64
}

// Taint keeps pods away that do not tolerate it.
type Taint struct {
	Key, Value string
	Effect     corev1.TaintEffect
}

// FromNode returns the projection of n. It shares nothing with n but strings.
func FromNode(n *corev1.Node) *Node {
	out := &Node{
		Name:          shared(n.Name),
		Unschedulable: n.Spec.Unschedulable,
		Deleting:      n.DeletionTimestamp != nil,
		CPU:           n.Status.Allocatable.Cpu().MilliValue(),
		Memory:        n.Status.Allocatable.Memory().Value(),
	}
	for i := range n.Spec.Taints {
		t := &n.Spec.Taints[i]
		out.Taints = append(out.Taints, Taint{Key: shared(t.Key), Value: plaintext.Clean(t.Value), Effect: shared(t.Effect)})
	}
	for i := range n.Status.Conditions {
		c := &n.Status.Conditions[i]
		condition := Condition{
			Type:               corev1.PodConditionType(shared(c.Type)),
			Status:             shared(c.Status),
			Reason:             shared(c.Reason),
			Message:            message(c.Message),
			LastTransitionTime: known(c.LastTransitionTime),
		}
		switch {
		case c.Type == corev1.NodeReady:
			out.Ready, out.Heartbeat = &condition, known(c.LastHeartbeatTime)
		case c.Status == corev1.ConditionTrue:
			out.Pressure = append(out.Pressure, condition)
		}
	}
	return out
}
