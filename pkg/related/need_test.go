// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package related_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/podwatch/kubectl-podwatch/pkg/apis/podwatch/v1alpha1"
	"github.com/podwatch/kubectl-podwatch/pkg/diagnose"
	"github.com/podwatch/kubectl-podwatch/pkg/projection"
	"github.com/podwatch/kubectl-podwatch/pkg/related"
)

// A file that holds pods alone lacks all that was needed, one that holds the
// objects themselves lacks nothing.
func TestE36_WhatAFileDoesNotHoldIsTold(t *testing.T) {
	t.Parallel()
	need := needOf(
		podOf("shop", "apps/v1", "ReplicaSet", "web-5d9c", "5d9c"),
		podOf("batch", "batch/v1", "Job", "nightly-1", ""),
		podOf("shop", "apps/v1", "DaemonSet", "agent", ""),
		podOf("db", "acme.io/v1", "Cluster", "main", ""),
	)
	waiting := &projection.Pod{ObjectMeta: metav1.ObjectMeta{Namespace: "shop"}, EventUID: "uid-w", Waits: &projection.Waits{Claims: []string{"data"}}}
	lost := &projection.Pod{ObjectMeta: metav1.ObjectMeta{Namespace: "shop"}, NodeName: "n1"}
	need.Add(waiting, diagnose.Verdict{Findings: []v1alpha1.Finding{{Category: "Scheduling", Severity: v1alpha1.SeverityCritical}}})
	need.Add(lost, diagnose.Verdict{Findings: []v1alpha1.Finding{{Category: "Node", Severity: v1alpha1.SeverityCritical}}})

	var index related.Index
	all := []string{"daemonsets Offline", "events Offline", "jobs Offline", "nodes Offline", "persistentvolumeclaims Offline", "replicasets Offline"}
	if diff := cmp.Diff(all, told(need.Missing(index, related.Policy{}))); diff != "" {
		t.Errorf("nothing read (-want +got):\n%s", diff)
	}
	off := related.Policy{Events: related.Never, Nodes: related.Never, Owners: related.Never}
	if got := need.Missing(index, off); got == nil || len(got) != 0 {
		t.Errorf("all switched off: %v, want an empty list", got)
	}

	index.Add(&appsv1.ReplicaSet{ObjectMeta: metaOf("shop", "web-5d9c", "apps/v1", "Deployment", "web")})
	index.Add(&batchv1.Job{ObjectMeta: metaOf("batch", "nightly-1", "batch/v1", "CronJob", "nightly")})
	index.Add(&appsv1.DaemonSet{ObjectMeta: metaOf("shop", "agent", "", "", "")})
	index.Add(&corev1.Event{InvolvedObject: corev1.ObjectReference{UID: "uid-w"}})
	index.Add(&corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: "n1"}})
	index.Add(&corev1.PersistentVolumeClaim{ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: "data"}})
	// One node is not all of them, and above the ReplicaSet there is more.
	if diff := cmp.Diff([]string{"deployments Offline", "nodes Offline"}, told(need.Missing(index, related.Policy{}))); diff != "" {
		t.Errorf("some read (-want +got):\n%s", diff)
	}
	index.AllNodes()
	index.Add(&appsv1.Deployment{ObjectMeta: metaOf("shop", "web", "", "", "")})
	if got := need.Missing(index, related.Policy{}); got == nil || len(got) != 0 {
		t.Errorf("all read: %v, want an empty list", told(got))
	}
}

// Without events a healthy file says nothing about workloads without pods.
func TestE36_AHealthyFileWithoutEventsIsNoProof(t *testing.T) {
	t.Parallel()
	need := related.Need{Search: related.Search{Namespaces: []string{""}}}
	if diff := cmp.Diff([]string{"events Offline"}, told(need.Missing(related.Index{}, related.Policy{}))); diff != "" {
		t.Errorf("limitations (-want +got):\n%s", diff)
	}
	if got := need.Missing(related.Index{}, related.Policy{Owners: related.Never}); len(got) != 0 {
		t.Errorf("without owners nothing is searched for, but %v", told(got))
	}
}

func TestRequired(t *testing.T) {
	t.Parallel()
	var unread []v1alpha1.Limitation
	for _, r := range []string{"daemonsets", "events", "nodes", "persistentvolumeclaims", "pods"} {
		unread = append(unread, v1alpha1.Limitation{Resource: r, Reason: "Forbidden"})
	}
	for name, tt := range map[string]struct {
		policy related.Policy
		want   []string
	}{
		"only pods are":       {related.Policy{}, []string{"pods Forbidden"}},
		"nothing is":          {related.Policy{AllowPartial: []string{"pods"}}, []string{}},
		"events":              {related.Policy{Events: related.Require}, []string{"events Forbidden", "pods Forbidden"}},
		"nodes":               {related.Policy{Nodes: related.Require}, []string{"nodes Forbidden", "pods Forbidden"}},
		"owners and claims":   {related.Policy{Owners: related.Require}, []string{"daemonsets Forbidden", "persistentvolumeclaims Forbidden", "pods Forbidden"}},
		"allowed is stronger": {related.Policy{Owners: related.Require, AllowPartial: []string{"daemonsets", "pods"}}, []string{"persistentvolumeclaims Forbidden"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff(tt.want, told(tt.policy.Required(unread))); diff != "" {
				t.Errorf("required (-want +got):\n%s", diff)
			}
		})
	}
}

func TestParsePolicy(t *testing.T) {
	t.Parallel()
	for _, mode := range []string{"auto", "never", "require"} {
		if got, err := related.ParseMode(mode); err != nil || string(got) != mode {
			t.Errorf("ParseMode(%q) = %q, %v", mode, got, err)
		}
	}
	for _, mode := range []string{"", "Auto", "always"} {
		if _, err := related.ParseMode(mode); err == nil {
			t.Errorf("ParseMode(%q) has no error", mode)
		}
	}
	if _, err := related.ParsePartial([]string{"pods", "nodes", "statefulsets"}); err != nil {
		t.Error(err)
	}
	for _, name := range []string{"", "pod", "Events", "secrets"} {
		if _, err := related.ParsePartial([]string{name}); err == nil {
			t.Errorf("ParsePartial(%q) has no error", name)
		}
	}
}
