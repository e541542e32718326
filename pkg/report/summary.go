// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package report

import (
	"cmp"
	"slices"

	"github.com/podwatch/kubectl-podwatch/pkg/apis/podwatch/v1alpha1"
	"github.com/podwatch/kubectl-podwatch/pkg/projection"
	"github.com/podwatch/kubectl-podwatch/pkg/related"
)

// count counts the groups that no other group explains.
func count(groups []v1alpha1.Group) v1alpha1.FindingCounts {
	var n v1alpha1.FindingCounts
	for i := range groups {
		if groups[i].RootCause != "" {
			continue
		}
		switch groups[i].Severity {
		case v1alpha1.SeverityCritical:
			n.Critical++
		case v1alpha1.SeverityWarning:
			n.Warning++
		case v1alpha1.SeverityInfo:
			n.Info++
		}
	}
	return n
}

// workloads counts the workloads of all pods and of the owners with findings. A
// pod without an owner is a workload of its own.
func (c *Collector) workloads(around related.Index, findings []member) v1alpha1.WorkloadCounts {
	owned, affected, bare := map[v1alpha1.Workload]bool{}, map[v1alpha1.Workload]bool{}, 0
	for i := range c.origins {
		if c.origins[i].pods > 0 {
			owned[around.Workload(c.origins[i].Origin)] = true
		}
	}
	for _, j := range c.owners {
		if len(j.findings) > 0 { // others may have been read for a glance around
			owned[workloadOf(j.owner)] = true
		}
	}
	for _, s := range c.stubs {
		if s.origin == none {
			bare++
		}
	}
	for i := range findings {
		if findings[i].finding.Severity != v1alpha1.SeverityInfo {
			affected[findings[i].workload] = true
		}
	}
	return v1alpha1.WorkloadCounts{Total: len(owned) + bare, Affected: len(affected)}
}

// byCause counts the pods of each cause, the worst cause first.
func byCause(findings []member) []v1alpha1.CauseCount {
	counts := map[string]*v1alpha1.CauseCount{}
	pods := map[string]map[*projection.Pod]bool{}
	for i := range findings {
		m := &findings[i]
		cause := m.finding.Cause
		if m.finding.SubCause != "" {
			cause += "/" + m.finding.SubCause
		}
		c := counts[cause]
		if c == nil {
			c = &v1alpha1.CauseCount{Cause: cause, Severity: m.finding.Severity}
			counts[cause], pods[cause] = c, map[*projection.Pod]bool{}
		}
		if rank(m.finding.Severity) < rank(c.Severity) {
			c.Severity = m.finding.Severity
		}
		if m.pod != nil && !pods[cause][m.pod] {
			pods[cause][m.pod] = true
			c.Pods++
		}
	}
	out := make([]v1alpha1.CauseCount, 0, len(counts))
	for _, c := range counts {
		out = append(out, *c)
	}
	slices.SortFunc(out, compareCauses)
	return out
}

// compareCauses puts the worst first, then the one with more pods. A cause is
// listed once, so no two are equal.
func compareCauses(a, b v1alpha1.CauseCount) int {
	return cmp.Or(cmp.Compare(rank(a.Severity), rank(b.Severity)), cmp.Compare(b.Pods, a.Pods), cmp.Compare(a.Cause, b.Cause))
}
