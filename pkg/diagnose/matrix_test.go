// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package diagnose_test

import (
	"fmt"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/podwatch/kubectl-podwatch/pkg/projection"
)

// The executed accuracy matrix: kubectl's columns as the real printer gave
// them, and what must be said about the pod.
func TestMatrix(t *testing.T) {
	t.Parallel()
	const always = corev1.ContainerRestartPolicyAlways
	evictedFor := "The node was low on resource: memory. Threshold quantity: 100Mi, available: 41372Ki. Container c was using 1Gi, request is 0, has larger consumption of memory. "
	waits := func(reason string) *corev1.Pod {
		return newPod(corev1.PodPending, app(waiting(reason, "some message")))
	}
	for _, tt := range []struct {
		name    string
		pod     *corev1.Pod
		columns string
		want    string
	}{
		{
			"crash loop caught running, no readiness probe",
			newPod(corev1.PodRunning, app(after(running(ago(3*time.Second)), 7, exit(1, "Error", ago(5*time.Minute)))), ready()),
			"1/1 Running 7", "Failing: critical CrashLoop/ExitCode on App c",
		},
		{
			"crash loop caught terminated",
			newPod(corev1.PodRunning, app(after(exited(1, "Error", ago(2*time.Second)), 7, exit(1, "Error", ago(6*time.Minute))))),
			"0/1 Error 7", "Failing: critical CrashLoop/ExitCode on App c",
		},
		{
			"restartPolicy Always, exits 0",
			newPod(corev1.PodRunning, app(after(exited(0, "Completed", ago(2*time.Second)), 7, exit(0, "Completed", ago(6*time.Minute))))),
			"0/1 Completed 7", "Failing: critical CrashLoop/ExitedZero on App c",
		},
		{
			"node unreachable",
			newPod(corev1.PodRunning, app(running(ago(time.Hour))), condition(corev1.PodReady, corev1.ConditionFalse, ""),
				condition(corev1.ContainersReady, corev1.ConditionTrue, "")),
			"1/1 Running 0", "Failing: critical NodeNotReady/Inferred",
		},
		{
			"readiness gate False, all containers ready",
			newPod(corev1.PodRunning, app(running(ago(time.Hour))), gate("example.com/lb"),
				sinceCondition(corev1.PodReady, corev1.ConditionFalse, "ReadinessGatesNotReady", "", ago(5*time.Minute)),
				condition(corev1.ContainersReady, corev1.ConditionTrue, ""),
				sinceCondition("example.com/lb", corev1.ConditionFalse, "Draining", "", ago(5*time.Minute))),
			"1/1 Running 0", "Degraded: warning ReadinessGate",
		},
		{
			"E4: a=ContainerCreating, b=CrashLoopBackOff",
			newPod(corev1.PodRunning, twoApps(waiting("ContainerCreating", ""),
				after(waiting("CrashLoopBackOff", "back-off 5m0s"), 9, exit(1, "Error", ago(time.Minute))))),
			"0/2 ContainerCreating 9", "Failing: critical CrashLoop/ExitCode on App b",
		},
		{
			"init container crash loop",
			newPod(corev1.PodPending, initContainer("", after(waiting("CrashLoopBackOff", ""), 4, exit(1, "Error", ago(time.Minute)))),
				app(waiting("PodInitializing", ""))),
			"0/1 Init:CrashLoopBackOff 4", "Failing: critical CrashLoop/ExitCode on Init i",
		},
		{
			"init restarted 5x long ago, then the app runs",
			newPod(corev1.PodRunning, initContainer("", after(exited(0, "Completed", ago(3*time.Hour)), 5, exit(1, "Error", ago(4*time.Hour)))),
				app(running(ago(3*time.Hour))), ready(), condition(corev1.PodInitialized, corev1.ConditionTrue, "")),
			"1/1 Running 0", "Healthy",
		},
		{
			"init restarted 5x a minute ago, now the app runs",
			newPod(corev1.PodRunning, initContainer("", after(exited(0, "Completed", ago(time.Minute)), 5, exit(1, "Error", ago(2*time.Minute)))),
				app(running(ago(time.Minute))), ready(), condition(corev1.PodInitialized, corev1.ConditionTrue, "")),
			"1/1 Running 0", "Healthy: info Restarted/ExitCode on Init i",
		},
		{
			"sidecar crash-looping, app container up",
			newPod(corev1.PodRunning, initContainer(always, after(waiting("CrashLoopBackOff", ""), 12, exit(1, "Error", ago(time.Minute)))),
				app(running(ago(time.Hour))), condition(corev1.PodInitialized, corev1.ConditionTrue, ""),
				condition(corev1.PodReady, corev1.ConditionFalse, "ContainersNotReady")),
			"1/2 Init:CrashLoopBackOff 12", "Failing: critical CrashLoop/ExitCode on Sidecar i",
		},
		{
			"Succeeded Job pod, sidecar killed with 143",
			newPod(corev1.PodSucceeded, initContainer(always, exited(143, "Error", ago(time.Minute))),
				app(exited(0, "Completed", ago(time.Minute))), condition(corev1.PodInitialized, corev1.ConditionTrue, "PodCompleted")),
			"0/2 Completed 0", "Completed",
		},
		{
			"evicted, no container statuses",
			newPod(corev1.PodFailed, reason("Evicted", evictedFor), noStatuses),
			"0/1 Evicted 0", "Failed: warning Evicted/NodePressure on App c",
		},
		{
			"evicted, ContainerStatusUnknown",
			newPod(corev1.PodFailed, reason("Evicted", evictedFor), app(exited(137, "ContainerStatusUnknown", metav1.Time{}))),
			"0/1 ContainerStatusUnknown 0", "Failed: warning Evicted/NodePressure on App c",
		},
		{
			"E10: evicted, container exited 0 on SIGTERM",
			newPod(corev1.PodFailed, reason("Evicted", evictedFor), app(exited(0, "Completed", ago(time.Minute)))),
			"0/1 Completed 0", "Failed: warning Evicted/NodePressure on App c",
		},
		{
			"graceful node shutdown, exit 143",
			newPod(corev1.PodFailed, reason("Terminated", "Pod was terminated in response to imminent node shutdown."),
				app(exited(143, "Error", ago(time.Minute)))),
			"0/1 Error 0", "Failed: warning NodeShutdown",
		},
		{
			"activeDeadlineSeconds, container exited 0",
			newPod(corev1.PodFailed, reason("DeadlineExceeded", ""), app(exited(0, "Completed", ago(time.Minute)))),
			"0/1 Completed 0", "Failed: critical ActiveDeadline",
		},
		{
			"admission reject OutOfcpu",
			newPod(corev1.PodFailed, reason("OutOfcpu", "Pod was rejected: Node didn't have enough resource: cpu"), noStatuses),
			"0/1 OutOfcpu 0", "Failed: warning Rejected/OutOf",
		},
		{
			"OOMKilled, restartPolicy Never",
			newPod(corev1.PodFailed, restartPolicy(corev1.RestartPolicyNever), app(exited(137, "OOMKilled", ago(time.Minute)))),
			"0/1 OOMKilled 0", "Failed: critical OOMKilled on App c",
		},
		{
			"OOMKilled 2m ago, now running",
			newPod(corev1.PodRunning, app(after(running(ago(time.Minute)), 1, exit(137, "OOMKilled", ago(2*time.Minute)))), ready()),
			"1/1 Running 1", "Healthy: warning OOMKilled on App c",
		},
		{
			"deleted 20m ago, Running, with a finalizer",
			newPod(corev1.PodRunning, deleted(ago(20*time.Minute), "example.com/x"), app(running(ago(time.Hour))), ready()),
			"1/1 Terminating 0", "Terminating: critical Terminating/Overdue",
		},
		{
			"deleted 20m ago, Succeeded, finalizer stuck",
			newPod(corev1.PodSucceeded, deleted(ago(20*time.Minute), "batch.kubernetes.io/job-tracking"), app(exited(0, "Completed", ago(time.Hour)))),
			"0/1 Completed 0", "Terminating: warning Terminating/Finalizer",
		},
		{
			"deleted 20m ago, Failed, finalizer stuck",
			newPod(corev1.PodFailed, deleted(ago(20*time.Minute), "x"), app(exited(137, "Error", ago(time.Hour)))),
			"0/1 Error 0", "Terminating: warning Terminating/Finalizer",
		},
		{
			"SchedulingGated",
			newPod(corev1.PodPending, unbound, noStatuses, condition(corev1.PodScheduled, corev1.ConditionFalse, "SchedulingGated")),
			"0/1 SchedulingGated 0", "Progressing: info SchedulingGated",
		},
		{
			"Unschedulable",
			newPod(corev1.PodPending, unbound, noStatuses, sinceCondition(corev1.PodScheduled, corev1.ConditionFalse, "Unschedulable",
				"0/3 nodes are available: 3 Insufficient cpu.", metav1.Time{})),
			"0/1 Pending 0", "Failing: critical Unschedulable/Resources",
		},
		{
			"E26: bound, kubelet never acknowledged",
			newPod(corev1.PodPending, noStatuses),
			"0/1 Pending 0", "Failing: critical KubeletUnresponsive",
		},
		{
			"sandbox or volume failure that only events tell",
			newPod(corev1.PodPending, app(waiting("ContainerCreating", ""))),
			"0/1 ContainerCreating 0", "Failing: critical Creating on App c",
		},
		{
			"Never: a failed, b still running",
			newPod(corev1.PodRunning, restartPolicy(corev1.RestartPolicyNever), twoApps(exited(1, "Error", ago(time.Minute)), running(ago(time.Hour)))),
			"1/2 Error 0", "Failing: critical ExitCode on App a",
		},
		{
			"Never: a completed a minute ago, b still running",
			newPod(corev1.PodRunning, restartPolicy(corev1.RestartPolicyNever), twoApps(exited(0, "Completed", ago(time.Minute)), running(ago(time.Hour)))),
			"1/2 NotReady 0", "Progressing: info PartlyCompleted",
		},
		{
			"debug container ImagePullBackOff",
			newPod(corev1.PodRunning, ephemeral(waiting("ImagePullBackOff", "")), app(running(ago(time.Hour))), ready()),
			"1/1 Running 0", "Healthy: info DebugContainerFailed/ImagePull on Ephemeral debug",
		},
		{
			"resize Infeasible and DisruptionTarget",
			newPod(corev1.PodRunning, app(running(ago(time.Hour))), ready(), condition(corev1.PodResizePending, corev1.ConditionTrue, "Infeasible"),
				condition(corev1.DisruptionTarget, corev1.ConditionTrue, "EvictionByEvictionAPI")),
			"1/1 Running 0", "Healthy: warning Resize/Infeasible",
		},
		{
			"waiting with an empty reason, last run lost",
			newPod(corev1.PodRunning, app(after(waiting("", ""), 1, exit(137, "ContainerStatusUnknown", metav1.Time{})))),
			"0/1 Running 1", "Failing: critical ContainerStateUnknown on App c",
		},
		{"empty phase", newPod("", noStatuses), "0/1  0", "Progressing: info PhaseUnset"},
		{"waiting ErrImagePull", waits("ErrImagePull"), "0/1 ErrImagePull 0", "Failing: critical ImagePull on App c"},
		{"waiting ImagePullBackOff", waits("ImagePullBackOff"), "0/1 ImagePullBackOff 0", "Failing: critical ImagePull on App c"},
		{"waiting RegistryUnavailable", waits("RegistryUnavailable"), "0/1 RegistryUnavailable 0", "Failing: critical ImagePull/RegistryUnavailable on App c"},
		{"waiting SignatureValidationFailed", waits("SignatureValidationFailed"), "0/1 SignatureValidationFailed 0", "Failing: critical ImagePull/Signature on App c"},
		{"waiting InvalidImageName", waits("InvalidImageName"), "0/1 InvalidImageName 0", "Failing: critical ImageNameInvalid on App c"},
		{"waiting ErrImageNeverPull", waits("ErrImageNeverPull"), "0/1 ErrImageNeverPull 0", "Failing: critical ImageNeverPull on App c"},
		{"waiting ImageInspectError", waits("ImageInspectError"), "0/1 ImageInspectError 0", "Failing: critical ImageInspect on App c"},
		{"waiting CreateContainerConfigError", waits("CreateContainerConfigError"), "0/1 CreateContainerConfigError 0", "Failing: critical ConfigError on App c"},
		{"waiting CreateContainerError", waits("CreateContainerError"), "0/1 CreateContainerError 0", "Failing: critical ContainerCreate on App c"},
		{"waiting PreStartHookError", waits("PreStartHookError"), "0/1 PreStartHookError 0", "Failing: critical NodeHookError on App c"},
		{"waiting RunContainerError", waits("RunContainerError"), "0/1 RunContainerError 0", "Failing: critical ContainerStart on App c"},
		{"waiting PostStartHookError", waits("PostStartHookError"), "0/1 PostStartHookError 0", "Failing: critical PostStartHook on App c"},
		{"waiting RestartingAllContainers", waits("RestartingAllContainers"), "0/1 RestartingAllContainers 0", "Failing: critical RestartingAll on App c"},
		{
			"E8: 42 restarts, the last one 29 days ago, ready since",
			newPod(corev1.PodRunning, app(after(running(ago(700*time.Hour)), 42, exit(255, "Unknown", ago(700*time.Hour)))), ready()),
			"1/1 Running 42", "Healthy",
		},
		{
			"running, never ready for 10m",
			newPod(corev1.PodRunning, app(unready(running(ago(10*time.Minute)))), condition(corev1.PodReady, corev1.ConditionFalse, "ContainersNotReady")),
			"0/1 Running 0", "Failing: critical NotReady/NeverReady on App c",
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			k := projection.From(tt.pod).Kubectl
			if got := fmt.Sprintf("%d/%d %s %d", k.Ready, k.Total, k.Status, k.Restarts); got != tt.columns {
				t.Errorf("kubectl columns = %q, want %q", got, tt.columns)
			}
			v := judge(tt.pod)
			if got := brief(v); got != tt.want {
				t.Errorf("verdict = %q, want %q", got, tt.want)
			}
			checkShape(t, v)
		})
	}
}
