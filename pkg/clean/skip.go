// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package clean

// SkipReason says why a pod is not planned. The value is what the user sees.
type SkipReason string

// The skip reasons, in the order in which they are tried; the first that holds
// is the one told.
const (
	// SkipMirrorPod: the kubelet owns the pod, it only has an image in the API.
	SkipMirrorPod SkipReason = "mirror-pod"
	// SkipAlreadyTerminating: somebody has deleted it, or its namespace. A second
	// DELETE could shorten its grace period.
	SkipAlreadyTerminating SkipReason = "already-terminating"
	// SkipSelf: podwatch runs in it, or it is younger than the run.
	SkipSelf SkipReason = "self"
	// SkipKeepAnnotation: the annotation podwatch.dev/keep protects it, or its
	// namespace.
	SkipKeepAnnotation SkipReason = "keep-annotation"
	// SkipNamespaceExcluded: its namespace is in Rules.ExcludeNamespaces.
	SkipNamespaceExcluded SkipReason = "namespace-excluded"
	// SkipNotMatching: it is in none of the categories, or not in what the
	// rules ask for.
	SkipNotMatching SkipReason = "not-matching"
	// SkipAgeUnknown: nothing tells when it ended, and an age is asked for.
	SkipAgeUnknown SkipReason = "age-unknown"
	// SkipTooYoung: it ended, or became unready, too recently.
	SkipTooYoung SkipReason = "too-young"
	// SkipFinalizer: somebody has still to do something before it may go.
	SkipFinalizer SkipReason = "finalizer"
	// SkipBarePod: it has no controller that would make it anew.
	SkipBarePod SkipReason = "bare-pod"
	// SkipControllerHandles: its controller (StatefulSet, DaemonSet) removes
	// failed pods by itself, at its own pace.
	SkipControllerHandles SkipReason = "controller-handles"
	// SkipJobCrashLoop: it lives and belongs to a Job, for which its removal
	// would be a failure.
	SkipJobCrashLoop SkipReason = "job-crashloop"
	// SkipJobActive: it belongs to a Job that has not ended and counts its pods.
	SkipJobActive SkipReason = "job-active"
	// SkipOwnerUnknown: it belongs to a Job that could not be read.
	SkipOwnerUnknown SkipReason = "owner-unknown"
	// SkipCustomOwner: what its controller, or another owner of a kind that is
	// not built in, makes of a missing pod is not known.
	SkipCustomOwner SkipReason = "custom-owner"
	// SkipCritical: it lives, and the cluster needs it (its priority says so).
	SkipCritical SkipReason = "critical"
	// SkipDoNotDisrupt: it lives, and an annotation asks not to disturb it.
	SkipDoNotDisrupt SkipReason = "do-not-disrupt"
	// SkipNamespaceUnknown: nothing else protects it, and its namespace, which
	// might, could not be read.
	SkipNamespaceUnknown SkipReason = "namespace-unknown"
	// SkipKeptLast: it is among the newest Rules.KeepLast pods of its controller.
	SkipKeptLast SkipReason = "kept-last"
	// SkipLimit: more pods than the limit would be removed, and others go first.
	SkipLimit SkipReason = "limit"
	// SkipLoopGuard: pods of its controller have been removed again and again.
	SkipLoopGuard SkipReason = "loop-guard"
	// SkipForbidden: the user may not remove pods there.
	SkipForbidden SkipReason = "forbidden"
)
