// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package diagnose_test

import (
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

func TestWaitsGetWorseWithTheClocks(t *testing.T) {
	t.Parallel()
	for name, makePod := range map[string]func(age metav1.Time) *corev1.Pod{
		"unschedulable": func(age metav1.Time) *corev1.Pod {
			return newPod(corev1.PodPending, unbound, noStatuses, sinceCondition(corev1.PodScheduled, corev1.ConditionFalse, "Unschedulable", "", age))
		},
		"no scheduler": func(age metav1.Time) *corev1.Pod {
			return newPod(corev1.PodPending, unbound, noStatuses, func(p *corev1.Pod) { p.CreationTimestamp = age })
		},
		"kubelet silent": func(age metav1.Time) *corev1.Pod {
			return newPod(corev1.PodPending, noStatuses, sinceCondition(corev1.PodScheduled, corev1.ConditionTrue, "", "", age))
		},
		"container creating": func(age metav1.Time) *corev1.Pod {
			return newPod(corev1.PodPending, startTime(age), app(waiting("ContainerCreating", "")))
		},
		"acknowledged without statuses": func(age metav1.Time) *corev1.Pod {
			return newPod(corev1.PodPending, startTime(age), noStatuses)
		},
		"init container runs": func(age metav1.Time) *corev1.Pod {
			return newPod(corev1.PodPending, startTime(age), initContainer("", running(ago(time.Second))), app(waiting("PodInitializing", "")))
		},
		"sidecar not started": func(age metav1.Time) *corev1.Pod {
			return newPod(corev1.PodPending, startTime(age), initContainer(corev1.ContainerRestartPolicyAlways, running(age)), app(waiting("PodInitializing", "")))
		},
		"not ready": func(age metav1.Time) *corev1.Pod {
			return newPod(corev1.PodRunning, app(started(unready(running(ago(20*time.Hour))))),
				sinceCondition(corev1.PodReady, corev1.ConditionFalse, "ContainersNotReady", "", age))
		},
		"startup probe with a budget of an hour": func(age metav1.Time) *corev1.Pod {
			return newPod(corev1.PodRunning, app(unready(running(age))), func(p *corev1.Pod) {
				p.Spec.Containers[0].StartupProbe = &corev1.Probe{PeriodSeconds: 60, FailureThreshold: 60}
			})
		},
		"readiness gate": func(age metav1.Time) *corev1.Pod {
			return newPod(corev1.PodRunning, app(started(running(ago(20*time.Hour)))), gate("example.com/lb"),
				sinceCondition(corev1.PodReady, corev1.ConditionFalse, "ReadinessGatesNotReady", "", age))
		},
		"Ready=False without any explanation": func(age metav1.Time) *corev1.Pod {
			return newPod(corev1.PodRunning, app(started(running(ago(20*time.Hour)))),
				sinceCondition(corev1.PodReady, corev1.ConditionFalse, "ContainersNotReady", "", age))
		},
		"unknown waiting reason": func(age metav1.Time) *corev1.Pod {
			return newPod(corev1.PodPending, startTime(age), app(waiting("SomethingElse", "odd")))
		},
		"free text as reason": func(age metav1.Time) *corev1.Pod {
			return newPod(corev1.PodPending, startTime(age), app(waiting("no runtime for \"x\" is configured", "")))
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, step := range []struct {
				age   time.Duration
				state string
			}{
				{2*time.Minute - time.Second, "Progressing: info"},
				{2 * time.Minute, "Degraded: warning"},
				{10*time.Minute - time.Second, "Degraded: warning"},
				{10 * time.Minute, "Failing: critical"},
			} {
				v := judge(makePod(ago(step.age)))
				if got := brief(v); !strings.HasPrefix(got, step.state+" ") {
					t.Errorf("after %v: verdict = %q, want %q", step.age, got, step.state)
				}
				if len(v.Findings) != 1 {
					t.Errorf("after %v: %d findings, want 1: %+v", step.age, len(v.Findings), v.Findings)
				}
				checkShape(t, v)
			}
		})
	}
}

func TestDeletionAndNodes(t *testing.T) {
	t.Parallel()
	up := app(running(ago(time.Hour)))
	nodeLost := func(p *corev1.Pod) {
		sinceCondition(corev1.PodReady, corev1.ConditionFalse, "", "", ago(30*time.Second))(p)
		condition(corev1.ContainersReady, corev1.ConditionTrue, "")(p)
	}
	for _, tt := range []struct {
		name string
		pod  *corev1.Pod
		want string
	}{
		{"E12: within the grace period", newPod(corev1.PodRunning, deleted(ago(-20*time.Second)), up), "Terminating: info Terminating"},
		{"overdue for a minute", newPod(corev1.PodRunning, deleted(ago(time.Minute)), up), "Terminating: info Terminating/Overdue"},
		{"overdue for 2 minutes", newPod(corev1.PodRunning, deleted(ago(2*time.Minute)), up), "Terminating: warning Terminating/Overdue"},
		{"overdue for 10 minutes", newPod(corev1.PodRunning, deleted(ago(10*time.Minute)), up), "Terminating: critical Terminating/Overdue"},
		{
			"overdue for hours, containers gone: never critical",
			newPod(corev1.PodRunning, deleted(ago(5*time.Hour)), app(exited(0, "Completed", ago(5*time.Hour)))),
			"Terminating: warning Terminating/Overdue",
		},
		{
			"finalizer, containers gone, phase Running",
			newPod(corev1.PodRunning, deleted(ago(5*time.Hour), "a/b"), app(exited(0, "Completed", ago(5*time.Hour)))),
			"Terminating: warning Terminating/Finalizer",
		},
		{
			"a crash loop does not count once the pod is deleted",
			newPod(corev1.PodRunning, deleted(ago(-20*time.Second)), app(after(waiting("CrashLoopBackOff", ""), 9, exit(1, "Error", ago(time.Minute))))),
			"Terminating: info Terminating",
		},
		{"node lost, within the grace period", newPod(corev1.PodRunning, deleted(ago(-20*time.Second)), up, nodeLost), "Terminating: critical NodeNotReady/Inferred"},
		{
			"with a terminal phase a lost node no longer counts",
			newPod(corev1.PodFailed, deleted(ago(5*time.Hour), "a/b"), nodeLost, reason("NodeLost", "")),
			"Terminating: warning Terminating/Finalizer",
		},
		{"deleted, reason NodeLost", newPod(corev1.PodRunning, deleted(ago(time.Hour)), up, reason("NodeLost", "Node n1 was lost")), "Terminating: critical NodeNotReady/NodeLost"},
		{"node lost", newPod(corev1.PodRunning, up, nodeLost), "Failing: critical NodeNotReady/Inferred"},
		{"E1: stale status.reason of a running pod", newPod(corev1.PodRunning, up, ready(), reason("Evicted", "long ago")), "Healthy"},
		{"R13: phase Unknown", newPod(corev1.PodUnknown, up), "Unknown: warning PhaseUnknown"},
		{"phase Unknown, reason NodeLost", newPod(corev1.PodUnknown, up, reason("NodeLost", "Node n1 was lost")), "Unknown: critical NodeNotReady/NodeLost"},
		{"phase Unknown, marked by the node controller", newPod(corev1.PodUnknown, up, nodeLost), "Unknown: critical NodeNotReady/Inferred"},
		{"healthy", newPod(corev1.PodRunning, up, ready()), "Healthy"},
		{"healthy, without any condition", newPod(corev1.PodRunning, up), "Healthy"},
		{"a Succeeded pod that was not ready", newPod(corev1.PodSucceeded, condition(corev1.PodReady, corev1.ConditionFalse, "PodCompleted")), "Completed"},
		{"no status at all", &corev1.Pod{}, "Progressing: info PhaseUnset"},
		{
			"SchedulerError is an error at once",
			newPod(corev1.PodPending, unbound, noStatuses, sinceCondition(corev1.PodScheduled, corev1.ConditionFalse, "SchedulerError", "boom", ago(time.Second))),
			"Failing: critical Unschedulable/SchedulerError",
		},
		{
			"a gate that was set a year ago is still intended",
			newPod(corev1.PodPending, unbound, noStatuses, func(p *corev1.Pod) {
				p.CreationTimestamp = ago(9000 * time.Hour)
				p.Spec.SchedulingGates = []corev1.PodSchedulingGate{{Name: "g"}}
			}),
			"Progressing: info SchedulingGated",
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			v := judge(tt.pod)
			if got := brief(v); got != tt.want {
				t.Errorf("verdict = %q, want %q", got, tt.want)
			}
			checkShape(t, v)
		})
	}
}
