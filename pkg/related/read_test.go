// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package related_test

import (
	"context"
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"
	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"

	"github.com/podwatch/kubectl-podwatch/pkg/apis/podwatch/v1alpha1"
	"github.com/podwatch/kubectl-podwatch/pkg/diagnose"
	"github.com/podwatch/kubectl-podwatch/pkg/projection"
	"github.com/podwatch/kubectl-podwatch/pkg/related"
)

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
			watched, found("Crash", v1alpha1.SeverityCritical), everywhere,
			related.Policy{},
			[]string{"daemonsets in shop", "deployments in shop", createEvents, podEvents, "jobs in shop", "statefulsets in shop"},
		},
		"a search for one workload where there are findings": {
			watched, found("Crash", v1alpha1.SeverityCritical),
			related.Search{Namespaces: []string{""}, Covers: func(*projection.Owner) bool { return true }},
			related.Policy{},
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
