// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package report

import (
	"cmp"
	"slices"

	"github.com/podwatch/kubectl-podwatch/pkg/apis/podwatch/v1alpha1"
)

// Merge returns one report on the clusters of the given ones, of which there is
// at least one; their order does not matter. They were built for one run with the
// same options, apart from a Cluster and a Source.Context of their own. The
// report of one cluster is returned as it is. Otherwise the given ones stay as they are,
// and the result shares with them what is inside of its groups and pods.
func Merge(reports ...*v1alpha1.PodReport) *v1alpha1.PodReport {
	if len(reports) == 1 {
		return reports[0]
	}
	reports = slices.SortedFunc(slices.Values(reports), func(a, b *v1alpha1.PodReport) int {
		return cmp.Compare(a.Source.Context, b.Source.Context)
	})
	merged := *reports[0]
	merged.Source.Context = ""
	merged.Scope.Namespaces = []string{}
	merged.Summary = v1alpha1.Summary{}
	merged.Groups, merged.Pods, merged.Limitations = []v1alpha1.Group{}, []v1alpha1.Pod{}, []v1alpha1.Limitation{}
	causes := map[string]v1alpha1.CauseCount{}
	for _, r := range reports {
		merged.Source.Contexts = append(merged.Source.Contexts, r.Source.Context)
		merged.Scope.Namespaces = append(merged.Scope.Namespaces, r.Scope.Namespaces...)
		merged.Groups = append(merged.Groups, r.Groups...)
		merged.Pods = append(merged.Pods, r.Pods...)
		merged.Limitations = append(merged.Limitations, r.Limitations...)
		merged.Summary.Pods = addPods(merged.Summary.Pods, r.Summary.Pods)
		merged.Summary.Workloads.Total += r.Summary.Workloads.Total
		merged.Summary.Workloads.Affected += r.Summary.Workloads.Affected
		for _, c := range r.Summary.ByCause {
			causes[c.Cause] = addCause(causes[c.Cause], c)
		}
	}
	slices.Sort(merged.Scope.Namespaces)
	merged.Scope.Namespaces = slices.Compact(merged.Scope.Namespaces)
	slices.SortFunc(merged.Groups, compareGroups)
	slices.SortStableFunc(merged.Limitations, compareLimitations)
	merged.Summary.Findings = count(merged.Groups)
	merged.Summary.ByCause = make([]v1alpha1.CauseCount, 0, len(causes))
	for _, c := range causes {
		merged.Summary.ByCause = append(merged.Summary.ByCause, c)
	}
	slices.SortFunc(merged.Summary.ByCause, compareCauses)
	return &merged
}

func addPods(a, b v1alpha1.PodCounts) v1alpha1.PodCounts {
	return v1alpha1.PodCounts{
		Total:       a.Total + b.Total,
		Healthy:     a.Healthy + b.Healthy,
		Progressing: a.Progressing + b.Progressing,
		Degraded:    a.Degraded + b.Degraded,
		Failing:     a.Failing + b.Failing,
		Failed:      a.Failed + b.Failed,
		Terminating: a.Terminating + b.Terminating,
		Completed:   a.Completed + b.Completed,
		Unknown:     a.Unknown + b.Unknown,
	}
}

// addCause adds b to a, which is zero for the first count of its cause.
func addCause(a, b v1alpha1.CauseCount) v1alpha1.CauseCount {
	if a.Cause == "" {
		return b
	}
	a.Pods += b.Pods
	if rank(b.Severity) < rank(a.Severity) {
		a.Severity = b.Severity
	}
	return a
}
