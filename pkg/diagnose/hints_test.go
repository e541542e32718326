// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package diagnose_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
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

func TestHintsNameWhatIsToBlame(t *testing.T) {
	t.Parallel()
	hash := func(p *corev1.Pod) {
		p.Labels = map[string]string{"pod-template-hash": "6d4f"}
		p.OwnerReferences[0].Name = "web-6d4f"
	}
	unschedulable := newPod(corev1.PodPending, unbound, noStatuses,
		sinceCondition(corev1.PodScheduled, corev1.ConditionFalse, "Unschedulable", `persistentvolumeclaim "data 0" not found`, ago(time.Minute)))
	loop := newPod(corev1.PodRunning, hash, app(after(waiting("CrashLoopBackOff", ""), 4, exit(1, "Error", ago(time.Minute)))))
	lost := nodeThat(corev1.ConditionUnknown, "NodeStatusUnknown", time.Minute)
	for _, tt := range []struct {
		name string
		pod  *corev1.Pod
		rel  diagnose.Related
		// want are the commands, with ! before one that changes the cluster.
		want []string
	}{
		{
			"claim", unschedulable,
			diagnose.Related{},
			[]string{"kubectl --context prod -n ns describe persistentvolumeclaim 'data 0'", "kubectl --context prod -n ns events --for pod/p", "kubectl --context prod -n ns get persistentvolumeclaims"},
		},
		{
			"missing key", newPod(corev1.PodPending, app(waiting("CreateContainerConfigError", "couldn't find key k in Secret ns/db"))),
			diagnose.Related{},
			[]string{"kubectl --context prod -n ns describe secret db", "kubectl --context prod -n ns events --for pod/p"},
		},
		{
			"ConfigMap of a volume", creatingFor(time.Minute), events(warned(time.Second, "FailedMount", `configmap "app" not found`)),
			[]string{"kubectl --context prod -n ns get configmap app", "kubectl --context prod -n ns events --for pod/p"},
		},
		{
			"not ready: why stands in the log", newPod(corev1.PodRunning, app(unready(running(ago(5*time.Minute))))),
			diagnose.Related{},
			[]string{"kubectl --context prod -n ns events --for pod/p", "kubectl --context prod -n ns logs p -c c --tail=50"},
		},
		{
			"volume on another node", creatingFor(time.Minute), events(warned(time.Second, "FailedAttachVolume", "Multi-Attach error")),
			[]string{"kubectl --context prod -n ns events --for pod/p", "kubectl --context prod get volumeattachments"},
		},
		{
			"network", creatingFor(time.Minute), events(warned(time.Second, "NetworkNotReady", "x")),
			[]string{"kubectl --context prod -n ns events --for pod/p", "kubectl --context prod -n kube-system get pods -o wide --field-selector spec.nodeName=n1"},
		},
		{
			"node", newPod(corev1.PodRunning, app(running(ago(time.Hour)))), lost,
			[]string{"kubectl --context prod describe node n1", "kubectl --context prod -n ns events --for pod/p", "!kubectl --context prod taint node n1 node.kubernetes.io/out-of-service=nodeshutdown:NoExecute"},
		},
		{
			"out of memory", newPod(corev1.PodRunning, app(after(running(ago(time.Minute)), 1, exit(137, "OOMKilled", ago(time.Minute)))), ready()),
			diagnose.Related{},
			[]string{"kubectl --context prod -n ns logs p -c c --tail=50 --previous", "kubectl --context prod -n ns top pod p --containers", "kubectl --context prod -n ns events --for pod/p"},
		},
		{
			"rollout", loop, owned(deployment(3, 2, rolling)),
			[]string{"kubectl --context prod -n ns logs p -c c --tail=50 --previous", "kubectl --context prod -n ns events --for pod/p", "kubectl --context prod -n ns rollout history deployment/web", "!kubectl --context prod -n ns rollout undo deployment/web"},
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			p := projection.From(tt.pod)
			var got []string
			for _, h := range diagnose.Hints(p, *around(tt.pod, tt.rel).Primary(), "prod") {
				if h.Mutating {
					h.Command = "!" + h.Command
				}
				got = append(got, h.Command)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
	if slices.ContainsFunc(diagnose.Hints(projection.From(loop), *judge(loop).Primary(), ""), func(h v1alpha1.Hint) bool { return strings.Contains(h.Command, "rollout") }) {
		t.Error("a rollout is undone although none is known to be under way")
	}
}

func TestOwnerHints(t *testing.T) {
	t.Parallel()
	o := &projection.Owner{Kind: projection.KindReplicaSet, Namespace: "ns", Name: "web 1"}
	finding := func(cause string, object *v1alpha1.ObjectReference) v1alpha1.Finding {
		return v1alpha1.Finding{Category: "Owner", Cause: cause, Object: object}
	}
	quota := finding("FailedCreate", &v1alpha1.ObjectReference{Kind: "ResourceQuota", Namespace: "ns", Name: "compute"})
	for want, h := range map[string][]v1alpha1.Hint{
		"kubectl --context prod -n ns describe resourcequota compute":              diagnose.OwnerHints(o, quota, "prod"),
		"kubectl -n ns describe replicaset 'web 1'":                                diagnose.OwnerHints(o, finding("FailedCreate", nil), ""),
		"kubectl -n ns describe job work":                                          diagnose.OwnerHints(job(9), finding("JobFailed", nil), ""),
		"kubectl --context prod -n ns rollout status deployment/web --watch=false": diagnose.OwnerHints(deployment(1, 0), finding("ProgressDeadlineExceeded", nil), "prod"),
		"kubectl -n ns describe deployment web":                                    diagnose.OwnerHints(deployment(1, 0), finding("ReplicaSetCreateError", nil), ""),
	} {
		if h[0].Command != want {
			t.Errorf("first hint = %q, want %q", h[0].Command, want)
		}
		for _, h := range h {
			if h.Mutating != strings.Contains(h.Command, " undo ") {
				t.Errorf("hint %q: mutating = %v", h.Command, h.Mutating)
			}
		}
	}
}
