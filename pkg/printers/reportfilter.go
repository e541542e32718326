// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package printers

import (
	"cmp"
	"slices"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/podwatch/kubectl-podwatch/pkg/apis/podwatch/v1alpha1"
)

// Filter says which findings a table shows. It takes nothing away from the
// report: counts, gates and other formats do not know of it. Empty fields let
// everything pass.
type Filter struct {
	// Causes are CAUSE or CAUSE/SUBCAUSE.
	Causes     []string
	Categories []string
	// MinSeverity is the mildest to show; if empty, warning.
	MinSeverity v1alpha1.Severity
	// Since hides what began longer ago. What may have begun at any time stays.
	Since time.Duration
}

func (f Filter) empty() bool {
	return len(f.Causes) == 0 && len(f.Categories) == 0 && f.MinSeverity == "" && f.Since == 0
}

// mildest returns the severity that just passes.
func (v *reportView) mildest() v1alpha1.Severity {
	switch {
	case v.Only.MinSeverity != "":
		return v.Only.MinSeverity
	case v.ShowInfo:
		return v1alpha1.SeverityInfo
	}
	return v1alpha1.SeverityWarning
}

// passes reports whether f is to be shown.
func (v *reportView) passes(f *v1alpha1.Finding) bool {
	only := &v.Only
	switch {
	case severityRank(f.Severity) > severityRank(v.mildest()):
		return false
	case len(only.Causes) > 0 && !slices.Contains(only.Causes, f.Cause) && !slices.Contains(only.Causes, causeText(f.Cause, f.SubCause)):
		return false
	case len(only.Categories) > 0 && !slices.Contains(only.Categories, f.Category):
		return false
	}
	return only.Since == 0 || f.Since == nil || !f.Since.Time.Before(v.now.Add(-only.Since))
}

// problem reports whether f is worth a row before any filter.
func (v *reportView) problem(f *v1alpha1.Finding) bool {
	return v.ShowInfo || f.Severity != v1alpha1.SeverityInfo
}

// showsGroup reports whether g gets a row. One that another group explains has
// its row there, unless that one is not among the given rows or not shown either.
func (v *reportView) showsGroup(g *v1alpha1.Group, hasRow func(*v1alpha1.Group) bool) bool {
	if !v.passes(findingOf(g)) {
		return false
	}
	if v.Expand {
		return true
	}
	// A report comes from a file, too, and a circle must end.
	for range v.groups {
		reason := v.groups[g.RootCause]
		if g.RootCause == "" || reason == nil {
			return true
		}
		if hasRow(reason) && v.passes(findingOf(reason)) {
			return false
		}
		g = reason
	}
	return true
}

// findingOf returns what a group says, as one finding.
func findingOf(g *v1alpha1.Group) *v1alpha1.Finding {
	return &v1alpha1.Finding{
		Group: g.ID, Severity: g.Severity, Category: g.Category, Cause: g.Cause, SubCause: g.SubCause,
		Container: g.Container, ContainerType: g.ContainerType,
		Since: g.Since, SincePrecision: g.SincePrecision, Message: g.Message, Hints: g.Hints,
	}
}

// standing is what rows are ordered by.
type standing struct {
	severity        v1alpha1.Severity
	since           *metav1.Time
	restarts        int64
	namespace, node string
	pods            int
}

// compare returns a negative number if a comes before b.
func (by SortBy) compare(a, b standing) int {
	switch by {
	case SortBySeverity:
		return cmp.Compare(severityRank(a.severity), severityRank(b.severity))
	case SortBySince:
		return compareKnown(a.since == nil, b.since == nil, func() int { return a.since.Compare(b.since.Time) })
	case SortByRestarts:
		return cmp.Compare(b.restarts, a.restarts)
	case SortByNamespace:
		return compareKnown(a.namespace == "", b.namespace == "", func() int { return cmp.Compare(a.namespace, b.namespace) })
	case SortByNode:
		return compareKnown(a.node == "", b.node == "", func() int { return cmp.Compare(a.node, b.node) })
	case SortByPods:
		return cmp.Compare(b.pods, a.pods)
	}
	return 0
}

// compareKnown puts what is not known last.
func compareKnown(noA, noB bool, compare func() int) int {
	switch {
	case noA && noB:
		return 0
	case noA:
		return 1
	case noB:
		return -1
	}
	return compare()
}

// sorted returns items in the chosen order; equal ones stay as they are.
func sorted[T any](by SortBy, items []T, of func(T) standing) []T {
	slices.SortStableFunc(items, func(a, b T) int { return by.compare(of(a), of(b)) })
	return items
}

// limited returns the first items, as many as are wanted.
func limited[T any](limit int, items []T) []T {
	if limit > 0 && len(items) > limit {
		return items[:limit]
	}
	return items
}
