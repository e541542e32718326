// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package offline

import (
	"encoding/json"
	"strings"

	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	eventsv1 "k8s.io/api/events/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// resource is a kind of object that matters to a verdict.
type resource struct {
	kind, plural string
	// groups are the API groups that serve it or once did; "" is the core group.
	groups string
}

// resources are the pods and what related.Index understands.
func resources() []resource {
	return []resource{
		{kindPod, "pods", ""},
		{"Event", "events", " events.k8s.io"},
		{"Node", "nodes", ""},
		{"PersistentVolumeClaim", "persistentvolumeclaims", ""},
		{"Namespace", "namespaces", ""},
		{"ReplicaSet", "replicasets", "apps extensions"},
		{"Deployment", "deployments", "apps extensions"},
		{"StatefulSet", "statefulsets", "apps"},
		{"DaemonSet", "daemonsets", "apps extensions"},
		{"Job", "jobs", "batch"},
	}
}

// resourceNamed returns the resource with that plural name.
func resourceNamed(plural string) (resource, bool) {
	if plural == "pvcs" { // as troubleshoot calls them
		plural = "persistentvolumeclaims"
	}
	for _, r := range resources() {
		if r.plural == plural {
			return r, true
		}
	}
	return resource{}, false
}

// resourceOf returns the resource of an object. Without an apiVersion, as in the
// items of a typed list, the kind alone tells.
func resourceOf(apiVersion, kind string) (resource, bool) {
	group, _, found := strings.Cut(apiVersion, "/")
	if !found {
		group = ""
	}
	for _, r := range resources() {
		if r.kind == kind && (apiVersion == "" || r.serves(group)) {
			return r, true
		}
	}
	return resource{}, false
}

func (r resource) serves(group string) bool {
	for g := range strings.SplitSeq(r.groups, " ") {
		if g == group {
			return true
		}
	}
	return false
}

// decode decodes an object of the resource, which is not pods.
func (r resource) decode(raw []byte) (metav1.Object, error) {
	var obj metav1.Object
	switch r.kind {
	case "Event":
		return decodeEvent(raw)
	case "Node":
		obj = &corev1.Node{}
	case "PersistentVolumeClaim":
		obj = &corev1.PersistentVolumeClaim{}
	case "Namespace":
		obj = &corev1.Namespace{}
	case "ReplicaSet":
		obj = &appsv1.ReplicaSet{}
	case "Deployment":
		obj = &appsv1.Deployment{}
	case "StatefulSet":
		obj = &appsv1.StatefulSet{}
	case "DaemonSet":
		obj = &appsv1.DaemonSet{}
	default:
		obj = &batchv1.Job{}
	}
	return obj, json.Unmarshal(raw, obj)
}

// decodeEvent decodes an event of either API. The newer one says regarding where
// the older one says involvedObject; the items of a list do not say more.
func decodeEvent(raw []byte) (metav1.Object, error) {
	var shape struct {
		Regarding json.RawMessage `json:"regarding"`
	}
	if err := json.Unmarshal(raw, &shape); err != nil {
		return nil, err
	}
	if shape.Regarding == nil {
		e := &corev1.Event{}
		return e, json.Unmarshal(raw, e)
	}
	e := &eventsv1.Event{}
	err := json.Unmarshal(raw, e)
	return toCore(e), err
}

// toCore converts as the API server does, which serves one stored event in both
// versions (pkg/apis/events/v1/conversion.go, v1.37.2).
func toCore(e *eventsv1.Event) *corev1.Event {
	out := &corev1.Event{
		ObjectMeta: e.ObjectMeta, InvolvedObject: e.Regarding, Related: e.Related,
		Reason: e.Reason, Message: e.Note, Type: e.Type, Action: e.Action, EventTime: e.EventTime,
		Source: e.DeprecatedSource, Count: e.DeprecatedCount,
		FirstTimestamp: e.DeprecatedFirstTimestamp, LastTimestamp: e.DeprecatedLastTimestamp,
		ReportingController: e.ReportingController, ReportingInstance: e.ReportingInstance,
	}
	if s := e.Series; s != nil {
		out.Series = &corev1.EventSeries{Count: s.Count, LastObservedTime: s.LastObservedTime}
	}
	return out
}
