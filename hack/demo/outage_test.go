// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/podwatch/kubectl-podwatch/pkg/diagnose"
	"github.com/podwatch/kubectl-podwatch/pkg/projection"
	"github.com/podwatch/kubectl-podwatch/test/controlplane"
)

// podOf returns a pod of the workload as its controller would make it.
func podOf(t *testing.T, namespace, app string, now time.Time) *corev1.Pod {
	t.Helper()
	for _, w := range workloads() {
		if w.namespace != namespace || w.name != app {
			continue
		}
		return &corev1.Pod{
			ObjectMeta: metav1.ObjectMeta{
				Name: app, Namespace: namespace, UID: "uid", CreationTimestamp: metav1.NewTime(now.Add(-time.Minute)),
				OwnerReferences: []metav1.OwnerReference{{APIVersion: "apps/v1", Kind: "ReplicaSet", Name: app, Controller: new(true)}},
			},
			Spec: w.template().Spec,
		}
	}
	t.Fatalf("no workload %s in %s", app, namespace)
	return nil
}

// cause puts the state on the pod and returns the cause that podwatch finds.
func cause(pod *corev1.Pod, s state, now time.Time) string {
	pod.Status = s(pod, now)
	verdict := diagnose.Judge(projection.From(pod), diagnose.Related{}, now, diagnose.Defaults())
	if f := verdict.Primary(); f != nil {
		return f.Cause
	}
	return ""
}

func TestEachFaultIsFoundAsWhatItIs(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)
	for _, f := range faults() {
		t.Run(f.app, func(t *testing.T) {
			t.Parallel()
			if got := cause(podOf(t, f.namespace, f.app, now), f.state, now); got != f.cause {
				t.Errorf("cause %q, want %q", got, f.cause)
			}
		})
	}
}

func TestHealthyPodsAreFoundHealthy(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)
	healthy := func(pod *corev1.Pod, now time.Time) corev1.PodStatus { return running(pod, now.Add(-time.Minute)) }
	if got := cause(podOf(t, "shop", "cart", now), healthy, now); got != "" {
		t.Errorf("cause %q, want none", got)
	}
}

func TestCartFallsIntoACrashLoopWhileWatchLooksOn(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)
	var got []string
	for _, s := range []state{crashing(0), restarted(1), crashing(1), backingOff(1), restarted(2), backingOff(2)} {
		got = append(got, cause(podOf(t, "shop", "cart", now), s, now))
	}
	if !slices.Contains(got, "CrashLoop") || got[0] == "CrashLoop" {
		t.Errorf("causes %v, want a crash loop that is none at first", got)
	}
	length := time.Duration(0)
	for _, a := range (cluster{}).acts(&corev1.Pod{}) {
		length += a.after
	}
	if length >= watchTime {
		t.Errorf("the acts take %s, watch looks on for %s", length, watchTime)
	}
}

func TestOutageOnAControlPlane(t *testing.T) {
	t.Parallel()
	server := controlplane.New(t, controlplane.Options{Controllers: true, Kubelets: true})
	c := cluster{server: server, client: server.Client()}
	if err := c.bringUp(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := c.strike(t.Context()); err != nil {
		t.Fatal(err)
	}
	pods, err := c.client.CoreV1().Pods("").List(t.Context(), metav1.ListOptions{})
	if err != nil {
		t.Fatal(err)
	}
	got := map[problem]int{}
	for i := range pods.Items {
		pod := &pods.Items[i]
		same := func(*corev1.Pod, time.Time) corev1.PodStatus { return pod.Status }
		if found := cause(pod, same, time.Now()); found != "" {
			got[problem{pod.Namespace, pod.Labels["app"], found}]++
		}
	}
	if diff := cmp.Diff(promised(), got, cmp.AllowUnexported(problem{})); diff != "" {
		t.Errorf("problems of the outage (-promised +found):\n%s", diff)
	}

	if err := c.fixPromo(t.Context()); err != nil {
		t.Fatal(err)
	}
	_, err = c.pods(t.Context(), "shop", "app="+promo, 2, func(pod *corev1.Pod) bool {
		return isUp(pod) && pod.Spec.Containers[0].Image == promoFixed
	})
	if err != nil {
		t.Errorf("the rollout does not recover: %v", err)
	}
}
