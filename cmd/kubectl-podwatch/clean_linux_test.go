// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/podwatch/kubectl-podwatch/test/controlplane"
	"github.com/podwatch/kubectl-podwatch/test/pty"
)

// failedPod makes a pod that failed an hour ago, in a namespace of its own.
func failedPod(t *testing.T, server *controlplane.Server) (namespace string) {
	t.Helper()
	namespace = server.Namespace(t)
	_, err := server.CreatePod(t.Context(), &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: "web"},
		Spec:       corev1.PodSpec{NodeName: "n1", Containers: []corev1.Container{{Name: "app", Image: "registry.example/web:1"}}},
		Status: corev1.PodStatus{Phase: corev1.PodFailed, ContainerStatuses: []corev1.ContainerStatus{{
			Name: "app", State: corev1.ContainerState{Terminated: &corev1.ContainerStateTerminated{
				ExitCode: 1, Reason: "Error", FinishedAt: metav1.NewTime(time.Now().Add(-time.Hour)),
			}},
		}}},
	})
	if err != nil {
		t.Fatal(err)
	}
	return namespace
}

func podsIn(t *testing.T, server *controlplane.Server, namespace string) int {
	t.Helper()
	list, err := server.Client().CoreV1().Pods(namespace).List(t.Context(), metav1.ListOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return len(list.Items)
}

// What is asked once, before anything is watched.
func TestWatchCleanAsksAtTheStart(t *testing.T) {
	t.Parallel()
	server := controlplane.Shared(t)
	for name, test := range map[string]struct {
		args     []string
		protect  string
		question string
		answer   string
	}{
		"no":                              {[]string{"--clean"}, "", "at most 1000 an hour? [y/N] ", "n\r"},
		"nothing":                         {[]string{"--clean"}, "", "? [y/N] ", "\r"},
		"a yes, where it is not enough":   {[]string{"--clean=crashloop"}, "", "10 of them alive? Type the name, podwatch-test: ", "y\r"},
		"a yes, in a protected context":   {[]string{"--clean"}, "podwatch-*", "Type the name, podwatch-test: ", "yes\r"},
		"another name than the context's": {[]string{"--clean=imagepull"}, "", "Type the name, podwatch-test", "prod\r"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			namespace := failedPod(t, server)
			p := pty.Open(t, 200, 24)
			args := append([]string{"watch", "--kubeconfig", server.Kubeconfig(), "-n", namespace, "--older-than", "0s"}, test.args...)
			c := onTerminal(t, p, []string{"PODWATCH_PROTECTED_CONTEXTS=" + test.protect}, args...)
			p.Await(0, test.question)
			p.Press(test.answer)
			p.Await(0, "not confirmed; nothing was deleted")
			if got := code(t, c); got != 1 {
				t.Errorf("exit code %d, want 1", got)
			}
			if left := podsIn(t, server, namespace); left != 1 {
				t.Errorf("%d pods left, want one", left)
			}
		})
	}
}

// The live view says that it cleans and what; at the end it is counted.
func TestR11_TheLiveViewCleans(t *testing.T) {
	t.Parallel()
	server := controlplane.Shared(t)
	namespace := failedPod(t, server)
	archive := filepath.Join(t.TempDir(), "archive")
	p := pty.Open(t, 160, 30)
	c := onTerminal(t, p, nil, "watch", "-o", "live", "--clean", "--archive", archive, "--kubeconfig", server.Kubeconfig(), "-n", namespace, "--older-than", "0s")
	p.Await(0, "? [y/N] ")
	p.Press("y\r")
	at := p.Await(0, "clean on")
	p.Await(at, "clean.planned")
	p.Await(at, "clean.deleted") // perhaps in the same frame
	p.Press("q")
	if got := code(t, c); got != 0 {
		t.Errorf("exit code %d, want 0: %q", got, p.Written())
	}
	if after := p.Restored(); !strings.Contains(after, "1 cleaned") {
		t.Errorf("on the normal screen: %q", after)
	}
	if left := podsIn(t, server, namespace); left != 0 {
		t.Errorf("%d pods left, want none", left)
	}
	if entries, err := os.ReadDir(archive); err != nil || len(entries) != 2 {
		t.Errorf("the archive has %v, %v; want a manifest and the journal", entries, err)
	}
}
