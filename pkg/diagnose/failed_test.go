// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package diagnose_test

import (
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

func TestFailedPods(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		pod  *corev1.Pod
		want string
	}{
		{
			"E28: evicted without a controller",
			newPod(corev1.PodFailed, bare, reason("Evicted", "The node was low on resource: memory. "), noStatuses),
			"Failed: critical Evicted/NodePressure on App c",
		},
		{
			"evicted for its own ephemeral storage limit",
			newPod(corev1.PodFailed, reason("Evicted", `Container b exceeded its local ephemeral storage limit "1Gi". `),
				twoApps(exited(0, "Completed", ago(time.Minute)), exited(137, "Error", ago(time.Minute)))),
			"Failed: warning Evicted/EphemeralLimit on App b",
		},
		{
			"evicted for the storage of all containers together",
			newPod(corev1.PodFailed, reason("Evicted", "Pod ephemeral local storage usage exceeds the total limit of containers 1Gi. "),
				twoApps(exited(143, "Error", ago(time.Minute)), exited(137, "Error", ago(time.Minute)))),
			"Failed: warning Evicted/EphemeralLimit",
		},
		{
			"evicted for an emptyDir, one of two containers was killed",
			newPod(corev1.PodFailed, reason("Evicted", `Usage of EmptyDir volume "v" exceeds the limit "1Gi". `),
				twoApps(exited(0, "Completed", ago(time.Minute)), exited(137, "Error", ago(time.Minute)))),
			"Failed: warning Evicted/EmptyDirLimit on App b",
		},
		{
			"refused by a node under pressure",
			newPod(corev1.PodFailed, reason("Evicted", "Pod was rejected: The node had condition: [DiskPressure]. "), noStatuses),
			"Failed: warning Evicted/RejectedUnderPressure",
		},
		{
			"refused while the node shuts down",
			newPod(corev1.PodFailed, reason("NodeShutdown", "Pod was rejected as the node is shutting down."), noStatuses),
			"Failed: warning NodeShutdown",
		},
		{
			"node shutdown, no controller",
			newPod(corev1.PodFailed, bare, reason("Terminated", "Pod was terminated in response to imminent node shutdown.")),
			"Failed: critical NodeShutdown",
		},
		{
			"preempted by the kubelet",
			newPod(corev1.PodFailed, reason("Preempting", "Preempted in order to admit critical pod")),
			"Failed: warning Preempted/Kubelet",
		},
		{
			"node affinity no longer matches",
			newPod(corev1.PodFailed, reason("NodeAffinity", "Pod was rejected: Predicate NodeAffinity failed: node(s) didn't match Pod's node affinity/selector"), noStatuses),
			"Failed: warning Rejected/NodeAffinity",
		},
		{
			"refused for a reason that is not known",
			newPod(corev1.PodFailed, reason("BrandNewReason", "Pod was rejected: no"), noStatuses),
			"Failed: warning Rejected/Other",
		},
		{
			"an unknown reason is shown",
			newPod(corev1.PodFailed, reason("BrandNewReason", "something"), noStatuses),
			"Failed: warning Failed/BrandNewReason",
		},
		{
			"an unknown reason, no controller",
			newPod(corev1.PodFailed, bare, reason("Brand new reason", "something"), noStatuses),
			"Failed: critical Failed",
		},
		{
			"no reason, no statuses",
			newPod(corev1.PodFailed, noStatuses),
			"Failed: warning Failed",
		},
		{
			"taken from a node that is gone",
			newPod(corev1.PodFailed, condition(corev1.DisruptionTarget, corev1.ConditionTrue, "DeletionByPodGC")),
			"Failed: warning Disrupted/PodGC",
		},
		{
			"preempted by the scheduler, exit 143",
			newPod(corev1.PodFailed, condition(corev1.DisruptionTarget, corev1.ConditionTrue, "PreemptionByScheduler"), app(exited(143, "Error", ago(time.Minute)))),
			"Failed: warning Preempted/Scheduler",
		},
		{
			"lost over a restart of the runtime",
			newPod(corev1.PodFailed, restartPolicy(corev1.RestartPolicyNever), app(exited(255, "Unknown", ago(time.Minute)))),
			"Failed: warning RuntimeRestarted on App c",
		},
		{
			"lost status, no controller",
			newPod(corev1.PodFailed, bare, app(exited(137, "ContainerStatusUnknown", metav1.Time{}))),
			"Failed: critical StatusLost on App c",
		},
		{
			"an init container failed, the app never ran",
			newPod(corev1.PodFailed, restartPolicy(corev1.RestartPolicyNever), initContainer("", exited(2, "Error", ago(time.Minute))), app(waiting("PodInitializing", ""))),
			"Failed: critical ExitCode on Init i",
		},
		{
			"a sidecar's exit code does not make the pod fail",
			newPod(corev1.PodFailed, restartPolicy(corev1.RestartPolicyNever), initContainer("Always", exited(137, "Error", ago(time.Minute))), app(exited(3, "Error", ago(time.Minute)))),
			"Failed: critical ExitCode on App c",
		},
		{
			"E11: a container that still seems to run",
			newPod(corev1.PodFailed, reason("Evicted", "The node was low on resource: memory. "), app(running(ago(time.Hour))),
				condition(corev1.PodReady, corev1.ConditionFalse, "PodFailed")),
			"Failed: warning Evicted/NodePressure on App c",
		},
		{
			"the process could not be started, restartPolicy Never",
			newPod(corev1.PodFailed, restartPolicy(corev1.RestartPolicyNever),
				app(corev1.ContainerStatus{State: withMessage(exit(128, "StartError", ago(time.Minute)), `exec: "x": executable file not found in $PATH`)})),
			"Failed: critical ContainerStart/EntrypointMissing on App c",
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
