// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

// Package projectiontest makes pods for tests: random ones that reach every
// corner of a status, also those that no API server would write.
package projectiontest

import (
	"fmt"
	"math"
	"math/rand/v2"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
)

// Random returns a pod whose times lie around now. Equal sources give equal
// pods.
func Random(r *rand.Rand, now time.Time) *corev1.Pod {
	g := generator{Rand: r, now: now}
	pod := &corev1.Pod{ObjectMeta: g.meta(), Spec: g.spec()}
	pod.Status = g.status(&pod.Spec)
	return pod
}

type generator struct {
	*rand.Rand
	now time.Time
}

// chance is true in percent of the calls.
func (g generator) chance(percent int) bool { return g.IntN(100) < percent }

func pick[T any](g generator, from ...T) T { return from[g.IntN(len(from))] }

// time is null now and then, else some seconds to some days in the past, or a
// moment in the future.
func (g generator) time() metav1.Time {
	switch g.IntN(12) {
	case 0:
		return metav1.Time{}
	case 1:
		return metav1.Unix(0, 0)
	case 2:
		return metav1.NewTime(g.now.Add(time.Duration(g.IntN(120)) * time.Second))
	case 3, 4:
		return metav1.NewTime(g.now.Add(-time.Duration(g.IntN(500)) * time.Hour))
	default:
		return metav1.NewTime(g.now.Add(-time.Duration(g.IntN(4000)) * time.Second))
	}
}

func (g generator) meta() metav1.ObjectMeta {
	m := metav1.ObjectMeta{Name: "p", Namespace: "ns", UID: types.UID("uid"), CreationTimestamp: g.time()}
	if g.chance(70) {
		yes := true
		m.OwnerReferences = []metav1.OwnerReference{{Kind: pick(g, "ReplicaSet", "Job", "Node"), Name: "o", Controller: &yes}}
	}
	if g.chance(20) {
		t := g.time()
		m.DeletionTimestamp = &t
		if g.chance(50) {
			grace := int64(g.IntN(60))
			m.DeletionGracePeriodSeconds = &grace
		}
	}
	if g.chance(15) {
		m.Finalizers = []string{"foregroundDeletion"}
	}
	return m
}

func (g generator) spec() corev1.PodSpec {
	s := corev1.PodSpec{RestartPolicy: pick(g, corev1.RestartPolicyAlways, corev1.RestartPolicyOnFailure, corev1.RestartPolicyNever, "")}
	if g.chance(80) {
		s.NodeName = "n1"
	}
	if g.chance(5) {
		s.SchedulingGates = []corev1.PodSchedulingGate{{Name: "example.com/gate"}}
	}
	if g.chance(10) {
		s.ReadinessGates = []corev1.PodReadinessGate{{ConditionType: "example.com/ready"}}
	}
	for i := range g.IntN(4) {
		c := g.container(fmt.Sprintf("i%d", i))
		if g.chance(40) {
			always := corev1.ContainerRestartPolicyAlways
			c.RestartPolicy = &always
		}
		s.InitContainers = append(s.InitContainers, c)
	}
	for i := range g.IntN(4) {
		s.Containers = append(s.Containers, g.container(fmt.Sprintf("c%d", i)))
	}
	if g.chance(10) {
		s.EphemeralContainers = []corev1.EphemeralContainer{{EphemeralContainerCommon: corev1.EphemeralContainerCommon{Name: "debug"}}}
	}
	g.repeat(&s)
	return s
}

// repeat gives two containers one name now and then. No API server takes such
// a pod, files may hold it.
func (g generator) repeat(s *corev1.PodSpec) {
	if n := len(s.InitContainers); n > 1 && g.chance(5) {
		s.InitContainers[n-1].Name = s.InitContainers[0].Name
	}
	if n := len(s.Containers); n > 1 && g.chance(5) {
		s.Containers[n-1].Name = s.Containers[0].Name
	}
}

// ownPolicy gives a container a restart policy of its own now and then, with a
// rule for an exit code.
func (g generator) ownPolicy(c *corev1.Container) {
	if !g.chance(10) {
		return
	}
	policy := pick(g, corev1.ContainerRestartPolicyNever, corev1.ContainerRestartPolicyOnFailure, corev1.ContainerRestartPolicyAlways)
	c.RestartPolicy = &policy
	c.RestartPolicyRules = []corev1.ContainerRestartRule{{
		Action: pick(g, corev1.ContainerRestartRuleActionRestart, corev1.ContainerRestartRuleActionRestartAllContainers),
		ExitCodes: &corev1.ContainerRestartRuleOnExitCodes{
			Operator: pick(g, corev1.ContainerRestartRuleOnExitCodesOpIn, corev1.ContainerRestartRuleOnExitCodesOpNotIn), Values: []int32{1},
		},
	}}
}

func (g generator) container(name string) corev1.Container {
	c := corev1.Container{Name: name, Image: "registry.example.com/app:1"}
	probe := &corev1.Probe{PeriodSeconds: 10, FailureThreshold: 3}
	if g.chance(40) {
		c.ReadinessProbe = probe
	}
	if g.chance(20) {
		c.StartupProbe = probe
	}
	if g.chance(20) {
		c.LivenessProbe = probe
	}
	if g.chance(30) {
		c.Resources.Limits = corev1.ResourceList{corev1.ResourceMemory: resource.MustParse("256Mi")}
	}
	g.ownPolicy(&c)
	return c
}

func (g generator) status(spec *corev1.PodSpec) corev1.PodStatus {
	s := corev1.PodStatus{
		Phase: pick(g, corev1.PodPending, corev1.PodRunning, corev1.PodRunning, corev1.PodRunning,
			corev1.PodSucceeded, corev1.PodFailed, corev1.PodUnknown, ""),
	}
	if g.chance(25) {
		s.Reason = pick(g, "Evicted", "NodeLost", "Terminated", "DeadlineExceeded", "OutOfcpu", "UnexpectedAdmissionError", "Preempting", "Odd")
		s.Message = pick(g, "", "Pod was rejected: whatever", "The node was low on resource: memory. Container c0 was using 1Gi, request is 0. ")
	}
	if g.chance(80) {
		t := g.time()
		s.StartTime = &t
	}
	s.Conditions = g.conditions()
	for i := range spec.InitContainers {
		s.InitContainerStatuses = g.report(s.InitContainerStatuses, spec.InitContainers[i].Name)
	}
	for i := range spec.Containers {
		s.ContainerStatuses = g.report(s.ContainerStatuses, spec.Containers[i].Name)
	}
	for i := range spec.EphemeralContainers {
		s.EphemeralContainerStatuses = g.report(s.EphemeralContainerStatuses, spec.EphemeralContainers[i].Name)
	}
	if g.chance(3) {
		s.ContainerStatuses = g.report(s.ContainerStatuses, "stranger")
		s.InitContainerStatuses = g.report(s.InitContainerStatuses, "c0")
	}
	if g.chance(10) {
		s.NominatedNodeName = "n2"
	}
	return s
}

// report appends the status of a container, or now and then none.
func (g generator) report(list []corev1.ContainerStatus, name string) []corev1.ContainerStatus {
	if g.chance(8) {
		return list
	}
	return append(list, g.containerStatus(name))
}

func (g generator) containerStatus(name string) corev1.ContainerStatus {
	s := corev1.ContainerStatus{Name: name, Ready: g.chance(50)}
	switch {
	case g.chance(3):
		s.RestartCount = pick[int32](g, math.MaxInt32, math.MinInt32, -1)
	case g.chance(50):
		s.RestartCount = int32(g.IntN(30))
	}
	if g.chance(80) {
		started := g.chance(60)
		s.Started = &started
	}
	switch g.IntN(10) {
	case 0:
	case 1, 2:
		s.State.Waiting = g.waiting()
	case 3, 4:
		s.State.Terminated = g.terminated()
	default:
		s.State.Running = &corev1.ContainerStateRunning{StartedAt: g.time()}
	}
	if g.chance(40) {
		s.LastTerminationState.Terminated = g.terminated()
	}
	return s
}

func (g generator) waiting() *corev1.ContainerStateWaiting {
	return &corev1.ContainerStateWaiting{
		Reason: pick(g, "ContainerCreating", "PodInitializing", "CrashLoopBackOff", "ErrImagePull", "ImagePullBackOff",
			"CreateContainerConfigError", "RunContainerError", "PostStartHookError", "RestartingAllContainers", "", "some free text", "Completed"),
		Message: pick(g, "", `Back-off pulling image "x": ErrImagePull: not found`, `configmap "c" not found`),
	}
}

func (g generator) terminated() *corev1.ContainerStateTerminated {
	return &corev1.ContainerStateTerminated{
		ExitCode: pick[int32](g, 0, 0, 1, 2, 128, 137, 143, 255, -1, -1073741819),
		Signal:   pick[int32](g, 0, 0, 0, 9, -1),
		Reason: pick(g, "Completed", "Completed", "Error", "Error", "OOMKilled", "StartError", "Unknown",
			"ContainerStatusUnknown", "RestartingAllContainers", "seccomp killed", "", ""),
		Message:    pick(g, "", "", "panic: out of luck"),
		StartedAt:  g.time(),
		FinishedAt: g.time(),
	}
}

func (g generator) conditions() []corev1.PodCondition {
	var out []corev1.PodCondition
	add := func(percent int, t corev1.PodConditionType, reasons ...string) {
		if !g.chance(percent) {
			return
		}
		out = append(out, corev1.PodCondition{
			Type:               t,
			Status:             pick(g, corev1.ConditionTrue, corev1.ConditionTrue, corev1.ConditionFalse, corev1.ConditionUnknown),
			Reason:             pick(g, reasons...),
			LastTransitionTime: g.time(),
		})
	}
	add(80, corev1.PodScheduled, "", "Unschedulable", "SchedulingGated", "SchedulerError")
	add(60, corev1.PodReadyToStartContainers, "", "PodSandboxNotReady")
	add(80, corev1.PodInitialized, "", "ContainersNotInitialized")
	add(80, corev1.PodReady, "", "ContainersNotReady", "ReadinessGatesNotReady")
	add(80, corev1.ContainersReady, "", "ContainersNotReady")
	add(5, corev1.PodReady, "")
	add(5, corev1.PodInitialized, "")
	add(10, corev1.DisruptionTarget, "EvictionByEvictionAPI", "PreemptionByScheduler", "DeletionByPodGC")
	add(5, corev1.PodResizePending, "Infeasible", "Deferred")
	add(5, "example.com/ready", "", "NotYet")
	return out
}
