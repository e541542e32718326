// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package clean

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

func readyEnded(at metav1.Time) option {
	return condition(corev1.PodReady, corev1.ConditionFalse, "PodFailed", at)
}

// written adds a manager of the pod, or of a subresource, that wrote at the time.
func written(subresource string, at metav1.Time) option {
	return func(pod *corev1.Pod) {
		pod.ManagedFields = append(pod.ManagedFields, metav1.ManagedFieldsEntry{Manager: "kubelet", Subresource: subresource, Time: &at})
	}
}

func TestDecideAge(t *testing.T) {
	t.Parallel()
	lost := func(at metav1.Time) corev1.ContainerStatus { return ended("app", 137, "ContainerStatusUnknown", at) }
	epoch := metav1.Unix(0, 0)
	bareStatus := func(pod *corev1.Pod) { pod.Status = corev1.PodStatus{Phase: corev1.PodFailed} }
	tests := []struct {
		name string
		pod  *corev1.Pod
		age  Age
		skip SkipReason
	}{
		{
			"S8 started 10 days ago and evicted 30 s ago", evictedPod("a", "p", ago(30*time.Second)),
			Age{30 * time.Second, BasisDisruptionTarget},
			SkipTooYoung,
		},
		{
			"somebody has looked into it since, and left",
			failedPod("a", "p", func(pod *corev1.Pod) {
				pod.Status.EphemeralContainerStatuses = []corev1.ContainerStatus{ended("debugger", 0, "Completed", ago(time.Minute))}
			}),
			Age{time.Hour, BasisFinishedAt},
			"",
		},
		{"S9 nothing tells the end", failedPod("a", "p", bareStatus), Age{}, SkipAgeUnknown},
		{"S9 the start is not the end", failedPod("a", "p", containers()), Age{}, SkipAgeUnknown},
		{"S10 end is null", failedPod("a", "p", containers(lost(metav1.Time{}))), Age{}, SkipAgeUnknown},
		{"S10 end is the epoch", failedPod("a", "p", containers(lost(epoch))), Age{}, SkipAgeUnknown},
		{
			"S10 end of the container is null, that of the pod is known",
			failedPod("a", "p", containers(lost(metav1.Time{})), readyEnded(ago(time.Hour))),
			Age{time.Hour, BasisReady},
			"",
		},
		{
			"S10 the other container ended long before the lost one",
			failedPod("a", "p", containers(lost(metav1.Time{}), ended("b", 0, "Completed", ago(24*time.Hour))), readyEnded(ago(time.Minute))),
			Age{time.Minute, BasisReady},
			SkipTooYoung,
		},
		{
			"S10 only the init container's end is known",
			failedPod("a", "p", initContainers(ended("i", 0, "Completed", ago(240*time.Hour))), containers(lost(metav1.Time{}))),
			Age{},
			SkipAgeUnknown,
		},
		{
			"the init container failed",
			failedPod("a", "p", initContainers(ended("i", 1, "Error", ago(time.Hour))), containers()),
			Age{time.Hour, BasisFinishedAt},
			"",
		},
		{
			"the last container counts",
			failedPod("a", "p", containers(ended("a", 0, "Completed", ago(time.Hour)), ended("b", 1, "Error", ago(time.Minute)))),
			Age{time.Minute, BasisFinishedAt},
			SkipTooYoung,
		},
		{
			"S11 created in the future", failedPod("a", "p", created(ago(-time.Hour))),
			Age{0, BasisFinishedAt},
			SkipTooYoung,
		},
		{
			"S11 refused and created in the future",
			failedPod("a", "p", because("OutOfcpu", ""), containers(), created(ago(-time.Hour))),
			Age{0, BasisCreation},
			SkipTooYoung,
		},
		{
			"the clock of the node is a year slow", failedPod("a", "p", created(ago(time.Minute)),
				containers(ended("app", 1, "Error", ago(365*24*time.Hour)))),
			Age{time.Minute, BasisFinishedAt},
			SkipTooYoung,
		},
		{
			"a disruption that was called off is no end",
			evictedPod("a", "p", ago(time.Hour), func(pod *corev1.Pod) { pod.Status.Conditions[0].Status = corev1.ConditionFalse }),
			Age{},
			SkipAgeUnknown,
		},
		{
			"the other container ended long before the lost one, and nothing tells when that was",
			failedPod("a", "p", containers(lost(metav1.Time{}), ended("b", 0, "Completed", ago(24*time.Hour)))),
			Age{},
			SkipAgeUnknown,
		},
		{
			"the last write of the status, when nothing else tells the end",
			failedPod("a", "p", bareStatus, written("status", ago(time.Hour)), written("status", ago(2*time.Hour)), written("", ago(time.Second))),
			Age{time.Hour, BasisStatus},
			"",
		},
		{
			"the last write of the status is recent",
			failedPod("a", "p", containers(lost(metav1.Time{}), ended("b", 0, "Completed", ago(24*time.Hour))), written("status", ago(time.Minute))),
			Age{time.Minute, BasisStatus},
			SkipTooYoung,
		},
		{
			"a pod that waited for days and was refused an hour ago",
			failedPod("a", "p", because("OutOfcpu", ""), containers(), written("status", ago(time.Hour))),
			Age{time.Hour, BasisStatus},
			"",
		},
		{
			"what is known of the end counts before a later write of the status",
			failedPod("a", "p", written("status", ago(time.Second))),
			Age{time.Hour, BasisFinishedAt},
			"",
		},
		{
			"only the spec was written", failedPod("a", "p", bareStatus, written("", ago(time.Hour))), Age{}, SkipAgeUnknown,
		},
		{
			"exactly old enough", failedPod("a", "p", containers(ended("app", 1, "Error", ago(5*time.Minute)))),
			Age{5 * time.Minute, BasisFinishedAt},
			"",
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got := decide(tt.pod, fiveMinutes)
			if diff := cmp.Diff(tt.age, got.Age); diff != "" {
				t.Errorf("age (-want +got):\n%s", diff)
			}
			if got.Skip != tt.skip {
				t.Errorf("skip = %q, want %q", got.Skip, tt.skip)
			}
		})
	}
}

func TestDecideAgeZeroTakesPodsOfUnknownAge(t *testing.T) {
	t.Parallel()
	if d := decide(failedPod("a", "p", containers()), Rules{}); !d.Planned() {
		t.Errorf("skip = %q, want planned", d.Skip)
	}
}

func TestS13_DecisionsDoNotDependOnTheTimeZone(t *testing.T) {
	t.Parallel()
	tokyo := time.FixedZone("UTC+9", 9*60*60)
	pod := evictedPod("a", "p", ago(6*time.Minute))
	p, v := judge(pod, noon)
	want := Decide(p, v, noon, fiveMinutes, jobActive())
	pod.CreationTimestamp.Time = pod.CreationTimestamp.In(tokyo)
	pod.Status.Conditions[0].LastTransitionTime.Time = pod.Status.Conditions[0].LastTransitionTime.In(tokyo)
	p, v = judge(pod, noon.In(tokyo))
	if diff := cmp.Diff(want, Decide(p, v, noon.In(tokyo), fiveMinutes, jobActive())); diff != "" {
		t.Errorf("decision in UTC+9 (-want +got):\n%s", diff)
	}
}
