// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package clean

import (
	"bytes"
	"encoding/csv"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/yaml"

	"github.com/podwatch/kubectl-podwatch/pkg/apis/podwatch/v1alpha1"
)

const (
	evicted  = v1alpha1.CategoryEvicted
	shutdown = v1alpha1.CategoryShutdown
	rejected = v1alpha1.CategoryRejected
	failed   = v1alpha1.CategoryFailed
)

func phase(p corev1.PodPhase) option {
	return func(pod *corev1.Pod) { pod.Status.Phase = p }
}

func TestDecide(t *testing.T) {
	t.Parallel()
	hour := Age{Duration: time.Hour, Basis: BasisFinishedAt}
	long := Age{Duration: time.Hour, Basis: BasisDisruptionTarget}
	shutdownMessage := "Pod was terminated in response to imminent node shutdown."
	tests := []struct {
		name string
		pod  *corev1.Pod
		want Decision
	}{
		{"failed pod of a ReplicaSet", failedPod("a", "p"), Decision{failed, hour, ""}},
		{"failed pod without a controller", failedPod("a", "p", bare), Decision{failed, hour, ""}},
		{"evicted", evictedPod("a", "p", ago(time.Hour)), Decision{evicted, long, ""}},
		{
			"refused for want of CPU, never ran",
			failedPod("a", "p", because("OutOfcpu", "Pod was rejected: Node didn't have enough resource: cpu"), containers()),
			Decision{rejected, Age{10 * 24 * time.Hour, BasisCreation}, ""},
		},
		{
			"evicted on arrival, never ran",
			failedPod("a", "p", because("Evicted", "Pod was rejected: The node had condition: [DiskPressure]. "), containers()),
			Decision{evicted, Age{10 * 24 * time.Hour, BasisCreation}, ""},
		},
		{
			"refused by a restarted kubelet after it ran, end unknown",
			failedPod("a", "p", because("OutOfcpu", ""), containers(ended("app", 137, "ContainerStatusUnknown", metav1.Time{}))),
			Decision{rejected, Age{}, SkipAgeUnknown},
		},
		{
			"S7 running and being deleted",
			failedPod("a", "p", phase(corev1.PodRunning), deleted),
			Decision{Skip: SkipAlreadyTerminating},
		},
		{"S7 failed and being deleted", failedPod("a", "p", deleted), Decision{failed, hour, SkipAlreadyTerminating}},
		{
			"S7 evicted and being deleted keeps its category",
			evictedPod("a", "p", ago(time.Hour), deleted),
			Decision{evicted, long, SkipAlreadyTerminating},
		},
		{
			"S16 running bare pod that is not ready for hours",
			failedPod("a", "p", bare, phase(corev1.PodRunning),
				condition(corev1.PodReady, corev1.ConditionFalse, "ContainersNotReady", ago(2*time.Hour))),
			Decision{Skip: SkipNotMatching},
		},
		{
			"S17 pending on its image",
			failedPod("a", "p", phase(corev1.PodPending), containers(corev1.ContainerStatus{
				Name: "app", State: corev1.ContainerState{Waiting: &corev1.ContainerStateWaiting{Reason: "ImagePullBackOff"}},
			})),
			Decision{Skip: SkipNotMatching},
		},
		{"S17 unschedulable", failedPod("a", "p", phase(corev1.PodPending), containers()), Decision{Skip: SkipNotMatching}},
		{
			"S18 kubectl prints Completed and the phase is Failed",
			failedPod("a", "p", containers(ended("app", 0, "Completed", ago(time.Hour)))),
			Decision{failed, hour, ""},
		},
		{
			"S18 all containers ended and the phase is Running",
			failedPod("a", "p", phase(corev1.PodRunning), containers(ended("app", 0, "Completed", ago(time.Hour)))),
			Decision{Skip: SkipNotMatching},
		},
		{
			"S24 ended by a node shutdown",
			failedPod("a", "p", because("Terminated", shutdownMessage), disrupted(ago(time.Hour))),
			Decision{shutdown, long, ""},
		},
		{"S24 bare pod that completed", failedPod("a", "p", bare, phase(corev1.PodSucceeded)), Decision{Skip: SkipNotMatching}},
		{
			"S24 completed under a node shutdown",
			failedPod("a", "p", phase(corev1.PodSucceeded), because("Terminated", shutdownMessage)),
			Decision{shutdown, hour, ""},
		},
		{
			"S29 the Job controller has not counted it yet",
			failedPod("a", "p", controlledBy("batch/v1", "Job"), finalizer("batch.kubernetes.io/job-tracking")),
			Decision{failed, hour, SkipFinalizer},
		},
		{"failed pod of a Job", failedPod("a", "p", controlledBy("batch/v1", "Job")), Decision{failed, hour, SkipJobActive}},
		{"S31 StatefulSet", failedPod("a", "p", controlledBy("apps/v1", "StatefulSet")), Decision{failed, hour, SkipControllerHandles}},
		{"S32 DaemonSet", failedPod("a", "p", controlledBy("apps/v1", "DaemonSet")), Decision{failed, hour, SkipControllerHandles}},
		{
			"S33 mirror pod, evicted",
			evictedPod("a", "p", ago(time.Hour), annotated(corev1.MirrorPodAnnotationKey, "x")),
			Decision{evicted, long, SkipMirrorPod},
		},
		{
			"S33 static pod of a file",
			evictedPod("a", "p", ago(time.Hour), annotated("kubernetes.io/config.source", "file")),
			Decision{evicted, long, SkipMirrorPod},
		},
		{"S33 owned by its node", failedPod("a", "p", controlledBy("v1", "Node")), Decision{failed, hour, SkipMirrorPod}},
		{
			"S34 Workflow",
			failedPod("a", "p", controlledBy("argoproj.io/v1alpha1", "Workflow")),
			Decision{failed, hour, SkipCustomOwner},
		},
		{
			"S34 ReplicaSet of another group",
			failedPod("a", "p", controlledBy("example.com/v1", "ReplicaSet")),
			Decision{failed, hour, SkipCustomOwner},
		},
		{"S34 owner of an unreadable version", failedPod("a", "p", controlledBy("a/b/c", "ReplicaSet")), Decision{failed, hour, SkipCustomOwner}},
		{
			"S34 in a workflow, without a controller",
			failedPod("a", "p", bare, ownedBy("argoproj.io/v1alpha1", "Workflow")),
			Decision{failed, hour, SkipCustomOwner},
		},
		{
			"S34 of a ReplicaSet and of something else",
			failedPod("a", "p", ownedBy("example.com/v1", "Batch")),
			Decision{failed, hour, SkipCustomOwner},
		},
		{
			"S34 an owner of an unreadable version",
			failedPod("a", "p", bare, ownedBy("a/b/c", "Batch")),
			Decision{failed, hour, SkipCustomOwner},
		},
		{
			"S34 bare, and its ConfigMap takes it along",
			failedPod("a", "p", bare, ownedBy("v1", "ConfigMap")),
			Decision{failed, hour, ""},
		},
		{"annotated to keep", failedPod("a", "p", annotated("podwatch.dev/keep", "true")), Decision{failed, hour, SkipKeepAnnotation}},
		{"annotated not to keep", failedPod("a", "p", annotated("podwatch.dev/keep", "false")), Decision{failed, hour, ""}},
		{"a mirror pod is told before its deletion", failedPod("a", "p", controlledBy("v1", "Node"), deleted), Decision{failed, hour, SkipMirrorPod}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff(tt.want, decide(tt.pod, fiveMinutes)); diff != "" {
				t.Errorf("Decide() (-want +got):\n%s", diff)
			}
		})
	}
}

// What is heard of a living pod whose node is silent is old: it may be well.
func TestALivingPodOfASilentNodeHasNoCategory(t *testing.T) {
	t.Parallel()
	rules := everything(func(r *Rules) { r.Categories = Categories() })
	for cause, want := range map[string]v1alpha1.Category{
		"": v1alpha1.CategoryCrashLoop, "NodeNotReady": "", "KubeletUnresponsive": "", "NodePressure": v1alpha1.CategoryCrashLoop,
	} {
		p, v := judge(loopingPod(), noon)
		v.Findings = append(v.Findings, v1alpha1.Finding{Cause: cause})
		if d := Decide(p, v, noon, rules, Known{}); d.Category != want {
			t.Errorf("beside %q: category %q, want %q", cause, d.Category, want)
		}
	}
}

func TestCustomOwnersThatAreAllowed(t *testing.T) {
	t.Parallel()
	allowed := func(r *Rules) {
		r.AllowCustomOwners = []OwnerKind{{Group: "argoproj.io", Kind: "Workflow"}}
	}
	workflow := ownedBy("argoproj.io/v1alpha1", "Workflow")
	for name, tt := range map[string]struct {
		pod  *corev1.Pod
		want SkipReason
	}{
		"owner":                     {failedPod("a", "p", bare, workflow), ""},
		"owner beside a ReplicaSet": {failedPod("a", "p", workflow), ""},
		"one of two owners":         {failedPod("a", "p", bare, workflow, ownedBy("example.com/v1", "Batch")), SkipCustomOwner},
		"controller":                {failedPod("a", "p", controlledBy("argoproj.io/v1alpha1", "Workflow")), ""},
	} {
		if got := decide(tt.pod, everything(allowed)).Skip; got != tt.want {
			t.Errorf("%s: skipped for %q, want %q", name, got, tt.want)
		}
	}
}

// The hand-labelled corpus says which pods are cleanable before any protection.
func TestDecideCategoryOfCorpus(t *testing.T) {
	t.Parallel()
	corpus := filepath.Join("..", "..", "testdata", "corpus")
	labels, err := os.ReadFile(filepath.Join(corpus, "expected.tsv"))
	if err != nil {
		t.Fatal(err)
	}
	table := csv.NewReader(bytes.NewReader(labels))
	table.Comma, table.LazyQuotes = '\t', true
	rows, err := table.ReadAll()
	if err != nil || len(rows) < 2 {
		t.Fatalf("read expected.tsv: %d rows, %v", len(rows), err)
	}
	for _, row := range rows[1:] {
		data, err := os.ReadFile(filepath.Join(corpus, row[0]))
		if err != nil {
			t.Fatal(err)
		}
		pod := &corev1.Pod{}
		if err := yaml.Unmarshal(data, pod); err != nil {
			t.Fatalf("%s: %v", row[0], err)
		}
		if d := decide(pod, fiveMinutes); (d.Category != "") != (row[8] == "yes") {
			t.Errorf("%s: category %q, want one: %s", row[0], d.Category, row[8])
		}
	}
}
