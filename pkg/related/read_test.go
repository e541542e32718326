// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package related_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/rest"

	"github.com/podwatch/kubectl-podwatch/pkg/apis/podwatch/v1alpha1"
	"github.com/podwatch/kubectl-podwatch/pkg/diagnose"
	"github.com/podwatch/kubectl-podwatch/pkg/projection"
	"github.com/podwatch/kubectl-podwatch/pkg/related"
)

// server answers requests. The name is empty for a list.
type server func(ctx context.Context, r request) (runtime.Object, error)

type request struct {
	resource, namespace, name string
	query                     url.Values
}

func (r request) String() string {
	text := r.resource + " in " + r.namespace
	if r.name != "" {
		text = r.resource + " " + r.name
	}
	if f := r.query.Get("fieldSelector"); f != "" {
		text += " where " + f
	}
	return text
}

// RoundTrip implements http.RoundTripper.
func (s server) RoundTrip(r *http.Request) (*http.Response, error) {
	path := strings.Split(strings.Trim(r.URL.Path, "/"), "/")
	path = path[slices.Index(path, "v1")+1:]
	asked := request{query: r.URL.Query()}
	if len(path) == 2 {
		asked.name = path[1]
	}
	if len(path) == 3 {
		asked.namespace, path = path[1], path[2:]
	}
	asked.resource = path[0]
	answer, err := s(r.Context(), asked)
	code := http.StatusOK
	if status, ok := errors.AsType[*apierrors.StatusError](err); ok {
		code, answer, err = int(status.ErrStatus.Code), &status.ErrStatus, nil
	}
	if err != nil {
		return nil, err
	}
	versions := []schema.GroupVersion{corev1.SchemeGroupVersion, appsv1.SchemeGroupVersion, batchv1.SchemeGroupVersion}
	data, err := runtime.Encode(scheme.Codecs.LegacyCodec(versions...), answer)
	if err != nil {
		return nil, err
	}
	return &http.Response{
		StatusCode: code, Request: r, Body: io.NopCloser(bytes.NewReader(data)),
		Header: http.Header{"Content-Type": {"application/json"}},
	}, nil
}

// client returns a client of s.
func (s server) client(t *testing.T) related.Client {
	t.Helper()
	c, err := related.NewClient(&rest.Config{Host: "https://server.example.com", Transport: s, QPS: -1})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// recorder remembers what was asked for, and answers with empty lists what
// answers does not.
type recorder struct {
	answers server

	mu    sync.Mutex
	asked []string
}

func (r *recorder) serve(ctx context.Context, asked request) (runtime.Object, error) {
	r.mu.Lock()
	r.asked = append(r.asked, asked.String())
	r.mu.Unlock()
	if r.answers != nil {
		if obj, err := r.answers(ctx, asked); obj != nil || err != nil {
			return obj, err
		}
	}
	return empty(asked), nil
}

// sorted returns the requests, which come in no order.
func (r *recorder) sorted() []string { return slices.Sorted(slices.Values(r.asked)) }

func empty(r request) runtime.Object {
	switch r.resource {
	case "events":
		return &corev1.EventList{}
	case "nodes":
		return &corev1.NodeList{}
	case "persistentvolumeclaims":
		return &corev1.PersistentVolumeClaimList{}
	case "namespaces":
		if r.name != "" {
			return &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: r.name}}
		}
		return &corev1.NamespaceList{}
	case "deployments":
		return &appsv1.DeploymentList{}
	case "statefulsets":
		return &appsv1.StatefulSetList{}
	case "daemonsets":
		return &appsv1.DaemonSetList{}
	case "jobs":
		return &batchv1.JobList{}
	default:
		return &appsv1.ReplicaSetList{}
	}
}

// replicaSet returns a ReplicaSet with the UID "uid-<name>".
func replicaSet(ns, name, deployment string) appsv1.ReplicaSet {
	return appsv1.ReplicaSet{ObjectMeta: metaOf(ns, name, "apps/v1", "Deployment", deployment)}
}

func metaOf(ns, name, apiVersion, kind, controller string) metav1.ObjectMeta {
	m := metav1.ObjectMeta{Namespace: ns, Name: name, UID: types.UID("uid-" + name)}
	if controller != "" {
		yes := true
		m.OwnerReferences = []metav1.OwnerReference{{
			APIVersion: apiVersion, Kind: kind, Name: controller, UID: types.UID("uid-" + controller), Controller: &yes,
		}}
	}
	return m
}

func replicaSets(token string, items ...appsv1.ReplicaSet) *appsv1.ReplicaSetList {
	list := &appsv1.ReplicaSetList{Items: items}
	list.Continue = token
	return list
}

func forbidden() error {
	return apierrors.NewForbidden(schema.GroupResource{Resource: "things"}, "", errors.New("no role"))
}

// manyReplicaSets returns pods of one ReplicaSet "rs-<i>" in each of n
// namespaces "ns<i>".
func manyReplicaSets(n int) []*projection.Pod {
	pods := make([]*projection.Pod, n)
	for i := range pods {
		pods[i] = podOf(fmt.Sprintf("ns%02d", i), "apps/v1", "ReplicaSet", fmt.Sprintf("rs-%02d", i), "")
	}
	return pods
}

// only makes a server whose other resources are empty.
func only(resource string, serve server) server {
	return func(ctx context.Context, r request) (runtime.Object, error) {
		if r.resource != resource {
			return empty(r), nil
		}
		return serve(ctx, r)
	}
}

func told(limitations []v1alpha1.Limitation) []string {
	out := []string{}
	for _, l := range limitations {
		out = append(out, strings.Join(strings.Fields(l.Resource+" "+l.Namespace+" "+l.Reason), " "))
	}
	return out
}

func TestReadAsksOnlyForWhatIsNeeded(t *testing.T) {
	t.Parallel()
	found := func(category string, s v1alpha1.Severity) []v1alpha1.Finding {
		return []v1alpha1.Finding{{Category: category, Severity: s}}
	}
	waiting := &projection.Pod{ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: "db-0"}, Waits: &projection.Waits{Claims: []string{"data"}}}
	ending := &projection.Pod{ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: "x", DeletionTimestamp: &metav1.Time{}}, NodeName: "n1"}
	watched := &projection.Pod{ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: "x"}, EventUID: "uid-x"}
	everywhere := related.Search{Namespaces: []string{""}}
	podEvents, createEvents := "events in shop where involvedObject.kind=Pod", "events in  where reason=FailedCreate"

	for name, tt := range map[string]struct {
		pod      *projection.Pod
		findings []v1alpha1.Finding
		search   related.Search
		policy   related.Policy
		want     []string
	}{
		"a pod without findings":             {watched, nil, related.Search{}, related.Policy{}, nil},
		"a search in a healthy cluster":      {watched, nil, everywhere, related.Policy{}, []string{createEvents}},
		"a search without events":            {watched, nil, everywhere, related.Policy{Events: related.Never}, nil},
		"a search without owners":            {watched, nil, everywhere, related.Policy{Owners: related.Never}, nil},
		"events about a pod":                 {watched, found("Crash", v1alpha1.SeverityCritical), related.Search{}, related.Policy{}, []string{podEvents}},
		"no events":                          {watched, found("Crash", v1alpha1.SeverityCritical), related.Search{}, related.Policy{Events: related.Never}, nil},
		"a Job":                              {podOf("shop", "batch/v1", "Job", "j", ""), found("Crash", v1alpha1.SeverityCritical), related.Search{}, related.Policy{}, []string{"jobs in shop"}},
		"a StatefulSet":                      {podOf("shop", "apps/v1", "StatefulSet", "s", ""), found("Crash", v1alpha1.SeverityCritical), related.Search{}, related.Policy{}, []string{"statefulsets in shop"}},
		"a ReplicaSet and what may own it":   {podOf("shop", "apps/v1", "ReplicaSet", "r", ""), found("Crash", v1alpha1.SeverityCritical), related.Search{}, related.Policy{}, []string{"deployments in shop", "replicasets in shop"}},
		"no owners":                          {podOf("shop", "apps/v1", "ReplicaSet", "r", ""), found("Crash", v1alpha1.SeverityCritical), related.Search{}, related.Policy{Owners: related.Never}, nil},
		"a controller of a kind of its own":  {podOf("shop", "acme.io/v1", "Cluster", "r", ""), found("Crash", v1alpha1.SeverityCritical), related.Search{}, related.Policy{}, nil},
		"a pod that waits for node and disk": {waiting, found("Scheduling", v1alpha1.SeverityWarning), related.Search{}, related.Policy{}, []string{"nodes in ", "persistentvolumeclaims in shop"}},
		"no nodes":                           {waiting, found("Scheduling", v1alpha1.SeverityWarning), related.Search{}, related.Policy{Nodes: related.Never}, []string{"persistentvolumeclaims in shop"}},
		"a pod that does not end":            {ending, found("Deletion", v1alpha1.SeverityWarning), related.Search{}, related.Policy{}, []string{"namespaces shop", "nodes in "}},
		"a pod that ends as it should":       {ending, found("Deletion", v1alpha1.SeverityInfo), related.Search{}, related.Policy{}, []string{"namespaces shop"}},
		"a search where there are findings": {
			watched, found("Crash", v1alpha1.SeverityCritical), everywhere, related.Policy{},
			[]string{"daemonsets in shop", "deployments in shop", createEvents, podEvents, "jobs in shop", "statefulsets in shop"},
		},
		"a search for one workload where there are findings": {
			watched, found("Crash", v1alpha1.SeverityCritical),
			related.Search{Namespaces: []string{""}, Covers: func(*projection.Owner) bool { return true }}, related.Policy{},
			[]string{createEvents, podEvents},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := &recorder{}
			need := related.Need{Search: tt.search}
			need.Add(tt.pod, diagnose.Verdict{Findings: tt.findings})
			_, limitations := related.Read(t.Context(), server(r.serve).client(t), need, tt.policy)
			if diff := cmp.Diff(tt.want, r.sorted()); diff != "" {
				t.Errorf("requests (-want +got):\n%s", diff)
			}
			if limitations == nil || len(limitations) != 0 {
				t.Errorf("limitations = %v, want an empty list", limitations)
			}
		})
	}
}

// What Read returns is what a verdict may take into account, and no more.
func TestReadReturnsWhatStandsAroundAPod(t *testing.T) {
	t.Parallel()
	serve := func(_ context.Context, r request) (runtime.Object, error) {
		switch r.resource {
		case "events":
			return &corev1.EventList{Items: []corev1.Event{
				{Reason: "BackOff", InvolvedObject: corev1.ObjectReference{UID: "uid-pod"}},
				{Reason: "BackOff", InvolvedObject: corev1.ObjectReference{UID: "uid-healthy"}},
			}}, nil
		case "replicasets":
			return replicaSets("", replicaSet("shop", "web-1", "web"), replicaSet("shop", "web-0", "web")), nil
		case "deployments":
			return &appsv1.DeploymentList{Items: []appsv1.Deployment{
				{ObjectMeta: metaOf("shop", "web", "", "", "")}, {ObjectMeta: metaOf("shop", "other", "", "", "")},
			}}, nil
		case "nodes":
			return &corev1.NodeList{Items: []corev1.Node{{ObjectMeta: metav1.ObjectMeta{Name: "n1"}}}}, nil
		case "persistentvolumeclaims":
			return &corev1.PersistentVolumeClaimList{Items: []corev1.PersistentVolumeClaim{
				{ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: "data"}}, {ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: "of-others"}},
			}}, nil
		case "namespaces":
			return nil, apierrors.NewNotFound(corev1.Resource("namespaces"), r.name)
		}
		return empty(r), nil
	}
	p := podOf("shop", "apps/v1", "ReplicaSet", "web-1", "")
	p.EventUID, p.DeletionTimestamp = "uid-pod", &metav1.Time{}
	p.Waits = &projection.Waits{Claims: []string{"data", "gone"}}
	var need related.Need
	need.Add(p, diagnose.Verdict{Findings: []v1alpha1.Finding{{Category: "Scheduling", Severity: v1alpha1.SeverityCritical}}})
	index, limitations := related.Read(t.Context(), server(serve).client(t), need, related.Policy{})
	if len(limitations) != 0 {
		t.Errorf("limitations = %v, want none", told(limitations))
	}
	got := index.Of(p)
	if len(got.Events) != 1 || len(got.Owners) != 2 || got.Owners[1].Name != "web" || len(got.Nodes) != 1 || !got.NamespaceTerminating {
		t.Errorf("events %v, owners %v, nodes %v, terminating %v", got.Events, got.Owners, got.Nodes, got.NamespaceTerminating)
	}
	if len(got.Claims) != 2 || got.Claims[0].Missing || !got.Claims[1].Missing {
		t.Errorf("claims = %v, want data, and gone as missing", got.Claims)
	}
	if owners := index.Owners(); len(owners) != 2 {
		t.Errorf("owners = %v, want those of the pod", owners)
	}
	if len(index.Events("uid-healthy")) != 0 {
		t.Error("kept events about a pod without findings")
	}
}

// A list that ends early proves nothing about what it would have held.
func TestReadConcludesNothingFromHalfAList(t *testing.T) {
	t.Parallel()
	serve := func(_ context.Context, r request) (runtime.Object, error) {
		if r.query.Get("continue") != "" {
			return nil, apierrors.NewInternalError(errors.New("boom"))
		}
		more := metav1.ListMeta{Continue: "two"}
		if r.resource == "nodes" {
			return &corev1.NodeList{ListMeta: more, Items: []corev1.Node{{ObjectMeta: metav1.ObjectMeta{Name: "n1"}}}}, nil
		}
		return &corev1.PersistentVolumeClaimList{ListMeta: more}, nil
	}
	p := &projection.Pod{ObjectMeta: metav1.ObjectMeta{Namespace: "shop"}, Waits: &projection.Waits{Claims: []string{"data"}}}
	var need related.Need
	need.Add(p, diagnose.Verdict{Findings: []v1alpha1.Finding{{Category: "Scheduling", Severity: v1alpha1.SeverityCritical}}})
	index, limitations := related.Read(t.Context(), server(serve).client(t), need, related.Policy{})
	if got := index.Of(p); got.Nodes != nil || got.Claims != nil {
		t.Errorf("nodes %v, claims %v, want nothing", got.Nodes, got.Claims)
	}
	if diff := cmp.Diff([]string{"nodes Error", "persistentvolumeclaims shop Error"}, told(limitations)); diff != "" {
		t.Errorf("limitations (-want +got):\n%s", diff)
	}
}

func TestReadFindsWorkloadsThatCannotCreateAPod(t *testing.T) {
	t.Parallel()
	failed := func(apiVersion, kind, name string) corev1.Event {
		return corev1.Event{Reason: "FailedCreate", InvolvedObject: corev1.ObjectReference{
			APIVersion: apiVersion, Kind: kind, Namespace: "shop", Name: name, UID: types.UID("uid-" + name),
		}}
	}
	labelled := func(name string) metav1.ObjectMeta { return metav1.ObjectMeta{Labels: map[string]string{"app": name}} }
	serve := func(_ context.Context, r request) (runtime.Object, error) {
		switch r.resource {
		case "events":
			return &corev1.EventList{Items: []corev1.Event{
				failed("apps/v1", "ReplicaSet", "web-1"), failed("apps/v1", "ReplicaSet", "deleted"),
				failed("batch/v1", "Job", "nightly"), failed("acme.io/v1", "Job", "foreign"),
			}}, nil
		case "replicasets":
			web, old := replicaSet("shop", "web-1", "web"), replicaSet("shop", "web-0", "web")
			web.Spec.Template.ObjectMeta = labelled("web")
			return replicaSets("", web, old), nil
		case "deployments":
			return &appsv1.DeploymentList{Items: []appsv1.Deployment{
				{ObjectMeta: metaOf("shop", "web", "", "", ""), Spec: appsv1.DeploymentSpec{Template: corev1.PodTemplateSpec{ObjectMeta: labelled("web")}}},
			}}, nil
		case "jobs":
			return &batchv1.JobList{Items: []batchv1.Job{{ObjectMeta: metaOf("shop", "nightly", "batch/v1", "CronJob", "night")}}}, nil
		}
		return nil, nil
	}
	requests := []string{
		"deployments in shop", "events in shop where reason=FailedCreate", "jobs in shop", "namespaces shop", "replicasets in shop",
	}
	for name, tt := range map[string]struct {
		selector labels.Selector
		covers   func(*projection.Owner) bool
		owners   []string
		blocked  []string
	}{
		"all":          {nil, nil, []string{"Deployment/web", "Job/nightly", "ReplicaSet/web-1"}, []string{"Job/nightly", "ReplicaSet/web-1"}},
		"by label":     {labels.SelectorFromSet(labels.Set{"app": "web"}), nil, []string{"Deployment/web", "ReplicaSet/web-1"}, []string{"ReplicaSet/web-1"}},
		"no such":      {labels.SelectorFromSet(labels.Set{"app": "x"}), nil, nil, nil},
		"one workload": {nil, func(o *projection.Owner) bool { return o.Kind == "Job" }, []string{"Job/nightly"}, []string{"Job/nightly"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := &recorder{answers: serve}
			need := related.Need{Search: related.Search{Namespaces: []string{"shop"}, Selector: tt.selector, Covers: tt.covers}}
			index, limitations := related.Read(t.Context(), server(r.serve).client(t), need, related.Policy{})
			if diff := cmp.Diff(requests, r.sorted()); diff != "" {
				t.Errorf("requests (-want +got):\n%s", diff)
			}
			if len(limitations) != 0 {
				t.Errorf("limitations = %v, want none", told(limitations))
			}
			if diff := cmp.Diff(tt.owners, names(index.Owners())); diff != "" {
				t.Errorf("owners (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(tt.blocked, names(index.Blocked())); diff != "" {
				t.Errorf("blocked (-want +got):\n%s", diff)
			}
			if len(index.Events("uid-deleted")) != 0 {
				t.Error("kept events about an owner that is gone")
			}
		})
	}
}

func names(owners []*projection.Owner) []string {
	var out []string
	for _, o := range owners {
		out = append(out, o.Kind+"/"+o.Name)
	}
	return out
}

func TestReadFollowsPagesAndSurvivesAnExpiredOne(t *testing.T) {
	t.Parallel()
	serve := only("replicasets", func(_ context.Context, r request) (runtime.Object, error) {
		if r.query.Get("limit") != "500" {
			return nil, errors.New("not in pages of 500")
		}
		switch r.query.Get("continue") {
		case "":
			return replicaSets("two", replicaSet(r.namespace, "rs-a", "a")), nil
		case "two":
			expired := apierrors.NewResourceExpired("too old")
			expired.ErrStatus.Continue = "two-as-of-now"
			return nil, expired
		case "two-as-of-now":
			return replicaSets("", replicaSet(r.namespace, "rs-b", "b")), nil
		}
		return nil, errors.New("unexpected token")
	})
	a, b := podOf("shop", "apps/v1", "ReplicaSet", "rs-a", ""), podOf("shop", "apps/v1", "ReplicaSet", "rs-b", "")
	index, limitations := related.Read(t.Context(), serve.client(t), needOf(a, b), related.Policy{})
	if len(limitations) != 0 {
		t.Errorf("limitations = %v, want none", told(limitations))
	}
	for p, want := range map[*projection.Pod]string{a: "a", b: "b"} {
		if got := index.Workload(related.OriginOf(p)); got.Name != want {
			t.Errorf("workload of %s = %v, want Deployment %s", p.Name, got, want)
		}
	}
}

func TestReadEndsWithAServerThatAlwaysExpires(t *testing.T) {
	t.Parallel()
	serve := only("replicasets", func(context.Context, request) (runtime.Object, error) {
		expired := apierrors.NewResourceExpired("too old")
		expired.ErrStatus.Continue = "again"
		return nil, expired
	})
	_, limitations := related.Read(t.Context(), serve.client(t), needOf(manyReplicaSets(1)...), related.Policy{})
	if diff := cmp.Diff([]string{"replicasets ns00 Error"}, told(limitations)); diff != "" {
		t.Errorf("limitations (-want +got):\n%s", diff)
	}
}

func TestE36_WhatCouldNotBeReadIsTold(t *testing.T) {
	t.Parallel()
	answers := map[string]error{
		"ns00": nil,
		"ns01": forbidden(),
		"ns02": apierrors.NewUnauthorized("expired"),
		"ns03": apierrors.NewNotFound(schema.GroupResource{}, "x"),
		"ns04": apierrors.NewTimeoutError("slow", 0),
		"ns05": apierrors.NewInternalError(errors.New("boom")),
		"ns06": fmt.Errorf("dial: %w", context.DeadlineExceeded),
	}
	serve := only("replicasets", func(_ context.Context, r request) (runtime.Object, error) {
		return replicaSets(""), answers[r.namespace]
	})
	_, limitations := related.Read(t.Context(), serve.client(t), needOf(manyReplicaSets(7)...), related.Policy{})
	want := []string{
		"replicasets ns01 Forbidden", "replicasets ns02 Unauthorized", "replicasets ns03 NotFound",
		"replicasets ns04 Timeout", "replicasets ns05 Error", "replicasets ns06 Timeout",
	}
	if diff := cmp.Diff(want, told(limitations)); diff != "" {
		t.Errorf("limitations (-want +got):\n%s", diff)
	}
}

func TestE36_EveryFamilyThatIsDeniedIsToldOnce(t *testing.T) {
	t.Parallel()
	serve := server(func(context.Context, request) (runtime.Object, error) { return nil, forbidden() })
	p := podOf("shop", "apps/v1", "ReplicaSet", "web-1", "")
	p.EventUID, p.DeletionTimestamp, p.Waits = "uid-pod", &metav1.Time{}, &projection.Waits{Claims: []string{"data"}}
	need := related.Need{Search: related.Search{Namespaces: []string{"shop"}}}
	need.Add(p, diagnose.Verdict{Findings: []v1alpha1.Finding{{Category: "Scheduling", Severity: v1alpha1.SeverityCritical}}})
	index, limitations := related.Read(t.Context(), serve.client(t), need, related.Policy{})
	want := []string{
		"daemonsets shop Forbidden", "deployments shop Forbidden", "events shop Forbidden", "jobs shop Forbidden", "namespaces shop Forbidden",
		"nodes Forbidden", "persistentvolumeclaims shop Forbidden", "replicasets shop Forbidden", "statefulsets shop Forbidden",
	}
	if diff := cmp.Diff(want, told(limitations)); diff != "" {
		t.Errorf("limitations (-want +got):\n%s", diff)
	}
	for _, l := range limitations {
		if l.Effect == "" {
			t.Errorf("limitation %s has no effect", l.Resource)
		}
	}
	if diff := cmp.Diff(diagnose.Related{}, index.Of(p)); diff != "" {
		t.Errorf("concluded something from nothing:\n%s", diff)
	}
}

func TestReadOfManyNamespaces(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		wide, narrow error
		wantRequests int32
		want         []string
	}{
		"one list of the cluster":             {nil, nil, 1, []string{}},
		"only the namespaces are allowed":     {forbidden(), nil, 26, []string{}},
		"nothing is allowed":                  {forbidden(), forbidden(), 26, []string{"replicasets Forbidden"}},
		"the server is broken, not the roles": {apierrors.NewInternalError(errors.New("boom")), nil, 1, []string{"replicasets Error"}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var requests atomic.Int32
			serve := only("replicasets", func(_ context.Context, r request) (runtime.Object, error) {
				requests.Add(1)
				if r.namespace == "" {
					return replicaSets("", replicaSet("ns03", "rs-03", "d"), replicaSet("elsewhere", "rs-04", "d")), tt.wide
				}
				return replicaSets("", replicaSet(r.namespace, strings.Replace(r.namespace, "ns", "rs-", 1), "d")), tt.narrow
			})
			pods := manyReplicaSets(25)
			index, limitations := related.Read(t.Context(), serve.client(t), needOf(pods...), related.Policy{})
			if diff := cmp.Diff(tt.want, told(limitations)); diff != "" {
				t.Errorf("limitations (-want +got):\n%s", diff)
			}
			if got := requests.Load(); got != tt.wantRequests {
				t.Errorf("requests = %d, want %d", got, tt.wantRequests)
			}
			if got := index.Workload(related.OriginOf(pods[3])); len(tt.want) == 0 && got.Kind != "Deployment" {
				t.Errorf("workload = %v, want the Deployment", got)
			}
			if got := index.Workload(related.OriginOf(pods[4])); tt.wantRequests == 1 && got.Kind != "ReplicaSet" {
				t.Errorf("workload = %v, but its namespace was not read", got)
			}
		})
	}
}

func TestReadOfManyTerminatingNamespaces(t *testing.T) {
	t.Parallel()
	var need related.Need
	var pods []*projection.Pod
	for i := range 25 {
		p := &projection.Pod{ObjectMeta: metav1.ObjectMeta{Namespace: fmt.Sprintf("ns%02d", i), DeletionTimestamp: &metav1.Time{}}}
		need.Add(p, diagnose.Verdict{Findings: []v1alpha1.Finding{{Category: "Deletion", Severity: v1alpha1.SeverityInfo}}})
		pods = append(pods, p)
	}
	gone := corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: "ns07"}, Status: corev1.NamespaceStatus{Phase: corev1.NamespaceTerminating}}
	for name, wide := range map[string]error{"in one list": nil, "one by one": forbidden()} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			serve := only("namespaces", func(_ context.Context, r request) (runtime.Object, error) {
				switch r.name {
				case "":
					return &corev1.NamespaceList{Items: []corev1.Namespace{gone}}, wide
				case gone.Name:
					return &gone, nil
				}
				return empty(r), nil
			})
			index, limitations := related.Read(t.Context(), serve.client(t), need, related.Policy{})
			if len(limitations) != 0 {
				t.Errorf("limitations = %v, want none", told(limitations))
			}
			for i, p := range pods {
				if got := index.Of(p).NamespaceTerminating; got != (i == 7) {
					t.Errorf("namespace %s terminating = %v", p.Namespace, got)
				}
			}
		})
	}
}

func TestReadIsBoundedAndEndsWithTheContext(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		limit, want time.Duration
	}{
		"a context that ends":     {time.Second, time.Second},
		"a server that is silent": {time.Hour, 3 * 30 * time.Second}, // 12 lists, 4 at once
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				var running atomic.Int32
				serve := server(func(ctx context.Context, _ request) (runtime.Object, error) {
					running.Add(1)
					defer running.Add(-1)
					<-ctx.Done()
					return nil, ctx.Err()
				})
				ctx, cancel := context.WithTimeout(t.Context(), tt.limit)
				defer cancel()
				client := serve.client(t)
				var limitations []v1alpha1.Limitation
				begin := time.Now()
				done := make(chan struct{})
				go func() {
					defer close(done)
					var need related.Need
					for i := range 12 {
						p := podOf(fmt.Sprintf("ns%02d", i), "apps/v1", "DaemonSet", fmt.Sprintf("ds-%02d", i), "")
						need.Add(p, diagnose.Verdict{Findings: []v1alpha1.Finding{{}}})
					}
					_, limitations = related.Read(ctx, client, need, related.Policy{})
				}()
				synctest.Wait()
				if got := running.Load(); got != 4 {
					t.Errorf("requests at once = %d, want 4", got)
				}
				<-done
				if took := time.Since(begin); took != tt.want {
					t.Errorf("Read took %v, want %v", took, tt.want)
				}
				if diff := cmp.Diff([]string{"daemonsets Timeout"}, told(limitations)); diff != "" {
					t.Errorf("limitations (-want +got):\n%s", diff)
				}
			})
		})
	}
}
