// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package diagnose_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/podwatch/kubectl-podwatch/pkg/diagnose"
	"github.com/podwatch/kubectl-podwatch/pkg/projection"
)

// somePods are the labelled pods and random ones.
func somePods(t *testing.T) map[string]*corev1.Pod {
	t.Helper()
	pods := labelled(t)
	for seed := range uint64(randomPods) {
		pods[fmt.Sprintf("seed %d", seed)] = random(seed, corpusNow())
	}
	return pods
}

func TestLabelsAnnotationsAndDebugContainersChangeNoVerdict(t *testing.T) {
	t.Parallel()
	for name, pod := range somePods(t) {
		for what, add := range map[string]change{
			"label": func(p *corev1.Pod) { p.Labels = map[string]string{"example.com/team": "x", "pod-template-hash": "y"} },
			"annotation": func(p *corev1.Pod) {
				p.Annotations = map[string]string{"podwatch.dev/keep": "true", "example.com/note": "Evicted"}
			},
			"debug container that runs": debugContainer(corev1.ContainerState{
				Running: &corev1.ContainerStateRunning{StartedAt: ago(time.Minute)},
			}),
			"debug container that was killed": debugContainer(exit(137, "Error", ago(time.Minute))),
			"debug container that is to come": debugContainer(corev1.ContainerState{Waiting: &corev1.ContainerStateWaiting{Reason: "ContainerCreating"}}),
		} {
			debug := strings.HasPrefix(what, "debug")
			if debug && pod.DeletionTimestamp != nil || debug && !taken(pod) {
				continue // its status holds a deletion up, and proves that there is a kubelet
			}
			sameWith(t, name+" with a "+what, pod, add)
		}
	}
}

// taken is true if a kubelet has said anything about the pod.
func taken(pod *corev1.Pod) bool {
	return pod.Status.StartTime != nil && !pod.Status.StartTime.IsZero() && pod.Status.StartTime.Unix() != 0
}

// debugContainer adds an ephemeral container.
func debugContainer(state corev1.ContainerState) change {
	return func(p *corev1.Pod) {
		p.Spec.EphemeralContainers = append(p.Spec.EphemeralContainers, corev1.EphemeralContainer{
			EphemeralContainerCommon: corev1.EphemeralContainerCommon{Name: "another-debugger"},
		})
		p.Status.EphemeralContainerStatuses = append(p.Status.EphemeralContainerStatuses, corev1.ContainerStatus{Name: "another-debugger", State: state})
	}
}

func TestAHealthyContainerMoreChangesNoVerdict(t *testing.T) {
	t.Parallel()
	tried := 0
	for name, pod := range somePods(t) {
		if pod.DeletionTimestamp != nil {
			continue // a container that runs is what holds the deletion up
		}
		s := corev1.ContainerStatus{}
		switch {
		case pod.Status.Phase == corev1.PodRunning && hasRun(pod):
			s = started(running(metav1.Time{}))
		case pod.Status.Phase == corev1.PodSucceeded, pod.Status.Phase == corev1.PodFailed && len(pod.Status.ContainerStatuses) > 1:
			s = exited(0, "Completed", metav1.Time{})
		default:
			continue
		}
		tried++
		sameWith(t, name+" with another container", pod, func(p *corev1.Pod) {
			s.Name = "another"
			p.Spec.Containers = append(p.Spec.Containers, corev1.Container{Name: "another"})
			p.Status.ContainerStatuses = append(p.Status.ContainerStatuses, s)
		})
	}
	if tried < 500 {
		t.Errorf("only %d pods could have a container more", tried)
	}
}

// hasRun is true if an app container has run: then its init containers are
// through, and so they are for one container more.
func hasRun(pod *corev1.Pod) bool {
	for i := range pod.Status.ContainerStatuses {
		if s := &pod.Status.ContainerStatuses[i].State; s.Running != nil {
			return true
		}
	}
	return false
}

func sameWith(t *testing.T, what string, pod *corev1.Pod, add change) {
	t.Helper()
	want := judgeAt(projection.From(pod), corpusNow())
	more := pod.DeepCopy()
	add(more)
	if diff := cmp.Diff(want, judgeAt(projection.From(more), corpusNow())); diff != "" {
		t.Fatalf("%s the verdict changes (-without +with):\n%s", what, diff)
	}
}

func TestVerdictDependsOnItsInputAlone(t *testing.T) {
	t.Parallel()
	for name, pod := range somePods(t) {
		copied := pod.DeepCopy()
		p, before := projection.From(pod), projection.From(pod)
		if diff := cmp.Diff(copied, pod); diff != "" {
			t.Fatalf("%s: From changed the pod (-before +after):\n%s", name, diff)
		}
		want := judgeAt(before, corpusNow())
		verdicts := make([]diagnose.Verdict, 4)
		var wg sync.WaitGroup
		for i := range verdicts {
			wg.Go(func() { verdicts[i] = judgeAt(p, corpusNow()) })
		}
		wg.Wait()
		for _, got := range verdicts {
			if diff := cmp.Diff(want, got); diff != "" {
				t.Fatalf("%s: the same input gives another verdict (-first +later):\n%s", name, diff)
			}
		}
		if diff := cmp.Diff(before, p); diff != "" {
			t.Fatalf("%s: Judge changed the projection (-before +after):\n%s", name, diff)
		}
	}
}
