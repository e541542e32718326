// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package diagnose_test

import (
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// change is one step in making a pod for a test.
type change func(*corev1.Pod)

func ago(d time.Duration) metav1.Time { return metav1.NewTime(corpusNow().Add(-d)) }

// newPod returns a pod of one container c, an hour old, bound to node n1 and
// managed by a ReplicaSet.
func newPod(phase corev1.PodPhase, changes ...change) *corev1.Pod {
	yes := true
	pod := &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{
			Name: "p", Namespace: "ns", CreationTimestamp: ago(time.Hour),
			OwnerReferences: []metav1.OwnerReference{{Kind: "ReplicaSet", Name: "rs", Controller: &yes}},
		},
		Spec: corev1.PodSpec{
			NodeName: "n1", RestartPolicy: corev1.RestartPolicyAlways,
			Containers: []corev1.Container{{Name: "c"}},
		},
		Status: corev1.PodStatus{Phase: phase, ContainerStatuses: []corev1.ContainerStatus{{Name: "c"}}},
	}
	for _, c := range changes {
		c(pod)
	}
	return pod
}

func app(s corev1.ContainerStatus) change {
	return func(p *corev1.Pod) {
		s.Name = "c"
		p.Status.ContainerStatuses = []corev1.ContainerStatus{s}
	}
}

// twoApps replaces the containers by a and b.
func twoApps(a, b corev1.ContainerStatus) change {
	return func(p *corev1.Pod) {
		a.Name, b.Name = "a", "b"
		p.Spec.Containers = []corev1.Container{{Name: "a"}, {Name: "b"}}
		p.Status.ContainerStatuses = []corev1.ContainerStatus{a, b}
	}
}

// initContainer adds one of name i; with policy Always it is a sidecar.
func initContainer(policy corev1.ContainerRestartPolicy, s corev1.ContainerStatus) change {
	return func(p *corev1.Pod) {
		c := corev1.Container{Name: "i"}
		if policy != "" {
			c.RestartPolicy = &policy
		}
		s.Name = "i"
		p.Spec.InitContainers = append(p.Spec.InitContainers, c)
		p.Status.InitContainerStatuses = append(p.Status.InitContainerStatuses, s)
	}
}

func ephemeral(s corev1.ContainerStatus) change {
	return func(p *corev1.Pod) {
		s.Name = "debug"
		p.Spec.EphemeralContainers = []corev1.EphemeralContainer{{EphemeralContainerCommon: corev1.EphemeralContainerCommon{Name: "debug"}}}
		p.Status.EphemeralContainerStatuses = []corev1.ContainerStatus{s}
	}
}

func waiting(reason, message string) corev1.ContainerStatus {
	return corev1.ContainerStatus{State: corev1.ContainerState{Waiting: &corev1.ContainerStateWaiting{Reason: reason, Message: message}}}
}

func running(started metav1.Time) corev1.ContainerStatus {
	return corev1.ContainerStatus{
		Ready: true,
		State: corev1.ContainerState{Running: &corev1.ContainerStateRunning{StartedAt: started}},
	}
}

func unready(s corev1.ContainerStatus) corev1.ContainerStatus {
	s.Ready = false
	return s
}

func exited(code int32, reason string, finished metav1.Time) corev1.ContainerStatus {
	return corev1.ContainerStatus{State: exit(code, reason, finished)}
}

func exit(code int32, reason string, finished metav1.Time) corev1.ContainerState {
	return corev1.ContainerState{Terminated: &corev1.ContainerStateTerminated{ExitCode: code, Reason: reason, FinishedAt: finished}}
}

// after sets how often the container has restarted, and how its last run ended.
func after(s corev1.ContainerStatus, restarts int32, last corev1.ContainerState) corev1.ContainerStatus {
	s.RestartCount, s.LastTerminationState = restarts, last
	return s
}

func condition(t corev1.PodConditionType, status corev1.ConditionStatus, reason string) change {
	return func(p *corev1.Pod) {
		p.Status.Conditions = append(p.Status.Conditions, corev1.PodCondition{Type: t, Status: status, Reason: reason})
	}
}

// sinceCondition is condition with message and time.
func sinceCondition(t corev1.PodConditionType, status corev1.ConditionStatus, reason, message string, at metav1.Time) change {
	return func(p *corev1.Pod) {
		p.Status.Conditions = append(p.Status.Conditions, corev1.PodCondition{
			Type: t, Status: status, Reason: reason, Message: message, LastTransitionTime: at,
		})
	}
}

func ready() change { return condition(corev1.PodReady, corev1.ConditionTrue, "") }

func reason(reason, message string) change {
	return func(p *corev1.Pod) { p.Status.Reason, p.Status.Message = reason, message }
}

func noStatuses(p *corev1.Pod) { p.Status.ContainerStatuses = nil }
func unbound(p *corev1.Pod)    { p.Spec.NodeName = "" }
func bare(p *corev1.Pod)       { p.OwnerReferences = nil }

func deleted(at metav1.Time, finalizers ...string) change {
	return func(p *corev1.Pod) { p.DeletionTimestamp, p.Finalizers = &at, finalizers }
}

func restartPolicy(policy corev1.RestartPolicy) change {
	return func(p *corev1.Pod) { p.Spec.RestartPolicy = policy }
}

func gate(name string) change {
	return func(p *corev1.Pod) {
		p.Spec.ReadinessGates = append(p.Spec.ReadinessGates, corev1.PodReadinessGate{ConditionType: corev1.PodConditionType(name)})
	}
}

// ran is the end of a run that lasted for d.
func ran(d time.Duration, code int32, reason string, finished metav1.Time) corev1.ContainerState {
	s := exit(code, reason, finished)
	s.Terminated.StartedAt = metav1.NewTime(finished.Add(-d))
	return s
}

func withMessage(s corev1.ContainerState, message string) corev1.ContainerState {
	s.Terminated.Message = message
	return s
}

func memoryLimit(limit string) change {
	return func(p *corev1.Pod) {
		p.Spec.Containers[0].Resources.Limits = corev1.ResourceList{corev1.ResourceMemory: resource.MustParse(limit)}
	}
}

func startTime(t metav1.Time) change { return func(p *corev1.Pod) { p.Status.StartTime = &t } }

func started(s corev1.ContainerStatus) corev1.ContainerStatus {
	yes := true
	s.Started = &yes
	return s
}
