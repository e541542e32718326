// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package clean

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"

	"github.com/podwatch/kubectl-podwatch/pkg/apis/podwatch/v1alpha1"
)

func names(items []v1alpha1.CleanItem) []string {
	out := []string{}
	for i := range items {
		out = append(out, items[i].Namespace+"/"+items[i].Name)
	}
	return out
}

func TestMakeOrdersByCategoryThenAge(t *testing.T) {
	t.Parallel()
	plan := Make(judged(
		failedPod("a", "failed"),
		failedPod("a", "young", containers(ended("app", 1, "Error", ago(time.Second)))),
		failedPod("b", "failed"),
		failedPod("a", "unknown", containers()),
		failedPod("a", "rejected", because("OutOfcpu", ""), containers()),
		failedPod("a", "shutdown", because("NodeShutdown", ""), disrupted(ago(time.Hour))),
		evictedPod("a", "evicted-2", ago(time.Hour)),
		evictedPod("z", "evicted-1", ago(2*time.Hour)),
		failedPod("a", "running", phase(corev1.PodRunning)),
		failedPod("a", "kept", annotated("podwatch.dev/keep", "")),
	), noon, Rules{OlderThan: time.Minute}, jobActive(), ListCandidates)

	want := []string{"z/evicted-1", "a/evicted-2", "a/shutdown", "a/rejected", "a/failed", "b/failed"}
	if diff := cmp.Diff(want, names(plan.Planned())); diff != "" {
		t.Errorf("planned (-want +got):\n%s", diff)
	}
	// Skipped candidates follow in the same order; the running pod is only counted.
	want = append(want, "a/kept", "a/young", "a/unknown")
	if diff := cmp.Diff(want, names(plan.Items)); diff != "" {
		t.Errorf("items (-want +got):\n%s", diff)
	}
	skipped := map[SkipReason]int{SkipTooYoung: 1, SkipAgeUnknown: 1, SkipNotMatching: 1, SkipKeepAnnotation: 1}
	if diff := cmp.Diff(skipped, plan.Skipped); diff != "" {
		t.Errorf("skipped (-want +got):\n%s", diff)
	}
}

func TestMakeItem(t *testing.T) {
	t.Parallel()
	plan := Make(judged(
		failedPod("a", "oom", containers(ended("app", 137, "OOMKilled", ago(time.Hour)))),
		failedPod("a", "job", controlledBy("batch/v1", "Job")),
		failedPod("a", "running", phase(corev1.PodRunning), bare),
	), noon, fiveMinutes, jobActive(), ListAll)
	hour := new(int64(3600))
	want := []v1alpha1.CleanItem{
		{
			Namespace: "a", Name: "oom", UID: "uid-a-oom", Node: "n1", Phase: "Failed", Container: "app", Category: failed, Reason: "OOMKilled", ExitCode: new(int32(137)),
			AgeSeconds: hour, AgeBasis: "finishedAt", Owner: &v1alpha1.OwnerReference{Kind: "ReplicaSet", Name: "owner"},
			Decision: v1alpha1.DecisionPlanned, Action: v1alpha1.ActionDelete, DryRun: v1alpha1.DryRunNone,
		},
		{
			Namespace: "a", Name: "job", UID: "uid-a-job", Node: "n1", Phase: "Failed", Container: "app", Category: failed, Reason: "Error", ExitCode: new(int32(1)),
			AgeSeconds: hour, AgeBasis: "finishedAt", Owner: &v1alpha1.OwnerReference{Kind: "Job", Name: "owner"},
			Decision: v1alpha1.DecisionSkipped, SkipReason: "job-active", DryRun: v1alpha1.DryRunNone,
		},
		{
			Namespace: "a", Name: "running", UID: "uid-a-running", Node: "n1", Phase: "Running",
			Decision: v1alpha1.DecisionSkipped, SkipReason: "not-matching", DryRun: v1alpha1.DryRunNone,
		},
	}
	if diff := cmp.Diff(want, plan.Items); diff != "" {
		t.Errorf("items (-want +got):\n%s", diff)
	}
}

func TestS4_SameNameInTwoNamespaces(t *testing.T) {
	t.Parallel()
	if got := names(planOf(failedPod("b", "p"), failedPod("a", "p")).Planned()); !cmp.Equal(got, []string{"a/p", "b/p"}) {
		t.Errorf("planned = %v, want both", got)
	}
}

func TestS15_PodsWithoutStatusesDoNotEndTheScan(t *testing.T) {
	t.Parallel()
	empty := &corev1.Pod{}
	empty.Namespace, empty.Name = "a", "empty"
	plan := planOf(empty, failedPod("a", "none", containers()), failedPod("a", "p"))
	if got := names(plan.Planned()); !cmp.Equal(got, []string{"a/p"}) || plan.Scanned != 3 {
		t.Errorf("planned = %v of %d scanned, want a/p of 3", got, plan.Scanned)
	}
}

func TestS43_MorePodsThanTheLimit(t *testing.T) {
	t.Parallel()
	plan := planOf(failedPod("a", "p"), failedPod("a", "q"), failedPod("a", "kept", annotated("podwatch.dev/keep", "")))
	if err := plan.Check(Limits{Ended: 2}); err != nil {
		t.Errorf("Check(2) = %v for 2 planned pods", err)
	}
	var limit *LimitError
	if err := plan.Check(Limits{Ended: 1}); !errors.As(err, &limit) || *limit != (LimitError{Planned: 2, Limit: 1}) {
		t.Errorf("Check(1) = %v, want a limit error for 2 pods", err)
	}
}

// Any order of the same pods gives the same plan, and every pod is in it once.
func TestMakeIsDeterministicAndComplete(t *testing.T) {
	t.Parallel()
	const seed = 7
	random := rand.New(rand.NewPCG(seed, seed))
	for range 50 {
		pods := make([]*corev1.Pod, random.IntN(40))
		for i := range pods {
			pods[i] = randomPod(random, i)
		}
		want := Make(judged(pods...), noon, fiveMinutes, jobActive(), ListAll)
		random.Shuffle(len(pods), func(i, j int) { pods[i], pods[j] = pods[j], pods[i] })
		got := Make(judged(pods...), noon, fiveMinutes, jobActive(), ListAll)
		if diff := cmp.Diff(want.Items, got.Items); diff != "" {
			t.Fatalf("plan of the same pods in another order (-want +got):\n%s", diff)
		}
		skipped := 0
		for _, n := range got.Skipped {
			skipped += n
		}
		if got.Scanned != len(pods) || got.Scanned != len(got.Planned())+skipped || len(got.Items) != len(pods) {
			t.Fatalf("%d pods: scanned %d, planned %d, skipped %d, listed %d",
				len(pods), got.Scanned, len(got.Planned()), skipped, len(got.Items))
		}
		for i, item := range got.Items {
			if (item.Decision == v1alpha1.DecisionPlanned) != (i < len(got.Planned())) {
				t.Fatalf("item %d is %s with %d planned", i, item.Decision, len(got.Planned()))
			}
			if i > 0 && compareItems(got.Items[i-1], item) >= 0 {
				t.Fatalf("items %d and %d are not in order", i-1, i)
			}
		}
	}
}

func randomPod(random *rand.Rand, i int) *corev1.Pod {
	namespace, name := string(rune('a'+random.IntN(2))), fmt.Sprintf("p%d", i)
	at := ago(time.Duration(random.IntN(4)) * 4 * time.Minute)
	pod := evictedPod(namespace, name, at)
	if random.IntN(2) == 0 {
		pod = failedPod(namespace, name, containers(ended("app", 1, "Error", at)))
	}
	options := []option{
		bare, deleted, phase(corev1.PodRunning), finalizer("x/y"), containers(), because("OutOfcpu", ""),
		controlledBy("batch/v1", "Job"), annotated("podwatch.dev/keep", ""), func(*corev1.Pod) {},
	}
	options[random.IntN(len(options))](pod)
	return pod
}
