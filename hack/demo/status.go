// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// exit is how a container ended.
type exit struct {
	code    int32
	reason  string
	message string
}

// at returns the end of a run of the container.
func (e exit) at(end time.Time) *corev1.ContainerStateTerminated {
	return &corev1.ContainerStateTerminated{
		ExitCode: e.code, Reason: e.reason, Message: e.message,
		StartedAt: metav1.NewTime(end.Add(-2 * time.Second)), FinishedAt: metav1.NewTime(end),
	}
}

// running is the status of a pod that has been ready since it started, as a kubelet writes it.
func running(pod *corev1.Pod, start time.Time) corev1.PodStatus {
	since := metav1.NewTime(start)
	s := corev1.PodStatus{Phase: corev1.PodRunning, StartTime: &since}
	for _, t := range []corev1.PodConditionType{
		corev1.PodReadyToStartContainers, corev1.PodInitialized, corev1.PodReady, corev1.ContainersReady, corev1.PodScheduled,
	} {
		s.Conditions = append(s.Conditions, corev1.PodCondition{Type: t, Status: corev1.ConditionTrue, LastTransitionTime: since})
	}
	for _, c := range pod.Spec.Containers {
		s.ContainerStatuses = append(s.ContainerStatuses, corev1.ContainerStatus{
			Name: c.Name, Image: c.Image, ImageID: c.Image, Ready: true, Started: new(true),
			State: corev1.ContainerState{Running: &corev1.ContainerStateRunning{StartedAt: since}},
		})
	}
	return s
}

// set gives a condition that the pod has another status.
func set(s *corev1.PodStatus, t corev1.PodConditionType, at time.Time, reason, message string) {
	for i := range s.Conditions {
		if c := &s.Conditions[i]; c.Type == t {
			c.Status, c.Reason, c.Message = corev1.ConditionFalse, reason, message
			c.LastTransitionTime = metav1.NewTime(at)
		}
	}
}

// unready makes the first container not ready and returns it.
func unready(s *corev1.PodStatus, at time.Time) *corev1.ContainerStatus {
	c := &s.ContainerStatuses[0]
	message := "containers with unready status: [" + c.Name + "]"
	set(s, corev1.PodReady, at, "ContainersNotReady", message)
	set(s, corev1.ContainersReady, at, "ContainersNotReady", message)
	c.Ready = false
	return c
}

// backOff is the pause of a kubelet before a restart.
func backOff(pod *corev1.Pod, c *corev1.ContainerStatus, pause time.Duration) corev1.ContainerState {
	return corev1.ContainerState{Waiting: &corev1.ContainerStateWaiting{
		Reason: "CrashLoopBackOff",
		Message: fmt.Sprintf("back-off %s restarting failed container=%s pod=%s_%s(%s)",
			pause, c.Name, pod.Name, pod.Namespace, pod.UID),
	}}
}

// ends is the status of a pod that has failed for good.
func ends(pod *corev1.Pod, start, end time.Time, e exit) corev1.PodStatus {
	s := running(pod, start)
	s.Phase = corev1.PodFailed
	set(&s, corev1.PodReadyToStartContainers, end, "PodSandboxNotReady", "no pod sandbox exists")
	set(&s, corev1.PodReady, end, "PodFailed", "")
	set(&s, corev1.ContainersReady, end, "PodFailed", "")
	c := &s.ContainerStatuses[0]
	c.Ready, c.Started = false, new(false)
	c.State = corev1.ContainerState{Terminated: e.at(end)}
	c.State.Terminated.StartedAt = metav1.NewTime(start)
	return s
}
