// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package related_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/podwatch/kubectl-podwatch/pkg/apis/podwatch/v1alpha1"
	"github.com/podwatch/kubectl-podwatch/pkg/diagnose"
	"github.com/podwatch/kubectl-podwatch/pkg/projection"
	"github.com/podwatch/kubectl-podwatch/pkg/related"
)

// podOf returns a pod in namespace ns whose controller is apiVersion kind name,
// with the UID "uid-<name>".
func podOf(ns, apiVersion, kind, name, hash string) *projection.Pod {
	return &projection.Pod{
		ObjectMeta:   metav1.ObjectMeta{Namespace: ns, Name: name + "-x1"},
		TemplateHash: hash,
		Controller:   &projection.Controller{APIVersion: apiVersion, Kind: kind, Name: name, UID: types.UID("uid-" + name)},
	}
}

// ownerMeta returns an owner with the UID "uid-<name>", controlled by kind
// controller, or by nothing if kind is empty.
func ownerMeta(ns, name, kind, controller string) *metav1.PartialObjectMetadata {
	m := &metav1.PartialObjectMetadata{ObjectMeta: metav1.ObjectMeta{Namespace: ns, Name: name, UID: types.UID("uid-" + name)}}
	if kind != "" {
		yes := true
		m.OwnerReferences = []metav1.OwnerReference{
			{Kind: "Auditor", Name: "not-the-controller"},
			{Kind: kind, Name: controller, Controller: &yes},
		}
	}
	return m
}

func TestOf(t *testing.T) {
	t.Parallel()
	var index related.Index
	index.Add(ownerMeta("shop", "web-5d9c", "Deployment", "web"))
	index.Add(ownerMeta("shop", "lone-5d9c", "", ""))
	index.Add(ownerMeta("shop", "canary-7f", "Rollout", "canary"))
	index.Add(ownerMeta("batch", "nightly-29000001", "CronJob", "nightly"))
	index.Add(&metav1.ObjectMeta{Name: "no-uid"})

	mirror := podOf("kube-system", "v1", "Node", "cp1", "")
	mirror.Name, mirror.Mirror = "kube-apiserver-cp1", true
	recreated := podOf("shop", "apps/v1", "ReplicaSet", "web-5d9c", "")
	recreated.Controller.UID = "another"

	tests := map[string]struct {
		pod  *projection.Pod
		want v1alpha1.Workload
	}{
		"ReplicaSet that was read":                      {podOf("shop", "apps/v1", "ReplicaSet", "web-5d9c", "5d9c"), v1alpha1.Workload{Kind: "Deployment", Namespace: "shop", Name: "web"}},
		"ReplicaSet that was read and has no owner":     {podOf("shop", "apps/v1", "ReplicaSet", "lone-5d9c", "5d9c"), v1alpha1.Workload{Kind: "ReplicaSet", Namespace: "shop", Name: "lone-5d9c"}},
		"ReplicaSet of a custom controller":             {podOf("shop", "apps/v1", "ReplicaSet", "canary-7f", "7f"), v1alpha1.Workload{Kind: "Rollout", Namespace: "shop", Name: "canary"}},
		"ReplicaSet not read, name ends in the hash":    {podOf("shop", "apps/v1", "ReplicaSet", "api-v2-77f", "77f"), v1alpha1.Workload{Kind: "Deployment", Namespace: "shop", Name: "api-v2"}},
		"ReplicaSet not read, name has another end":     {podOf("shop", "apps/v1", "ReplicaSet", "api-v2", "77f"), v1alpha1.Workload{Kind: "ReplicaSet", Namespace: "shop", Name: "api-v2"}},
		"ReplicaSet not read, name is only the hash":    {podOf("shop", "apps/v1", "ReplicaSet", "-77f", "77f"), v1alpha1.Workload{Kind: "ReplicaSet", Namespace: "shop", Name: "-77f"}},
		"ReplicaSet not read, no hash":                  {podOf("shop", "apps/v1", "ReplicaSet", "api-77f", ""), v1alpha1.Workload{Kind: "ReplicaSet", Namespace: "shop", Name: "api-77f"}},
		"ReplicaSet of a name that was read, other UID": {recreated, v1alpha1.Workload{Kind: "ReplicaSet", Namespace: "shop", Name: "web-5d9c"}},
		"ReplicaSet of a foreign group":                 {podOf("shop", "acme.io/v1", "ReplicaSet", "x-77f", "77f"), v1alpha1.Workload{Kind: "ReplicaSet", Namespace: "shop", Name: "x-77f"}},
		"Job that was read":                             {podOf("batch", "batch/v1", "Job", "nightly-29000001", ""), v1alpha1.Workload{Kind: "CronJob", Namespace: "batch", Name: "nightly"}},
		"Job that was not read":                         {podOf("batch", "batch/v1", "Job", "nightly-29000002", "abc"), v1alpha1.Workload{Kind: "Job", Namespace: "batch", Name: "nightly-29000002"}},
		"StatefulSet":                                   {podOf("shop", "apps/v1", "StatefulSet", "redis", ""), v1alpha1.Workload{Kind: "StatefulSet", Namespace: "shop", Name: "redis"}},
		"custom controller":                             {podOf("db", "postgresql.cnpg.io/v1", "Cluster", "main", "f"), v1alpha1.Workload{Kind: "Cluster", Namespace: "db", Name: "main"}},
		"mirror pod":                                    {mirror, v1alpha1.Workload{Kind: "Pod", Namespace: "kube-system", Name: "kube-apiserver-cp1"}},
		"no controller":                                 {&projection.Pod{ObjectMeta: metav1.ObjectMeta{Namespace: "d", Name: "shell"}}, v1alpha1.Workload{Kind: "Pod", Namespace: "d", Name: "shell"}},
		"controller without a name":                     {&projection.Pod{ObjectMeta: metav1.ObjectMeta{Name: "p"}, Controller: &projection.Controller{Kind: "Job"}}, v1alpha1.Workload{Kind: "Pod", Name: "p"}},
		"apiVersion that does not parse":                {podOf("shop", "a/b/c", "Job", "j", ""), v1alpha1.Workload{Kind: "Job", Namespace: "shop", Name: "j"}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff(tt.want, index.Workload(related.OriginOf(tt.pod))); diff != "" {
				t.Errorf("workload (-want +got):\n%s", diff)
			}
		})
	}
}

func TestOriginIsEqualForPodsOfOneReplicaSet(t *testing.T) {
	t.Parallel()
	a, b := podOf("shop", "apps/v1", "ReplicaSet", "web-5d9c", "5d9c"), podOf("shop", "apps/v1", "ReplicaSet", "web-5d9c", "5d9c")
	b.Name = "web-5d9c-other"
	if related.OriginOf(a) != related.OriginOf(b) {
		t.Error("pods of one ReplicaSet have different origins")
	}
	if related.OriginOf(a).Bare() || !related.OriginOf(&projection.Pod{}).Bare() {
		t.Error("Bare must be true for pods without a controller only")
	}
}

func needOf(pods ...*projection.Pod) related.Need {
	var need related.Need
	for _, p := range pods {
		need.Add(p, diagnose.Verdict{Findings: []v1alpha1.Finding{{}}})
	}
	return need
}
