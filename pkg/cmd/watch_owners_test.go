// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package cmd_test

import (
	"context"
	"encoding/json"
	"fmt"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/wait"

	"github.com/podwatch/kubectl-podwatch/pkg/apis/podwatch/v1alpha1"
	"github.com/podwatch/kubectl-podwatch/pkg/cmd"
	"github.com/podwatch/kubectl-podwatch/pkg/reconcile/stream/frametest"
	"github.com/podwatch/kubectl-podwatch/test/controlplane"
)

// kubelet plays the kubelet of all pods in one namespace: they get ready, and
// those that are deleted exit with an error first.
type kubelet struct {
	t         *testing.T
	server    *controlplane.Server
	namespace string
}

func (k kubelet) run(ctx context.Context) {
	pods := k.server.Client().CoreV1().Pods(k.namespace)
	for ctx.Err() == nil {
		list, err := pods.List(ctx, metav1.ListOptions{})
		if err != nil {
			continue
		}
		for i := range list.Items {
			p := &list.Items[i]
			switch {
			case p.DeletionTimestamp != nil:
				_, _ = k.server.SetStatus(ctx, k.namespace, p.Name, exited(143))
				_ = pods.Delete(ctx, p.Name, metav1.DeleteOptions{GracePeriodSeconds: new(int64)})
			case p.Status.Phase == corev1.PodPending:
				_, _ = k.server.SetStatus(ctx, k.namespace, p.Name, runningPod("", "").Status)
			}
		}
		select {
		case <-ctx.Done():
		case <-time.After(50 * time.Millisecond):
		}
	}
}

func exited(code int32) corev1.PodStatus {
	return corev1.PodStatus{
		Phase: corev1.PodFailed,
		ContainerStatuses: []corev1.ContainerStatus{{Name: "app", State: corev1.ContainerState{
			Terminated: &corev1.ContainerStateTerminated{ExitCode: code, Reason: "Error", FinishedAt: metav1.Now()},
		}}},
	}
}

func templateOf(app string, policy corev1.RestartPolicy) corev1.PodTemplateSpec {
	return corev1.PodTemplateSpec{
		ObjectMeta: metav1.ObjectMeta{Labels: map[string]string{"app": app}},
		Spec: corev1.PodSpec{
			RestartPolicy: policy, NodeName: "n1", Containers: []corev1.Container{{Name: "app", Image: "registry.example.com/app:1"}},
		},
	}
}

// await waits until ok is true.
func await(t *testing.T, what string, ok func(ctx context.Context) (bool, error)) {
	t.Helper()
	if err := wait.PollUntilContextTimeout(t.Context(), 50*time.Millisecond, time.Minute, true, ok); err != nil {
		t.Fatalf("wait until %s: %v", what, err)
	}
}

// scale sets what is wanted of a Deployment, and waits until it is so.
func scale(t *testing.T, s *controlplane.Server, namespace string, change func(*appsv1.DeploymentSpec)) {
	t.Helper()
	deployments := s.Client().AppsV1().Deployments(namespace)
	await(t, "the Deployment is changed", func(ctx context.Context) (bool, error) {
		d, err := deployments.Get(ctx, "web", metav1.GetOptions{})
		if err != nil {
			return false, err
		}
		change(&d.Spec)
		_, err = deployments.Update(ctx, d, metav1.UpdateOptions{})
		return err == nil, nil
	})
	await(t, "the Deployment is as it should be", func(ctx context.Context) (bool, error) {
		d, err := deployments.Get(ctx, "web", metav1.GetOptions{})
		if err != nil {
			return false, err
		}
		pods, err := s.Client().CoreV1().Pods(namespace).List(ctx, metav1.ListOptions{})
		want := *d.Spec.Replicas
		return err == nil && d.Status.ObservedGeneration >= d.Generation && d.Status.UpdatedReplicas == want &&
			d.Status.AvailableReplicas == want && d.Status.Replicas == want && len(pods.Items) == int(want), err
	})
}

// rest stops the watch and returns all that it has told of pods from now on.
func (p *watch) rest() []v1alpha1.PodWatchEvent {
	p.t.Helper()
	p.stop(cmd.Interrupted(syscall.SIGINT))
	var told []v1alpha1.PodWatchEvent
	p.until("the end", func(e v1alpha1.PodWatchEvent) bool {
		if e.Name != "" {
			told = append(told, e)
		}
		return e.Type == v1alpha1.EventEnd
	})
	return told
}

func TestF28_ARolloutAndAScaleDownAreInformationOnARealServer(t *testing.T) {
	t.Parallel()
	s := controlplane.New(t, controlplane.Options{Controllers: true})
	namespace := s.Namespace(t)
	ctx, cancel := context.WithCancel(t.Context())
	kubelets := make(chan struct{})
	go func() {
		defer close(kubelets)
		kubelet{t, s, namespace}.run(ctx)
	}()
	defer func() { cancel(); <-kubelets }()
	_, err := s.Client().AppsV1().Deployments(namespace).Create(ctx, &appsv1.Deployment{
		ObjectMeta: metav1.ObjectMeta{Name: "web"},
		Spec: appsv1.DeploymentSpec{
			Replicas: new(int32(4)), Selector: &metav1.LabelSelector{MatchLabels: map[string]string{"app": "web"}},
			Template: templateOf("web", corev1.RestartPolicyAlways),
		},
	}, metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	scale(t, s, namespace, func(*appsv1.DeploymentSpec) {})

	p := startWatch(t, "--kubeconfig", s.Kubeconfig(), "-n", namespace)
	p.until("the summary", ofType(v1alpha1.EventSummary))
	scale(t, s, namespace, func(d *appsv1.DeploymentSpec) { d.Template.Labels["version"] = "2" })
	scale(t, s, namespace, func(d *appsv1.DeploymentSpec) { d.Replicas = new(int32(1)) })
	count := map[v1alpha1.EventType]int{}
	for _, e := range p.rest() {
		count[e.Type]++
		if e.Severity != v1alpha1.SeverityInfo {
			t.Errorf("%s about %s is %s (%s): a rollout and a scale-down are information", e.Type, e.Name, e.Severity, e.Cause)
		}
	}
	if count[v1alpha1.EventPodAdded] != 4 || count[v1alpha1.EventPodDeleted] != 7 || count[v1alpha1.EventPodReady] != 4 {
		t.Errorf("told %v, want four new pods, all ready, and seven deleted", count)
	}
}

func TestF28_AJobIsCriticalOnceItHasGivenUpOnARealServer(t *testing.T) {
	t.Parallel()
	s := controlplane.New(t, controlplane.Options{Controllers: true})
	namespace, ctx := s.Namespace(t), t.Context()
	_, err := s.Client().BatchV1().Jobs(namespace).Create(ctx, &batchv1.Job{
		ObjectMeta: metav1.ObjectMeta{Name: "import"},
		Spec: batchv1.JobSpec{
			BackoffLimit: new(int32(1)), Parallelism: new(int32(2)), Completions: new(int32(2)),
			Template: templateOf("import", corev1.RestartPolicyNever),
		},
	}, metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	await(t, "the pods are there", func(ctx context.Context) (bool, error) {
		list, err := s.Client().CoreV1().Pods(namespace).List(ctx, metav1.ListOptions{})
		names = nil
		for i := range list.Items {
			names = append(names, list.Items[i].Name)
		}
		return len(names) == 2, err
	})
	file := filepath.Join(t.TempDir(), "run.jsonl")
	p := startWatch(t, "--kubeconfig", s.Kubeconfig(), "-n", namespace, "--record", file)
	p.until("the summary", ofType(v1alpha1.EventSummary))
	fail := func(name string) {
		if _, err := s.SetStatus(ctx, namespace, name, exited(1)); err != nil {
			t.Fatal(err)
		}
	}
	severities := map[string]string{}
	failed := func(e v1alpha1.PodWatchEvent) bool {
		if e.Type == v1alpha1.EventPodFailed {
			severities[e.Name] += string(e.Severity) + " "
		}
		return e.Type == v1alpha1.EventPodFailed
	}
	fail(names[0])
	p.until("the first attempt", failed)
	fail(names[1])
	for range 2 {
		p.until("the end of the Job", func(e v1alpha1.PodWatchEvent) bool { return failed(e) && e.Severity == v1alpha1.SeverityCritical })
	}
	if first := severities[names[0]]; first != "info critical " {
		t.Errorf("the first attempt was told as %s, want info while the Job goes on, critical when it has given up", first)
	}
	// The Job may have given up before it was read for the second.
	if second := severities[names[1]]; second != "critical " && second != "info critical " {
		t.Errorf("the second attempt was told as %s", second)
	}
	p.rest()
	<-p.code // the recording is complete
	stdout, stderr, code := run(t, "watch", "-o", "json", "--replay", file)
	if n := strings.Count(stdout, `"pod.failed"`); code != 0 || n != len(strings.Fields(severities[names[0]]+severities[names[1]])) {
		t.Errorf("the replay ends with %d, stderr %q, and tells of %d failures, want those of %v", code, stderr, n, severities)
	}
}

// ownedPod is a pod of a ReplicaSet that has failed.
func ownedPod(name string) *corev1.Pod {
	p := runningPod("shop", name)
	p.Status = exited(1)
	p.OwnerReferences = []metav1.OwnerReference{{APIVersion: "apps/v1", Kind: "ReplicaSet", Name: "web-1", UID: "uid-web-1", Controller: new(true)}}
	return p
}

// replicaSet is the list of a namespace with the owner of ownedPod, with so many
// pods available of two.
func replicaSet(t *testing.T, available int32) string {
	t.Helper()
	data, err := json.Marshal(&appsv1.ReplicaSetList{
		TypeMeta: metav1.TypeMeta{APIVersion: "apps/v1", Kind: "ReplicaSetList"},
		Items: []appsv1.ReplicaSet{{
			ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: "web-1", UID: types.UID("uid-web-1")},
			Spec:       appsv1.ReplicaSetSpec{Replicas: new(int32(2))},
			Status:     appsv1.ReplicaSetStatus{Replicas: 2, AvailableReplicas: available},
		}},
	})
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

const replicaSets, deployments = "/apis/apps/v1/namespaces/shop/replicasets", "/apis/apps/v1/namespaces/shop/deployments"

// others counts the requests of a server that are not for lists of pods.
func others(s *frametest.Server) map[string]int {
	found := map[string]int{}
	for _, r := range s.Requests() {
		if !strings.HasSuffix(r.Path, "/pods") {
			found[r.Path]++
		}
	}
	return found
}

func TestAHandfulOfRequestsForFiveThousandFailingPods(t *testing.T) {
	t.Parallel()
	srv := frametest.New(t)
	srv.Also(replicaSets, replicaSet(t, 2))
	srv.Also(deployments, `{"apiVersion":"apps/v1","kind":"DeploymentList","items":[]}`)
	srv.Put(runningPod("shop", "well"))
	p := startWatch(t, "--logs", "0", "--events", "0", "--summary-every", "0", "--kubeconfig", kubeconfig(t, srv.Config().Host))
	p.until("the summary", ofType(v1alpha1.EventSummary))
	srv.AwaitWatches(1)
	if found := others(srv); len(found) != 0 {
		t.Errorf("requests %v while nothing is wrong", found)
	}
	start := time.Now()
	for i := range 5000 {
		srv.Put(ownedPod(fmt.Sprint("p", i)))
	}
	told := 0
	p.until("all failures", func(e v1alpha1.PodWatchEvent) bool {
		if e.Type == v1alpha1.EventPodFailed {
			told++
			if e.Severity != v1alpha1.SeverityWarning {
				t.Fatalf("told %s of %s, want warning: its ReplicaSet is satisfied", e.Severity, e.Name)
			}
		}
		return told == 5000
	})
	// One list each at once, and again every five seconds at most.
	most := 2 + int(time.Since(start)/(5*time.Second))
	found := others(srv)
	if len(found) != 2 || found[replicaSets] > most || found[deployments] > most || found[replicaSets] == 0 {
		t.Errorf("requests %v, want at most %d of each", found, most)
	}
}

func TestOwnersAreReadAsTheFlagSays(t *testing.T) {
	t.Parallel()
	s := controlplane.Shared(t)
	ns := s.Namespace(t)
	user, err := s.User(t.Context(), "watch-pods-only-"+ns, controlplane.Grant{Namespace: ns, Rules: []rbacv1.PolicyRule{
		{APIGroups: []string{""}, Resources: []string{"pods"}, Verbs: []string{"list", "watch"}},
	}})
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"a", "b"} {
		pod := ownedPod(name)
		pod.Namespace = ns
		if _, err := s.CreatePod(t.Context(), pod); err != nil {
			t.Fatal(err)
		}
	}
	for name, test := range map[string]struct {
		args []string
		// unread are the resources that are told of.
		unread string
		code   int
	}{
		"auto":    {nil, "deployments replicasets", 0},
		"never":   {[]string{"--owners", "never"}, "", 0},
		"require": {[]string{"--owners", "require"}, "deployments replicasets", 3},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := startWatch(t, append(test.args, "--kubeconfig", user, "-n", ns, "--logs", "0", "--events", "0")...)
			var unread []string
			failed := 0
			p.until("both pods", func(e v1alpha1.PodWatchEvent) bool {
				switch e.Type { //nolint:exhaustive // the others do not matter
				case v1alpha1.EventRelatedUnread:
					resource, why, _ := strings.Cut(e.Message, " ")
					unread = append(unread, resource)
					if !strings.HasPrefix(why, "not read (Forbidden): ") || e.Namespace != ns {
						t.Errorf("told %+v", e)
					}
				case v1alpha1.EventPodFailed:
					failed++
					if e.Severity != v1alpha1.SeverityCritical || !e.Initial {
						t.Errorf("told %+v, want critical as without owners, and initial", e)
					}
				}
				return failed == 2
			})
			p.rest()
			if got := strings.Join(unread, " "); got != test.unread {
				t.Errorf("told once each that %q could not be read, want %q", got, test.unread)
			}
			if code := <-p.code; code != test.code {
				t.Errorf("exit code %d, want %d", code, test.code)
			}
		})
	}
}

// The node controller sets Ready to False, without a reason, and touches nothing
// else. In lines that is one event about the node, in JSON one of each pod.
func TestF32_ThePodsOfALostNodeNameTheNode(t *testing.T) {
	t.Parallel()
	const pods = 50
	srv := frametest.New(t)
	on := func(i int) *corev1.Pod {
		p := runningPod("shop", fmt.Sprintf("web-%02d", i))
		p.Status.Conditions = append(p.Status.Conditions, corev1.PodCondition{Type: corev1.ContainersReady, Status: corev1.ConditionTrue})
		p.OwnerReferences = ownedPod("").OwnerReferences
		return p
	}
	for i := range pods {
		srv.Put(on(i))
	}
	file := filepath.Join(t.TempDir(), "run.jsonl")
	p := startWatch(t, "--summary-every", "0", "--record", file, "--kubeconfig", kubeconfig(t, srv.Config().Host))
	p.until("the summary", ofType(v1alpha1.EventSummary))
	srv.AwaitWatches(1)
	for i := range pods {
		lost := on(i)
		lost.Status.Conditions[1] = corev1.PodCondition{Type: corev1.PodReady, Status: corev1.ConditionFalse, LastTransitionTime: metav1.Now()}
		srv.Put(lost)
	}
	told := 0
	p.until("all pods", func(e v1alpha1.PodWatchEvent) bool {
		if e.Cause == "NodeNotReady" {
			told++
		}
		return told == pods
	})
	p.rest()
	<-p.code // the recording is complete
	stdout, stderr, code := run(t, "watch", "-o", "line", "--timestamps", "none", "--replay", file)
	if code != 0 {
		t.Fatalf("exit code %d, stderr %q", code, stderr)
	}
	const want = "! node/n1 node.lost NodeNotReady/Inferred: node n1 does not report any more; the container states are old; " +
		"50 pods: shop/web-00, shop/web-01, shop/web-02 and 47 more\n"
	if !strings.Contains(stdout, want) || strings.Contains(stdout, "shop/web-00 pod.") {
		t.Errorf("lines:\n%s\nwant one line for all pods:\n%s", stdout, want)
	}
}
