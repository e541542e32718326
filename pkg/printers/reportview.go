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
}

// problems is the table of what is wrong.
func (v *reportView) problems() *table {
	switch v.GroupBy {
	case GroupByPod:
		return v.byPod()
	case GroupByNamespace, GroupByNode, GroupByCause:
		return v.byKey()
	case GroupByWorkload:
	}
	return v.byWorkload()
}

// shown reports whether findings of severity s are in the tables.
func (v *reportView) shown(s v1alpha1.Severity) bool {
	return v.ShowInfo || s != v1alpha1.SeverityInfo
}

// fold lets a column move below its row, except in the wide table: who asks for
// that has the room, or scrolls.
func (v *reportView) fold(folded func(string) string) func(string) string {
	if v.columns == wide {
		return nil
	}
	return folded
}

// manyNamespaces reports whether a row must say which namespace it is about.
func (v *reportView) manyNamespaces() bool {
	return v.report.Scope.AllNamespaces || len(v.report.Scope.Namespaces) != 1
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
	if v.manyNamespaces() {
		specs = append(specs, field("NAMESPACE", func(g group) string { return or(g.Workload.Namespace, nothing) }))
	}
	specs = append(
		specs,
		field("WORKLOAD", func(g group) string { return workloadText(g.Workload) }),
		field("PODS", func(g group) string { return fmt.Sprintf("%d/%d", g.AffectedPods, g.TotalPods) }),
		field("CAUSE", func(g group) string { return causeText(g.Cause, g.SubCause) }),
		folding("CONTAINER", v.fold(foldContainer), func(g group) string { return containerText(g.Container, g.ContainerType) }),
		folding("SINCE", v.fold(foldSince), func(g group) string { return sinceText(g.Since, g.SincePrecision, v.now) }),
		folding("RESTARTS", v.fold(foldRestarts), func(g group) string { return restartsText(g.Restarts, v.now) }),
	)
	if v.columns == wide {
		examples := v.examples()
		specs = append(
			specs,
			field("STATUS", func(g group) string { return examples[g].KubectlStatus }),
			field("READY", func(g group) string { return readyText(examples[g].Ready) }),
			field("EXIT", func(g group) string { return exitText(containerOf(examples[g], g.Container)) }),
			field("NODES", func(g group) string { return firstOf(g.Nodes) }),
			field("IMAGE", func(g group) string { return firstOf(g.Images) }),
			field("EXAMPLE", func(g group) string { return or(g.ExamplePod, none) }),
		)
	}
	specs = append(specs, folding("MESSAGE", foldWhole, func(g group) string { return g.Message }))
	var groups []group
	for i := range v.report.Groups {
		if g := &v.report.Groups[i]; v.shown(g.Severity) {
			groups = append(groups, g)
		}
	}
	return tableOf(specs, groups, func(g group) []below { return v.hint(g.Hints) })
}

// examples finds the example pod of each group; that of a group whose pod is
// not in the report knows nothing but its status.
func (v *reportView) examples() map[*v1alpha1.Group]*v1alpha1.Pod {
	type key struct{ namespace, name string }
	pods := make(map[key]*v1alpha1.Pod, len(v.report.Pods))
	for i := range v.report.Pods {
		p := &v.report.Pods[i]
		pods[key{p.Namespace, p.Name}] = p
	}
	examples := make(map[*v1alpha1.Group]*v1alpha1.Pod, len(v.report.Groups))
	for i := range v.report.Groups {
		g := &v.report.Groups[i]
		examples[g] = pods[key{g.Workload.Namespace, g.ExamplePod}]
		if examples[g] == nil {
			examples[g] = &v1alpha1.Pod{KubectlStatus: unknown}
		}
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

// hint is the line with the first command that changes nothing.
func (v *reportView) hint(hints []v1alpha1.Hint) []below {
	i := slices.IndexFunc(hints, func(h v1alpha1.Hint) bool { return !h.Mutating })
	if !v.Hints || i < 0 {
		return nil
	}
	arrow := "→ "
	if v.ASCII {
		arrow = "-> "
	}
	return []below{{cell: cell{arrow + hints[i].Command, v.Palette.info}, whole: true}}
}

// podFinding is one finding and the pod that has it.
type podFinding struct {
	pod *v1alpha1.Pod
	*v1alpha1.Finding
}

// restarts are those of the container at fault, if there is one.
func (f podFinding) restarts() v1alpha1.Restarts {
	c := containerOf(f.pod, f.Container)
	if c == nil {
		return v1alpha1.Restarts{Total: f.pod.Restarts}
	}
	r := v1alpha1.Restarts{Total: int64(c.RestartCount)}
	if c.LastTermination != nil {
		r.LastAt = c.LastTermination.FinishedAt
	}
	return r
}

// byPod has one row per finding, the pods with the worst findings first.
func (v *reportView) byPod() *table {
	type finding = podFinding
	var specs []spec[finding]
	if v.manyNamespaces() {
		specs = append(specs, field("NAMESPACE", func(f finding) string { return f.pod.Namespace }))
	}
	specs = append(
		specs,
		field("NAME", func(f finding) string { return f.pod.Name }),
		severityColumn(v, func(f finding) v1alpha1.Severity { return f.Severity }),
		field("CAUSE", func(f finding) string { return causeText(f.Cause, f.SubCause) }),
		folding("CONTAINER", v.fold(foldContainer), func(f finding) string { return containerText(f.Container, f.ContainerType) }),
		folding("SINCE", v.fold(foldSince), func(f finding) string { return sinceText(f.Since, f.SincePrecision, v.now) }),
		folding("RESTARTS", v.fold(foldRestarts), func(f finding) string { return restartsText(f.restarts(), v.now) }),
	)
	if v.columns == wide {
		specs = append(
			specs,
			field("STATUS", func(f finding) string { return f.pod.KubectlStatus }),
			field("READY", func(f finding) string { return readyText(f.pod.Ready) }),
			field("EXIT", func(f finding) string { return exitText(containerOf(f.pod, f.Container)) }),
			field("NODE", func(f finding) string { return or(f.pod.Node, none) }),
			field("OWNER", func(f finding) string { return ownerText(f.pod.Owner) }),
		)
	}
	specs = append(specs, folding("MESSAGE", foldWhole, func(f finding) string { return f.Message }))
	return tableOf(specs, v.findings(), func(f finding) []below { return v.hint(f.Hints) })
}

// findings returns the findings that are shown, by the worst of their pod.
func (v *reportView) findings() []podFinding {
	pods := make([]*v1alpha1.Pod, 0, len(v.report.Pods))
	for i := range v.report.Pods {
		if len(v.report.Pods[i].Findings) > 0 {
			pods = append(pods, &v.report.Pods[i])
		}
	}
	slices.SortStableFunc(pods, func(a, b *v1alpha1.Pod) int {
		return severityRank(a.Findings[0].Severity) - severityRank(b.Findings[0].Severity)
	})
	var out []podFinding
	for _, p := range pods {
		for i := range p.Findings {
			if f := &p.Findings[i]; v.shown(f.Severity) {
				out = append(out, podFinding{p, f})
			}
		}
	}
	return out
}

// others is the table of the pods that problems says nothing about.
func (v *reportView) others() *table {
	type pod = *v1alpha1.Pod
	var specs []spec[pod]
	if v.manyNamespaces() {
		specs = append(specs, field("NAMESPACE", func(p pod) string { return p.Namespace }))
	}
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
		if !slices.ContainsFunc(p.Findings, func(f v1alpha1.Finding) bool { return v.shown(f.Severity) }) {
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
