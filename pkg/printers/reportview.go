// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package printers

import (
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/podwatch/kubectl-podwatch/pkg/apis/podwatch/v1alpha1"
)

// reportView is what one print of a report looks at.
type reportView struct {
	ReportOptions
	columns columnSet
	report  *v1alpha1.PodReport
	now     time.Time
	// groups are those of the report by ID.
	groups map[string]*v1alpha1.Group
	// logged are the pods whose logs were read.
	logged map[podName]*v1alpha1.Pod
}

func newReportView(r *v1alpha1.PodReport, opts ReportOptions, columns columnSet) *reportView {
	v := &reportView{
		ReportOptions: opts, columns: columns, report: r, now: r.ObservedAt.Time,
		groups: map[string]*v1alpha1.Group{}, logged: podsWithLogs(r),
	}
	for i := range r.Groups {
		v.groups[r.Groups[i].ID] = &r.Groups[i]
	}
	return v
}

// problems is the table of what is wrong.
func (v *reportView) problems() *table {
	switch v.GroupBy {
	case GroupByPod, GroupByNone:
		return v.byPod()
	case GroupByNamespace, GroupByNode, GroupByCause, GroupByCategory, GroupByImage, GroupByRegistry, GroupByContainer, GroupByCluster:
		return v.byKey()
	case GroupByWorkload:
	}
	return v.byWorkload()
}

// manyNamespaces reports whether a row must say which namespace it is about.
func (v *reportView) manyNamespaces() bool {
	return v.report.Scope.AllNamespaces || len(v.report.Scope.Namespaces) != 1
}

// manyClusters reports whether a row must say which cluster it is about.
func (v *reportView) manyClusters() bool { return len(v.report.Source.Contexts) > 1 }

// placeColumns are the columns that say where a row belongs, as far as that
// differs between rows.
func placeColumns[T any](v *reportView, cluster, namespace func(T) string) []spec[T] {
	var specs []spec[T]
	if v.manyClusters() {
		specs = append(specs, field("CLUSTER", func(item T) string { return or(cluster(item), nothing) }))
	}
	if v.manyNamespaces() {
		specs = append(specs, field("NAMESPACE", func(item T) string { return or(namespace(item), nothing) }))
	}
	return specs
}

// severityColumn is the column of a severity, in its colour.
func severityColumn[T any](v *reportView, of func(T) v1alpha1.Severity) spec[T] {
	return spec[T]{column{header: "SEVERITY"}, func(item T) cell {
		return cell{string(of(item)), v.Palette.severity(of(item))}
	}}
}

// byWorkload has one row per group of the report.
func (v *reportView) byWorkload() *table {
	type group = *v1alpha1.Group
	specs := []spec[group]{severityColumn(v, func(g group) v1alpha1.Severity { return g.Severity })}
	specs = append(specs, placeColumns(v, func(g group) string { return g.Cluster }, func(g group) string { return g.Workload.Namespace })...)
	specs = append(
		specs,
		field("WORKLOAD", func(g group) string { return workloadText(g.Workload) }),
		field("PODS", func(g group) string { return fmt.Sprintf("%d/%d", g.AffectedPods, g.TotalPods) }),
		field("CAUSE", func(g group) string { return causeText(g.Cause, g.SubCause) }),
		folding("CONTAINER", labelled("container"), func(g group) string { return containerText(g.Container, g.ContainerType) }),
		folding("SINCE", foldSince, func(g group) string { return sinceText(g.Since, g.SincePrecision, v.now) }),
		folding("RESTARTS", foldRestarts, func(g group) string { return restartsText(g.Restarts, v.now) }),
	)
	if v.columns == wide {
		examples, roots := v.examples(), v.roots()
		specs = append(
			specs,
			folding("STATUS", labelled("status"), func(g group) string { return examples[g].KubectlStatus }),
			folding("READY", foldReady, func(g group) string { return readyOf(examples[g]) }),
			folding("EXIT", labelled("exit"), func(g group) string { return exitText(containerOf(examples[g], g.Container)) }),
			folding("NODES", labelled("on"), func(g group) string { return firstOf(g.Nodes) }),
			folding("IMAGE", labelled("image"), func(g group) string { return firstOf(g.Images) }),
			folding("QOS", foldWhole, func(g group) string { return or(examples[g].QOSClass, none) }),
			folding("OWNERS", foldOwners, func(g group) string {
				if roots[g.ID] {
					return none // pods suffer from it, and are not its own
				}
				return ownersText(g.Workload, g.OwnerChain)
			}),
			folding("EXAMPLE", labelled("e.g."), exampleText),
		)
	}
	specs = append(specs, hintColumn(v, func(g group) []v1alpha1.Hint { return g.Hints })...)
	specs = append(specs, messageColumn(v.columns, func(g group) string { return g.Message }))
	var groups []group
	for i := range v.report.Groups {
		if g := &v.report.Groups[i]; v.showsGroup(g, every) {
			groups = append(groups, g)
		}
	}
	if v.SortBy != SortBySeverity { // the order of the report knows more
		groups = sorted(v.SortBy, groups, standingOf)
	}
	return tableOf(specs, limited(v.Limit, groups), func(g group) []below { return append(v.lastLines(g), v.hint(g.Hints)...) })
}

// every says of every group that it can have a row.
func every(*v1alpha1.Group) bool { return true }

func standingOf(g *v1alpha1.Group) standing {
	s := standing{severity: g.Severity, since: g.Since, restarts: g.Restarts.Total, namespace: g.Workload.Namespace, pods: g.AffectedPods}
	if len(g.Nodes) > 0 {
		s.node = g.Nodes[0]
	}
	return s
}

// exampleText names the example pod, and its namespace if that is not the one
// of the workload.
func exampleText(g *v1alpha1.Group) string {
	if g.ExampleNamespace != "" && g.ExampleNamespace != g.Workload.Namespace {
		return g.ExampleNamespace + "/" + g.ExamplePod
	}
	return or(g.ExamplePod, none)
}

// examples finds the example pod of each group. What stands for a pod that is
// not in the report has no containers; its status is not known, or there is
// none where no pod has the finding.
func (v *reportView) examples() map[*v1alpha1.Group]*v1alpha1.Pod {
	pods := make(map[podName]*v1alpha1.Pod, len(v.report.Pods))
	for i := range v.report.Pods {
		p := &v.report.Pods[i]
		pods[nameOf(p)] = p
	}
	examples := make(map[*v1alpha1.Group]*v1alpha1.Pod, len(v.report.Groups))
	for i := range v.report.Groups {
		g := &v.report.Groups[i]
		p := pods[exampleOf(g)]
		switch {
		case g.ExamplePod == "":
			p = &v1alpha1.Pod{KubectlStatus: none}
		case p == nil:
			p = &v1alpha1.Pod{KubectlStatus: unknown}
		}
		examples[g] = p
	}
	return examples
}

// containerOf returns the container of p with the given name, nil if none.
func containerOf(p *v1alpha1.Pod, name string) *v1alpha1.Container {
	i := slices.IndexFunc(p.Containers, func(c v1alpha1.Container) bool { return c.Name == name })
	if i < 0 {
		return nil
	}
	return &p.Containers[i]
}

// safe returns the first command that changes nothing, "" if there is none.
func safe(hints []v1alpha1.Hint) string {
	i := slices.IndexFunc(hints, func(h v1alpha1.Hint) bool { return !h.Mutating })
	if i < 0 {
		return ""
	}
	return hints[i].Command
}

// hint is the line with the first command that changes nothing.
func (v *reportView) hint(hints []v1alpha1.Hint) []below {
	command := safe(hints)
	if !v.Hints || command == "" {
		return nil
	}
	arrow := "→ "
	if v.ASCII {
		arrow = "-> "
	}
	return []below{{cell: cell{arrow + command, v.Palette.info}, whole: true}}
}

// hintColumn is the column of the same in the wide table, unless it stands
// below the row.
func hintColumn[T any](v *reportView, of func(T) []v1alpha1.Hint) []spec[T] {
	if v.columns != wide || v.Hints {
		return nil
	}
	return []spec[T]{folding("HINT", foldWhole, func(item T) string { return or(safe(of(item)), nothing) })}
}

// others is the table of the pods that problems says nothing about.
func (v *reportView) others() *table {
	type pod = *v1alpha1.Pod
	specs := placeColumns(v, func(p pod) string { return p.Cluster }, func(p pod) string { return p.Namespace })
	specs = append(
		specs,
		field("NAME", func(p pod) string { return p.Name }),
		field("READY", func(p pod) string { return readyText(p.Ready) }),
		field("STATUS", func(p pod) string { return p.KubectlStatus }),
		field("RESTARTS", func(p pod) string { return strconv.Itoa(int(p.Restarts)) }),
		field("AGE", func(p pod) string {
			if p.CreatedAt == nil {
				return unknown
			}
			return ageText(p.CreatedAt.Time, v.now)
		}),
	)
	if v.columns == wide {
		specs = append(specs, field("NODE", func(p pod) string { return or(p.Node, none) }))
	}
	var pods []pod
	for i := range v.report.Pods {
		p := &v.report.Pods[i]
		wanted := v.ShowHealthy || p.State == v1alpha1.StateCompleted
		// A pod whose problem is filtered away is none without problems.
		if wanted && !slices.ContainsFunc(p.Findings, func(f v1alpha1.Finding) bool { return v.problem(&f) }) {
			pods = append(pods, p)
		}
	}
	return tableOf(specs, pods, nil)
}

// severityRank is smaller for what is worse.
func severityRank(s v1alpha1.Severity) int {
	switch s {
	case v1alpha1.SeverityCritical:
		return 0
	case v1alpha1.SeverityWarning:
		return 1
	case v1alpha1.SeverityInfo:
		return 2
	}
	return 3
}
