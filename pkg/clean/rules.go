// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package clean

import (
	"path"
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/podwatch/kubectl-podwatch/pkg/apis/podwatch/v1alpha1"
	"github.com/podwatch/kubectl-podwatch/pkg/internal/wildcard"
	"github.com/podwatch/kubectl-podwatch/pkg/projection"
)

// Rules say which pods may be removed. What selects narrows: a pod must meet
// all of it. The zero value is the most careful one, but for the age.
type Rules struct {
	// Categories are those that may be removed; nil stands for
	// DefaultCategories.
	Categories []v1alpha1.Category
	// OlderThan is how long ago a pod must have ended, UnreadyFor how long one
	// that lives must not have been ready. With zero, pods of unknown age may be
	// removed too.
	OlderThan, UnreadyFor time.Duration
	// Reasons are patterns in the sense of path.Match, of which one must match
	// the pod's reason or one of its containers', that of the run before
	// included. None means any reason.
	Reasons []string
	// ExitCodes are those of which a container must have ended with one, now or
	// in the run before. None means any.
	ExitCodes []int32
	// MinRestarts is how often a container of a pod of category crashloop must
	// have been restarted: the maximum over its containers, not their sum.
	MinRestarts int32
	// OwnerKinds are the kinds of controllers whose pods may be removed, none
	// meaning all; those of ExcludeOwnerKinds are left alone.
	OwnerKinds, ExcludeOwnerKinds []OwnerKind
	// ExcludeNamespaces are patterns, in the sense of package wildcard, of
	// namespaces that are left alone.
	ExcludeNamespaces []string
	// Bare says what happens to pods without a controller; empty stands for
	// BareTerminal.
	Bare Bare
	// AllowCustomOwners are controllers that are no built-in ones and whose
	// pods may be removed all the same.
	AllowCustomOwners []OwnerKind
	// AllowFinalizers lets pods be removed that wait for somebody then.
	AllowFinalizers bool
	// ControllerManaged lets pods of StatefulSets and DaemonSets be removed.
	ControllerManaged bool
	// KeepLast is how many of the pods of one controller that have ended are
	// kept, the newest ones.
	KeepLast int
	// MaxPerOwner is how many living pods of one controller are removed in one
	// run: 1 if zero.
	MaxPerOwner int
	// Self is the pod that podwatch runs in.
	Self Self
}

// Bare says which pods without a controller may be removed: nobody makes them
// anew.
type Bare string

// The values of --bare.
const (
	BareNever    Bare = "never"
	BareTerminal Bare = "terminal"
	BareAll      Bare = "all"
)

// Self names the pod that podwatch runs in. Its zero value means that it runs
// in none.
type Self struct {
	// Namespace is empty if it is not known; then the name alone counts.
	Namespace, Name string
	// Started is when the run began, by the server's clock. Pods made since are left alone: another
	// run of the same Job is among them.
	Started time.Time
}

func (s Self) is(p *projection.Pod) bool {
	if s.Name == "" {
		return false
	}
	named := p.Name == s.Name && (s.Namespace == "" || s.Namespace == p.Namespace)
	return named || !s.Started.IsZero() && p.CreationTimestamp.After(s.Started)
}

// asksFor reports whether r is about pods like p, the category of which is c.
func (r Rules) asksFor(p *projection.Pod, c v1alpha1.Category) bool {
	switch {
	case !slices.Contains(r.categories(), c),
		c == v1alpha1.CategoryCrashLoop && maxRestarts(p) < r.MinRestarts,
		!r.asksForReason(p), !r.asksForExitCode(p):
		return false
	case len(r.OwnerKinds) > 0 && !contains(r.OwnerKinds, p.Controller):
		return false
	}
	return !contains(r.ExcludeOwnerKinds, p.Controller)
}

func (r Rules) asksForReason(p *projection.Pod) bool {
	if len(r.Reasons) == 0 {
		return true
	}
	for _, reason := range reasons(p) {
		if slices.ContainsFunc(r.Reasons, func(pattern string) bool { return matches(pattern, reason) }) {
			return true
		}
	}
	return false
}

func (r Rules) asksForExitCode(p *projection.Pod) bool {
	if len(r.ExitCodes) == 0 {
		return true
	}
	for i := range p.Containers {
		for _, end := range []*projection.Terminated{p.Containers[i].Terminated, p.Containers[i].LastTerminated} {
			if end != nil && slices.Contains(r.ExitCodes, end.ExitCode) {
				return true
			}
		}
	}
	return false
}

// MayConcern reports whether p, as it is, could be planned at any time. The
// answer needs no verdict, and a yes may be too much.
func (r Rules) MayConcern(p *projection.Pod) bool {
	if p.Mirror || p.Keep || p.DeletionTimestamp != nil || wildcard.Any(r.ExcludeNamespaces, p.Namespace) {
		return false
	}
	ends := func(c v1alpha1.Category) bool { return !Living(c) && c != v1alpha1.CategorySucceeded }
	if p.Phase == corev1.PodFailed {
		return slices.ContainsFunc(r.categories(), ends)
	}
	if p.Phase == corev1.PodSucceeded {
		// A node shutdown leaves its reason.
		return slices.Contains(r.categories(), v1alpha1.CategorySucceeded) || p.Reason != "" || p.Message != ""
	}
	return slices.ContainsFunc(r.categories(), Living) && slices.ContainsFunc(p.Containers, func(c projection.Container) bool {
		return c.RestartCount > 0 || c.Waiting != nil
	})
}

// least is the least age of pods of category c that may be removed.
func (r Rules) least(c v1alpha1.Category) time.Duration {
	if Living(c) {
		return r.UnreadyFor
	}
	return r.OlderThan
}

func (r Rules) categories() []v1alpha1.Category {
	if r.Categories == nil {
		return DefaultCategories()
	}
	return r.Categories
}

// reasons returns all reasons that the status of p gives.
func reasons(p *projection.Pod) []string {
	out := []string{p.Reason}
	for i := range p.Containers {
		c := &p.Containers[i]
		if c.Waiting != nil {
			out = append(out, c.Waiting.Reason)
		}
		if c.Terminated != nil {
			out = append(out, c.Terminated.Reason)
		}
		if c.LastTerminated != nil {
			out = append(out, c.LastTerminated.Reason)
		}
	}
	return slices.DeleteFunc(out, func(s string) bool { return s == "" })
}

// matches is false for a pattern that is none; ParseReason lets none pass.
func matches(pattern, reason string) bool {
	ok, err := path.Match(pattern, reason)
	return ok && err == nil
}

func maxRestarts(p *projection.Pod) int32 {
	most := int32(0)
	for i := range p.Containers {
		most = max(most, p.Containers[i].RestartCount)
	}
	return most
}
