// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package printers

import (
	"slices"

	"github.com/podwatch/kubectl-podwatch/pkg/apis/podwatch/v1alpha1"
)

// podFinding is one finding and the pod that has it, or what stands for a pod
// where only an owner has it.
type podFinding struct {
	pod *v1alpha1.Pod
	*v1alpha1.Finding

	// podless is true if there is no pod.
	podless bool
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

func (f podFinding) standing() standing {
	return standing{
		severity: f.Severity, since: f.Since, restarts: f.restarts().Total,
		namespace: f.pod.Namespace, node: f.pod.Node, pods: 1,
	}
}

// byPod has one row per finding, by default the pods with the worst ones first,
// or the worst findings, whatever their pods.
func (v *reportView) byPod() *table {
	type finding = podFinding
	specs := placeColumns(v, func(f finding) string { return f.pod.Cluster }, func(f finding) string { return f.pod.Namespace })
	specs = append(
		specs,
		field("NAME", func(f finding) string { return f.pod.Name }),
		severityColumn(v, func(f finding) v1alpha1.Severity { return f.Severity }),
		field("CAUSE", func(f finding) string { return causeText(f.Cause, f.SubCause) }),
		folding("CONTAINER", labelled("container"), func(f finding) string { return containerText(f.Container, f.ContainerType) }),
		folding("SINCE", foldSince, func(f finding) string { return sinceText(f.Since, f.SincePrecision, v.now) }),
		folding("RESTARTS", foldRestarts, func(f finding) string { return restartsText(f.restarts(), v.now) }),
	)
	if v.columns == wide {
		specs = append(
			specs,
			folding("STATUS", labelled("status"), func(f finding) string { return f.pod.KubectlStatus }),
			folding("READY", foldReady, func(f finding) string { return readyOf(f.pod) }),
			folding("EXIT", labelled("exit"), func(f finding) string { return exitText(containerOf(f.pod, f.Container)) }),
			folding("NODE", labelled("on"), func(f finding) string { return or(f.pod.Node, none) }),
			folding("IMAGE", labelled("image"), func(f finding) string { return or(imageOf(f), none) }),
			folding("QOS", foldWhole, func(f finding) string { return or(f.pod.QOSClass, none) }),
			folding("OWNERS", foldOwners, func(f finding) string { return ownersText(f.pod.Workload, chainOf(f.pod)) }),
		)
	}
	specs = append(specs, hintColumn(v, func(f finding) []v1alpha1.Hint { return f.Hints })...)
	specs = append(specs, messageColumn(v.columns, func(f finding) string { return f.Message }))
	findings := v.findings()
	if v.SortBy != SortBySeverity || v.GroupBy == GroupByNone {
		findings = sorted(v.SortBy, findings, podFinding.standing)
	}
	return tableOf(specs, limited(v.Limit, findings), func(f finding) []below { return v.hint(f.Hints) })
}

// chainOf is the owner of p, unless it is the workload.
func chainOf(p *v1alpha1.Pod) []v1alpha1.Owner {
	o := p.Owner
	if o == nil || o.Kind == p.Workload.Kind && o.Name == p.Workload.Name {
		return nil
	}
	return []v1alpha1.Owner{{Kind: o.Kind, Name: o.Name}}
}

// findings returns the findings that are shown, by the worst of their pod.
func (v *reportView) findings() []podFinding {
	var pods [][]podFinding
	for i := range v.report.Pods {
		p := &v.report.Pods[i]
		var shown []podFinding
		for j := range p.Findings {
			if f := &p.Findings[j]; v.passes(f) {
				shown = append(shown, podFinding{pod: p, Finding: f})
			}
		}
		if len(shown) > 0 {
			pods = append(pods, shown)
		}
	}
	roots := v.roots()
	notRoot := func(g *v1alpha1.Group) bool { return !roots[g.ID] } // their findings have rows, they have none
	for i := range v.report.Groups {
		if g := &v.report.Groups[i]; g.ExamplePod == "" && notRoot(g) && v.showsGroup(g, notRoot) {
			pods = append(pods, []podFinding{ownerFinding(g)})
		}
	}
	slices.SortStableFunc(pods, func(a, b []podFinding) int {
		return severityRank(a[0].Severity) - severityRank(b[0].Severity)
	})
	return slices.Concat(pods...)
}

// roots are the groups that stand for findings of several workloads: what they
// explain belongs to another workload than they do.
func (v *reportView) roots() map[string]bool {
	roots := map[string]bool{}
	for i := range v.report.Groups {
		g := &v.report.Groups[i]
		if reason := v.groups[g.RootCause]; reason != nil && identity(reason.Workload) != identity(g.Workload) {
			roots[g.RootCause] = true
		}
	}
	return roots
}

// identity is a workload without what was read of it, for comparisons.
func identity(w v1alpha1.Workload) v1alpha1.Workload {
	return v1alpha1.Workload{Kind: w.Kind, Namespace: w.Namespace, Name: w.Name}
}

// ownerFinding is what g says where no pod says it: the workload takes the
// place of the pod.
func ownerFinding(g *v1alpha1.Group) podFinding {
	w := identity(g.Workload)
	return podFinding{
		pod:     &v1alpha1.Pod{Cluster: g.Cluster, Namespace: w.Namespace, Name: workloadText(w), Workload: w, KubectlStatus: none},
		Finding: findingOf(g),
		podless: true,
	}
}

// imageOf is the image of the container at fault, "" if none is.
func imageOf(f podFinding) string {
	if c := containerOf(f.pod, f.Container); c != nil {
		return c.Image
	}
	return ""
}
