// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package clean

import (
	"context"
	"net/http"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/podwatch/kubectl-podwatch/pkg/apis/podwatch/v1alpha1"
	"github.com/podwatch/kubectl-podwatch/pkg/cmd/internal/exit"
)

// onFirst calls act before the first request with the method and the end of its
// path is sent.
func (b *bench) onFirst(method, suffix string, act func()) {
	var once sync.Once
	b.before = func(r *http.Request) {
		if r.Method == method && strings.HasSuffix(r.URL.Path, suffix) {
			once.Do(act)
		}
	}
}

// sent counts the requests with the method and the end of its path.
func (b *bench) sent(method, suffix string) int {
	b.mu.Lock()
	defer b.mu.Unlock()
	n := 0
	for _, r := range b.mutating {
		if strings.HasPrefix(r, method+" ") && strings.HasSuffix(r, suffix) {
			n++
		}
	}
	return n
}

func (b *bench) get(name string) *corev1.Pod {
	b.t.Helper()
	pod, err := b.server.Client().CoreV1().Pods(b.namespace).Get(b.t.Context(), name, metav1.GetOptions{})
	if err != nil {
		b.t.Fatal(err)
	}
	return pod
}

func TestS5_ACrashLoopThatHasRecoveredIsNotEvicted(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	pod := b.looping("web", nil)
	b.disrupt()
	b.onFirst(http.MethodPost, "/eviction", func() {
		status := pod.Status.DeepCopy()
		status.Conditions[0].Status = corev1.ConditionTrue
		status.ContainerStatuses[0].State = corev1.ContainerState{Running: &corev1.ContainerStateRunning{StartedAt: metav1.Now()}}
		if _, err := b.server.SetStatus(t.Context(), b.namespace, "web", *status); err != nil {
			t.Error(err)
		}
	})
	r, err := b.run(t.Context())
	if err != nil || r.Summary.Recovered != 1 || b.sent(http.MethodPost, "/eviction") != 1 {
		t.Errorf("run = %v, summary %+v, requests %v; want one recovered", err, r.Summary, b.mutating)
	}
	if b.get("web").DeletionTimestamp != nil {
		t.Error("the pod was evicted")
	}
}

func TestS6_AChangeThatChangesNothingDelaysAnEviction(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.looping("web", nil)
	b.disrupt()
	b.onFirst(http.MethodPost, "/eviction", func() {
		patch := []byte(`{"metadata":{"labels":{"x":"y"}}}`)
		_, err := b.server.Client().CoreV1().Pods(b.namespace).Patch(t.Context(), "web", types.MergePatchType, patch, metav1.PatchOptions{})
		if err != nil {
			t.Error(err)
		}
	})
	r, err := b.run(t.Context())
	if err != nil || r.Summary.Terminating != 1 || b.sent(http.MethodPost, "/eviction") != 2 {
		t.Errorf("run = %v, summary %+v, requests %v; want it evicted at the second try", err, r.Summary, b.mutating)
	}
	if item := r.Items[0]; item.Action != v1alpha1.ActionEvict || item.ResourceVersion == "" || item.Reason != "OOMKilled" || *item.ExitCode != 137 {
		t.Errorf("item = %+v", item)
	}
}

func TestEvictionsOfUnscheduledPodsAreDeletions(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.looping("web", func(p *corev1.Pod) {
		p.Spec.NodeName = ""
		p.Status.Phase = corev1.PodPending
	})
	b.disrupt()
	if r, err := b.run(t.Context()); err != nil || r.Summary.Deleted != 1 || len(b.names()) != 0 {
		t.Errorf("run = %v, summary %+v, want one deleted", err, r.Summary)
	}
}

func TestS27_TheNodeOfAFailedPodMakesNoDifference(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.failed("no-node", func(p *corev1.Pod) { p.Spec.NodeName = "" })
	b.failed("unknown-node", func(p *corev1.Pod) { p.Spec.NodeName = "gone-for-good" })
	node := &corev1.Node{
		ObjectMeta: metav1.ObjectMeta{Name: b.namespace},
		Status:     corev1.NodeStatus{Conditions: []corev1.NodeCondition{{Type: corev1.NodeReady, Status: corev1.ConditionUnknown}}},
	}
	if _, err := b.server.Client().CoreV1().Nodes().Create(t.Context(), node, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	b.failed("silent-node", func(p *corev1.Pod) { p.Spec.NodeName = node.Name })
	b.options.Yes = true
	if r, err := b.run(t.Context()); err != nil || r.Summary.Deleted != 3 {
		t.Errorf("run = %v, summary %+v, want three deleted", err, r.Summary)
	}
}

func TestS35_AllowedFinalizersMeanTerminatingAndNotDeleted(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.failed("held", func(p *corev1.Pod) { p.Finalizers = []string{"kueue.x-k8s.io/managed"} })
	b.options.Yes = true
	if r, err := b.run(t.Context()); err != nil || r.Summary.SkippedByReason["finalizer"] != 1 || len(b.mutating) != 0 {
		t.Errorf("run = %v, summary %+v, want it left alone", err, r.Summary)
	}
	b.options.Rules.AllowFinalizers = true
	r, err := b.run(t.Context())
	if err != nil || r.Summary.Terminating != 1 || r.Summary.Deleted != 0 || b.get("held").DeletionTimestamp == nil {
		t.Errorf("run = %v, summary %+v, want one terminating", err, r.Summary)
	}
	patch := []byte(`{"metadata":{"finalizers":null}}`)
	_, err = b.server.Client().CoreV1().Pods(b.namespace).Patch(t.Context(), "held", types.MergePatchType, patch, metav1.PatchOptions{})
	if err != nil {
		t.Error(err)
	}
}

func ofJob(name string, uid types.UID) func(*corev1.Pod) {
	return func(p *corev1.Pod) {
		p.OwnerReferences = []metav1.OwnerReference{{APIVersion: "batch/v1", Kind: "Job", Name: name, UID: uid, Controller: new(true)}}
	}
}

func TestS37_AJobOfTheSameNameIsAnotherJob(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	job, err := b.server.Client().BatchV1().Jobs(b.namespace).Create(t.Context(), &batchv1.Job{
		ObjectMeta: metav1.ObjectMeta{Name: "import"},
		Spec: batchv1.JobSpec{Template: corev1.PodTemplateSpec{Spec: corev1.PodSpec{
			RestartPolicy: corev1.RestartPolicyNever, Containers: []corev1.Container{{Name: "app", Image: "registry.example.com/app:1"}},
		}}},
	}, metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	b.failed("of-the-first", ofJob("import", "5d8d8d8d-0000-4000-8000-000000000000"))
	b.failed("of-this-one", ofJob("import", job.UID))
	b.options.Yes = true
	r, err := b.run(t.Context())
	if err != nil || r.Summary.Deleted != 1 || r.Summary.SkippedByReason["job-active"] != 1 {
		t.Errorf("run = %v, summary %+v", err, r.Summary)
	}
	if diff := cmp.Diff([]string{"of-this-one"}, b.names()); diff != "" {
		t.Errorf("left (-want +got):\n%s", diff)
	}
}

func (b *bench) budget(name string) {
	b.t.Helper()
	_, err := b.server.Client().PolicyV1().PodDisruptionBudgets(b.namespace).Create(b.t.Context(), &policyv1.PodDisruptionBudget{
		ObjectMeta: metav1.ObjectMeta{Name: name},
		Spec: policyv1.PodDisruptionBudgetSpec{
			MinAvailable: new(intOrString(1)), Selector: &metav1.LabelSelector{MatchLabels: map[string]string{"app": "web"}},
		},
	}, metav1.CreateOptions{})
	if err != nil {
		b.t.Fatal(err)
	}
}

func labelled(p *corev1.Pod) { p.Labels = map[string]string{"app": "web"} }

func TestS46_S47_DisruptionBudgetsBlock(t *testing.T) {
	t.Parallel()
	for name, budgets := range map[string][]string{"S46 one": {"a"}, "S47 two": {"a", "b"}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			b.looping("web", labelled)
			b.failed("ended", labelled)
			for _, budget := range budgets {
				b.budget(budget)
			}
			b.disrupt()
			r, err := b.run(t.Context())
			if exit.Code(err) != 3 || r.Summary.Blocked != 1 || r.Summary.Deleted != 1 || r.Summary.Errors != 0 {
				t.Errorf("run = %v, summary %+v, want one blocked and one deleted", err, r.Summary)
			}
			if b.get("web").DeletionTimestamp != nil {
				t.Error("the budget was broken")
			}
		})
	}
}

// A pod that waits for another try when the signal comes is one that was left.
func TestS50_AnInterruptWhileABudgetRefuses(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.looping("web", labelled)
	b.budget("a")
	b.disrupt()
	b.options.BlockedTimeout = time.Minute
	ctx, stop := context.WithCancelCause(t.Context())
	b.onFirst(http.MethodPost, "/eviction", func() { stop(exit.SignalError{Signal: syscall.SIGINT}) })
	r, err := b.run(ctx)
	if exit.Code(err) != 130 || r.Summary.Blocked != 1 || b.sent(http.MethodPost, "/eviction") != 1 {
		t.Errorf("run = %v, summary %+v, requests %v; want exit code 130 and one blocked", err, r.Summary, b.mutating)
	}
	// Without a wait the budget's no is the result, whatever signal comes.
	b.options.BlockedTimeout = 0
	ctx, stop = context.WithCancelCause(t.Context())
	b.onFirst(http.MethodPost, "/eviction", func() { stop(exit.SignalError{Signal: syscall.SIGINT}) })
	if r, err := b.run(ctx); exit.Code(err) != 3 || r.Summary.Blocked != 1 {
		t.Errorf("run = %v, summary %+v; want exit code 3", err, r.Summary)
	}
}

// ownNamespace moves b into a namespace that the test may delete.
func (b *bench) ownNamespace() {
	b.t.Helper()
	created, err := b.server.Client().CoreV1().Namespaces().Create(b.t.Context(),
		&corev1.Namespace{ObjectMeta: metav1.ObjectMeta{GenerateName: "terminating-"}}, metav1.CreateOptions{})
	if err != nil {
		b.t.Fatal(err)
	}
	b.namespace = created.Name
	b.options.Cluster.Namespaces = []string{created.Name}
}

// end deletes the namespace of b.
func (b *bench) end() {
	b.t.Helper()
	if err := b.server.Client().CoreV1().Namespaces().Delete(b.t.Context(), b.namespace, metav1.DeleteOptions{}); err != nil {
		b.t.Error(err)
	}
}

func TestS48_InATerminatingNamespaceOnlyEndedPodsAreRemoved(t *testing.T) {
	t.Parallel()
	for name, early := range map[string]bool{"before the plan": true, "at the eviction": false} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			b.ownNamespace()
			b.looping("web", nil)
			b.failed("ended", nil)
			b.disrupt()
			if early {
				b.end()
			} else {
				b.onFirst(http.MethodPost, "/eviction", b.end)
			}
			r, err := b.run(t.Context())
			left := r.Summary.SkippedByReason["already-terminating"] + r.Summary.Recovered
			if err != nil || r.Summary.Deleted != 1 || left != 1 || r.Summary.Forbidden != 0 {
				t.Errorf("run = %v, summary %+v, want one deleted and one left alone", err, r.Summary)
			}
		})
	}
}

func TestS49_AMissingPermissionIsToldBeforeTheQuestion(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.looping("web", nil)
	b.failed("ended", nil)
	b.user(podsOnly(b.namespace, "delete"))
	b.disrupt()
	r, err := b.run(t.Context())
	if exit.Code(err) != 3 || r.Summary.Deleted != 1 || r.Summary.SkippedByReason["forbidden"] != 1 {
		t.Errorf("run = %v, summary %+v, want one deleted and one forbidden", err, r.Summary)
	}
	if b.sent(http.MethodPost, "") != 0 {
		t.Errorf("requests = %v, want no eviction", b.mutating)
	}
	// All forbidden: nobody is asked.
	b.options.Interactive, b.options.Yes = true, false
	b.err.Reset()
	if _, err := b.run(t.Context()); exit.Code(err) != 1 || strings.Contains(b.err.String(), "Delete") {
		t.Errorf("run = %v, stderr %q; want exit code 1 and no question", err, b.err)
	}
}

func TestTheAgeOfAPodThatTellsNothingIsThatOfItsStatus(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.failed("silent", func(p *corev1.Pod) { p.Status = corev1.PodStatus{Phase: corev1.PodFailed} })
	b.options.DryRun = v1alpha1.DryRunClient
	b.options.Rules.OlderThan = time.Hour
	r, err := b.run(t.Context())
	if err != nil || r.Summary.SkippedByReason["too-young"] != 1 {
		t.Fatalf("run = %v, summary %+v, want it too young", err, r.Summary)
	}
	if item := r.Items[0]; item.AgeBasis != "managedFields" || *item.AgeSeconds > 60 {
		t.Errorf("age = %d s by %s", *item.AgeSeconds, item.AgeBasis)
	}
}

func TestVolumesOfLivingPodsAreWarnedOf(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.looping("web", func(p *corev1.Pod) {
		p.Spec.Volumes = []corev1.Volume{{Name: "scratch", VolumeSource: corev1.VolumeSource{EmptyDir: &corev1.EmptyDirVolumeSource{}}}}
	})
	b.disrupt()
	b.options.DryRun = v1alpha1.DryRunClient
	r, err := b.run(t.Context())
	if err != nil || len(r.Items) != 1 || len(r.Items[0].Warnings) != 1 || !strings.Contains(b.err.String(), "warning: living pods to evict: 1 with data in emptyDir") {
		t.Errorf("run = %v, items %+v, stderr %q", err, r.Items, b.err)
	}
}
