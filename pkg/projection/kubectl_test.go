// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package projection_test

import (
	"fmt"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/podwatch/kubectl-podwatch/pkg/projection"
)

// The quirks of `kubectl get pods`, one by one. That nothing else differs is
// shown by test/differential, which asks the API server's own printer.
func TestColumns(t *testing.T) {
	t.Parallel()
	yes := true
	ended := func(name string, code int32, reason string) corev1.ContainerStatus {
		return corev1.ContainerStatus{Name: name, State: corev1.ContainerState{Terminated: &corev1.ContainerStateTerminated{ExitCode: code, Reason: reason}}}
	}
	runs := func(name string) corev1.ContainerStatus {
		return corev1.ContainerStatus{Name: name, Ready: true, Started: &yes, State: corev1.ContainerState{Running: &corev1.ContainerStateRunning{}}}
	}
	waits := func(name, reason string) corev1.ContainerStatus {
		return corev1.ContainerStatus{Name: name, State: corev1.ContainerState{Waiting: &corev1.ContainerStateWaiting{Reason: reason}}}
	}
	isReady := []corev1.PodCondition{{Type: corev1.PodReady, Status: corev1.ConditionTrue}}
	isInitialized := []corev1.PodCondition{{Type: corev1.PodInitialized, Status: corev1.ConditionTrue}}
	two := corev1.PodSpec{Containers: []corev1.Container{{Name: "a"}, {Name: "b"}}}
	withInit := corev1.PodSpec{InitContainers: []corev1.Container{{Name: "i"}, {Name: "s", RestartPolicy: always()}}, Containers: []corev1.Container{{Name: "a"}}}
	now := metav1.NewTime(noon())

	for _, tt := range []struct {
		name string
		pod  corev1.Pod
		want string
	}{
		{"the phase", corev1.Pod{Spec: two, Status: corev1.PodStatus{Phase: "Pending"}}, "0/2 Pending 0"},
		{"the reason beats the phase", corev1.Pod{Spec: two, Status: corev1.PodStatus{Phase: "Failed", Reason: "Evicted"}}, "0/2 Evicted 0"},
		{
			"a container beats the reason",
			corev1.Pod{Spec: two, Status: corev1.PodStatus{Phase: "Failed", Reason: "Evicted", ContainerStatuses: []corev1.ContainerStatus{ended("a", 143, "Error")}}},
			"0/2 Error 0",
		},
		{
			"the first-listed container has the last word",
			corev1.Pod{Spec: two, Status: corev1.PodStatus{ContainerStatuses: []corev1.ContainerStatus{waits("a", "ContainerCreating"), waits("b", "CrashLoopBackOff")}}},
			"0/2 ContainerCreating 0",
		},
		{
			"Completed beside a running container of a ready pod",
			corev1.Pod{Spec: two, Status: corev1.PodStatus{Conditions: isReady, ContainerStatuses: []corev1.ContainerStatus{ended("a", 0, "Completed"), runs("b")}}},
			"1/2 Running 0",
		},
		{
			"Completed beside a running container of a pod that is not ready",
			corev1.Pod{Spec: two, Status: corev1.PodStatus{ContainerStatuses: []corev1.ContainerStatus{ended("a", 0, "Completed"), runs("b")}}},
			"1/2 NotReady 0",
		},
		{
			"Completed beside an error",
			corev1.Pod{Spec: two, Status: corev1.PodStatus{ContainerStatuses: []corev1.ContainerStatus{ended("a", 0, "Completed"), ended("b", 1, "Error")}}},
			"0/2 Error 0",
		},
		{
			"no reason: the exit code",
			corev1.Pod{Spec: two, Status: corev1.PodStatus{ContainerStatuses: []corev1.ContainerStatus{ended("a", 3, "")}}},
			"0/2 ExitCode:3 0",
		},
		{
			"the second init container waits for its turn",
			corev1.Pod{Spec: withInit, Status: corev1.PodStatus{InitContainerStatuses: []corev1.ContainerStatus{ended("i", 0, ""), waits("s", "PodInitializing")}}},
			"0/2 Init:1/2 0",
		},
		{
			"a sidecar counts for READY",
			corev1.Pod{Spec: withInit, Status: corev1.PodStatus{
				Phase: "Running", InitContainerStatuses: []corev1.ContainerStatus{ended("i", 0, ""), runs("s")}, ContainerStatuses: []corev1.ContainerStatus{runs("a")},
			}},
			"2/2 Running 0",
		},
		{
			"a sidecar that fails after the init phase is still Init",
			corev1.Pod{Spec: withInit, Status: corev1.PodStatus{
				Conditions: isInitialized, InitContainerStatuses: []corev1.ContainerStatus{ended("i", 0, ""), waits("s", "CrashLoopBackOff")},
				ContainerStatuses: []corev1.ContainerStatus{runs("a")},
			}},
			"1/2 Init:CrashLoopBackOff 0",
		},
		{"deleted", corev1.Pod{ObjectMeta: metav1.ObjectMeta{DeletionTimestamp: &now}, Spec: two, Status: corev1.PodStatus{Phase: "Running"}}, "0/2 Terminating 0"},
		{"deleted, but Failed", corev1.Pod{ObjectMeta: metav1.ObjectMeta{DeletionTimestamp: &now}, Spec: two, Status: corev1.PodStatus{Phase: "Failed"}}, "0/2 Failed 0"},
		{
			"deleted on a lost node",
			corev1.Pod{ObjectMeta: metav1.ObjectMeta{DeletionTimestamp: &now}, Spec: two, Status: corev1.PodStatus{Phase: "Failed", Reason: "NodeLost"}},
			"0/2 Unknown 0",
		},
		{"an empty phase is an empty cell", corev1.Pod{Spec: two}, "0/2  0"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			k := projection.From(&tt.pod).Kubectl
			if got := fmt.Sprintf("%d/%d %s %d", k.Ready, k.Total, k.Status, k.Restarts); got != tt.want {
				t.Errorf("columns = %q, want %q", got, tt.want)
			}
		})
	}
}

func TestRestartsCountInitContainersOnlyUntilTheAppsHaveTheirTurn(t *testing.T) {
	t.Parallel()
	at := func(d time.Duration, restarts int32) corev1.ContainerStatus {
		return corev1.ContainerStatus{
			Name: "i", RestartCount: restarts,
			LastTerminationState: corev1.ContainerState{Terminated: &corev1.ContainerStateTerminated{FinishedAt: metav1.NewTime(noon().Add(-d))}},
		}
	}
	pod := &corev1.Pod{
		Spec:   corev1.PodSpec{InitContainers: []corev1.Container{{Name: "i"}}},
		Status: corev1.PodStatus{InitContainerStatuses: []corev1.ContainerStatus{at(time.Minute, 5)}, ContainerStatuses: []corev1.ContainerStatus{at(time.Hour, 2)}},
	}
	if k := projection.From(pod).Kubectl; k.Restarts != 5 || !k.LastRestart.Equal(noon().Add(-time.Minute)) {
		t.Errorf("while initializing: %d restarts, the last at %v, want 5, a minute ago", k.Restarts, k.LastRestart)
	}
	pod.Status.InitContainerStatuses[0].State.Terminated = &corev1.ContainerStateTerminated{}
	if k := projection.From(pod).Kubectl; k.Restarts != 2 || !k.LastRestart.Equal(noon().Add(-time.Hour)) {
		t.Errorf("afterwards: %d restarts, the last at %v, want 2, an hour ago", k.Restarts, k.LastRestart)
	}
}
