// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
	"k8s.io/apimachinery/pkg/util/wait"

	"github.com/podwatch/kubectl-podwatch/test/controlplane"
)

// kitchen is a control plane of its own, since recipes are for all namespaces,
// behind a proxy that tells a time two days ahead: pods on a new server cannot
// be old.
type kitchen struct {
	*testing.T
	server *controlplane.Server
	// bin is a folder with kubectl-podwatch.
	bin, state, proxy string
}

func newKitchen(t *testing.T) *kitchen {
	t.Helper()
	k := &kitchen{T: t, server: controlplane.New(t, controlplane.Options{Controllers: true}), bin: t.TempDir(), state: t.TempDir()}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	// TestMain runs the program when it is called by its name.
	if err := os.Symlink(self, filepath.Join(k.bin, "kubectl-podwatch")); err != nil {
		t.Skipf("no symbolic links: %v", err)
	}
	config := k.server.Config()
	target, err := url.Parse(config.Host)
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(config.CAData)
	forward := httputil.NewSingleHostReverseProxy(target)
	forward.Transport = &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}}
	forward.FlushInterval = -1
	forward.ErrorHandler = func(w http.ResponseWriter, _ *http.Request, _ error) { w.WriteHeader(http.StatusBadGateway) }
	forward.ModifyResponse = func(r *http.Response) error {
		r.Header.Set("Date", time.Now().Add(48*time.Hour).UTC().Format(http.TimeFormat))
		return nil
	}
	// TLS, because clients send their tokens over nothing else.
	proxy := httptest.NewTLSServer(forward)
	t.Cleanup(proxy.Close)
	k.proxy = proxy.URL
	return k
}

// kubeconfig is that of somebody with the token.
func (k *kitchen) kubeconfig(token string) string {
	k.Helper()
	file := filepath.Join(k.TempDir(), "kubeconfig")
	text := fmt.Sprintf(`{"apiVersion":"v1","kind":"Config","current-context":"prod-eu",
"contexts":[{"name":"prod-eu","context":{"cluster":"c","user":"u"}}],"users":[{"name":"u","user":{"token":%q}}],
"clusters":[{"name":"c","cluster":{"server":%q,"insecure-skip-tls-verify":true}}]}`, token, k.proxy)
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		k.Fatal(err)
	}
	return file
}

// cook runs a command line as a shell does, and returns what it has printed and
// its exit code.
func (k *kitchen) cook(kubeconfig, line string) (string, int) {
	k.Helper()
	kubectl, err := controlplane.Binary("kubectl")
	if err != nil {
		k.Fatal(err)
	}
	cmd := exec.CommandContext(k.Context(), "sh", "-c", line)
	path := strings.Join([]string{k.bin, filepath.Dir(kubectl), os.Getenv("PATH")}, string(filepath.ListSeparator))
	cmd.Env = append(os.Environ(), "PATH="+path, "KUBECONFIG="+kubeconfig, "XDG_STATE_HOME="+k.state, "HOME="+k.state)
	out, err := cmd.CombinedOutput()
	if exit, ok := errors.AsType[*exec.ExitError](err); ok {
		return string(out), exit.ExitCode()
	}
	if err != nil {
		k.Fatalf("%s: %v\n%s", line, err, out)
	}
	return string(out), 0
}

func (k *kitchen) until(what string, ok func(context.Context) (bool, error)) {
	k.Helper()
	if err := wait.PollUntilContextTimeout(k.Context(), 50*time.Millisecond, 60*time.Second, true, ok); err != nil {
		k.Fatalf("wait until %s: %v", what, err)
	}
}

func (k *kitchen) namespace(name string) {
	k.Helper()
	_, err := k.server.Client().CoreV1().Namespaces().Create(k.Context(), &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: name}}, metav1.CreateOptions{})
	if err != nil {
		k.Fatal(err)
	}
}

func (k *kitchen) evicted(namespace, name string) {
	k.Helper()
	_, err := k.server.CreatePod(k.Context(), &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: name},
		Spec:       corev1.PodSpec{NodeName: "n1", Containers: []corev1.Container{{Name: "app", Image: "registry.example.com/web:1"}}},
		Status: corev1.PodStatus{
			Phase: corev1.PodFailed, Reason: "Evicted", Message: "The node was low on resource: memory. ",
			Conditions: []corev1.PodCondition{{Type: corev1.DisruptionTarget, Status: corev1.ConditionTrue, LastTransitionTime: metav1.Now()}},
		},
	})
	if err != nil {
		k.Fatal(err)
	}
}

// pods returns namespace/name of all pods, sorted.
func (k *kitchen) pods(namespace string) []string {
	k.Helper()
	list, err := k.server.Client().CoreV1().Pods(namespace).List(k.Context(), metav1.ListOptions{})
	if err != nil {
		k.Fatal(err)
	}
	names := []string{}
	for i := range list.Items {
		names = append(names, list.Items[i].Namespace+"/"+list.Items[i].Name)
	}
	slices.Sort(names)
	return names
}

// recipe returns the command below a heading of docs/recipes.md.
func recipe(t *testing.T, heading string) string {
	t.Helper()
	page, err := os.ReadFile(filepath.Join("..", "..", "docs", "recipes.md"))
	if err != nil {
		t.Fatal(err)
	}
	_, section, ok := strings.Cut(string(page), "\n## "+heading+"\n")
	command := regexp.MustCompile("(?s)```sh\n(.*?)\n```").FindStringSubmatch(section)
	if !ok || command == nil {
		t.Fatalf("docs/recipes.md has no recipe %q", heading)
	}
	return command[1]
}

func TestRecipes(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("starts a control plane of its own")
	}
	k := newKitchen(t)
	admin := k.kubeconfig(k.server.Config().BearerToken)
	for _, name := range []string{"payments", "ledger", "shop", "batch"} {
		k.namespace(name)
	}

	for _, namespace := range []string{"payments", "ledger", "shop", "kube-system"} {
		k.evicted(namespace, "evicted")
	}
	out, code := k.cook(admin, recipe(t, "Evicted pods older than a day, everywhere but in two namespaces"))
	if diff := cmp.Diff([]string{"kube-system/evicted", "ledger/evicted", "payments/evicted"}, k.pods("")); code != 0 || diff != "" {
		t.Errorf("exit code %d, pods (-want +got):\n%s\n%s", code, diff, out)
	}

	k.job("ended", 5, 5)
	k.job("active", 2, 1)
	newest := k.pods("batch")
	out, code = k.cook(admin, recipe(t, "Finished pods of Jobs, but the newest three of each Job"))
	left := k.pods("batch")
	if code != 0 || len(left) != len(newest)-2 || len(jobPods(left, "ended")) != 3 {
		t.Errorf("exit code %d, left %v of %v\n%s", code, left, newest, out)
	}

	k.crashLoop()
	k.evicted("shop", "evicted")
	out, code = k.cook(admin, recipe(t, "Crash-looping pods of one Deployment, with respect for its disruption budget"))
	if code != 3 || !strings.Contains(out, "blocked") || !slices.Contains(k.pods("shop"), "shop/evicted") {
		t.Errorf("exit code %d, want the budget to block\n%s", code, out)
	}

	out, code = k.cook(admin, "{ "+recipe(t, "In a script")+"\n} 2>/dev/null")
	if code != 0 || out != "3" { // those that the first recipe had to leave alone
		t.Errorf("exit code %d, output %q, want the number 3", code, out)
	}

	out, code = k.cook(admin, strings.ReplaceAll(recipe(t, "Undo"), "~/.local/state", k.state))
	if code != 0 || !strings.Contains(out, "would be created") || !strings.Contains(out, "has-controller") {
		t.Errorf("exit code %d\n%s", code, out)
	}

	left = k.archiveOfAges(91*24*time.Hour, 89*24*time.Hour)
	out, code = k.cook(admin, strings.ReplaceAll(recipe(t, "Prune the archive"), "~/.local/state", k.state))
	if diff := cmp.Diff(left, k.archive()); code != 0 || diff != "" {
		t.Errorf("exit code %d, archive (-want +got):\n%s\n%s", code, diff, out)
	}
}

func jobPods(pods []string, job string) []string {
	return slices.DeleteFunc(slices.Clone(pods), func(name string) bool { return !strings.HasPrefix(name, "batch/"+job+"-") })
}

// job makes a Job of which so many pods have succeeded.
func (k *kitchen) job(name string, completions, succeeded int32) {
	k.Helper()
	ctx := k.Context()
	jobs := k.server.Client().BatchV1().Jobs("batch")
	_, err := jobs.Create(ctx, &batchv1.Job{
		ObjectMeta: metav1.ObjectMeta{Name: name},
		Spec: batchv1.JobSpec{Parallelism: &completions, Completions: &completions, Template: corev1.PodTemplateSpec{Spec: corev1.PodSpec{
			RestartPolicy: corev1.RestartPolicyNever, Containers: []corev1.Container{{Name: "app", Image: "registry.example.com/job:1"}},
		}}},
	}, metav1.CreateOptions{})
	if err != nil {
		k.Fatal(err)
	}
	k.until("the pods of the Job are there", func(ctx context.Context) (bool, error) {
		list, err := k.server.Client().CoreV1().Pods("batch").List(ctx, metav1.ListOptions{LabelSelector: batchv1.JobNameLabel + "=" + name})
		return err == nil && len(list.Items) == int(completions), err
	})
	pods := jobPods(k.pods("batch"), name)[:succeeded]
	for i, pod := range pods {
		status := corev1.PodStatus{Phase: corev1.PodSucceeded, ContainerStatuses: []corev1.ContainerStatus{{
			Name: "app", State: corev1.ContainerState{Terminated: &corev1.ContainerStateTerminated{
				Reason: "Completed", FinishedAt: metav1.NewTime(time.Now().Add(time.Duration(i) * time.Minute)),
			}},
		}}}
		if _, err := k.server.SetStatus(ctx, "batch", strings.TrimPrefix(pod, "batch/"), status); err != nil {
			k.Fatal(err)
		}
	}
	k.until("the Job has counted its pods", func(ctx context.Context) (bool, error) {
		job, err := jobs.Get(ctx, name, metav1.GetOptions{})
		if err != nil {
			return false, err
		}
		done := slices.ContainsFunc(job.Status.Conditions, func(c batchv1.JobCondition) bool {
			return c.Type == batchv1.JobComplete && c.Status == corev1.ConditionTrue
		})
		for _, pod := range pods {
			live, err := k.server.Client().CoreV1().Pods("batch").Get(ctx, strings.TrimPrefix(pod, "batch/"), metav1.GetOptions{})
			if err != nil || len(live.Finalizers) > 0 {
				return false, err
			}
		}
		return done == (succeeded == completions), nil
	})
}

// crashLoop makes deploy/web in namespace shop, both pods of which crash, and a
// budget that wants one of them healthy.
func (k *kitchen) crashLoop() {
	k.Helper()
	ctx, client := k.Context(), k.server.Client()
	labels := map[string]string{"app": "web"}
	_, err := client.PolicyV1().PodDisruptionBudgets("shop").Create(ctx, &policyv1.PodDisruptionBudget{
		ObjectMeta: metav1.ObjectMeta{Name: "web"},
		Spec: policyv1.PodDisruptionBudgetSpec{
			MinAvailable: new(intstr.FromInt32(1)), Selector: &metav1.LabelSelector{MatchLabels: labels},
		},
	}, metav1.CreateOptions{})
	if err != nil {
		k.Fatal(err)
	}
	_, err = client.AppsV1().Deployments("shop").Create(ctx, &appsv1.Deployment{
		ObjectMeta: metav1.ObjectMeta{Name: "web"},
		Spec: appsv1.DeploymentSpec{
			Replicas: new(int32(2)), Selector: &metav1.LabelSelector{MatchLabels: labels},
			Template: corev1.PodTemplateSpec{ObjectMeta: metav1.ObjectMeta{Labels: labels}, Spec: corev1.PodSpec{
				Containers: []corev1.Container{{Name: "app", Image: "registry.example.com/web:1"}},
			}},
		},
	}, metav1.CreateOptions{})
	if err != nil {
		k.Fatal(err)
	}
	k.until("the pods of the Deployment are there", func(ctx context.Context) (bool, error) {
		list, err := client.CoreV1().Pods("shop").List(ctx, metav1.ListOptions{})
		return err == nil && len(list.Items) == 2, err
	})
	end := metav1.NewTime(time.Now().Add(-time.Minute))
	for _, pod := range k.pods("shop") {
		name := strings.TrimPrefix(pod, "shop/")
		err := client.CoreV1().Pods("shop").Bind(ctx, &corev1.Binding{
			ObjectMeta: metav1.ObjectMeta{Name: name}, Target: corev1.ObjectReference{Kind: "Node", Name: "n1"},
		}, metav1.CreateOptions{})
		if err != nil {
			k.Fatal(err)
		}
		_, err = k.server.SetStatus(ctx, "shop", name, corev1.PodStatus{
			Phase:      corev1.PodRunning,
			Conditions: []corev1.PodCondition{{Type: corev1.PodReady, Status: corev1.ConditionFalse, LastTransitionTime: end}},
			ContainerStatuses: []corev1.ContainerStatus{{
				Name: "app", RestartCount: 12, State: corev1.ContainerState{Waiting: &corev1.ContainerStateWaiting{Reason: "CrashLoopBackOff"}},
				LastTerminationState: corev1.ContainerState{Terminated: &corev1.ContainerStateTerminated{ExitCode: 1, Reason: "Error", FinishedAt: end}},
			}},
		})
		if err != nil {
			k.Fatal(err)
		}
	}
	k.until("the budget is observed", func(ctx context.Context) (bool, error) {
		pdb, err := client.PolicyV1().PodDisruptionBudgets("shop").Get(ctx, "web", metav1.GetOptions{})
		return err == nil && pdb.Status.ObservedGeneration > 0 && pdb.Status.ExpectedPods == 2, err
	})
}
