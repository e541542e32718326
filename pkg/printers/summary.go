// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package printers

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/podwatch/kubectl-podwatch/pkg/apis/podwatch/v1alpha1"
	"github.com/podwatch/kubectl-podwatch/pkg/internal/plaintext"
)

// listed bounds lists of names in a sentence.
const listed = 3

// ReportSummary says in a line what was found and in one line each what could
// not be read, for standard error. It ends in a newline.
func ReportSummary(r *v1alpha1.PodReport) string {
	var b strings.Builder
	pods, found := count(r.Summary.Pods.Total, "pod"), r.Summary.Findings
	total := found.Critical + found.Warning + found.Info
	where := scopeText(r.Scope)
	switch {
	case r.Summary.Pods.Total == 0:
		fmt.Fprintf(&b, "No pods found%s.\n", where)
	case total == 0:
		fmt.Fprintf(&b, "No problems found in %s%s.\n", pods, where)
	case total == found.Info:
		fmt.Fprintf(&b, "No problems found in %s%s (%s, see --show-info).\n", pods, where, count(total, "info finding"))
	default:
		fmt.Fprintf(&b, "%s (%s) in %s%s%s.\n", count(total, "finding"), severitiesText(found), pods, where,
			prefixed(": ", podCountsText(r.Summary.Pods)))
	}
	b.WriteString(limitationsText(r.Limitations))
	return b.String()
}

// severitiesText names the counts that are not 0.
func severitiesText(c v1alpha1.FindingCounts) string {
	return tally([]counted{{c.Critical, "critical"}, {c.Warning, "warning"}, {c.Info, "info"}})
}

// podCountsText names the counts that are not 0, from good to bad.
func podCountsText(c v1alpha1.PodCounts) string {
	return tally([]counted{
		{c.Healthy, "healthy"},
		{c.Completed, "completed"},
		{c.Progressing, "progressing"},
		{c.Terminating, "terminating"},
		{c.Degraded, "degraded"},
		{c.Failing, "failing"},
		{c.Failed, "failed"},
		{c.Unknown, "unknown"},
	})
}

// counted is a number of something.
type counted struct {
	n    int
	what string
}

// tally lists what there is any of.
func tally(counts []counted) string {
	var parts []string
	for _, c := range counts {
		if c.n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", c.n, c.what))
		}
	}
	return strings.Join(parts, ", ")
}

// scopeText is empty if all namespaces are meant.
func scopeText(s v1alpha1.Scope) string {
	if s.AllNamespaces {
		return ""
	}
	return prefixed(" in ", namespacesText(s.Namespaces))
}

// namespacesText is empty for no namespace.
func namespacesText(names []string) string {
	switch len(names) {
	case 0:
		return ""
	case 1:
		return "namespace " + plaintext.Line(names[0])
	}
	return "namespaces " + plaintext.Line(some(names))
}

// some lists the first names and the number of others.
func some(names []string) string {
	if len(names) <= listed {
		return strings.Join(names, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(names[:listed], ", "), len(names)-listed)
}

func prefixed(prefix, s string) string {
	if s == "" {
		return ""
	}
	return prefix + s
}

// limitationsText has one line per thing that could not be read, however many
// namespaces it was in.
func limitationsText(limitations []v1alpha1.Limitation) string {
	namespaces := map[v1alpha1.Limitation][]string{}
	for _, l := range limitations {
		key := l
		key.Namespace = ""
		namespaces[key] = append(namespaces[key], l.Namespace)
	}
	keys := make([]v1alpha1.Limitation, 0, len(namespaces))
	for l := range namespaces {
		keys = append(keys, l)
	}
	slices.SortFunc(keys, func(a, b v1alpha1.Limitation) int {
		return cmp.Or(cmp.Compare(a.Resource, b.Resource), cmp.Compare(a.Reason, b.Reason), cmp.Compare(a.Effect, b.Effect))
	})
	var b strings.Builder
	for _, l := range keys {
		names := namespaces[l]
		slices.Sort(names)
		if names[0] == "" { // all of them
			names = nil
		}
		fmt.Fprintf(&b, "Limitation: %s%s not read (%s)%s.\n", plaintext.Line(l.Resource),
			prefixed(" in ", namespacesText(slices.Compact(names))), plaintext.Line(l.Reason),
			prefixed(": ", plaintext.Line(l.Effect)))
	}
	return b.String()
}
