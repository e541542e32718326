// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package printers_test

import (
	"testing"

	"github.com/podwatch/kubectl-podwatch/pkg/apis/podwatch/v1alpha1"
	"github.com/podwatch/kubectl-podwatch/pkg/printers"
)

func TestReportSummary(t *testing.T) {
	t.Parallel()
	everywhere := outage()
	everywhere.Limitations = append(everywhere.Limitations, v1alpha1.Limitation{
		Resource: "jobs", Reason: "Offline", Effect: "pods are not traced to their CronJob",
	})
	few := allWell()
	few.Summary.Pods = v1alpha1.PodCounts{Total: 1, Healthy: 1}
	few.Scope.Namespaces = []string{"a", "b", "c", "d", "e"}
	quiet := allWell()
	quiet.Summary.Findings.Info = 1
	for name, r := range map[string]*v1alpha1.PodReport{
		"info-only": quiet,
		"findings":  everywhere, "one-namespace": shop(), "nothing-found": allWell(), "many-namespaces": few, "empty": {},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			golden(t, printers.ReportSummary(r, &printers.ReportOptions{GroupBy: printers.GroupByWorkload, SortBy: printers.SortBySeverity}))
		})
	}
}

func TestCleanSummary(t *testing.T) {
	t.Parallel()
	nothing := plan()
	nothing.Items, nothing.Summary.Planned = nil, 0
	for name, r := range map[string]*v1alpha1.CleanReport{
		"plan": plan(), "cleaned": cleaned(), "nothing": nothing,
		"client-dry-run": rehearsed(v1alpha1.DryRunClient), "server-dry-run": rehearsed(v1alpha1.DryRunServer),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			golden(t, printers.CleanSummary(r))
		})
	}
}
