// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// crashLoop is a container that has crashed ago and is in the longest pause between two restarts.
func crashLoop(restarts int32, ago time.Duration, e exit) state {
	return func(pod *corev1.Pod, now time.Time) corev1.PodStatus {
		s := running(pod, now.Add(-time.Duration(restarts)*4*time.Minute))
		crashed := now.Add(-ago)
		c := unready(&s, crashed)
		c.Started, c.RestartCount = new(false), restarts
		c.State = backOff(pod, c, 5*time.Minute)
		c.LastTerminationState.Terminated = e.at(crashed)
		return s
	}
}

// runsAgain is a container that was restarted some minutes ago.
func runsAgain(restarts int32, e exit) state {
	return func(pod *corev1.Pod, now time.Time) corev1.PodStatus {
		s := running(pod, now.Add(-3*24*time.Hour))
		c := &s.ContainerStatuses[0]
		end := now.Add(-6 * time.Minute)
		c.RestartCount = restarts
		c.LastTerminationState.Terminated = e.at(end)
		c.LastTerminationState.Terminated.StartedAt = metav1.NewTime(end.Add(-5 * time.Hour))
		c.State.Running.StartedAt = metav1.NewTime(end.Add(time.Second))
		return s
	}
}

// waiting is a container that the kubelet cannot start.
func waiting(age time.Duration, reason, message string) state {
	return func(pod *corev1.Pod, now time.Time) corev1.PodStatus {
		s := running(pod, now.Add(-age))
		s.Phase = corev1.PodPending
		c := unready(&s, now.Add(-age))
		c.Started, c.ImageID = new(false), ""
		c.State = corev1.ContainerState{Waiting: &corev1.ContainerStateWaiting{Reason: reason, Message: message}}
		return s
	}
}

// unschedulable is a pod that no node takes.
func unschedulable(age time.Duration, message string) state {
	return func(_ *corev1.Pod, now time.Time) corev1.PodStatus {
		return corev1.PodStatus{Phase: corev1.PodPending, Conditions: []corev1.PodCondition{{
			Type: corev1.PodScheduled, Status: corev1.ConditionFalse, Reason: corev1.PodReasonUnschedulable,
			Message: message, LastTransitionTime: metav1.NewTime(now.Add(-age)),
		}}}
	}
}

// notReady is a container that runs and whose readiness probe fails.
func notReady(age time.Duration) state {
	return func(pod *corev1.Pod, now time.Time) corev1.PodStatus {
		s := running(pod, now.Add(-5*24*time.Hour))
		unready(&s, now.Add(-age))
		return s
	}
}

// ended is a container that ran for five minutes, ended in error and is not restarted.
func ended(age time.Duration, e exit) state {
	return func(pod *corev1.Pod, now time.Time) corev1.PodStatus {
		end := now.Add(-age)
		return ends(pod, end.Add(-5*time.Minute), end, e)
	}
}

// nodeLost is a pod of a node that no longer reports: the node controller sets Ready to False and
// touches nothing else.
func nodeLost(age time.Duration) state {
	return func(pod *corev1.Pod, now time.Time) corev1.PodStatus {
		s := running(pod, now.Add(-3*24*time.Hour))
		set(&s, corev1.PodReady, now.Add(-age), "", "")
		return s
	}
}

// evicted is a pod that the kubelet ended because its node was short of memory.
func evicted(age time.Duration, used, request string) state {
	return func(pod *corev1.Pod, now time.Time) corev1.PodStatus {
		end := now.Add(-age)
		s := ends(pod, end.Add(-4*24*time.Hour), end, exit{137, "Error", ""})
		s.Reason = "Evicted"
		s.Message = "The node was low on resource: memory. Threshold quantity: 100Mi, available: 71220Ki. Container " +
			pod.Spec.Containers[0].Name + " was using " + used + ", request is " + request +
			", has larger consumption of memory. "
		s.Conditions = append(s.Conditions, corev1.PodCondition{
			Type: corev1.DisruptionTarget, Status: corev1.ConditionTrue, Reason: corev1.PodReasonTerminationByKubelet,
			Message: s.Message, LastTransitionTime: metav1.NewTime(end),
		})
		return s
	}
}
