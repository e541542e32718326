// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package printers_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/podwatch/kubectl-podwatch/pkg/apis/podwatch/v1alpha1"
	"github.com/podwatch/kubectl-podwatch/pkg/printers"
)

// storm is outage with what explains other things: a dead node that two
// workloads suffer from, a quota that lets a Deployment have no pods, and a
// rollout that does not get on because its pods crash.
func storm() *v1alpha1.PodReport {
	r := outage()
	for i := range r.Groups {
		if g := &r.Groups[i]; g.Workload.Name == "checkout" {
			g.OwnerChain = []v1alpha1.Owner{{Kind: "ReplicaSet", Name: "checkout-6d4f", Revision: "7"}}
		}
	}
	lost := func(namespace, name, workload string) v1alpha1.Pod {
		return v1alpha1.Pod{
			Namespace: namespace, Name: name, UID: "uid-" + name, Node: "ip-10-0-3-9", Phase: "Running", State: v1alpha1.StateFailing,
			KubectlStatus: "Running", Ready: v1alpha1.Ready{Ready: 1, Total: 1}, CreatedAt: ago(9 * time.Hour), QOSClass: "Burstable",
			Workload:   v1alpha1.Workload{Kind: "StatefulSet", Namespace: namespace, Name: workload},
			Owner:      &v1alpha1.OwnerReference{Kind: "StatefulSet", Name: workload},
			Containers: []v1alpha1.Container{{Name: "db", Type: v1alpha1.ContainerApp, Image: "registry.example/db:1", State: "Running", Ready: true}},
			Findings: []v1alpha1.Finding{{
				Group: "g-" + workload, Severity: v1alpha1.SeverityCritical, Confidence: v1alpha1.ConfidenceHigh, Category: "Node", Cause: "NodeNotReady",
				Object: &v1alpha1.ObjectReference{Kind: "Node", Name: "ip-10-0-3-9"}, Since: ago(6 * time.Minute), SincePrecision: v1alpha1.SinceExact,
				Message: "node ip-10-0-3-9 does not report any more",
				Hints:   []v1alpha1.Hint{{Command: "kubectl describe node ip-10-0-3-9"}},
			}},
		}
	}
	for _, p := range []v1alpha1.Pod{lost("data", "orders-0", "orders"), lost("data", "orders-1", "orders"), lost("shop", "cache-0", "cache")} {
		before := len(r.Groups)
		add(r, p, v1alpha1.Group{AffectedPods: 1, TotalPods: 3, Nodes: []string{"ip-10-0-3-9"}, RootCause: "g-node"})
		if len(r.Groups) > before {
			r.Groups[before].ID = p.Findings[0].Group
		}
	}
	worst := r.Pods[len(r.Pods)-1]
	root := v1alpha1.Group{
		ID: "g-node", Severity: v1alpha1.SeverityCritical, Confidence: v1alpha1.ConfidenceHigh, Category: "Node", Cause: "NodeNotReady",
		Workload: v1alpha1.Workload{Kind: "Node", Name: "ip-10-0-3-9"}, AffectedPods: 3, TotalPods: 6,
		Since: ago(6 * time.Minute), SincePrecision: v1alpha1.SinceExact, Message: worst.Findings[0].Message, Hints: worst.Findings[0].Hints,
		Nodes: []string{"ip-10-0-3-9"}, Images: []string{"registry.example/db:1"}, ExamplePod: worst.Name, ExampleNamespace: worst.Namespace,
	}
	create := v1alpha1.Group{
		ID: "g-create", Severity: v1alpha1.SeverityCritical, Confidence: v1alpha1.ConfidenceHigh, Category: "Owner", Cause: "FailedCreate", SubCause: "Quota",
		Workload:   v1alpha1.Workload{Kind: "Deployment", Namespace: "batch", Name: "solver", Desired: new(int32(3)), Available: new(int32(0))},
		OwnerChain: []v1alpha1.Owner{{Kind: "ReplicaSet", Name: "solver-5f6b"}}, TotalPods: 3,
		Since: ago(20 * time.Minute), SincePrecision: v1alpha1.SinceExact,
		Message: `pods "solver-5f6b-" is forbidden: exceeded quota: compute, requested: cpu=4, used: cpu=38, limited: cpu=40`,
		Hints:   []v1alpha1.Hint{{Command: "kubectl -n batch describe replicaset solver-5f6b"}},
	}
	deadline := v1alpha1.Group{
		ID: "g-deadline", RootCause: r.Groups[0].ID, Severity: v1alpha1.SeverityCritical, Confidence: v1alpha1.ConfidenceHigh, Category: "Owner",
		Cause: "ProgressDeadlineExceeded", Workload: r.Groups[0].Workload, AffectedPods: 3, TotalPods: 3,
		Since: ago(30 * time.Minute), SincePrecision: v1alpha1.SinceExact,
		Message: "the rollout has not got on for 10m: pod checkout-6d4f-abcde: CrashLoop/OOMKilled",
	}
	r.Groups = slices.Concat([]v1alpha1.Group{root}, r.Groups, []v1alpha1.Group{create, deadline})
	worstFirst := []v1alpha1.Severity{v1alpha1.SeverityCritical, v1alpha1.SeverityWarning, v1alpha1.SeverityInfo}
	slices.SortStableFunc(r.Groups, func(a, b v1alpha1.Group) int {
		return slices.Index(worstFirst, a.Severity) - slices.Index(worstFirst, b.Severity)
	})
	return r
}

func TestReportRows(t *testing.T) {
	t.Parallel()
	for _, by := range printers.Groupings() {
		for _, width := range []int{0, 80, 120, 200} {
			t.Run(fmt.Sprintf("by-%s-width-%d", by, width), func(t *testing.T) {
				t.Parallel()
				golden(t, report(t, "table", printers.ReportOptions{GroupBy: printers.GroupBy(by), Width: width, Hints: width > 0}, storm()))
			})
		}
	}
	for _, width := range []int{0, 80, 120, 200, 400} {
		t.Run(fmt.Sprintf("wide-width-%d", width), func(t *testing.T) {
			t.Parallel()
			golden(t, report(t, "wide", printers.ReportOptions{Width: width, Hints: width > 0}, storm()))
		})
	}
	t.Run("expand", func(t *testing.T) {
		t.Parallel()
		golden(t, report(t, "table", printers.ReportOptions{Expand: true}, storm()))
	})
}

// tableColumn returns the cells below a header.
func tableColumn(t *testing.T, table, header string) []string {
	t.Helper()
	lines := strings.Split(strings.TrimSuffix(table, "\n"), "\n")
	at := strings.Index(lines[0], header)
	if at < 0 {
		t.Fatalf("no column %s in\n%s", header, table)
	}
	var cells []string
	for _, line := range lines[1:] {
		cell, _, _ := strings.Cut(string([]rune(line)[at:]), "  ")
		cells = append(cells, cell)
	}
	return cells
}

func TestReportFilters(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		opts printers.ReportOptions
		want []string
	}{
		"cause":               {printers.ReportOptions{Only: printers.Filter{Causes: []string{"CrashLoop", "Evicted"}}}, []string{"Deployment/checkout", "DaemonSet/log-shipper"}},
		"sub-cause":           {printers.ReportOptions{Only: printers.Filter{Causes: []string{"CrashLoop/OOMKilled", "Evicted/Disk"}}}, []string{"Deployment/checkout"}},
		"category":            {printers.ReportOptions{Only: printers.Filter{Categories: []string{"Image", "Scheduling"}}}, []string{"StatefulSet/redis", "CronJob/importer"}},
		"severity":            {printers.ReportOptions{Only: printers.Filter{MinSeverity: "critical"}}, []string{"Node/ip-10-0-3-9", "Deployment/checkout", "StatefulSet/redis", "CronJob/importer", "Deployment/solver"}},
		"info":                {printers.ReportOptions{Only: printers.Filter{MinSeverity: "info", Since: time.Minute, Causes: []string{"SchedulingGated"}}}, []string{"Job/train"}},
		"since, or not known": {printers.ReportOptions{Only: printers.Filter{Since: 10 * time.Minute}}, []string{"Node/ip-10-0-3-9", "CronJob/importer", "Pod/batch-worker"}},
		"limit":               {printers.ReportOptions{Limit: 2}, []string{"Node/ip-10-0-3-9", "Deployment/checkout"}},
		// What explains a row does not count if it is not shown.
		"without what explains": {printers.ReportOptions{Only: printers.Filter{Causes: []string{"ProgressDeadlineExceeded"}}}, []string{"Deployment/checkout"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := tableColumn(t, report(t, "table", tt.opts, storm()), "WORKLOAD")
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("rows (-want +got):\n%s", diff)
			}
		})
	}
}

func TestReportOrders(t *testing.T) {
	t.Parallel()
	for by, want := range map[printers.SortBy][]string{
		printers.SortBySeverity:  {"Node/ip-10-0-3-9", "Deployment/checkout", "StatefulSet/redis", "CronJob/importer", "Deployment/solver", "DaemonSet/log-shipper", "Pod/batch-worker"},
		printers.SortBySince:     {"StatefulSet/redis", "DaemonSet/log-shipper", "Deployment/checkout", "Deployment/solver", "Node/ip-10-0-3-9", "CronJob/importer", "Pod/batch-worker"},
		printers.SortByRestarts:  {"Deployment/checkout", "Pod/batch-worker", "Node/ip-10-0-3-9", "StatefulSet/redis", "CronJob/importer", "Deployment/solver", "DaemonSet/log-shipper"},
		printers.SortByNamespace: {"CronJob/importer", "Deployment/solver", "DaemonSet/log-shipper", "Pod/batch-worker", "Deployment/checkout", "StatefulSet/redis", "Node/ip-10-0-3-9"},
		printers.SortByNode:      {"Deployment/checkout", "DaemonSet/log-shipper", "Node/ip-10-0-3-9", "StatefulSet/redis", "CronJob/importer", "Deployment/solver", "Pod/batch-worker"},
		printers.SortByPods:      {"Node/ip-10-0-3-9", "Deployment/checkout", "DaemonSet/log-shipper", "StatefulSet/redis", "CronJob/importer", "Pod/batch-worker", "Deployment/solver"},
	} {
		got := tableColumn(t, report(t, "table", printers.ReportOptions{SortBy: by}, storm()), "WORKLOAD")
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("sorted by %s (-want +got):\n%s", by, diff)
		}
		for _, group := range printers.Groupings() {
			sorted := report(t, "table", printers.ReportOptions{SortBy: by, GroupBy: printers.GroupBy(group)}, storm())
			if plain := report(t, "table", printers.ReportOptions{GroupBy: printers.GroupBy(group)}, storm()); strings.Count(sorted, "\n") != strings.Count(plain, "\n") {
				t.Errorf("by %s sorted by %s has other rows than without", group, by)
			}
		}
	}
}

// What a root explains has rows of its own where the root has none.
func TestOwnersBehindARootKeepTheirRows(t *testing.T) {
	t.Parallel()
	group := func(id, rootCause, kind, name string) v1alpha1.Group {
		return v1alpha1.Group{
			ID: id, RootCause: rootCause, Severity: v1alpha1.SeverityCritical, Cause: "FailedCreate", SubCause: "Quota",
			Workload: v1alpha1.Workload{Kind: kind, Namespace: "batch", Name: name}, Message: "exceeded quota",
		}
	}
	r := &v1alpha1.PodReport{Groups: []v1alpha1.Group{
		group("root", "", "ResourceQuota", "compute"), group("a", "root", "Deployment", "a"), group("b", "root", "Deployment", "b"),
	}}
	late := group("late", "a", "Deployment", "a")
	late.Cause, late.SubCause = "ProgressDeadlineExceeded", ""
	r.Groups = append(r.Groups, late)
	for by, want := range map[printers.GroupBy]string{
		printers.GroupByWorkload: "critical batch ResourceQuota/compute 0/0 FailedCreate/Quota - ? 0 exceeded quota\n",
		printers.GroupByPod:      "batch Deployment/a critical FailedCreate/Quota - ? 0 exceeded quota\nbatch Deployment/b critical FailedCreate/Quota - ? 0 exceeded quota\n",
		printers.GroupByCause:    "FailedCreate/Quota critical 0 2 ? exceeded quota\n",
	} {
		var got strings.Builder
		for line := range strings.Lines(report(t, "table", printers.ReportOptions{GroupBy: by, NoHeaders: true}, r)) {
			got.WriteString(strings.Join(strings.Fields(line), " ") + "\n")
		}
		if got.String() != want {
			t.Errorf("by %s:\n%swant\n%s", by, got.String(), want)
		}
	}
}

// A pod whose problem is filtered away is none without problems.
func TestFilteredPodsAreNotHealthy(t *testing.T) {
	t.Parallel()
	opts := printers.ReportOptions{ShowHealthy: true, Only: printers.Filter{Causes: []string{"Evicted"}}}
	got := report(t, "table", opts, storm())
	if strings.Contains(got, "checkout-6d4f") || !strings.Contains(got, "frontend-7f9c-2zzkq") {
		t.Errorf("the list of other pods is wrong:\n%s", got)
	}
	completed := healthy("done", 0)
	completed.State, completed.KubectlStatus = v1alpha1.StateCompleted, "Completed"
	r := storm()
	r.Pods = append(r.Pods, completed)
	got = report(t, "table", printers.ReportOptions{ShowCompleted: true}, r)
	if !strings.Contains(got, "done") || strings.Contains(got, "frontend-7f9c-2zzkq") {
		t.Errorf("want the completed pod and no other one:\n%s", got)
	}
}

func TestReportRefusesUnknownOrder(t *testing.T) {
	t.Parallel()
	_, err := printers.NewReport("", printers.ReportOptions{SortBy: "age"})
	if want := `order "age" is none of severity, since, restarts, namespace, node, pods`; err == nil || err.Error() != want {
		t.Errorf("error %v, want %s", err, want)
	}
}

func TestReportSummarySaysWhatIsHidden(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		shown *printers.ReportOptions
		want  string
	}{
		"another format": {nil, ""},
		"nothing hidden": {&printers.ReportOptions{Expand: true}, ""},
		"explained":      {&printers.ReportOptions{}, "3 more findings explained by others, see --expand.\n"},
		"limit":          {&printers.ReportOptions{Limit: 5, Expand: true}, "5 rows hidden by --limit.\n"},
		"filters": {
			&printers.ReportOptions{Limit: 1, Only: printers.Filter{Causes: []string{"CrashLoop", "Evicted"}, MinSeverity: "critical"}},
			"6 rows hidden by --cause, --min-severity, --limit.\n3 more findings explained by others, see --expand.\n",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := storm()
			r.Limitations = nil
			_, got, _ := strings.Cut(printers.ReportSummary(r, tt.shown), "\n")
			if got != tt.want {
				t.Errorf("%q, want %q", got, tt.want)
			}
		})
	}
	// Nobody has pods, but somebody has a problem.
	r := &v1alpha1.PodReport{Summary: v1alpha1.Summary{Findings: v1alpha1.FindingCounts{Critical: 1}}}
	if got := printers.ReportSummary(r, nil); got != "1 finding (1 critical) in 0 pods.\n" {
		t.Errorf("%q says that all is well", got)
	}
}
