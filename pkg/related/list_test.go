// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package related_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/podwatch/kubectl-podwatch/pkg/apis/podwatch/v1alpha1"
	"github.com/podwatch/kubectl-podwatch/pkg/diagnose"
	"github.com/podwatch/kubectl-podwatch/pkg/projection"
	"github.com/podwatch/kubectl-podwatch/pkg/related"
)

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
