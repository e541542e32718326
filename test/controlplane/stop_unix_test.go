// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build unix

package controlplane

import (
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

func TestServer_KeepsItsDataOverARestartAndLeavesNothingWhenStopped(t *testing.T) {
	t.Parallel()
	s := New(t, Options{})
	namespace := s.Namespace(t)
	pod := &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Name: "kept", Namespace: namespace},
		Spec:       corev1.PodSpec{Containers: []corev1.Container{{Name: "app", Image: "app"}}},
	}
	before, err := s.CreatePod(t.Context(), pod)
	if err != nil {
		t.Fatal(err)
	}
	pods := s.Client().CoreV1().Pods(namespace)

	if err := s.StartAPIServer(t.Context()); err == nil {
		t.Error("a second API server was started beside the first")
	}
	s.KillAPIServer()
	if _, err := pods.Get(t.Context(), "kept", metav1.GetOptions{}); err == nil {
		t.Error("the killed API server answers")
	}
	if err := s.StartAPIServer(t.Context()); err != nil {
		t.Fatal(err)
	}
	after, err := pods.Get(t.Context(), "kept", metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if after.UID != before.UID {
		t.Errorf("UID %s after the restart, want %s", after.UID, before.UID)
	}

	pids := pidsOf(s)
	for range 2 { // a second Stop does nothing
		if err := s.Stop(); err != nil {
			t.Fatal(err)
		}
	}
	if left := (victim{s.dir, pids}).left(); len(left) > 0 {
		t.Errorf("after Stop there are left: %v", left)
	}
	if err := s.StartAPIServer(t.Context()); err == nil {
		t.Error("the API server of a stopped control plane started")
	}
}
