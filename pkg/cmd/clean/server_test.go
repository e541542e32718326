// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package clean

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/utils/clock"

	"github.com/podwatch/kubectl-podwatch/pkg/apis/podwatch/v1alpha1"
	"github.com/podwatch/kubectl-podwatch/pkg/clean"
	"github.com/podwatch/kubectl-podwatch/pkg/cmd/internal/exit"
	"github.com/podwatch/kubectl-podwatch/test/controlplane"
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

// podsOnly may do what docs/rbac.md says of clean, and nothing about Jobs.
func podsOnly(namespace string, verbs ...string) controlplane.Grant {
	return controlplane.Grant{Namespace: namespace, Rules: []rbacv1.PolicyRule{
		{APIGroups: []string{""}, Resources: []string{"pods"}, Verbs: append([]string{"get", "list", "watch"}, verbs...)},
	}}
}

func TestS36_AJobThatCannotBeReadProtectsItsPods(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.failed("of-a-job", ofJob("import", "5d8d8d8d-0000-4000-8000-000000000000"))
	b.failed("bare", nil)
	b.user(podsOnly(b.namespace, "delete"))
	b.options.Yes = true
	r, err := b.run(t.Context())
	if err != nil || r.Summary.SkippedByReason["owner-unknown"] != 1 || r.Summary.Deleted != 1 {
		t.Errorf("run = %v, summary %+v, want the pod of the Job left alone", err, r.Summary)
	}
	var resources []string
	for _, l := range r.Limitations {
		resources = append(resources, l.Resource+" "+l.Reason)
	}
	if diff := cmp.Diff([]string{"jobs Forbidden", "namespaces Forbidden"}, resources); diff != "" {
		t.Errorf("limitations (-want +got):\n%s", diff)
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
			end := func() {
				if err := b.server.Client().CoreV1().Namespaces().Delete(t.Context(), b.namespace, metav1.DeleteOptions{}); err != nil {
					t.Error(err)
				}
			}
			if early {
				end()
			} else {
				b.onFirst(http.MethodPost, "/eviction", end)
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

func TestS50_AnInterruptLeavesTheRestAlone(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	const pods = 40
	for i := range pods {
		b.failed("p"+string(rune('a'+i/10))+string(rune('0'+i%10)), nil)
	}
	ctx, stop := context.WithCancelCause(t.Context())
	deletes := 0
	var mu sync.Mutex
	b.before = func(r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		if r.Method == http.MethodDelete {
			if deletes++; deletes == 5 {
				stop(exit.SignalError{Signal: syscall.SIGINT})
			}
		}
	}
	b.options.Yes, b.options.Concurrency = true, 2
	r, err := b.run(ctx)
	done := r.Summary.Deleted
	if exit.Code(err) != 130 || done < 5 || done >= pods || done != deletes || len(b.names()) != pods-done {
		t.Errorf("run = %v, %d deleted after %d requests, %d left", err, done, deletes, len(b.names()))
	}
	decisions, results := journalOf(t, b.options.Archive)
	if len(decisions) != done || len(results) != done {
		t.Errorf("%d decisions and %d results in the journal, want %d", len(decisions), len(results), done)
	}
	if !strings.Contains(b.err.String(), "not tried") {
		t.Errorf("stderr = %q, want what was not tried", b.err)
	}
}

func TestS54_TwoThousandFailedPods(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("makes two thousand pods")
	}
	b := newBench(t)
	const pods = 2000
	b.many(pods)
	b.options.Yes, b.options.Limits.Ended = true, pods
	r, err := b.run(t.Context())
	if err != nil || r.Summary.Deleted != pods || r.Summary.Scanned != pods {
		t.Errorf("run = %v, summary %+v, want %d deleted", err, r.Summary, pods)
	}
	slices.Sort(b.mutating)
	if n := len(slices.Compact(b.mutating)); n != pods {
		t.Errorf("%d different requests, want one for each of %d pods", n, pods)
	}
	if left := len(b.names()); left != 0 {
		t.Errorf("%d pods left", left)
	}
}

// many makes n failed pods.
func (b *bench) many(n int) {
	b.t.Helper()
	var group sync.WaitGroup
	names := make(chan string)
	for range 16 {
		group.Go(func() {
			for name := range names {
				b.failed(name, nil)
			}
		})
	}
	for i := range n {
		names <- "p-" + time.Unix(int64(i), 0).UTC().Format("150405")
	}
	close(names)
	group.Wait()
}

// offset is the clock of a machine that is wrong.
type offset struct {
	clock.RealClock
	by time.Duration
}

func (o offset) Now() time.Time                  { return o.RealClock.Now().Add(o.by) }
func (o offset) Since(t time.Time) time.Duration { return o.Now().Sub(t) }

func TestS12_AgesAreByTheServersClock(t *testing.T) {
	t.Parallel()
	for name, by := range map[string]time.Duration{"right": 0, "two hours fast": 2 * time.Hour, "an hour fast": time.Hour, "two hours slow": -2 * time.Hour} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			b.failed("evicted", func(p *corev1.Pod) {
				p.Status.Conditions = []corev1.PodCondition{{
					Type: corev1.DisruptionTarget, Status: corev1.ConditionTrue, LastTransitionTime: metav1.Now(),
				}}
			})
			b.options.Clock = offset{by: by}
			b.options.DryRun = v1alpha1.DryRunClient
			b.options.Rules.OlderThan = time.Minute
			r, err := b.run(t.Context())
			if err != nil || r.Summary.SkippedByReason["too-young"] != 1 || *r.Items[0].AgeSeconds > 30 {
				t.Errorf("run = %v, summary %+v, items %+v; want it too young", err, r.Summary, r.Items)
			}
			if warned := strings.Contains(b.err.String(), "clock differs"); warned != (by != 0) {
				t.Errorf("stderr = %q", b.err)
			}
			// It gets older, by the server's clock as well.
			b.options.Rules.OlderThan = 2 * time.Second
			for begin := time.Now(); r.Summary.WouldDelete == 0 && time.Since(begin) < 20*time.Second; {
				if r, err = b.run(t.Context()); err != nil {
					t.Fatal(err)
				}
			}
			if r.Summary.WouldDelete != 1 {
				t.Errorf("summary %+v, want it planned some seconds later", r.Summary)
			}
		})
	}
}

func TestS55_StandardOutputIsDataAlone(t *testing.T) {
	t.Parallel()
	for name, interactive := range map[string]bool{"asked": true, "not asked": false} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			b.failed("evicted", nil)
			b.options.Interactive, b.options.Yes = interactive, !interactive
			b.options.In = strings.NewReader("y\n")
			r, err := b.run(t.Context()) // reads all of it as one JSON document
			if err != nil || r.Summary.Deleted != 1 {
				t.Errorf("run = %v, summary %+v", err, r.Summary)
			}
			if !strings.Contains(b.err.String(), "1 pod planned") || strings.Contains(b.err.String(), "[y/N]") != interactive {
				t.Errorf("stderr = %q, want the talk", b.err)
			}
		})
	}
}

func TestQuietSaysNothingButErrors(t *testing.T) {
	t.Parallel()
	for _, format := range []string{"table", "json"} {
		b := newBench(t)
		b.failed("evicted", nil)
		b.options.Yes, b.options.Quiet, b.options.Format = true, true, format
		r, err := b.run(t.Context())
		if err != nil || b.err.Len() > 0 || (b.out.Len() > 0) != (format == "json") || len(b.names()) != 0 {
			t.Errorf("%s: run = %v, stdout %q, stderr %q, report %+v", format, err, b.out, b.err, r.Summary)
		}
	}
}

func TestLivingPodsNeedTheNameOfTheContext(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		yes      bool
		confirm  string
		in       string
		protect  bool
		living   bool
		wantCode int
	}{
		"yes is not enough":                 {yes: true, living: true, wantCode: 1},
		"yes and the name":                  {yes: true, confirm: "podwatch-test", living: true},
		"a mere y":                          {in: "y\n", living: true, wantCode: 1},
		"the name typed":                    {in: "podwatch-test\n", living: true},
		"the name given and a y":            {in: "y\n", confirm: "podwatch-test", living: true},
		"protected context, yes":            {yes: true, protect: true, wantCode: 1},
		"protected context, y":              {in: "y\n", protect: true, wantCode: 1},
		"protected context, the name typed": {in: "podwatch-test\n", protect: true},
		"neither":                           {yes: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			if tt.living {
				b.looping("p", nil)
			} else {
				b.failed("p", nil)
			}
			b.disrupt()
			b.options.Yes, b.options.ConfirmContext, b.options.Protected = tt.yes, tt.confirm, tt.protect
			b.options.Interactive, b.options.In = !tt.yes, strings.NewReader(tt.in)
			_, err := b.run(t.Context())
			if exit.Code(err) != tt.wantCode || (len(b.mutating) > 0) != (tt.wantCode == 0) {
				t.Errorf("run = %v with requests %v, want exit code %d", err, b.mutating, tt.wantCode)
			}
		})
	}
}

func TestS43_OverTheLimitNothingIsDeleted(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	for _, name := range []string{"a", "b", "c"} {
		b.failed(name, nil)
	}
	b.looping("l1", nil)
	b.looping("l2", func(p *corev1.Pod) { p.OwnerReferences[0].UID = "5d8d8d8d-0000-4000-8000-000000000001" })
	b.disrupt()
	for limits, want := range map[clean.Limits]string{
		{Ended: 2, Living: 2}: "3 planned, more than the limit of 2",
		{Ended: 3, Living: 1}: "2 planned, more than the limit of living pods of 1",
	} {
		b.options.Limits = limits
		for _, dryRun := range []v1alpha1.DryRun{v1alpha1.DryRunNone, v1alpha1.DryRunClient} {
			b.options.DryRun = dryRun
			_, err := b.run(t.Context())
			if exit.Code(err) != 1 || !strings.Contains(err.Error(), want) || len(b.mutating) > 0 {
				t.Errorf("run = %v, want %q; requests %v", err, want, b.mutating)
			}
			if (b.out.Len() > 0) != (dryRun == v1alpha1.DryRunClient) {
				t.Errorf("%s: stdout %q", dryRun, b.out)
			}
		}
	}
	b.options.DryRun, b.options.Truncate, b.options.Limits = v1alpha1.DryRunNone, true, clean.Limits{Ended: 1, Living: 1}
	r, err := b.run(t.Context())
	if err != nil || r.Summary.Deleted+r.Summary.Terminating != 2 || r.Summary.SkippedByReason["limit"] != 3 {
		t.Errorf("truncated: run = %v, summary %+v", err, r.Summary)
	}
}

func TestTheAnnotationOfTheNamespaceKeepsItsPods(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.failed("evicted", nil)
	patch := []byte(`{"metadata":{"annotations":{"podwatch.dev/keep":"until tuesday"}}}`)
	if _, err := b.server.Client().CoreV1().Namespaces().Patch(t.Context(), b.namespace, types.MergePatchType, patch, metav1.PatchOptions{}); err != nil {
		t.Fatal(err)
	}
	b.options.Yes = true
	if r, err := b.run(t.Context()); err != nil || r.Summary.SkippedByReason["keep-annotation"] != 1 || len(b.mutating) != 0 {
		t.Errorf("run = %v, summary %+v, want it kept", err, r.Summary)
	}
}

func TestSucceededPodsAreRemovedIfAskedFor(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.failed("done", func(p *corev1.Pod) { p.Status = corev1.PodStatus{Phase: corev1.PodSucceeded} })
	b.options.Yes = true
	if r, err := b.run(t.Context()); err != nil || r.Summary.Planned != 0 {
		t.Errorf("run = %v, summary %+v, want nothing planned", err, r.Summary)
	}
	b.options.Rules.Categories = []v1alpha1.Category{v1alpha1.CategorySucceeded}
	if r, err := b.run(t.Context()); err != nil || r.Summary.Deleted != 1 || len(b.names()) != 0 {
		t.Errorf("run = %v, summary %+v, want it deleted", err, r.Summary)
	}
}
