// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package clean

import (
	"slices"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/podwatch/kubectl-podwatch/pkg/apis/podwatch/v1alpha1"
)

// Report returns plan as a report. results are those of Cleaner.Items, or nil
// for a plan that was not carried out. The caller adds context, scope and
// limitations.
func Report(plan *Plan, results []v1alpha1.CleanItem, dryRun v1alpha1.DryRun) *v1alpha1.CleanReport {
	r := newReport(plan.Items, plan.Now)
	r.Summary.Scanned, r.Summary.Planned = plan.Scanned, plan.planned
	copy(r.Items[:plan.planned], results)
	for i := range r.Items {
		r.Items[i].DryRun = dryRun
		add(&r.Summary, &r.Items[i])
	}
	for reason, n := range plan.Skipped {
		r.Summary.SkippedByReason[string(reason)] = n
	}
	return r
}

// RestoreReport returns the items of Archived, with their results if they have
// any, as a report made at the instant now.
func RestoreReport(items []v1alpha1.CleanItem, now time.Time, dryRun v1alpha1.DryRun) *v1alpha1.CleanReport {
	r := newReport(items, now)
	r.Summary.Scanned = len(items)
	for i := range r.Items {
		item := &r.Items[i]
		item.DryRun = dryRun
		add(&r.Summary, item)
		if item.Decision == v1alpha1.DecisionPlanned {
			r.Summary.Planned++
		} else {
			r.Summary.SkippedByReason[item.SkipReason]++
		}
	}
	return r
}

func newReport(items []v1alpha1.CleanItem, now time.Time) *v1alpha1.CleanReport {
	return &v1alpha1.CleanReport{
		TypeMeta:    v1alpha1.TypeMeta("CleanReport"),
		ObservedAt:  metav1.Time{Time: now.UTC()},
		Scope:       v1alpha1.Scope{Namespaces: []string{}, Targets: []string{}},
		Items:       slices.Clone(items),
		Limitations: []v1alpha1.Limitation{},
		Summary: v1alpha1.CleanSummary{
			SkippedByReason: map[string]int{}, ByCategory: map[string]int{}, ByNamespace: map[string]int{},
		},
	}
}

// Failures returns how many planned pods were to be removed and could not be.
// Pods that are gone, replaced, recovered or still terminating are no failures.
func Failures(s v1alpha1.CleanSummary) int {
	return s.Blocked + s.Conflict + s.Forbidden + s.ArchiveFailed + s.Errors
}

// Undone returns how many planned pods have no result, because nobody came to
// them.
func Undone(s v1alpha1.CleanSummary) int {
	return s.Planned - Failures(s) - s.Deleted - s.Terminating - s.Gone - s.Replaced - s.Recovered - s.WouldDelete -
		s.Created - s.Exists - s.WouldCreate
}

// add counts item in s.
func add(s *v1alpha1.CleanSummary, item *v1alpha1.CleanItem) {
	count(s, item.Result)
	if item.Decision != v1alpha1.DecisionPlanned {
		return
	}
	s.ByNamespace[item.Namespace]++
	if item.Category != "" {
		s.ByCategory[string(item.Category)]++
	}
}

func count(s *v1alpha1.CleanSummary, r v1alpha1.Result) {
	switch r {
	case v1alpha1.ResultDeleted:
		s.Deleted++
	case v1alpha1.ResultTerminating:
		s.Terminating++
	case v1alpha1.ResultGone:
		s.Gone++
	case v1alpha1.ResultReplaced:
		s.Replaced++
	case v1alpha1.ResultRecovered:
		s.Recovered++
	case v1alpha1.ResultBlocked:
		s.Blocked++
	case v1alpha1.ResultConflict:
		s.Conflict++
	case v1alpha1.ResultForbidden:
		s.Forbidden++
	case v1alpha1.ResultArchiveFailed:
		s.ArchiveFailed++
	case v1alpha1.ResultWouldDelete:
		s.WouldDelete++
	case v1alpha1.ResultCreated:
		s.Created++
	case v1alpha1.ResultExists:
		s.Exists++
	case v1alpha1.ResultWouldCreate:
		s.WouldCreate++
	case v1alpha1.ResultError:
		s.Errors++
	}
}
