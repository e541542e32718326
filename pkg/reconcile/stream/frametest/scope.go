// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package frametest

import (
	"net/http"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/labels"
)

// scope is which pods a request is about.
type scope struct {
	namespace string
	labels    labels.Selector
	fields    fields.Selector
}

func scopeOf(r *http.Request) (scope, error) {
	var sc scope
	if rest, ok := strings.CutPrefix(r.URL.Path, "/api/v1/namespaces/"); ok {
		sc.namespace, _, _ = strings.Cut(rest, "/")
	}
	var err error
	if sc.labels, err = labels.Parse(r.URL.Query().Get("labelSelector")); err != nil {
		return sc, err
	}
	sc.fields, err = fields.ParseSelector(r.URL.Query().Get("fieldSelector"))
	return sc, err
}

func (sc scope) covers(pod *corev1.Pod) bool {
	if pod == nil || sc.namespace != "" && sc.namespace != pod.Namespace {
		return false
	}
	return sc.labels.Matches(labels.Set(pod.Labels)) && sc.fields.Matches(fields.Set{
		"metadata.name":      pod.Name,
		"metadata.namespace": pod.Namespace,
		"spec.nodeName":      pod.Spec.NodeName,
		"status.phase":       string(pod.Status.Phase),
	})
}
