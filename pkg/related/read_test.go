// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package related_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/metadata"

	"github.com/podwatch/kubectl-podwatch/pkg/apis/podwatch/v1alpha1"
	"github.com/podwatch/kubectl-podwatch/pkg/projection"
	"github.com/podwatch/kubectl-podwatch/pkg/related"
)

// server answers lists; every other method of the client is left out and
// would crash a test that calls it.
type server func(ctx context.Context, resource, namespace string, o metav1.ListOptions) (*metav1.PartialObjectMetadataList, error)

type lister struct {
	metadata.Getter
	serve               server
	resource, namespace string
}

func (s server) Resource(r schema.GroupVersionResource) metadata.Getter {
	return lister{serve: s, resource: r.GroupResource().String()}
}

func (l lister) Namespace(ns string) metadata.ResourceInterface {
	l.namespace = ns
	return l
}

func (l lister) List(ctx context.Context, o metav1.ListOptions) (*metav1.PartialObjectMetadataList, error) {
	return l.serve(ctx, l.resource, l.namespace, o)
}

func page(token string, items ...*metav1.PartialObjectMetadata) *metav1.PartialObjectMetadataList {
	list := &metav1.PartialObjectMetadataList{}
	list.Continue = token
	for _, item := range items {
		list.Items = append(list.Items, *item)
	}
	return list
}

func forbidden() error {
	return apierrors.NewForbidden(schema.GroupResource{Resource: "replicasets"}, "", errors.New("no role"))
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

func told(limitations []v1alpha1.Limitation) []string {
	out := []string{}
	for _, l := range limitations {
		out = append(out, strings.Join(strings.Fields(l.Resource+" "+l.Namespace+" "+l.Reason), " "))
	}
	return out
}

func TestReadAsksOnlyForWhatIsNeeded(t *testing.T) {
	t.Parallel()
	var asked []string
	serve := server(func(_ context.Context, resource, ns string, o metav1.ListOptions) (*metav1.PartialObjectMetadataList, error) {
		asked = append(asked, fmt.Sprintf("%s in %q, %d a page", resource, ns, o.Limit))
		return page("", ownerMeta(ns, "nightly-1", "CronJob", "nightly")), nil
	})
	job := podOf("batch", "batch/v1", "Job", "nightly-1", "")
	index, limitations := related.Read(t.Context(), serve, needOf(job, podOf("shop", "apps/v1", "DaemonSet", "agent", "")))
	if diff := cmp.Diff([]string{`jobs.batch in "batch", 500 a page`}, asked); diff != "" {
		t.Errorf("requests (-want +got):\n%s", diff)
	}
	if got := index.Workload(related.OriginOf(job)); got.Kind != "CronJob" || got.Name != "nightly" {
		t.Errorf("workload = %v, want CronJob nightly", got)
	}
	if limitations == nil || len(limitations) != 0 {
		t.Errorf("limitations = %v, want an empty list", limitations)
	}
}

func TestReadOfNothingAsksNothing(t *testing.T) {
	t.Parallel()
	index, limitations := related.Read(t.Context(), server(nil), related.Need{})
	if got := index.Workload(related.Origin{}); got != (v1alpha1.Workload{}) || limitations == nil || len(limitations) != 0 {
		t.Errorf("Read = %v, %v, want empty ones", got, limitations)
	}
}

func TestReadFollowsPagesAndSurvivesAnExpiredOne(t *testing.T) {
	t.Parallel()
	serve := server(func(_ context.Context, _, ns string, o metav1.ListOptions) (*metav1.PartialObjectMetadataList, error) {
		switch o.Continue {
		case "":
			return page("two", ownerMeta(ns, "rs-a", "Deployment", "a")), nil
		case "two":
			expired := apierrors.NewResourceExpired("too old")
			expired.ErrStatus.Continue = "two-as-of-now"
			return nil, expired
		case "two-as-of-now":
			return page("", ownerMeta(ns, "rs-b", "Deployment", "b")), nil
		}
		return nil, errors.New("unexpected token")
	})
	a, b := podOf("shop", "apps/v1", "ReplicaSet", "rs-a", ""), podOf("shop", "apps/v1", "ReplicaSet", "rs-b", "")
	index, limitations := related.Read(t.Context(), serve, needOf(a, b))
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
	serve := server(func(context.Context, string, string, metav1.ListOptions) (*metav1.PartialObjectMetadataList, error) {
		expired := apierrors.NewResourceExpired("too old")
		expired.ErrStatus.Continue = "again"
		return nil, expired
	})
	_, limitations := related.Read(t.Context(), serve, needOf(manyReplicaSets(1)...))
	if diff := cmp.Diff([]string{"replicasets ns00 Error"}, told(limitations)); diff != "" {
		t.Errorf("limitations (-want +got):\n%s", diff)
	}
}

func TestReadTellsWhatItCouldNotRead(t *testing.T) {
	t.Parallel()
	answers := map[string]error{
		"ns00": nil,
		"ns01": forbidden(),
		"ns02": apierrors.NewUnauthorized("expired"),
		"ns03": apierrors.NewNotFound(schema.GroupResource{}, "x"),
		"ns04": apierrors.NewTimeoutError("slow", 1),
		"ns05": &apierrors.StatusError{ErrStatus: metav1.Status{Code: http.StatusInternalServerError}},
		"ns06": fmt.Errorf("dial: %w", context.DeadlineExceeded),
	}
	serve := server(func(_ context.Context, _, ns string, _ metav1.ListOptions) (*metav1.PartialObjectMetadataList, error) {
		return page(""), answers[ns]
	})
	_, limitations := related.Read(t.Context(), serve, needOf(manyReplicaSets(7)...))
	want := []string{
		"replicasets ns01 Forbidden", "replicasets ns02 Unauthorized", "replicasets ns03 NotFound",
		"replicasets ns04 Timeout", "replicasets ns05 Error", "replicasets ns06 Timeout",
	}
	if diff := cmp.Diff(want, told(limitations)); diff != "" {
		t.Errorf("limitations (-want +got):\n%s", diff)
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
		"the server is broken, not the roles": {errors.New("boom"), nil, 1, []string{"replicasets Error"}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var requests atomic.Int32
			serve := server(func(_ context.Context, _, ns string, _ metav1.ListOptions) (*metav1.PartialObjectMetadataList, error) {
				requests.Add(1)
				if ns == "" {
					return page("", ownerMeta("ns03", "rs-03", "Deployment", "d"), ownerMeta("elsewhere", "rs-04", "Deployment", "d")), tt.wide
				}
				return page("", ownerMeta(ns, strings.Replace(ns, "ns", "rs-", 1), "Deployment", "d")), tt.narrow
			})
			pods := manyReplicaSets(25)
			index, limitations := related.Read(t.Context(), serve, needOf(pods...))
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

func TestReadIsBoundedAndEndsWithTheContext(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var running atomic.Int32
		serve := server(func(ctx context.Context, _, _ string, _ metav1.ListOptions) (*metav1.PartialObjectMetadataList, error) {
			running.Add(1)
			<-ctx.Done()
			return nil, ctx.Err()
		})
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		var limitations []v1alpha1.Limitation
		done := make(chan struct{})
		go func() {
			defer close(done)
			_, limitations = related.Read(ctx, serve, needOf(manyReplicaSets(12)...))
		}()
		synctest.Wait()
		if got := running.Load(); got != 4 {
			t.Errorf("requests at once = %d, want 4", got)
		}
		begin := time.Now()
		<-done
		if took := time.Since(begin); took != time.Second {
			t.Errorf("Read took %v, want the second of its context", took)
		}
		if diff := cmp.Diff([]string{"replicasets Timeout"}, told(limitations)); diff != "" {
			t.Errorf("limitations (-want +got):\n%s", diff)
		}
	})
}
