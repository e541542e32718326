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
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/rest"

	"github.com/podwatch/kubectl-podwatch/pkg/apis/podwatch/v1alpha1"
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
	// Encoding writes the kind into the object, and answers may be given twice.
	data, err := runtime.Encode(scheme.Codecs.LegacyCodec(versions...), answer.DeepCopyObject())
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
