// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package clean

import (
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/podwatch/kubectl-podwatch/pkg/apis/podwatch/v1alpha1"
	"github.com/podwatch/kubectl-podwatch/pkg/diagnose"
	"github.com/podwatch/kubectl-podwatch/pkg/projection"
)

// Rules say which of the pods with a category may be removed.
type Rules struct {
	// OlderThan is how long ago a pod must have ended. With zero, pods of
	// unknown age may be removed too.
	OlderThan time.Duration
}

// Decision says what becomes of one pod.
type Decision struct {
	// Category is empty for a pod that is no candidate.
	Category v1alpha1.Category
	// Age is known for candidates only.
	Age Age
	// Skip is empty for a pod that may be removed.
	Skip SkipReason
}

// Planned reports whether the pod may be removed.
func (d Decision) Planned() bool { return d.Skip == "" }

// Decide decides on p, on which v is the verdict at the instant now. It is
// pure, and neither p nor v is changed.
func Decide(p *projection.Pod, v diagnose.Verdict, now time.Time, r Rules) Decision {
	d := Decision{Category: categoryOf(asFailed(p, v, now))}
	if d.Category != "" {
		d.Age = ageOf(p, d.Category, now)
	}
	d.Skip = skip(p, d, r)
	return d
}

// skip tries the skip reasons, protections first: they hold whatever the pod
// and the rules are.
func skip(p *projection.Pod, d Decision, r Rules) SkipReason {
	switch {
	case p.Mirror, p.Controller != nil && p.Controller.Kind == "Node":
		return SkipMirrorPod
	case p.DeletionTimestamp != nil:
		return SkipAlreadyTerminating
	case p.Keep:
		return SkipKeepAnnotation
	case d.Category == "":
		return SkipNotMatching
	case r.OlderThan > 0 && !d.Age.Known():
		return SkipAgeUnknown
	case d.Age.Duration < r.OlderThan:
		return SkipTooYoung
	case len(p.Finalizers) > 0:
		return SkipFinalizer
	default:
		return skipOwner(p.Controller)
	}
}

// Causes of package diagnose that have a category of their own.
const (
	causeEvicted      = "Evicted"
	causeNodeShutdown = "NodeShutdown"
	causeRejected     = "Rejected"
)

// asFailed returns the verdict that tells why p failed. That on a failed pod
// that is being deleted speaks of the deletion only, so it is judged once more
// as if it were not; the causes of a failure know no clocks.
func asFailed(p *projection.Pod, v diagnose.Verdict, now time.Time) diagnose.Verdict {
	if v.State != v1alpha1.StateTerminating || p.Phase != corev1.PodFailed {
		return v
	}
	failed := *p
	failed.DeletionTimestamp = nil
	return diagnose.Judge(&failed, diagnose.Related{}, now, diagnose.Defaults())
}

// categoryOf derives the category from the verdict, empty for a pod that has
// not failed.
func categoryOf(v diagnose.Verdict) v1alpha1.Category {
	if v.State != v1alpha1.StateFailed {
		return ""
	}
	for i := range v.Findings {
		switch v.Findings[i].Cause {
		case causeEvicted:
			return v1alpha1.CategoryEvicted
		case causeNodeShutdown:
			return v1alpha1.CategoryShutdown
		case causeRejected:
			return v1alpha1.CategoryRejected
		}
	}
	return v1alpha1.CategoryFailed
}
