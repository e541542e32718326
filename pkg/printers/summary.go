// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package printers

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/podwatch/kubectl-podwatch/pkg/apis/podwatch/v1alpha1"
	"github.com/podwatch/kubectl-podwatch/pkg/internal/plaintext"
)

// listed bounds lists of names in a sentence.
const listed = 3

// ReportSummary says in a line what was found, in one what a table does not show
// of it, and in one line each what could not be read, for standard error. shown
// are the options of the table that was printed, nil if it was another format.
// It ends in a newline.
func ReportSummary(r *v1alpha1.PodReport, shown *ReportOptions) string {
	return reportCounts(r) + hiddenText(r, shown) + Limitations(r)
}

// Limitations says in one line each what could not be read; "" if all was.
func Limitations(r *v1alpha1.PodReport) string { return limitationsText(r.Limitations, sharesLine) }

func reportCounts(r *v1alpha1.PodReport) string {
	pods, found := count(r.Summary.Pods.Total, "pod"), r.Summary.Findings
	total := found.Critical + found.Warning + found.Info
	where := whereRead(r)
	switch {
	case r.Summary.Pods.Total == 0 && total == 0:
		return fmt.Sprintf("No pods found%s.\n", where)
	case total == 0:
		return fmt.Sprintf("No problems found in %s%s.\n", pods, where)
	case total == found.Info:
		return fmt.Sprintf("No problems found in %s%s (%s, see --show-info).\n", pods, where, count(total, "info finding"))
	}
	return fmt.Sprintf("%s (%s) in %s%s%s.\n", count(total, "finding"), severitiesText(found), pods, where,
		prefixed(": ", podCountsText(r.Summary.Pods)))
}

// hiddenText says how much of a report its table does not show although that
// is worth a row, and which flags show it.
func hiddenText(r *v1alpha1.PodReport, shown *ReportOptions) string {
	if shown == nil {
		return ""
	}
	rows := func(o ReportOptions) int { return len(newReportView(r, o, narrow).problems().rows) }
	opts := *shown
	printed := rows(opts)
	opts.Only, opts.Limit = Filter{}, 0
	all := rows(opts)
	opts.Expand = true
	expanded := rows(opts)
	var b strings.Builder
	if hidden := all - printed; hidden > 0 {
		fmt.Fprintf(&b, "%s hidden by %s.\n", count(hidden, "row"), hiddenBy(shown))
	}
	if explained := expanded - all; explained > 0 {
		fmt.Fprintf(&b, "%s explained by others, see --expand.\n", count(explained, "more finding"))
	}
	return b.String()
}

// hiddenBy names the flags that hide rows.
func hiddenBy(o *ReportOptions) string {
	var flags []string
	for _, f := range []struct {
		name string
		on   bool
	}{
		{"--cause", len(o.Only.Causes) > 0},
		{"--category", len(o.Only.Categories) > 0},
		{"--min-severity", o.Only.MinSeverity != ""},
		{"--since", o.Only.Since > 0},
		{"--limit", o.Limit > 0},
	} {
		if f.on {
			flags = append(flags, f.name)
		}
	}
	return strings.Join(flags, ", ")
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

// whereRead is the scope of r, with the number of clusters if there are several.
func whereRead(r *v1alpha1.PodReport) string {
	namespaces := scopeText(r.Scope)
	switch n := len(r.Source.Contexts); {
	case n < 2:
		return namespaces
	case namespaces == "":
		return " in " + count(n, "cluster")
	default:
		return namespaces + " of " + count(n, "cluster")
	}
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
// namespaces it was in. Several that share a line by share are only named: what
// each of them may hide is in the report.
func limitationsText(limitations []v1alpha1.Limitation, share func(a, b v1alpha1.Limitation) bool) string {
	namespaces := map[v1alpha1.Limitation][]string{}
	for _, l := range limitations {
		key := l
		key.Namespace = ""
		namespaces[key] = append(namespaces[key], l.Namespace)
	}
	keys := slices.SortedFunc(maps.Keys(namespaces), func(a, b v1alpha1.Limitation) int {
		return cmp.Or(
			cmp.Compare(a.Reason, b.Reason), cmp.Compare(a.Resource, b.Resource),
			cmp.Compare(a.Cluster, b.Cluster), cmp.Compare(a.Effect, b.Effect),
		)
	})
	var b strings.Builder
	for len(keys) > 0 {
		n := 1
		for n < len(keys) && share(keys[0], keys[n]) {
			n++
		}
		things := make([]string, n)
		for i, l := range keys[:n] {
			things[i] = whereText(l, namespaces[l])
		}
		effect, separator := keys[0].Effect, ", "
		if slices.ContainsFunc(keys[:n], func(l v1alpha1.Limitation) bool { return namespaces[l][0] != "" }) {
			separator = "; " // the names of namespaces have commas between them
		}
		if n > 1 {
			effect = "causes and workloads may be missing, see limitations in -o json"
		}
		fmt.Fprintf(&b, "Limitation: %s not read (%s)%s.\n", strings.Join(things, separator), plaintext.Line(keys[0].Reason),
			prefixed(": ", plaintext.Line(effect)))
		keys = keys[n:]
	}
	return b.String()
}

// sharesLine reports whether two limitations of a report can be told together:
// related resources that were not read for one reason. Pods that
// were not read are told one by one: they are what the report is about.
func sharesLine(a, b v1alpha1.Limitation) bool {
	about := func(l v1alpha1.Limitation) bool { return strings.HasPrefix(l.Resource, "pods") }
	return a.Reason == b.Reason && !about(a) && !about(b)
}

// whereText names a resource and the namespaces that it was not read in.
func whereText(l v1alpha1.Limitation, names []string) string {
	slices.Sort(names)
	if names[0] == "" { // all of them
		names = nil
	}
	where := joinNonEmpty(" of ", namespacesText(slices.Compact(names)), prefixed("cluster ", plaintext.Line(l.Cluster)))
	return plaintext.Line(l.Resource) + prefixed(" in ", where)
}
