// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package printers_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/podwatch/kubectl-podwatch/pkg/apis/podwatch/v1alpha1"
	"github.com/podwatch/kubectl-podwatch/pkg/printers"
)

// inCluster marks what is in r as a part of a report on several clusters.
func inCluster(name string, r *v1alpha1.PodReport) *v1alpha1.PodReport {
	for i := range r.Groups {
		r.Groups[i].Cluster = name
		r.Groups[i].ID += "-" + name
	}
	for i := range r.Pods {
		r.Pods[i].Cluster = name
	}
	for i := range r.Limitations {
		r.Limitations[i].Cluster = name
	}
	return r
}

// continents is a report on two clusters that have the same workloads, pods and
// nodes. In the second one checkout crashes for a reason of its own, and a third
// cluster cannot be read.
func continents() *v1alpha1.PodReport {
	r, second := inCluster("prod-eu", shop()), inCluster("prod-us", shop())
	for i := range second.Pods {
		p := &second.Pods[i]
		if p.Workload.Name == "checkout" {
			p.KubectlStatus, p.Containers[0].LastTermination.ExitCode, p.Containers[0].LastTermination.Signal = "Error", 1, ""
		}
	}
	r.Source.Context, r.Source.Contexts = "", []string{"prod-ap", "prod-eu", "prod-us"}
	r.Groups = append(r.Groups, second.Groups...)
	slices.SortStableFunc(r.Groups, func(a, b v1alpha1.Group) int { return strings.Compare(a.Workload.Name, b.Workload.Name) })
	r.Pods = append(r.Pods, second.Pods...)
	r.Limitations = []v1alpha1.Limitation{
		{Resource: "events", Cluster: "prod-eu", Namespace: "shop", Reason: "Forbidden", Effect: "one"},
		{Resource: "nodes", Cluster: "prod-us", Reason: "Forbidden", Effect: "two"},
		{Resource: "pods", Cluster: "prod-ap", Reason: "Error", Effect: "no pods of this cluster are in the report: connection refused"},
	}
	r.Summary.Pods = v1alpha1.PodCounts{Total: 10, Healthy: 4, Failing: 6}
	r.Summary.Findings = v1alpha1.FindingCounts{Critical: 4}
	return r
}

func TestReportTableOfSeveralClusters(t *testing.T) {
	t.Parallel()
	for _, width := range []int{0, 80, 120} {
		t.Run(fmt.Sprintf("table-width-%d", width), func(t *testing.T) {
			t.Parallel()
			golden(t, report(t, "table", printers.ReportOptions{Width: width, Hints: width > 0, ShowHealthy: true}, continents()))
		})
	}
	for _, by := range printers.Groupings() {
		t.Run("by-"+by, func(t *testing.T) {
			t.Parallel()
			golden(t, report(t, "wide", printers.ReportOptions{GroupBy: printers.GroupBy(by)}, continents()))
		})
	}
	t.Run("summary", func(t *testing.T) {
		t.Parallel()
		golden(t, printers.ReportSummary(continents(), nil))
	})
	t.Run("summary-everywhere", func(t *testing.T) {
		t.Parallel()
		r := continents()
		r.Scope = v1alpha1.Scope{AllNamespaces: true}
		golden(t, printers.ReportSummary(r, nil))
	})
}

// A card is for one pod or one group in all clusters.
func TestCardOfSeveralClusters(t *testing.T) {
	t.Parallel()
	r := continents()
	r.Scope.Targets = []string{"deployment/checkout"}
	r.Groups = slices.DeleteFunc(r.Groups, func(g v1alpha1.Group) bool { return g.Workload.Name != "checkout" })
	r.Pods = slices.DeleteFunc(r.Pods, func(p v1alpha1.Pod) bool { return p.Workload.Name != "checkout" })
	for i := range r.Pods {
		r.Pods[i].Findings[0].Group = "g-uid-checkout-6d4f-abcde-" + r.Pods[i].Cluster
	}
	if _, ok := printers.CardOf(r); ok {
		t.Error("a card for a group in each of two clusters")
	}
	r.Groups = slices.DeleteFunc(r.Groups, func(g v1alpha1.Group) bool { return g.Cluster != "prod-us" })
	r.Limitations = append(r.Limitations, v1alpha1.Limitation{Resource: "pods/log", Cluster: "prod-eu", Namespace: "shop", Reason: "Forbidden"})
	card, ok := printers.CardOf(r)
	if !ok || card.Pod.Cluster != "prod-us" || len(card.Others) != 1 {
		t.Fatalf("card %v of %+v with %d others, want the pod in prod-us with 1", ok, card.Pod, len(card.Others))
	}
	got := report(t, "table", printers.ReportOptions{}, r)
	if !strings.Contains(got, "cluster prod-us") || strings.Contains(got, "prod-eu") || strings.Contains(got, "The log could not be read") {
		t.Errorf("the card is not about prod-us alone:\n%s", got)
	}
}
