// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package cmd_test

import (
	"fmt"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/podwatch/kubectl-podwatch/pkg/apis/podwatch/v1alpha1"
	"github.com/podwatch/kubectl-podwatch/pkg/cmd"
	"github.com/podwatch/kubectl-podwatch/test/controlplane"
)

func about(name string) func(v1alpha1.PodWatchEvent) bool {
	return func(e v1alpha1.PodWatchEvent) bool { return e.Name == name }
}

// The server forgets what a watch has not seen: etcd is compacted while the API
// server, and with it its cache, is away.
func TestF01_F03_ARestartAfterACompactionOnARealServer(t *testing.T) {
	t.Parallel()
	server := controlplane.New(t, controlplane.Options{})
	ctx := t.Context()
	other := server.Namespace(t)
	for _, name := range []string{"same", "gone"} {
		if _, err := server.CreatePod(ctx, runningPod("default", name)); err != nil {
			t.Fatal(err)
		}
	}
	p := startWatch(t, "--kubeconfig", server.Kubeconfig(), "-n", "default", "--summary-every", "0")
	p.until("the summary", ofType(v1alpha1.EventSummary))
	if _, err := server.CreatePod(ctx, runningPod(other, "elsewhere")); err != nil { // the watch does not see it
		t.Fatal(err)
	}
	server.KillAPIServer()
	killed := time.Now()
	if lost := p.until("the loss", ofType(v1alpha1.EventStreamStale)); lost.Time.Sub(killed) > 2*time.Second {
		t.Errorf("told %v after the server had gone", lost.Time.Sub(killed))
	}
	if err := server.Compact(ctx); err != nil {
		t.Fatal(err)
	}
	if err := server.StartAPIServer(ctx); err != nil {
		t.Fatal(err)
	}
	relisted := false
	p.until("the return", func(e v1alpha1.PodWatchEvent) bool {
		relisted = relisted || e.Type == v1alpha1.EventStreamRelisted
		return e.Type == v1alpha1.EventStreamLive
	})
	if _, err := server.CreatePod(ctx, runningPod("default", "new")); err != nil {
		t.Fatal(err)
	}
	added := p.until("a new pod", func(e v1alpha1.PodWatchEvent) bool {
		relisted = relisted || e.Type == v1alpha1.EventStreamRelisted
		return e.Name != ""
	})
	if !relisted {
		t.Error("the watch was resumed: etcd was not compacted in time")
	}
	if added.Name != "new" || added.Type != v1alpha1.EventPodAdded {
		t.Errorf("after the return told %s about %q, want nothing but the new pod", added.Type, added.Name)
	}
	p.stop(cmd.Interrupted(syscall.SIGINT))
	p.until("the end", ofType(v1alpha1.EventEnd))
	if code := <-p.code; code != 0 {
		t.Errorf("exit code %d, want 0", code)
	}
}

func TestF19_ANamespaceThatIsDeletedEndsAGate(t *testing.T) {
	t.Parallel()
	server := controlplane.Shared(t)
	namespace := server.Namespace(t)
	ctx := t.Context()
	for _, name := range []string{"a", "b"} {
		if _, err := server.CreatePod(ctx, loopingPod(namespace, name, 1)); err != nil {
			t.Fatal(err)
		}
	}
	p := startWatch(t, "--until", "healthy", "--timeout", "1m", "--kubeconfig", server.Kubeconfig(), "-n", namespace)
	p.until("the summary", ofType(v1alpha1.EventSummary))
	if err := server.Client().CoreV1().Namespaces().Delete(ctx, namespace, metav1.DeleteOptions{}); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"a", "b"} {
		err := server.Client().CoreV1().Pods(namespace).Delete(ctx, name, metav1.DeleteOptions{GracePeriodSeconds: new(int64)})
		if err != nil {
			t.Fatal(err)
		}
	}
	deleted := map[string]int{}
	end := p.until("the end", func(e v1alpha1.PodWatchEvent) bool {
		if e.Type == v1alpha1.EventPodDeleted {
			deleted[e.Name]++
		}
		return e.Type == v1alpha1.EventEnd
	})
	if deleted["a"] != 1 || deleted["b"] != 1 {
		t.Errorf("deletions told: %v, want each once", deleted)
	}
	if code := <-p.code; code != 2 || !strings.Contains(end.Message, "is gone") {
		t.Errorf("exit code %d, end %q", code, end.Message)
	}
}

func TestATimeoutSaysThatTheNamespaceDoesNotExist(t *testing.T) {
	t.Parallel()
	server := controlplane.Shared(t)
	_, stderr, code := run(t, "watch", "--until", "healthy", "--timeout", "1s", "--kubeconfig", server.Kubeconfig(), "-n", "typo")
	if want := `timed out after 1s: there are no pods; namespace "typo" does not exist`; code != 2 || !strings.Contains(stderr, want) {
		t.Errorf("exit code %d, stderr %q, want it to say %q", code, stderr, want)
	}
}

// A namespace that does not exist has no pods, for ever: that is worth a word. Whoever
// may not ask hears nothing.
func TestF19_ANamespaceThatIsNotThereIsTold(t *testing.T) {
	t.Parallel()
	server := controlplane.Shared(t)
	ctx := t.Context()
	file := filepath.Join(t.TempDir(), "recording")
	typo := startWatch(t, "--kubeconfig", server.Kubeconfig(), "-n", "typo", "--record", file)
	typo.until("the summary", ofType(v1alpha1.EventSummary))
	told := typo.until("the notice", ofType(v1alpha1.EventStreamNotice))
	if told.Message != `namespace "typo" does not exist` || told.Namespace != "typo" {
		t.Errorf("told %+v", told)
	}
	typo.stop(cmd.Interrupted(syscall.SIGINT))
	typo.until("the end", ofType(v1alpha1.EventEnd))
	if code := <-typo.code; code != 0 {
		t.Errorf("exit code %d, want 0", code)
	}
	if out, stderr, code := run(t, "watch", "--replay", file, "-o", "json"); code != 0 || !strings.Contains(out, `namespace \"typo\" does not exist`) {
		t.Errorf("replayed: exit code %d, output %s, stderr %q", code, out, stderr)
	}

	namespace := server.Namespace(t)
	if _, err := server.CreatePod(ctx, runningPod(namespace, "a")); err != nil {
		t.Fatal(err)
	}
	rules := []rbacv1.PolicyRule{{APIGroups: []string{corev1.GroupName}, Resources: []string{"pods"}, Verbs: []string{"list", "watch"}}}
	user, err := server.User(ctx, "blinkered", controlplane.Grant{Namespace: namespace, Rules: rules})
	if err != nil {
		t.Fatal(err)
	}
	p := startWatch(t, "--kubeconfig", server.Kubeconfig(), "-n", namespace)
	denied := startWatch(t, "--kubeconfig", user, "-n", namespace, "--owners", "never")
	p.until("the summary", ofType(v1alpha1.EventSummary))
	denied.until("the summary", ofType(v1alpha1.EventSummary))
	if err := server.Client().CoreV1().Namespaces().Delete(ctx, namespace, metav1.DeleteOptions{}); err != nil {
		t.Fatal(err)
	}
	if err := server.Client().CoreV1().Pods(namespace).Delete(ctx, "a", metav1.DeleteOptions{GracePeriodSeconds: new(int64)}); err != nil {
		t.Fatal(err)
	}
	gone := p.until("the notice", ofType(v1alpha1.EventStreamNotice))
	if want := fmt.Sprintf("namespace %q is gone", namespace); gone.Message != want {
		t.Errorf("told %q, want %q", gone.Message, want)
	}
	denied.until("the deletion", ofType(v1alpha1.EventPodDeleted))
	denied.stop(cmd.Interrupted(syscall.SIGINT))
	denied.until("the end", func(e v1alpha1.PodWatchEvent) bool {
		if e.Type == v1alpha1.EventStreamNotice {
			t.Errorf("without the right to ask, told %q", e.Message)
		}
		return e.Type == v1alpha1.EventEnd
	})
}

// Rights are asked for when a watch is opened, so losing them shows when the
// server closes it.
func TestF07_RightsRemovedInOneNamespaceOnARealServer(t *testing.T) {
	t.Parallel()
	server := controlplane.New(t, controlplane.Options{})
	ctx := t.Context()
	kept, lost := server.Namespace(t), server.Namespace(t)
	rules := []rbacv1.PolicyRule{{APIGroups: []string{corev1.GroupName}, Resources: []string{"pods"}, Verbs: []string{"list", "watch"}}}
	user, err := server.User(ctx, "reader", controlplane.Grant{Namespace: kept, Rules: rules}, controlplane.Grant{Namespace: lost, Rules: rules})
	if err != nil {
		t.Fatal(err)
	}
	p := startWatch(t, "--kubeconfig", user, "-n", kept+","+lost, "--summary-every", "0")
	p.until("the summary", ofType(v1alpha1.EventSummary))
	if err := server.Client().RbacV1().RoleBindings(lost).Delete(ctx, "reader-1", metav1.DeleteOptions{}); err != nil {
		t.Fatal(err)
	}
	server.KillAPIServer()
	if err := server.StartAPIServer(ctx); err != nil {
		t.Fatal(err)
	}
	// A server that has just started denies everybody for a moment.
	p.until("the loss", func(e v1alpha1.PodWatchEvent) bool {
		return e.Type == v1alpha1.EventStreamForbidden && e.Namespace == lost
	})
	if _, err := server.CreatePod(ctx, runningPod(kept, "new")); err != nil {
		t.Fatal(err)
	}
	p.until("a pod in the other", about("new"))
}

// A pod that stays Pending becomes a finding although the server sends nothing.
func TestR10_APendingPodBecomesAFindingByItself(t *testing.T) {
	t.Parallel()
	server := controlplane.Shared(t)
	namespace := server.Namespace(t)
	pod := runningPod(namespace, "web")
	pod.Spec.NodeName, pod.Status = "", corev1.PodStatus{}
	if _, err := server.CreatePod(t.Context(), pod); err != nil {
		t.Fatal(err)
	}
	p := startWatch(t, "--kubeconfig", server.Kubeconfig(), "-n", namespace, "--warn-after", "3s", "--critical-after", "5s", "--summary-every", "0")
	p.until("the summary", ofType(v1alpha1.EventSummary))
	start := time.Now()
	for _, want := range []v1alpha1.Severity{v1alpha1.SeverityWarning, v1alpha1.SeverityCritical} {
		got := p.until("the finding", about("web"))
		if got.Type != v1alpha1.EventPodPendingStuck || got.Severity != want {
			t.Errorf("told %s %s after %v, want %s", got.Type, got.Severity, time.Since(start), want)
		}
	}
}
