// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package cmd_test

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"path"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/cli-runtime/pkg/genericiooptions"
	"k8s.io/client-go/rest"

	"github.com/podwatch/kubectl-podwatch/pkg/apis/podwatch/v1alpha1"
	"github.com/podwatch/kubectl-podwatch/pkg/cmd"
	"github.com/podwatch/kubectl-podwatch/test/controlplane"
)

// gateway passes requests on to a server and counts them by resource.
type gateway struct {
	// hold is called before a request is passed on; nil holds nothing up.
	hold func(*http.Request)

	mu    sync.Mutex
	asked []string
}

// openGateway returns the flags that send podwatch through a gateway.
func openGateway(t *testing.T, s *controlplane.Server) (*gateway, []string) {
	t.Helper()
	transport, err := rest.TransportFor(s.Config())
	if err != nil {
		t.Fatal(err)
	}
	target, err := url.Parse(s.Config().Host)
	if err != nil {
		t.Fatal(err)
	}
	g := &gateway{}
	proxy := &httputil.ReverseProxy{
		Rewrite:   func(r *httputil.ProxyRequest) { r.SetURL(target) },
		Transport: transport, FlushInterval: -1,
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		g.mu.Lock()
		g.asked = append(g.asked, r.Method+" "+path.Base(r.URL.Path))
		g.mu.Unlock()
		if g.hold != nil {
			g.hold(r)
		}
		proxy.ServeHTTP(w, r)
	}))
	t.Cleanup(server.Close)
	return g, []string{"--kubeconfig", s.Kubeconfig(), "--server", server.URL}
}

// crashing returns a pod in a crash loop, of a ReplicaSet that nobody has made.
func crashing(ns string) *corev1.Pod {
	yes := true
	old := metav1.NewTime(time.Now().Add(-time.Hour).Truncate(time.Second))
	return &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{
			Namespace: ns, Name: "web-5d8-x", Labels: map[string]string{appsv1.DefaultDeploymentUniqueLabelKey: "5d8"},
			OwnerReferences: []metav1.OwnerReference{{
				APIVersion: "apps/v1", Kind: "ReplicaSet", Name: "web-5d8", UID: "5d8d8d8d-0000-4000-8000-000000000000", Controller: &yes,
			}},
		},
		Spec: corev1.PodSpec{NodeName: "n1", Containers: []corev1.Container{{Name: "app", Image: "registry.example.com/web:1"}}},
		Status: corev1.PodStatus{
			Phase: corev1.PodRunning, StartTime: &old,
			Conditions: []corev1.PodCondition{{Type: corev1.PodReady, Status: corev1.ConditionFalse, Reason: "ContainersNotReady", LastTransitionTime: old}},
			ContainerStatuses: []corev1.ContainerStatus{{
				Name: "app", Image: "registry.example.com/web:1", RestartCount: 7,
				State:                corev1.ContainerState{Waiting: &corev1.ContainerStateWaiting{Reason: "CrashLoopBackOff"}},
				LastTerminationState: corev1.ContainerState{Terminated: &corev1.ContainerStateTerminated{ExitCode: 1, Reason: "Error", FinishedAt: old}},
			}},
		},
	}
}

// report runs report with JSON output.
func report(t *testing.T, args ...string) (r v1alpha1.PodReport, stderr string, code int) {
	t.Helper()
	stdout, stderr, code := run(t, append([]string{"report", "-o", "json"}, args...)...)
	if stdout != "" {
		if err := json.Unmarshal([]byte(stdout), &r); err != nil {
			t.Fatalf("%v in %s", err, stdout)
		}
	}
	return r, stderr, code
}

// Whoever may list pods and nothing else gets the same findings, and is told
// what they could not take into account.
func TestE36_ARoleThatMayListPodsOnly(t *testing.T) {
	t.Parallel()
	s := controlplane.Shared(t)
	ns := s.Namespace(t)
	if _, err := s.CreatePod(t.Context(), crashing(ns)); err != nil {
		t.Fatal(err)
	}
	user, err := s.User(t.Context(), "pods-only-"+ns, controlplane.Grant{Namespace: ns, Rules: []rbacv1.PolicyRule{
		{APIGroups: []string{""}, Resources: []string{"pods"}, Verbs: []string{"list", "watch"}},
	}})
	if err != nil {
		t.Fatal(err)
	}
	now := time.Now().UTC().Format(time.RFC3339)
	full, _, code := report(t, "--kubeconfig", s.Kubeconfig(), "-n", ns, "--now", now)
	if code != 0 || len(full.Limitations) != 0 || len(full.Groups) == 0 {
		t.Fatalf("as administrator: code %d, limitations %v, %d groups", code, full.Limitations, len(full.Groups))
	}
	for name, tt := range map[string]struct {
		args     []string
		wantCode int
		want     []string
	}{
		"auto":              {nil, 0, []string{"daemonsets", "deployments", "events", "jobs", "replicasets", "statefulsets"}},
		"events required":   {[]string{"--events=require"}, 3, []string{"daemonsets", "deployments", "events", "jobs", "replicasets", "statefulsets"}},
		"owners required":   {[]string{"--owners=require"}, 3, []string{"daemonsets", "deployments", "events", "jobs", "replicasets", "statefulsets"}},
		"nodes not needed":  {[]string{"--nodes=require"}, 0, []string{"daemonsets", "deployments", "events", "jobs", "replicasets", "statefulsets"}},
		"allowed after all": {[]string{"--events=require", "--allow-partial", "events"}, 0, []string{"daemonsets", "deployments", "events", "jobs", "replicasets", "statefulsets"}},
		"owners off":        {[]string{"--owners=never"}, 0, []string{"events"}},
		"all off":           {[]string{"--owners=never", "--events=never", "--nodes=never"}, 0, []string{}},
		"2 wins over 3":     {[]string{"--events=require", "--fail-on=critical"}, 2, []string{"daemonsets", "deployments", "events", "jobs", "replicasets", "statefulsets"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, stderr, code := report(t, append([]string{"--kubeconfig", user, "-n", ns, "--now", now}, tt.args...)...)
			if code != tt.wantCode {
				t.Errorf("code = %d, want %d: %s", code, tt.wantCode, stderr)
			}
			if tt.wantCode == 3 && !strings.Contains(stderr, "required, but could not be read (Forbidden)") {
				t.Errorf("stderr does not say why: %s", stderr)
			}
			resources := []string{}
			for _, l := range got.Limitations {
				resources = append(resources, l.Resource)
				if l.Namespace != ns || l.Reason != "Forbidden" || l.Effect == "" {
					t.Errorf("limitation = %+v", l)
				}
			}
			if diff := cmp.Diff(tt.want, resources); diff != "" {
				t.Errorf("limitations (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(full.Groups, got.Groups); diff != "" {
				t.Errorf("groups (-administrator +user):\n%s", diff)
			}
		})
	}
}

func TestRequestsOfAHealthyScope(t *testing.T) {
	t.Parallel()
	s := controlplane.Shared(t)
	ns := s.Namespace(t)
	for name, tt := range map[string]struct {
		args []string
		want []string
	}{
		"by default":       {nil, []string{"GET events", "GET pods"}},
		"without events":   {[]string{"--events=never"}, []string{"GET pods"}},
		"without owners":   {[]string{"--owners=never"}, []string{"GET pods"}},
		"without nodes":    {[]string{"--nodes=never"}, []string{"GET events", "GET pods"}},
		"by node":          {[]string{"--node=n1"}, []string{"GET pods"}},
		"by label":         {[]string{"-l", "app=web"}, []string{"GET events", "GET pods"}},
		"all are required": {[]string{"--events=require", "--nodes=require", "--owners=require"}, []string{"GET events", "GET pods"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g, flags := openGateway(t, s)
			_, stderr, code := report(t, slices.Concat(flags, []string{"-n", ns}, tt.args)...)
			if code != 0 {
				t.Fatalf("code %d: %s", code, stderr)
			}
			if diff := cmp.Diff(tt.want, slices.Sorted(slices.Values(g.asked))); diff != "" {
				t.Errorf("requests (-want +got):\n%s", diff)
			}
		})
	}
}

// An interrupt while events are read ends the report: it is no limitation.
func TestReportIsInterruptedWhileItReadsEvents(t *testing.T) {
	t.Parallel()
	s := controlplane.Shared(t)
	g, flags := openGateway(t, s)
	ctx, cancel := context.WithCancelCause(t.Context())
	g.hold = func(r *http.Request) {
		if path.Base(r.URL.Path) == "events" {
			cancel(cmd.Interrupted(syscall.SIGINT))
			<-r.Context().Done()
		}
	}
	var out, errOut bytes.Buffer
	streams := genericiooptions.IOStreams{In: strings.NewReader(""), Out: &out, ErrOut: &errOut}
	code := cmd.Main(ctx, append([]string{"report", "-n", s.Namespace(t)}, flags...), streams, noEnv)
	if code != 130 || out.Len() > 0 {
		t.Errorf("code = %d, want 130; stdout %q, stderr %q", code, out.String(), errOut.String())
	}
}

// A Deployment without any pod is a target like others if that is because none
// can be created. A name that does not exist stays an error.
func TestATargetThatCannotCreateAPod(t *testing.T) {
	t.Parallel()
	s := controlplane.New(t, controlplane.Options{Controllers: true})
	ns := s.Namespace(t)
	deployWithoutPods(t, s, ns)

	flags := []string{"--kubeconfig", s.Kubeconfig(), "-n", ns}
	for _, args := range [][]string{nil, {"deploy/web"}, {"-l", "app=web"}} {
		r, stderr, code := report(t, append(args, flags...)...)
		if code != 0 || len(r.Groups) != 1 {
			t.Errorf("report %v: code %d, groups %+v: %s", args, code, r.Groups, stderr)
			continue
		}
		g := r.Groups[0]
		if g.Workload.Kind != "Deployment" || g.Workload.Name != "web" || g.Cause != "FailedCreate" || g.SubCause != "Quota" || g.TotalPods != 1 {
			t.Errorf("report %v: group %+v, want FailedCreate/Quota of Deployment/web", args, g)
		}
		if strings.Contains(stderr, "No pods found") || strings.Contains(stderr, "No problems found") {
			t.Errorf("report %v says that nothing is wrong: %s", args, stderr)
		}
	}
	_, stderr, code := report(t, append([]string{"--fail-on", "warning"}, flags...)...)
	if code != 2 || !strings.Contains(stderr, "FailedCreate/Quota in Deployment/web") {
		t.Errorf("the gate: code %d, want 2: %s", code, stderr)
	}
	for _, args := range [][]string{{"deploy/misspelt"}, {"sts/web"}, {"web"}, {"deploy/web", "--events=never"}} {
		if _, stderr, code := report(t, append(args, flags...)...); code != 1 || !strings.Contains(stderr, "no such pods in scope") {
			t.Errorf("report %v: code %d, want 1: %s", args, code, stderr)
		}
	}
}

// deployWithoutPods makes Deployment/web in a namespace with a quota of no pods
// and returns when its first pod was refused.
func deployWithoutPods(t *testing.T, s *controlplane.Server, ns string) {
	t.Helper()
	if err := s.RefusePods(t.Context(), ns); err != nil {
		t.Fatal(err)
	}
	template := corev1.PodTemplateSpec{ObjectMeta: metav1.ObjectMeta{Labels: map[string]string{"app": "web"}}, Spec: crashing(ns).Spec}
	_, err := s.Client().AppsV1().Deployments(ns).Create(t.Context(), &appsv1.Deployment{
		ObjectMeta: metav1.ObjectMeta{Name: "web"},
		Spec:       appsv1.DeploymentSpec{Selector: &metav1.LabelSelector{MatchLabels: template.Labels}, Template: template},
	}, metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	err = wait.PollUntilContextTimeout(t.Context(), 50*time.Millisecond, 2*time.Minute, true, func(ctx context.Context) (bool, error) {
		list, err := s.Client().CoreV1().Events(ns).List(ctx, metav1.ListOptions{FieldSelector: "reason=FailedCreate"})
		return err == nil && len(list.Items) > 0, err
	})
	if err != nil {
		t.Fatalf("the Deployment's pod was not refused: %v", err)
	}
}
