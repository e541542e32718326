// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package controlplane

import (
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

func TestCreatePod_InAGivenState(t *testing.T) {
	t.Parallel()
	s := Shared(t)
	namespace := s.Namespace(t)
	file, err := os.Open("testdata/pods.yaml")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = file.Close() }()
	pods, err := ReadPods(file)
	if err != nil || len(pods) != 4 {
		t.Fatalf("ReadPods = %d pods, %v; want 4", len(pods), err)
	}
	live := map[string]*corev1.Pod{}
	for _, pod := range pods {
		pod.Namespace = namespace
		if _, err := s.CreatePod(t.Context(), pod); err != nil {
			t.Fatal(err)
		}
		got, err := s.Client().CoreV1().Pods(namespace).Get(t.Context(), pod.Name, metav1.GetOptions{})
		if err != nil {
			t.Fatal(err)
		}
		live[pod.Name] = got
		if got.Spec.NodeName != pod.Spec.NodeName {
			t.Errorf("%s: node %q, want %q", pod.Name, got.Spec.NodeName, pod.Spec.NodeName)
		}
	}
	// The server fills in what every pod has; the rest must be what was asked for.
	filled := cmp.Options{
		cmpopts.IgnoreFields(corev1.PodStatus{}, "QOSClass", "ObservedGeneration"),
		cmpopts.EquateEmpty(), cmp.Comparer(func(a, b metav1.Time) bool { return a.Equal(&b) }),
	}
	for _, pod := range pods[:3] {
		if diff := cmp.Diff(pod.Status, live[pod.Name].Status, filled); diff != "" {
			t.Errorf("%s: status (-want +got):\n%s", pod.Name, diff)
		}
	}
	if got := live["no-status"].Status.Phase; got != corev1.PodPending {
		t.Errorf("no-status: phase %q, want the server's Pending", got)
	}
	terminating := live["terminating-failed"]
	if terminating.DeletionTimestamp == nil || *terminating.DeletionGracePeriodSeconds != 600 {
		t.Errorf("terminating-failed: deletion %v, want 600 s of grace", terminating.DeletionTimestamp)
	}
	if n := len(terminating.Spec.EphemeralContainers); n != 1 {
		t.Errorf("terminating-failed: %d ephemeral containers, want 1", n)
	}
	if live["evicted"].DeletionTimestamp != nil {
		t.Error("evicted: it is terminating, nobody deleted it")
	}
}

func TestCreatePod_TerminatingNeedsWhatHoldsIt(t *testing.T) {
	t.Parallel()
	s := Shared(t)
	pod := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{
		Name: "gone", Namespace: s.Namespace(t), DeletionTimestamp: &metav1.Time{Time: time.Now()},
	}, Spec: corev1.PodSpec{Containers: []corev1.Container{{Name: "app", Image: "app"}}}}
	if _, err := s.CreatePod(t.Context(), pod); err == nil || !strings.Contains(err.Error(), "finalizer") {
		t.Errorf("without node and finalizer: %v, want a refusal", err)
	}
	pod.Finalizers = []string{"example.com/hold"}
	live, err := s.CreatePod(t.Context(), pod)
	if err != nil {
		t.Fatal(err)
	}
	if live.DeletionTimestamp == nil {
		t.Error("with a finalizer: not terminating")
	}
}

func TestReadPods_RefusesAnotherKind(t *testing.T) {
	t.Parallel()
	_, err := ReadPods(strings.NewReader("apiVersion: v1\nkind: Node\nmetadata: {name: a}\n"))
	if err == nil || !strings.Contains(err.Error(), `kind "Node"`) {
		t.Errorf("ReadPods of a node = %v", err)
	}
}
