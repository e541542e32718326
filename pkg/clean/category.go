// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package clean

import (
	"fmt"
	"slices"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/podwatch/kubectl-podwatch/pkg/apis/podwatch/v1alpha1"
	"github.com/podwatch/kubectl-podwatch/pkg/diagnose"
	"github.com/podwatch/kubectl-podwatch/pkg/projection"
)

// Categories returns all categories in plan order. They are disjoint.
func Categories() []v1alpha1.Category {
	return []v1alpha1.Category{
		v1alpha1.CategoryEvicted, v1alpha1.CategoryShutdown, v1alpha1.CategoryRejected, v1alpha1.CategoryFailed,
		v1alpha1.CategorySucceeded, v1alpha1.CategoryCrashLoop, v1alpha1.CategoryImagePull,
	}
}

// DefaultCategories returns those that a clean removes unless it is told
// otherwise: what has failed for good.
func DefaultCategories() []v1alpha1.Category { return Categories()[:4] }

// ParseCategory reads the name of a category.
func ParseCategory(s string) (v1alpha1.Category, error) {
	var names []string
	for _, c := range Categories() {
		if string(c) == s {
			return c, nil
		}
		names = append(names, string(c))
	}
	return "", fmt.Errorf("category %q is none of %s", s, strings.Join(names, ", "))
}

// Living reports whether pods of category c have not ended: these are evicted
// and not deleted.
func Living(c v1alpha1.Category) bool {
	return c == v1alpha1.CategoryCrashLoop || c == v1alpha1.CategoryImagePull
}

// Causes of package diagnose that have a category of their own.
const (
	causeEvicted      = "Evicted"
	causeNodeShutdown = "NodeShutdown"
	causeRejected     = "Rejected"
	causeCrashLoop    = "CrashLoop"
	causeImagePull    = "ImagePull"
	causeImageName    = "ImageNameInvalid"
)

// asEnded returns the verdict that tells why p ended. That on an ended pod
// that is being deleted speaks of the deletion only, so it is judged once more
// as if it were not; and a node shutdown can leave a pod Succeeded, of which
// nothing is found. The causes of a failure know no clocks.
func asEnded(p *projection.Pod, v diagnose.Verdict, now time.Time) diagnose.Verdict {
	ended := *p
	switch {
	case p.Phase == corev1.PodSucceeded:
		ended.Phase = corev1.PodFailed
	case p.Phase != corev1.PodFailed || v.State != v1alpha1.StateTerminating:
		return v
	}
	ended.DeletionTimestamp = nil
	return diagnose.Judge(&ended, diagnose.Related{}, now, diagnose.Defaults())
}

// categoryOf derives the category of p from its verdict, empty if it has none.
// v is the result of asEnded.
func categoryOf(p *projection.Pod, v diagnose.Verdict) v1alpha1.Category {
	switch {
	case p.Phase == corev1.PodFailed:
		switch {
		case found(v, causeEvicted):
			return v1alpha1.CategoryEvicted
		case found(v, causeNodeShutdown):
			return v1alpha1.CategoryShutdown
		case found(v, causeRejected):
			return v1alpha1.CategoryRejected
		}
		return v1alpha1.CategoryFailed
	case p.Phase == corev1.PodSucceeded && found(v, causeNodeShutdown):
		return v1alpha1.CategoryShutdown
	case p.Phase == corev1.PodSucceeded:
		return v1alpha1.CategorySucceeded
	case !alive(p, v):
		return ""
	case found(v, causeCrashLoop):
		return v1alpha1.CategoryCrashLoop
	case found(v, causeImagePull, causeImageName):
		return v1alpha1.CategoryImagePull
	}
	return ""
}

// alive reports whether p is known to run, or to try to, and to be broken. A
// pod that is ready is not removed, even if it has crashed a minute ago; and
// what is heard of a pod whose node is silent is old.
func alive(p *projection.Pod, v diagnose.Verdict) bool {
	if p.Phase != corev1.PodRunning && p.Phase != corev1.PodPending || p.DeletionTimestamp != nil {
		return false
	}
	ready := p.Condition(corev1.PodReady)
	isReady := ready != nil && ready.Status == corev1.ConditionTrue
	return !isReady && !found(v, "NodeNotReady", "KubeletUnresponsive")
}

// found reports whether v has a finding of one of the causes.
func found(v diagnose.Verdict, causes ...string) bool { return finding(v, causes...) != nil }

func finding(v diagnose.Verdict, causes ...string) *v1alpha1.Finding {
	for i := range v.Findings {
		if slices.Contains(causes, v.Findings[i].Cause) {
			return &v.Findings[i]
		}
	}
	return nil
}
