// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package cmd_test

import (
	"context"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
	"k8s.io/apimachinery/pkg/util/wait"

	"github.com/podwatch/kubectl-podwatch/pkg/apis/podwatch/v1alpha1"
	"github.com/podwatch/kubectl-podwatch/test/controlplane"
)

// replicaSet makes one, and returns its pods when they are there.
func (w *sweep) replicaSet(name string, replicas int32) []corev1.Pod {
	w.t.Helper()
	labels := map[string]string{"app": name}
	_, err := w.server.Client().AppsV1().ReplicaSets(w.namespace).Create(w.t.Context(), &appsv1.ReplicaSet{
		ObjectMeta: metav1.ObjectMeta{Name: name},
		Spec: appsv1.ReplicaSetSpec{
			Replicas: &replicas, Selector: &metav1.LabelSelector{MatchLabels: labels},
			Template: corev1.PodTemplateSpec{
				ObjectMeta: metav1.ObjectMeta{Labels: labels},
				Spec:       corev1.PodSpec{Containers: []corev1.Container{{Name: "app", Image: "registry.example.com/app:1"}}},
			},
		},
	}, metav1.CreateOptions{})
	if err != nil {
		w.t.Fatal(err)
	}
	var pods []corev1.Pod
	err = wait.PollUntilContextTimeout(w.t.Context(), 20*time.Millisecond, 30*time.Second, true, func(ctx context.Context) (bool, error) {
		list, err := w.server.Client().CoreV1().Pods(w.namespace).List(ctx, metav1.ListOptions{LabelSelector: "app=" + name})
		if err == nil {
			pods = list.Items
		}
		return len(pods) == int(replicas), err
	})
	if err != nil {
		w.t.Fatal(err)
	}
	return pods
}

func (w *sweep) setStatus(name string, status corev1.PodStatus) {
	w.t.Helper()
	if _, err := w.server.SetStatus(w.t.Context(), w.namespace, name, status); err != nil {
		w.t.Fatal(err)
	}
}

// The behaviour that podwatch comes from: a pod has failed, it is told, deleted,
// and its controller makes a new one.
func TestR11_WatchCleanOnARealServer(t *testing.T) {
	t.Parallel()
	server := controlplane.New(t, controlplane.Options{Controllers: true})
	t.Run("a failed pod of a ReplicaSet is told and then deleted", func(t *testing.T) {
		t.Parallel()
		w := newSweep(t, server)
		old := w.replicaSet("web", 1)[0]
		w.before = func(r *http.Request) {
			w.mu.Lock()
			defer w.mu.Unlock()
			if r.Method == http.MethodDelete && !slices.Contains(w.clean(), "clean.planned "+old.Name) {
				t.Errorf("deleted before it was told; stdout:\n%s", w.out.String())
			}
		}
		w.start("--clean", "--yes", "-o", "json", "--summary-every", "1s")
		w.until("the start", func() bool { return strings.Contains(w.out.String(), `"summary"`) })
		w.setStatus(old.Name, failedStatus())
		w.until("the deletion and the summary that counts it", func() bool { return strings.Contains(w.out.String(), `"cleaned":1`) })
		w.until("the end of the pod", func() bool { return strings.Contains(w.out.String(), `"pod.deleted"`) })
		w.mu.Lock()
		told := w.clean()
		w.mu.Unlock()
		if diff := cmp.Diff([]string{"clean.planned " + old.Name, "clean.deleted " + old.Name + " deleted"}, told); diff != "" {
			t.Errorf("told (-want +got):\n%s", diff)
		}
		if code, cleaned := w.end(); code != 0 || cleaned != 1 {
			t.Errorf("R20: exit code %d with %d cleaned; stderr %s", code, cleaned, w.errOut.String())
		}
		sent := w.mutations()
		if len(sent) != 1 || !strings.Contains(sent[0], string(old.UID)) {
			t.Errorf("sent %q, want one deletion by UID", sent)
		}
		if left := w.uids(); len(left) != 1 || left[old.Name] != "" {
			t.Errorf("left %v, want one new pod", left)
		}
		if files, err := filepath.Glob(filepath.Join(w.archive, "*_"+string(old.UID)+".json")); err != nil || len(files) != 1 {
			t.Errorf("archived %v, %v", files, err)
		}
	})
	t.Run("a disruption budget is respected", func(t *testing.T) {
		t.Parallel()
		w := newSweep(t, server)
		pods := w.replicaSet("web", 1)
		looping := loopingPod(w.namespace, pods[0].Name, 9).Status
		looping.Conditions[1].LastTransitionTime = metav1.NewTime(time.Now().Add(-time.Hour))
		w.setStatus(pods[0].Name, looping)
		w.budget("web")
		w.start("--clean=crashloop", "--yes", "--confirm-context", "c", "-o", "json")
		w.until("the refusal", func() bool { return slices.Contains(w.clean(), "clean.failed "+pods[0].Name+" blocked") })
		if code, cleaned := w.end(); code != 0 || cleaned != 0 {
			t.Errorf("exit code %d with %d cleaned; stderr %s", code, cleaned, w.errOut.String())
		}
		if sent := w.mutations(); len(sent) != 1 || !strings.Contains(sent[0], "/eviction") || !strings.Contains(sent[0], `"resourceVersion"`) {
			t.Errorf("sent %q, want one eviction bound to a version", sent)
		}
		if left := w.uids(); left[pods[0].Name] != string(pods[0].UID) {
			t.Errorf("left %v, want the pod", left)
		}
	})
}

// budget forbids every eviction of pods with the label, and waits until the
// controller has seen it.
func (w *sweep) budget(app string) {
	w.t.Helper()
	budgets := w.server.Client().PolicyV1().PodDisruptionBudgets(w.namespace)
	none := intstr.FromInt32(0)
	_, err := budgets.Create(w.t.Context(), &policyv1.PodDisruptionBudget{
		ObjectMeta: metav1.ObjectMeta{Name: app},
		Spec: policyv1.PodDisruptionBudgetSpec{
			MaxUnavailable: &none, Selector: &metav1.LabelSelector{MatchLabels: map[string]string{"app": app}},
			UnhealthyPodEvictionPolicy: new(policyv1.IfHealthyBudget),
		},
	}, metav1.CreateOptions{})
	if err != nil {
		w.t.Fatal(err)
	}
	err = wait.PollUntilContextTimeout(w.t.Context(), 20*time.Millisecond, 30*time.Second, true, func(ctx context.Context) (bool, error) {
		pdb, err := budgets.Get(ctx, app, metav1.GetOptions{})
		return err == nil && pdb.Status.ObservedGeneration > 0, err
	})
	if err != nil {
		w.t.Fatal(err)
	}
}

// A pod of the same name that is made between the decision and the deletion.
func TestF60_AReplacedPodIsNeverDeletedOnARealServer(t *testing.T) {
	t.Parallel()
	w := newSweep(t, controlplane.Shared(t))
	old := w.failed("db-0")
	w.onFirst(http.MethodDelete, "/pods/db-0", func() {
		err := w.server.Client().CoreV1().Pods(w.namespace).Delete(t.Context(), "db-0", metav1.DeleteOptions{GracePeriodSeconds: new(int64)})
		if err != nil {
			t.Error(err)
		}
		if _, err := w.server.CreatePod(t.Context(), runningPod(w.namespace, "db-0")); err != nil {
			t.Error(err)
		}
	})
	w.start("--clean", "--yes", "-o", "json")
	w.until("the result", func() bool { return slices.Contains(w.clean(), "clean.skipped db-0 replaced") })
	if code, cleaned := w.end(); code != 0 || cleaned != 0 {
		t.Errorf("exit code %d with %d cleaned; stderr %s", code, cleaned, w.errOut.String())
	}
	if now := w.uids()["db-0"]; now == "" || now == string(old.UID) {
		t.Errorf("left %v, want the new pod", w.uids())
	}
}

// TestS39_NoDryRunOfAWatchChangesAnything looks at the wire, for each dry run and
// output. All run at once, because each takes twenty seconds.
func TestS39_NoDryRunOfAWatchChangesAnything(t *testing.T) {
	t.Parallel()
	server := controlplane.Shared(t)
	type dryRun struct {
		*sweep
		strategy, output string
		before           map[string]string
	}
	var runs []dryRun
	for _, strategy := range []string{"client", "server"} {
		for _, output := range []string{"auto", "line", "json", "yaml", "none"} {
			for _, yes := range []string{"true", "false"} {
				r := dryRun{sweep: newSweep(t, server), strategy: strategy, output: output}
				r.failed("a")
				r.failed("b")
				r.before = r.uids()
				r.start("--clean", "--dry-run", strategy, "-o", output, "--yes="+yes, "--logs", "0", "--events", "0")
				runs = append(runs, r)
			}
		}
	}
	for _, r := range runs {
		what := r.strategy + ", -o " + r.output
		r.until("both to be considered by "+what, func() bool {
			told := r.output == "none" || strings.Count(r.out.String(), "clean.would_delete") == 2
			read := func(name string) bool {
				return slices.ContainsFunc(r.reads, func(l string) bool { return strings.HasSuffix(strings.TrimSpace(l), "/pods/"+name) })
			}
			return told && read("a") && read("b") && (r.strategy == "client" || len(r.writes) == 2)
		})
		if code, cleaned := r.end(); code != 0 || cleaned != 0 {
			t.Errorf("%s: exit code %d with %d cleaned; stderr %s", what, code, cleaned, r.errOut.String())
		}
		for _, request := range r.mutations() {
			if r.strategy == string(v1alpha1.DryRunClient) || !strings.Contains(request, `"dryRun":["All"]`) {
				t.Errorf("%s: sent %q", what, request)
			}
		}
		if diff := cmp.Diff(r.before, r.uids()); diff != "" {
			t.Errorf("%s: pods (-before +after):\n%s", what, diff)
		}
		if _, err := os.Stat(r.archive); err == nil {
			t.Errorf("%s: has made an archive", what)
		}
	}
}

// What cannot be told is not done.
func TestADecisionThatCannotBeWrittenDeletesNothing(t *testing.T) {
	t.Parallel()
	codes := map[error]int{
		&fs.PathError{Op: "write", Path: "|1", Err: syscall.EPIPE}:   0, // nobody reads any more
		&fs.PathError{Op: "write", Path: "out", Err: syscall.ENOSPC}: 1,
	}
	runs := map[error]*sweep{}
	for broken := range codes {
		w := newSweep(t, controlplane.Shared(t))
		w.failed("web")
		w.broken = func(written string) error {
			if strings.Contains(written, "clean.planned") {
				return broken
			}
			return nil
		}
		w.start("--clean", "--yes", "-o", "json")
		runs[broken] = w
	}
	for broken, w := range runs {
		if code := <-w.code; code != codes[broken] {
			t.Errorf("%v: exit code %d, want %d; stderr %s", broken, code, codes[broken], w.errOut.String())
		}
		if sent := w.mutations(); len(sent) > 0 || w.uids()["web"] == "" {
			t.Errorf("%v: sent %q, left %v", broken, sent, w.uids())
		}
	}
}

func TestWatchCleanRefusesBeforeItBegins(t *testing.T) {
	t.Parallel()
	server := controlplane.Shared(t)
	read := []rbacv1.PolicyRule{{APIGroups: []string{corev1.GroupName}, Resources: []string{"pods"}, Verbs: []string{"get", "list", "watch"}}}
	for name, test := range map[string]struct {
		args []string
		// reader is a user that may not delete.
		reader bool
		want   string
		hint   string
	}{
		"S43 no terminal and no --yes": {[]string{"--clean"}, false, "there is no terminal to ask on", "pass --yes"},
		"S43 living pods and no context": {
			[]string{"--clean=crashloop", "--yes"}, false, "need more than --yes", "--confirm-context",
		},
		"no right to delete": {[]string{"--clean", "--yes"}, true, "forbidden to delete pods in namespace", "kubectl auth can-i delete pods -n"},
		"no right to evict": {
			[]string{"--clean=imagepull", "--yes", "--confirm-context", "podwatch-test"}, true, "forbidden to create pods/eviction", "kubectl auth can-i create",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newSweep(t, server)
			pod := w.failed("web")
			kubeconfig := server.Kubeconfig()
			if test.reader {
				user, err := server.User(t.Context(), "reader-of-"+w.namespace, controlplane.Grant{Namespace: w.namespace, Rules: read})
				if err != nil {
					t.Fatal(err)
				}
				kubeconfig = user
			}
			args := append([]string{"watch", "--kubeconfig", kubeconfig, "-n", w.namespace, "--older-than", "0s", "--archive", w.archive}, test.args...)
			stdout, stderr, code := run(t, args...)
			if code != 1 || stdout != "" || !strings.Contains(stderr, test.want) || !strings.Contains(stderr, test.hint) || !strings.Contains(stderr, "nothing was deleted") {
				t.Errorf("exit code %d, stdout %q, stderr %q", code, stdout, stderr)
			}
			if w.uids()["web"] != string(pod.UID) {
				t.Error("the pod was deleted")
			}
			if _, err := os.Stat(w.archive); err == nil {
				t.Error("a refused run has left an archive")
			}
		})
	}
}

// The server breaks off every DELETE, and the run is to end: that pod is left.
func TestR20_AnInterruptWithADeletionLeftIsNoCleanEnd(t *testing.T) {
	t.Parallel()
	w := newSweep(t, controlplane.Shared(t))
	w.failed("web")
	sent := make(chan struct{})
	var once sync.Once
	w.before = func(r *http.Request) {
		if r.Method == http.MethodDelete {
			once.Do(func() { close(sent) })
			panic(http.ErrAbortHandler)
		}
	}
	w.start("--clean", "--yes", "-o", "json")
	<-sent
	code, cleaned := w.end()
	w.mu.Lock()
	defer w.mu.Unlock()
	if diff := cmp.Diff([]string{"clean.planned web", "clean.failed web error"}, w.clean()); diff != "" || code != 130 || cleaned != 0 {
		t.Errorf("exit code %d with %d cleaned; stderr %s; told (-want +got):\n%s", code, cleaned, w.errOut.String(), diff)
	}
}
