// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package cmd_test

import (
	"context"
	"path/filepath"
	"strings"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/podwatch/kubectl-podwatch/test/controlplane"
)

// kubelets plays the kubelet of a namespace until the test ends.
func kubelets(t *testing.T, s *controlplane.Server, namespace string) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	done := make(chan struct{})
	go func() {
		defer close(done)
		kubelet{t, s, namespace}.run(ctx)
	}()
	t.Cleanup(func() { cancel(); <-done })
}

// newTemplate is a patch of the template of a workload.
const newTemplate = `{"spec":{"template":{"metadata":{"labels":{"version":"2"}}}}}`

func TestAGateWaitsForAStatefulSetOnARealServer(t *testing.T) {
	t.Parallel()
	s := controlplane.New(t, controlplane.Options{Controllers: true})
	namespace := s.Namespace(t)
	kubelets(t, s, namespace)
	sets := s.Client().AppsV1().StatefulSets(namespace)
	_, err := sets.Create(t.Context(), &appsv1.StatefulSet{
		ObjectMeta: metav1.ObjectMeta{Name: "db"},
		Spec: appsv1.StatefulSetSpec{
			Replicas: new(int32(3)), MinReadySeconds: 4, ServiceName: "db",
			Selector: &metav1.LabelSelector{MatchLabels: map[string]string{"app": "db"}},
			Template: templateOf("db", corev1.RestartPolicyAlways),
		},
	}, metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "run.jsonl")
	rolledOut := func(what string, more ...string) {
		t.Helper()
		args := []string{"watch", "sts/db", "--until", "healthy", "--stable-for", "1s", "--kubeconfig", s.Kubeconfig(), "-n", namespace, "--timeout", "2m"}
		if _, stderr, code := run(t, append(args, more...)...); code != 0 {
			t.Fatalf("%s: exit code %d: %s", what, code, stderr)
		}
		db, err := sets.Get(t.Context(), "db", metav1.GetOptions{})
		if err != nil {
			t.Fatal(err)
		}
		if st := &db.Status; st.AvailableReplicas != 3 || st.UpdatedReplicas != 3 || st.CurrentRevision != st.UpdateRevision {
			t.Errorf("%s: the gate holds with %d of 3 pods available and %d updated", what, st.AvailableReplicas, st.UpdatedReplicas)
		}
	}
	rolledOut("created")
	if _, err := sets.Patch(t.Context(), "db", types.StrategicMergePatchType, []byte(newTemplate), metav1.PatchOptions{}); err != nil {
		t.Fatal(err)
	}
	rolledOut("changed", "--record", file)
	if _, stderr, code := run(t, "watch", "--until", "healthy", "--stable-for", "1s", "--replay", file); code != 0 {
		t.Errorf("the replay ends with %d: %s", code, stderr)
	}
}

func TestAGateNamesWhatADeploymentCannotCreateOnARealServer(t *testing.T) {
	t.Parallel()
	s := controlplane.New(t, controlplane.Options{Controllers: true})
	namespace, ctx := s.Namespace(t), t.Context()
	kubelets(t, s, namespace)
	_, err := s.Client().AppsV1().Deployments(namespace).Create(ctx, &appsv1.Deployment{
		ObjectMeta: metav1.ObjectMeta{Name: "web"},
		Spec: appsv1.DeploymentSpec{
			Replicas: new(int32(2)), Selector: &metav1.LabelSelector{MatchLabels: map[string]string{"app": "web"}},
			Template: templateOf("web", corev1.RestartPolicyAlways),
		},
	}, metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	args := []string{"watch", "deploy/web", "--until", "healthy", "--stable-for", "1s", "--kubeconfig", s.Kubeconfig(), "-n", namespace}
	if _, stderr, code := run(t, append(args, "--timeout", "1m")...); code != 0 {
		t.Fatalf("exit code %d: %s", code, stderr)
	}
	restricted := `{"metadata":{"labels":{"pod-security.kubernetes.io/enforce":"restricted"}}}`
	if _, err := s.Client().CoreV1().Namespaces().Patch(ctx, namespace, types.StrategicMergePatchType, []byte(restricted), metav1.PatchOptions{}); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Client().AppsV1().Deployments(namespace).Patch(ctx, "web", types.StrategicMergePatchType, []byte(newTemplate), metav1.PatchOptions{}); err != nil {
		t.Fatal(err)
	}
	_, stderr, code := run(t, append(args, "--timeout", "10s")...)
	if code != 2 || !strings.Contains(stderr, "0 of 2 pods are updated: FailedCreate: ") || !strings.Contains(stderr, "violates PodSecurity") {
		t.Errorf("exit code %d, stderr %q", code, stderr)
	}
}

func TestAGateFailsWithItsJobOnARealServer(t *testing.T) {
	t.Parallel()
	s := controlplane.New(t, controlplane.Options{Controllers: true})
	namespace, ctx := s.Namespace(t), t.Context()
	_, err := s.Client().BatchV1().Jobs(namespace).Create(ctx, &batchv1.Job{
		ObjectMeta: metav1.ObjectMeta{Name: "bad"},
		Spec:       batchv1.JobSpec{BackoffLimit: new(int32(0)), Template: templateOf("bad", corev1.RestartPolicyNever)},
	}, metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	await(t, "its pod has failed", func(ctx context.Context) (bool, error) {
		list, err := s.Client().CoreV1().Pods(namespace).List(ctx, metav1.ListOptions{})
		if err != nil || len(list.Items) == 0 {
			return false, err
		}
		_, err = s.SetStatus(ctx, namespace, list.Items[0].Name, exited(1))
		return err == nil, err
	})
	for name, target := range map[string][]string{"by its name": {"job/bad"}, "among the pods of its namespace": nil} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			args := append([]string{"watch", "--until", "healthy", "--timeout", "1m", "--kubeconfig", s.Kubeconfig(), "-n", namespace}, target...)
			_, stderr, code := run(t, args...)
			if code != 2 || strings.Contains(stderr, "timed out") || !strings.Contains(stderr, `pod "`+namespace+`/bad-`) {
				t.Errorf("exit code %d, stderr %q, want the end at once, and the pod", code, stderr)
			}
		})
	}
}

func TestAGateIsAboutPodsIfItMayNotReadTheWorkload(t *testing.T) {
	t.Parallel()
	s := controlplane.Shared(t)
	ns := s.Namespace(t)
	user, err := s.User(t.Context(), "gate-on-pods-only-"+ns, controlplane.Grant{Namespace: ns, Rules: []rbacv1.PolicyRule{
		{APIGroups: []string{""}, Resources: []string{"pods"}, Verbs: []string{"list", "watch"}},
	}})
	if err != nil {
		t.Fatal(err)
	}
	pod := ownedPod("a")
	pod.Namespace, pod.Status = ns, runningPod(ns, "a").Status
	if _, err := s.CreatePod(t.Context(), pod); err != nil {
		t.Fatal(err)
	}
	for name, test := range map[string]struct {
		args []string
		told int
		code int
	}{
		"auto":    {nil, 1, 0},
		"never":   {[]string{"--owners", "never"}, 0, 0},
		"require": {[]string{"--owners", "require"}, 1, 3},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			args := []string{"watch", "rs/web-1", "-o", "json", "--until", "healthy", "--stable-for", "3s", "--kubeconfig", user, "-n", ns}
			stdout, stderr, code := run(t, append(args, test.args...)...)
			told := strings.Count(stdout, "replicasets not read (Forbidden): the gate is about the pods alone")
			if code != test.code || told != test.told {
				t.Errorf("exit code %d, told %d times, want %d and %d; stderr %q", code, told, test.code, test.told, stderr)
			}
		})
	}
}
