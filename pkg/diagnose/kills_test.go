// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package diagnose_test

import (
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/podwatch/kubectl-podwatch/pkg/apis/podwatch/v1alpha1"
	"github.com/podwatch/kubectl-podwatch/pkg/diagnose"
	"github.com/podwatch/kubectl-podwatch/pkg/projection"
)

func TestEventsSayWhoKilledAContainer(t *testing.T) {
	t.Parallel()
	const restart = "Container c failed liveness probe, will be restarted"
	killed := func(d time.Duration, message string) projection.Event { return on("c", normal(d, "Killing", message)) }
	// One restart two minutes ago.
	once := func(code int32, reason string) *corev1.Pod {
		return newPod(corev1.PodRunning, app(after(running(ago(2*time.Minute)), 1, exit(code, reason, ago(2*time.Minute)))), ready())
	}
	loop := newPod(corev1.PodRunning, app(after(waiting("CrashLoopBackOff", "back-off"), 5, exit(137, "Error", ago(time.Minute)))))
	checkSurrounded(t, []surrounded{
		{
			"liveness probe, 137", once(137, "Error"), events(killed(150*time.Second, restart)),
			"Healthy: info Restarted/LivenessKilled on App c", "", "liveness probe failed, exit 137 (SIGKILL)",
		},
		{
			"liveness probe, 143", once(143, "Error"), events(killed(2*time.Minute, restart)),
			"Healthy: info Restarted/LivenessKilled on App c", "", "exit 143",
		},
		{
			"liveness probe, and the process ended in order", once(0, "Completed"), events(killed(2*time.Minute, restart)),
			"Healthy: info Restarted/LivenessKilled on App c", "", "exit 0",
		},
		{
			"startup probe", once(137, "Error"), events(killed(2*time.Minute, "Container c failed startup probe, will be restarted")),
			"Healthy: info Restarted/StartupKilled on App c", "", "startup probe",
		},
		{
			"changed definition", once(137, "Error"), events(killed(2*time.Minute, "Container c definition changed, will be restarted")),
			"Healthy: info Restarted/SpecChanged on App c", "", "definition",
		},
		{
			"postStart hook", once(137, "Error"), events(killed(2*time.Minute, "FailedPostStartHook")),
			"Healthy: info Restarted/PostStartHook on App c", "", "postStart hook failed",
		},
		{
			"what the probe got is said", once(137, "Error"),
			events(on("c", warned(150*time.Second, "Unhealthy", "Liveness probe failed: HTTP probe failed with statuscode: 500")), killed(2*time.Minute, restart)),
			"Healthy: info Restarted/LivenessKilled on App c", "", "exit 137 (SIGKILL): HTTP probe failed with statuscode: 500",
		},
		{
			"out of memory stays out of memory", once(137, "OOMKilled"), events(killed(2*time.Minute, restart)),
			"Healthy: warning OOMKilled on App c", "", "out of memory",
		},
		{
			"an older kill is not the reason: grace period and 5 s before the end", once(137, "Error"), events(killed(156*time.Second, restart)),
			"Healthy: info Restarted/SigKilled on App c", "", "not reported as out of memory",
		},
		{
			"the earliest kill that can be", once(137, "Error"), events(killed(155*time.Second, restart)),
			"Healthy: info Restarted/LivenessKilled on App c", "", "",
		},
		{
			"a later kill is not the reason", once(137, "Error"), events(killed(117*time.Second, restart)),
			"Healthy: info Restarted/SigKilled on App c", "", "",
		},
		{
			"the kill of another container", once(137, "Error"), events(on("d", normal(2*time.Minute, "Killing", restart))),
			"Healthy: info Restarted/SigKilled on App c", "", "",
		},
		{
			"no field path: the message names the container", once(137, "Error"), events(normal(2*time.Minute, "Killing", restart)),
			"Healthy: info Restarted/LivenessKilled on App c", "", "",
		},
		{
			"a deletion is no probe", once(137, "Error"), events(killed(2*time.Minute, "Stopping container c")),
			"Healthy: info Restarted/SigKilled on App c", "", "",
		},
		{"loop", loop, events(since(time.Hour, killed(time.Minute, restart))), "Failing: critical CrashLoop/LivenessKilled on App c", "", "liveness"},
		{
			"loop, and the next kill is under way: counted up, the event stands for the ends before", loop,
			events(since(time.Hour, killed(5*time.Second, restart))), "Failing: critical CrashLoop/LivenessKilled on App c", "", "liveness",
		},
		{
			"Never: the pod failed of its probe",
			newPod(corev1.PodFailed, restartPolicy(corev1.RestartPolicyNever), app(exited(137, "Error", ago(time.Minute)))),
			events(killed(time.Minute, "Container c failed liveness probe")), "Failed: critical ExitCode/LivenessKilled on App c", "", "",
		},
	})
}

func TestEventsSayWhatTheProbeGot(t *testing.T) {
	t.Parallel()
	probes := func(p *corev1.Pod) {
		p.Spec.Containers[0].ReadinessProbe = &corev1.Probe{}
		p.Spec.Containers[0].StartupProbe = &corev1.Probe{}
	}
	lost := newPod(corev1.PodRunning, probes, app(started(unready(running(ago(time.Hour))))),
		sinceCondition(corev1.PodReady, corev1.ConditionFalse, "ContainersNotReady", "", ago(3*time.Minute)))
	starting := newPod(corev1.PodRunning, probes, app(unready(running(ago(3*time.Minute)))))
	refused := "Get \"http://10.0.0.1/\": connection refused"
	checkSurrounded(t, []surrounded{
		{
			"readiness", lost, events(on("c", warned(time.Minute, "Unhealthy", "Readiness probe failed: "+refused))),
			"Degraded: warning NotReady/ReadinessProbe on App c", "", "the readiness probe fails: " + refused,
		},
		{
			"errored", lost, events(on("c", warned(time.Minute, "Unhealthy", "Readiness probe errored and resulted in unknown state: rpc error"))),
			"Degraded: warning NotReady/ReadinessProbe on App c", "", "the readiness probe fails: rpc error",
		},
		{
			"a failure before the pod became unready again says nothing", lost,
			events(on("c", warned(30*time.Minute, "Unhealthy", "Readiness probe failed: "+refused))),
			"Degraded: warning NotReady/ReadinessProbe on App c", "", "the readiness probe fails",
		},
		{
			"E22: a newer event of another kind does not hide it", lost,
			events(on("c", warned(2*time.Minute, "Unhealthy", "Readiness probe failed: "+refused)), normal(time.Minute, "Pulled", "ok")),
			"Degraded: warning NotReady/ReadinessProbe on App c", "", refused,
		},
		{
			"startup", starting, events(on("c", warned(time.Minute, "Unhealthy", "Startup probe failed: "+refused))),
			"Degraded: warning Starting/StartupProbe on App c", "", refused,
		},
		{
			"only the liveness probe tells", lost, events(on("c", warned(time.Minute, "Unhealthy", "Liveness probe failed: "+refused))),
			"Degraded: warning NotReady/ReadinessProbe on App c", "", "the liveness probe fails: " + refused,
		},
	})
	v := around(lost, events(on("c", warned(30*time.Minute, "Unhealthy", "Readiness probe failed: "+refused))))
	if strings.Contains(v.Primary().Message, "refused") {
		t.Errorf("message %q repeats an old failure", v.Primary().Message)
	}
	v = around(lost, events(on("c", warned(time.Minute, "Unhealthy", "Readiness probe failed: "+refused))))
	if got := v.Primary().Confidence; got != v1alpha1.ConfidenceHigh {
		t.Errorf("confidence of what the status itself says = %s, want High", got)
	}
}

func TestEventsSayWhyADeletionHangs(t *testing.T) {
	t.Parallel()
	grace := int64(30)
	overdue := newPod(corev1.PodRunning, deleted(ago(3*time.Minute)), app(running(ago(time.Hour))), func(p *corev1.Pod) { p.DeletionGracePeriodSeconds = &grace })
	held := newPod(corev1.PodRunning, deleted(ago(3*time.Minute), "a/b"), app(exited(0, "Completed", ago(3*time.Minute))))
	slow, long := newPod(corev1.PodRunning, deleted(ago(-time.Minute)), app(running(ago(time.Hour)))), int64(300)
	slow.DeletionGracePeriodSeconds = &long
	killed := newPod(corev1.PodRunning, deleted(ago(3*time.Minute)), app(exited(137, "Error", ago(3*time.Minute-time.Second))))
	checkSurrounded(t, []surrounded{
		{
			"the kubelet cannot end it", overdue, events(warned(time.Minute, "FailedKillPod", "error killing pod: rpc error")),
			"Terminating: warning Terminating/FailedKillPod", "", "rpc error",
		},
		{
			"the runtime does not end it in time", overdue, events(warned(time.Minute, "ExceededGracePeriod", "Container runtime did not kill the pod")),
			"Terminating: warning Terminating/ExceededGracePeriod", "", "did not kill",
		},
		{
			"the hook fails", overdue, events(on("c", warned(200*time.Second, "FailedPreStopHook", "PreStopHook failed"))),
			"Terminating: warning Terminating/FailedPreStopHook", "", "PreStopHook failed",
		},
		{
			"an event before the deletion", overdue, events(warned(time.Hour, "FailedKillPod", "old")),
			"Terminating: warning Terminating/Overdue", "", "still runs",
		},
		{
			"a finalizer says more", held, events(warned(time.Minute, "FailedKillPod", "x")),
			"Terminating: warning Terminating/Finalizer", "", "a/b",
		},
		{"within a long grace period", slow, diagnose.Related{}, "Terminating: info Terminating/SlowShutdown", "", "long grace period"},
		{"killed at the end of the grace period", killed, diagnose.Related{}, "Terminating: warning Terminating/GracePeriodExceeded", "", "was killed"},
	})
}
