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

func TestLimitationsOfOneReasonShareALine(t *testing.T) {
	t.Parallel()
	r := &v1alpha1.PodReport{Limitations: []v1alpha1.Limitation{
		{Resource: "events", Namespace: "b", Reason: "Forbidden", Effect: "one"},
		{Resource: "events", Namespace: "a", Reason: "Forbidden", Effect: "one"},
		{Resource: "nodes", Reason: "Forbidden", Effect: "two"},
		{Resource: "jobs", Reason: "Timeout", Effect: "three"},
		{Resource: "pods", Namespace: "c", Reason: "Forbidden", Effect: "four"},
		{Resource: "pods/log", Namespace: "a", Reason: "Forbidden", Effect: "five"},
	}}
	want := `Limitation: events in namespaces a, b; nodes not read (Forbidden): causes and workloads may be missing, see limitations in -o json.
Limitation: pods in namespace c not read (Forbidden): four.
Limitation: pods/log in namespace a not read (Forbidden): five.
Limitation: jobs not read (Timeout): three.
`
	if got := printers.Limitations(r); got != want {
		t.Errorf("Limitations = %q, want %q", got, want)
	}
}
