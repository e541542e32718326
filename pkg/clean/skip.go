// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package clean

import (
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/podwatch/kubectl-podwatch/pkg/projection"
)

// SkipReason says why a pod is not planned. The value is what the user sees.
type SkipReason string

// The skip reasons, in the order in which they are tried; the first that holds
// is the one told.
const (
	// SkipMirrorPod: the kubelet owns the pod, it only has an image in the API.
	SkipMirrorPod SkipReason = "mirror-pod"
	// SkipAlreadyTerminating: somebody has deleted it. A second DELETE could
	// shorten its grace period.
	SkipAlreadyTerminating SkipReason = "already-terminating"
	// SkipKeepAnnotation: the annotation podwatch.dev/keep protects it.
	SkipKeepAnnotation SkipReason = "keep-annotation"
	// SkipNotMatching: it is in none of the categories.
	SkipNotMatching SkipReason = "not-matching"
	// SkipAgeUnknown: nothing tells when it ended, and an age is asked for.
	SkipAgeUnknown SkipReason = "age-unknown"
	// SkipTooYoung: it ended more recently than Rules.OlderThan.
	SkipTooYoung SkipReason = "too-young"
	// SkipFinalizer: somebody has still to do something before it may go.
	SkipFinalizer SkipReason = "finalizer"
	// SkipControllerHandles: its controller (StatefulSet, DaemonSet) removes
	// failed pods by itself, at its own pace.
	SkipControllerHandles SkipReason = "controller-handles"
	// SkipJobActive: it belongs to a Job that is not known to have ended, and
	// that counts its pods.
	SkipJobActive SkipReason = "job-active"
	// SkipCustomOwner: what its controller makes of a missing pod is not known.
	SkipCustomOwner SkipReason = "custom-owner"
)

// skipOwner returns why pods of the controller c are not removed, empty if
// they are. Kinds count together with their API group: the StatefulSet of
// another group is another thing.
func skipOwner(c *projection.Controller) SkipReason {
	if c == nil {
		return ""
	}
	gv, err := schema.ParseGroupVersion(c.APIVersion)
	if err != nil {
		return SkipCustomOwner
	}
	switch gv.WithKind(c.Kind).GroupKind() {
	case schema.GroupKind{Group: "apps", Kind: "ReplicaSet"}:
		// It has made the replacement already and never removes failed pods.
		return ""
	case schema.GroupKind{Group: "apps", Kind: "StatefulSet"}, schema.GroupKind{Group: "apps", Kind: "DaemonSet"}:
		return SkipControllerHandles
	case schema.GroupKind{Group: "batch", Kind: "Job"}:
		return SkipJobActive
	default:
		return SkipCustomOwner
	}
}
