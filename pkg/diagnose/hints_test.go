// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package diagnose_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/podwatch/kubectl-podwatch/pkg/apis/podwatch/v1alpha1"
	"github.com/podwatch/kubectl-podwatch/pkg/diagnose"
	"github.com/podwatch/kubectl-podwatch/pkg/projection"
)

func TestHints(t *testing.T) {
	t.Parallel()
	lost := func(p *corev1.Pod) {
		condition(corev1.PodReady, corev1.ConditionFalse, "")(p)
		condition(corev1.ContainersReady, corev1.ConditionTrue, "")(p)
	}
	for _, tt := range []struct {
		name    string
		pod     *corev1.Pod
		context string
		first   string
	}{
		{
			"crash loop in its back-off: the log before the crash",
			newPod(corev1.PodRunning, app(after(waiting("CrashLoopBackOff", ""), 4, exit(1, "Error", ago(time.Minute))))), "",
			"kubectl -n ns logs p -c c --tail=50 --previous",
		},
		{
			"just ended: the log of this run",
			newPod(corev1.PodRunning, app(after(exited(1, "Error", ago(time.Second)), 4, exit(1, "Error", ago(time.Minute))))), "prod",
			"kubectl --context prod -n ns logs p -c c --tail=50",
		},
		{
			"the context needs quotes",
			newPod(corev1.PodRunning, app(after(waiting("CrashLoopBackOff", ""), 4, exit(1, "Error", ago(time.Minute))))), "it's; rm -rf /",
			`kubectl --context 'it'\''s; rm -rf /' -n ns logs p -c c --tail=50 --previous`,
		},
		{
			"missing Secret",
			newPod(corev1.PodPending, app(waiting("CreateContainerConfigError", `secret "db" not found`))), "",
			"kubectl -n ns get secret db",
		},
		{
			"image",
			newPod(corev1.PodPending, app(waiting("ErrImagePull", "x: not found"))), "",
			"kubectl -n ns events --for pod/p",
		},
		{
			"unschedulable",
			newPod(corev1.PodPending, unbound, noStatuses), "",
			"kubectl -n ns events --for pod/p",
		},
		{
			"node lost", newPod(corev1.PodRunning, app(running(ago(time.Hour))), lost), "prod",
			"kubectl --context prod describe node n1",
		},
		{
			"finalizer",
			newPod(corev1.PodFailed, deleted(ago(time.Hour), "x")), "",
			"kubectl -n ns get pod p -o yaml --show-managed-fields",
		},
		{
			"gated",
			newPod(corev1.PodPending, unbound, noStatuses, condition(corev1.PodScheduled, corev1.ConditionFalse, "SchedulingGated")), "",
			"kubectl -n ns get pod p -o 'jsonpath={.spec.schedulingGates}'",
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			p := projection.From(tt.pod)
			f := judge(tt.pod).Primary()
			hints := diagnose.Hints(p, *f, tt.context)
			if len(hints) == 0 || hints[0].Command != tt.first {
				t.Errorf("hints = %+v, want first %q", hints, tt.first)
			}
			for _, h := range hints {
				if h.Reason == "" {
					t.Errorf("hint %q has no reason", h.Command)
				}
				mutating := strings.Contains(h.Command, " delete ") || strings.Contains(h.Command, "podwatch clean")
				if h.Mutating != mutating {
					t.Errorf("hint %q: mutating = %v, want %v", h.Command, h.Mutating, mutating)
				}
			}
		})
	}
}

func TestMirrorPodsGetNoMutatingHints(t *testing.T) {
	t.Parallel()
	pod := newPod(corev1.PodFailed, reason("Evicted", "The node was low on resource: memory. "))
	mutating := func() bool {
		hints := diagnose.Hints(projection.From(pod), *judge(pod).Primary(), "")
		return slices.ContainsFunc(hints, func(h v1alpha1.Hint) bool { return h.Mutating })
	}
	if !mutating() {
		t.Fatal("an evicted pod has no mutating hint, so this test proves nothing")
	}
	pod.Annotations = map[string]string{corev1.MirrorPodAnnotationKey: "hash"}
	if mutating() {
		t.Error("a mirror pod has a mutating hint")
	}
}
