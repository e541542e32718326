// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package diagnose_test

import (
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
)

func TestRestartsAndCrashes(t *testing.T) {
	t.Parallel()
	const always = corev1.ContainerRestartPolicyAlways
	run := func(restarts int32, since time.Duration, last corev1.ContainerState) *corev1.Pod {
		return newPod(corev1.PodRunning, app(after(running(ago(since)), restarts, last)), ready(), startTime(ago(3*time.Hour)))
	}
	for _, tt := range []struct {
		name string
		pod  *corev1.Pod
		want string
	}{
		{
			"two restarts are no loop yet",
			run(2, time.Minute, exit(1, "Error", ago(2*time.Minute))),
			"Healthy: info Restarted/ExitCode on App c",
		},
		{
			"three restarts, the last one just under 10 minutes ago",
			run(3, 10*time.Minute-time.Second, exit(1, "Error", ago(11*time.Minute))),
			"Failing: critical CrashLoop/ExitCode on App c",
		},
		{
			"three restarts in three hours, running for 10 minutes: no loop, but it keeps happening",
			run(3, 10*time.Minute, exit(1, "Error", ago(11*time.Minute))),
			"Degraded: warning Restarted/ExitCode on App c",
		},
		{
			"a restart within the window, one of 3 in 75 days",
			newPod(corev1.PodRunning, app(after(running(ago(20*time.Minute)), 3, exit(1, "Error", ago(20*time.Minute)))), ready(),
				startTime(ago(75*24*time.Hour))),
			"Healthy: info Restarted/ExitCode on App c",
		},
		{
			"the last restart is older than the window",
			run(14, time.Hour, exit(1, "Error", ago(time.Hour))),
			"Healthy",
		},
		{
			"killed after runs of 12 minutes: the kubelet's back-off starts anew each time",
			run(14, 5*time.Minute, ran(12*time.Minute, 137, "Error", ago(5*time.Minute))),
			"Degraded: warning Restarted/SigKilled on App c",
		},
		{
			"the same between two runs",
			newPod(corev1.PodRunning, app(after(corev1.ContainerStatus{State: ran(12*time.Minute, 137, "Error", ago(time.Second))}, 14,
				ran(12*time.Minute, 137, "Error", ago(13*time.Minute))))),
			"Failing: critical ExitCode/SigKilled on App c",
		},
		{
			"a restart of the node is no crash loop",
			run(5, time.Minute, exit(255, "Unknown", ago(2*time.Minute))),
			"Healthy: info Restarted/RuntimeRestarted on App c",
		},
		{
			"CrashLoopBackOff counts from the first restart on",
			newPod(corev1.PodRunning, app(after(waiting("CrashLoopBackOff", ""), 1, exit(1, "Error", ago(time.Second))))),
			"Failing: critical CrashLoop/ExitCode on App c",
		},
		{
			"CrashLoopBackOff of a container that the runtime cannot start",
			newPod(corev1.PodRunning, app(after(waiting("CrashLoopBackOff", ""), 4, exit(128, "StartError", ago(time.Second))))),
			"Failing: critical CrashLoop/ContainerStart on App c",
		},
		{
			"loop caught in the moment at which the start fails",
			newPod(corev1.PodRunning, app(after(waiting("RunContainerError", ""), 4, exit(128, "StartError", ago(time.Second))))),
			"Failing: critical CrashLoop/ContainerStart on App c",
		},
		{
			"loop caught while an init container runs",
			newPod(corev1.PodPending, initContainer("", after(running(ago(time.Second)), 5, exit(1, "Error", ago(time.Minute)))),
				app(waiting("PodInitializing", ""))),
			"Failing: critical CrashLoop/ExitCode on Init i",
		},
		{
			"first crash, caught terminated",
			newPod(corev1.PodRunning, app(exited(1, "Error", ago(time.Second)))),
			"Failing: critical ExitCode on App c",
		},
		{
			"OnFailure: container of a Job ended well, restarted earlier",
			newPod(corev1.PodRunning, restartPolicy(corev1.RestartPolicyOnFailure),
				app(after(exited(0, "Completed", ago(time.Second)), 3, exit(1, "Error", ago(time.Minute))))),
			"Progressing: info PartlyCompleted",
		},
		{
			"Always: first exit with 0",
			newPod(corev1.PodRunning, app(exited(0, "Completed", ago(time.Second)))),
			"Progressing: info ExitedZero",
		},
		{
			"OOM kill with exit code 0 of an init container counts as a failure",
			newPod(corev1.PodPending, initContainer("", exited(0, "OOMKilled", ago(time.Second))), app(waiting("PodInitializing", ""))),
			"Failing: critical OOMKilled on Init i",
		},
		{
			"OOM kill 59 minutes ago",
			run(1, 59*time.Minute, exit(137, "OOMKilled", ago(59*time.Minute))),
			"Healthy: warning OOMKilled on App c",
		},
		{
			"OOM kill an hour ago",
			run(1, time.Hour, exit(137, "OOMKilled", ago(time.Hour))),
			"Healthy",
		},
		{
			"killed by seccomp under CRI-O (E37: the reason has a space)",
			newPod(corev1.PodFailed, restartPolicy(corev1.RestartPolicyNever), app(exited(159, "seccomp killed", ago(time.Minute)))),
			"Failed: critical ExitCode/SeccompKilled on App c",
		},
		{
			"sidecar killed after the work is done, phase not yet Succeeded",
			newPod(corev1.PodRunning, restartPolicy(corev1.RestartPolicyNever), initContainer(always, exited(137, "Error", ago(time.Second))),
				app(exited(0, "Completed", ago(10*time.Second)))),
			"Progressing: info PartlyCompleted",
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
