// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package offline

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/labels"
)

// Filter selects pods as an API server would. The zero value selects all.
type Filter struct {
	labels     labels.Selector
	fields     fields.Selector
	namespaces []string
}

// NewFilter returns a filter for a label selector, a field selector and
// namespaces; what is empty selects all. Field selectors know the fields that
// an API server knows for pods and no others.
func NewFilter(labelSelector, fieldSelector string, namespaces []string) (Filter, error) {
	f := Filter{namespaces: namespaces}
	var err error
	if f.labels, err = labels.Parse(labelSelector); err != nil {
		return Filter{}, fmt.Errorf("label selector %q: %w", labelSelector, err)
	}
	if f.fields, err = fields.ParseSelector(fieldSelector); err != nil {
		return Filter{}, fmt.Errorf("field selector %q: %w", fieldSelector, err)
	}
	known := selectable(&corev1.Pod{})
	for _, r := range f.fields.Requirements() {
		if !known.Has(r.Field) {
			return Filter{}, fmt.Errorf("field selector %q: pods cannot be selected by %q, only by %s",
				fieldSelector, r.Field, strings.Join(slices.Sorted(maps.Keys(known)), ", "))
		}
	}
	return f, nil
}

// Matches reports whether f selects pod.
func (f Filter) Matches(pod *corev1.Pod) bool {
	if len(f.namespaces) > 0 && !slices.Contains(f.namespaces, pod.Namespace) {
		return false
	}
	if f.labels != nil && !f.labels.Matches(labels.Set(pod.Labels)) {
		return false
	}
	return f.fields == nil || f.fields.Empty() || f.fields.Matches(selectable(pod))
}

// selectable returns the fields that pods can be selected by
// (pkg/registry/core/pod/strategy.go, v1.37.2).
func selectable(pod *corev1.Pod) fields.Set {
	podIP := pod.Status.PodIP
	if len(pod.Status.PodIPs) > 0 {
		podIP = pod.Status.PodIPs[0].IP
	}
	return fields.Set{
		"metadata.name":            pod.Name,
		"metadata.namespace":       pod.Namespace,
		"spec.hostNetwork":         strconv.FormatBool(pod.Spec.HostNetwork),
		"spec.nodeName":            pod.Spec.NodeName,
		"spec.restartPolicy":       string(pod.Spec.RestartPolicy),
		"spec.schedulerName":       pod.Spec.SchedulerName,
		"spec.serviceAccountName":  pod.Spec.ServiceAccountName,
		"status.nominatedNodeName": pod.Status.NominatedNodeName,
		"status.phase":             string(pod.Status.Phase),
		"status.podIP":             podIP,
	}
}
