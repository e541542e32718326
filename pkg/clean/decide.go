// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package clean

import (
	"time"

	"github.com/podwatch/kubectl-podwatch/pkg/apis/podwatch/v1alpha1"
	"github.com/podwatch/kubectl-podwatch/pkg/diagnose"
	"github.com/podwatch/kubectl-podwatch/pkg/internal/wildcard"
	"github.com/podwatch/kubectl-podwatch/pkg/projection"
)

// criticalPriority is that of system-cluster-critical, the lower of the two
// classes that Kubernetes keeps for itself (pkg/apis/scheduling, v1.37).
const criticalPriority = 2_000_000_000

// Decision says what becomes of one pod.
type Decision struct {
	// Category is empty for a pod that is no candidate: it has no category, or
	// the rules do not ask for it.
	Category v1alpha1.Category
	// Age is known for candidates only.
	Age Age
	// Skip is empty for a pod that may be removed.
	Skip SkipReason
}

// Planned reports whether the pod may be removed.
func (d Decision) Planned() bool { return d.Skip == "" }

// Decide decides on p, on which v is the verdict at the instant now, knowing k
// of what surrounds it. It is pure, and neither argument is changed.
func Decide(p *projection.Pod, v diagnose.Verdict, now time.Time, r Rules, k Known) Decision {
	v = asEnded(p, v, now)
	d := Decision{Category: categoryOf(p, v)}
	if !r.asksFor(p, d.Category) {
		d.Category = ""
	}
	if d.Category != "" {
		d.Age = ageOf(p, d.Category, now)
	}
	d.Skip = skip(p, d, r, k)
	return d
}

// skip tries the skip reasons, protections first: they hold whatever the pod
// and the rules are.
func skip(p *projection.Pod, d Decision, r Rules, k Known) SkipReason {
	if s := skipProtected(p, d, r, k); s != "" {
		return s
	}
	if d.Category == "" {
		return SkipNotMatching
	}
	if s := skipAge(d, r); s != "" {
		return s
	}
	if len(p.Finalizers) > 0 && !r.AllowFinalizers {
		return SkipFinalizer
	}
	if s := skipOwner(p, d.Category, r, k); s != "" {
		return s
	}
	_, seen := k.Namespaces[p.Namespace]
	switch {
	case Living(d.Category) && p.Priority >= criticalPriority:
		return SkipCritical
	case Living(d.Category) && p.NoDisruption:
		return SkipDoNotDisrupt
	case k.Namespaces != nil && !seen:
		// Last, so that it is told of nothing but pods that might go otherwise.
		return SkipNamespaceUnknown
	}
	return ""
}

// skipProtected says why p is left alone whatever its condition is.
func skipProtected(p *projection.Pod, d Decision, r Rules, k Known) SkipReason {
	namespace := k.Namespaces[p.Namespace]
	switch {
	case p.Mirror, p.Controller != nil && p.Controller.Kind == "Node":
		return SkipMirrorPod
	case p.DeletionTimestamp != nil, namespace.Terminating && Living(d.Category):
		return SkipAlreadyTerminating
	case r.Self.is(p):
		return SkipSelf
	case p.Keep, namespace.Keep:
		return SkipKeepAnnotation
	case wildcard.Any(r.ExcludeNamespaces, p.Namespace):
		return SkipNamespaceExcluded
	}
	return ""
}

func skipAge(d Decision, r Rules) SkipReason {
	least := r.least(d.Category)
	switch {
	case least > 0 && !d.Age.Known():
		return SkipAgeUnknown
	case d.Age.Duration < least:
		return SkipTooYoung
	}
	return ""
}
