// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package diagnose

import (
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/podwatch/kubectl-podwatch/pkg/apis/podwatch/v1alpha1"
	"github.com/podwatch/kubectl-podwatch/pkg/projection"
)

// Thresholds are the clocks of a verdict. They hold for every cause.
type Thresholds struct {
	// WarnAfter is how long a wait (to be scheduled, started, ready or gone)
	// stays info.
	WarnAfter time.Duration
	// CriticalAfter is how long such a wait stays below critical.
	CriticalAfter time.Duration
	// RestartWindow is how long a restart is worth a finding afterwards.
	RestartWindow time.Duration
	// RestartThreshold is the number of restarts above which a message asks
	// for manual investigation. It changes no severity.
	RestartThreshold int32
}

// Defaults returns the thresholds that the command line starts from.
func Defaults() Thresholds {
	return Thresholds{
		WarnAfter:        2 * time.Minute,
		CriticalAfter:    10 * time.Minute,
		RestartWindow:    time.Hour,
		RestartThreshold: 10,
	}
}

// Related holds what was read besides the pod. What is nil was not read, and
// nothing is concluded from it; the zero value means that nothing was. Judge
// changes nothing of it, and a verdict shares nothing with it but strings.
type Related struct {
	// Events are those about the pod, matched by UID, the oldest first.
	Events []projection.Event
	// Node is the node that the pod is bound to. One that does not exist has
	// Missing set.
	Node *projection.Node
	// Nodes are all nodes of the cluster, for a pod that no node takes.
	Nodes []*projection.Node
	// Claims are those that a pod without a node mounts, in the order of its
	// volumes. One that does not exist has Missing set.
	Claims []*projection.Claim
	// Owners are the pod's controller, its controller and so on, as far as they
	// were read without a gap: ReplicaSet, Deployment.
	Owners []*projection.Owner
	// NamespaceTerminating is true if the pod's namespace is being deleted.
	NamespaceTerminating bool
}

// Verdict is the judgement on one pod at one instant.
type Verdict struct {
	State v1alpha1.State
	// Findings are sorted worst first, then by how near the category is to
	// the root of things, then by container; nil if there are none. Evidence
	// and Hints of a finding are never nil; Judge leaves Hints empty.
	Findings []v1alpha1.Finding
	// Next is the earliest instant after now at which the verdict can change
	// although the pod does not. Zero means never.
	Next time.Time
}

// Primary returns the worst finding, nil if there is none.
func (v Verdict) Primary() *v1alpha1.Finding {
	if len(v.Findings) == 0 {
		return nil
	}
	return &v.Findings[0]
}

// Severity returns the severity of the worst finding, empty if there is none.
func (v Verdict) Severity() v1alpha1.Severity {
	if len(v.Findings) == 0 {
		return ""
	}
	return v.Findings[0].Severity
}

// Judge returns the verdict on p at the instant now. A nil p is judged like an
// empty pod.
func Judge(p *projection.Pod, rel Related, now time.Time, t Thresholds) Verdict {
	if p == nil {
		p = &projection.Pod{}
	}
	in := input{pod: p, related: rel, now: now, limits: t}
	switch {
	case p.DeletionTimestamp != nil:
		in.deletion()
		in.lostNode()
	case p.Phase == corev1.PodSucceeded:
		// Every condition of a completed pod reads False and its sidecars were
		// killed; none of that is a finding.
	case p.Phase == corev1.PodFailed:
		in.failed()
	case p.Phase == corev1.PodUnknown:
		in.unknownPhase()
	case p.Phase == "":
		in.emptyPhase()
	default:
		in.alive()
	}
	in.lower()
	return Verdict{State: in.state(), Findings: in.sorted(), Next: in.next}
}

// alive judges a pod that is to run: Pending, Running, or a phase that this
// version does not know.
func (in *input) alive() {
	in.scheduling()
	in.lostNode()
	in.silentKubelet()
	in.containers()
	in.readiness()
	in.devices()
	in.resize()
	in.disruption()
}

// state derives the one word from the phase and the findings.
func (in *input) state() v1alpha1.State {
	p := in.pod
	switch {
	case p.DeletionTimestamp != nil:
		return v1alpha1.StateTerminating
	case p.Phase == corev1.PodSucceeded:
		return v1alpha1.StateCompleted
	case p.Phase == corev1.PodFailed:
		return v1alpha1.StateFailed
	case p.Phase == corev1.PodUnknown:
		return v1alpha1.StateUnknown
	}
	switch in.worstOngoing() {
	case v1alpha1.SeverityCritical:
		return v1alpha1.StateFailing
	case v1alpha1.SeverityWarning:
		return v1alpha1.StateDegraded
	case v1alpha1.SeverityInfo:
	}
	if !in.up() {
		return v1alpha1.StateProgressing
	}
	return v1alpha1.StateHealthy
}

// up is true for a pod that does what it is there for: it runs, and it is
// ready. Without a Ready condition the containers decide.
func (in *input) up() bool {
	if in.pod.Phase != corev1.PodRunning {
		return false
	}
	if ready := in.pod.Condition(corev1.PodReady); ready != nil {
		return ready.Status == corev1.ConditionTrue
	}
	return in.containersReady()
}
