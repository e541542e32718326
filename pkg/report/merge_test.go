// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package report_test

import (
	"encoding/json"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/podwatch/kubectl-podwatch/pkg/apis/podwatch/v1alpha1"
	"github.com/podwatch/kubectl-podwatch/pkg/diagnose"
	"github.com/podwatch/kubectl-podwatch/pkg/related"
	"github.com/podwatch/kubectl-podwatch/pkg/report"
)

// stretched returns the report on a cluster with the names that all clusters of
// these tests have: a crash loop, a node that two workloads suffer from, a
// ReplicaSet that gets no pods, and a healthy pod. It has restarted as often as
// is said.
func stretched(cluster string, restarts int32, limitations ...v1alpha1.Limitation) *v1alpha1.PodReport {
	c := report.NewCollector(report.Options{
		Now: now(), GeneratedAt: now(), ObservedAtSource: "Clock", Cluster: cluster, HintContext: cluster,
		Source: v1alpha1.Source{Type: "Cluster", Context: cluster},
		Scope:  v1alpha1.Scope{Namespaces: []string{"shop", "of-" + cluster}}, ShowHealthy: true,
	})
	c.Add(replica("web", 0, restarts), bad(v1alpha1.StateFailing, crashLoop(ago(40), "exit 137")))
	c.Add(replica("web", 1, 0), bad(v1alpha1.StateFailing, nodeLost("n7", "critical", 6, "node unreachable")))
	c.Add(replica("api", 0, 0), bad(v1alpha1.StateDegraded, nodeLost("n7", "warning", 7, "node unreachable")))
	c.Add(replica("api", 1, 0), healthy())
	c.AddOwner(replicaSet("db-1", 3, 0), []v1alpha1.Finding{ownerFinding("critical", "FailedCreate", "Quota", "exceeded quota")})
	return c.Build(related.Index{}, limitations)
}

func three() []*v1alpha1.PodReport {
	denied := v1alpha1.Limitation{Resource: "events", Namespace: "shop", Reason: "Forbidden", Effect: "e"}
	nobody := report.NewCollector(report.Options{
		Now: now(), GeneratedAt: now(), ObservedAtSource: "Clock", Cluster: "c", HintContext: "c",
		Source: v1alpha1.Source{Type: "Cluster", Context: "c"}, Scope: v1alpha1.Scope{Namespaces: []string{"shop"}},
	}).Build(related.Index{}, []v1alpha1.Limitation{{Resource: "pods", Reason: "Error", Effect: "refused"}})
	return []*v1alpha1.PodReport{stretched("a", 3, denied), stretched("b", 9, denied), nobody}
}

func TestMergeOfOneClusterIsItsReport(t *testing.T) {
	t.Parallel()
	r := stretched("", 3)
	if got := report.Merge(r); got != r {
		t.Errorf("Merge made another report: %+v", got)
	}
	data, err := json.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(data), `"cluster"`) || strings.Contains(string(data), `"contexts"`) {
		t.Errorf("a report on one cluster names it in its lists: %s", data)
	}
}

func TestMergeAddsUp(t *testing.T) {
	t.Parallel()
	one, merged := stretched("", 3), report.Merge(three()...)
	if diff := cmp.Diff(v1alpha1.Source{Type: "Cluster", Contexts: []string{"a", "b", "c"}}, merged.Source); diff != "" {
		t.Errorf("source (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"of-a", "of-b", "shop"}, merged.Scope.Namespaces); diff != "" {
		t.Errorf("namespaces (-want +got):\n%s", diff)
	}
	want := v1alpha1.Summary{
		Pods:      v1alpha1.PodCounts{Total: 8, Healthy: 2, Failing: 4, Degraded: 2},
		Workloads: v1alpha1.WorkloadCounts{Total: 2 * one.Summary.Workloads.Total, Affected: 2 * one.Summary.Workloads.Affected},
		Findings:  v1alpha1.FindingCounts{Critical: 2 * one.Summary.Findings.Critical, Warning: 2 * one.Summary.Findings.Warning},
	}
	for _, c := range one.Summary.ByCause {
		c.Pods *= 2
		want.ByCause = append(want.ByCause, c)
	}
	if diff := cmp.Diff(want, merged.Summary); diff != "" || want.Findings.Critical == 0 || want.Workloads.Total == 0 {
		t.Errorf("summary (-want +got):\n%s", diff)
	}
	wantLimitations := []v1alpha1.Limitation{
		{Resource: "events", Cluster: "a", Namespace: "shop", Reason: "Forbidden", Effect: "e"},
		{Resource: "events", Cluster: "b", Namespace: "shop", Reason: "Forbidden", Effect: "e"},
		{Resource: "pods", Cluster: "c", Reason: "Error", Effect: "refused"},
	}
	if diff := cmp.Diff(wantLimitations, merged.Limitations); diff != "" {
		t.Errorf("limitations (-want +got):\n%s", diff)
	}
	if len(merged.Groups) != 2*len(one.Groups) || len(merged.Pods) != 8 {
		t.Errorf("%d groups and %d pods, want %d and 8", len(merged.Groups), len(merged.Pods), 2*len(one.Groups))
	}
}

// A cause that is milder or missing elsewhere keeps its worst severity.
func TestMergeOfCauses(t *testing.T) {
	t.Parallel()
	on := func(cluster string, findings ...v1alpha1.Finding) *v1alpha1.PodReport {
		c := report.NewCollector(report.Options{Now: now(), Cluster: cluster, Source: v1alpha1.Source{Context: cluster}})
		for i, f := range findings {
			c.Add(replica("web", i, 0), bad(v1alpha1.StateDegraded, f))
		}
		return build(c)
	}
	mild, other := crashLoop(ago(5), "m"), crashLoop(ago(5), "m")
	mild.Severity, other.Cause, other.SubCause = v1alpha1.SeverityWarning, "Evicted", ""
	merged := report.Merge(on("a", mild, mild, other), on("b", crashLoop(ago(5), "m"), other), on("c", mild))
	want := []v1alpha1.CauseCount{
		{Cause: "CrashLoop/OOMKilled", Severity: v1alpha1.SeverityCritical, Pods: 4},
		{Cause: "Evicted", Severity: v1alpha1.SeverityCritical, Pods: 2},
	}
	if diff := cmp.Diff(want, merged.Summary.ByCause); diff != "" {
		t.Errorf("causes (-want +got):\n%s", diff)
	}
}

// What has the same names in two clusters is two things, and what explains
// something does so in its own cluster.
func TestMergedIDsAreDistinct(t *testing.T) {
	t.Parallel()
	merged := report.Merge(three()...)
	groups := byID(merged)
	if len(groups) != len(merged.Groups) {
		t.Errorf("%d IDs for %d groups", len(groups), len(merged.Groups))
	}
	explained := 0
	for _, g := range merged.Groups {
		if g.Cluster != "a" && g.Cluster != "b" {
			t.Errorf("group %s is of cluster %q", g.ID, g.Cluster)
		}
		if g.RootCause != "" {
			explained++
			if groups[g.RootCause].Cluster != g.Cluster {
				t.Errorf("group of %s explained by one of %q", g.Cluster, groups[g.RootCause].Cluster)
			}
		}
		for _, h := range g.Hints {
			if !strings.Contains(h.Command, "--context "+g.Cluster) {
				t.Errorf("hint of cluster %s: %s", g.Cluster, h.Command)
			}
		}
	}
	if explained != 4 {
		t.Errorf("%d groups are explained, want 2 in each cluster", explained)
	}
	findings := map[string]bool{}
	for _, p := range merged.Pods {
		for _, f := range p.Findings {
			if findings[f.ID] || groups[f.Group].Cluster != p.Cluster {
				t.Errorf("finding %s of a pod in %s: known %t, its group is of %q", f.ID, p.Cluster, findings[f.ID], groups[f.Group].Cluster)
			}
			findings[f.ID] = true
		}
	}
	alone := stretched("", 3)
	for _, g := range alone.Groups {
		if _, ok := groups[g.ID]; ok {
			t.Errorf("group %s of a report on one cluster is in one on several", g.ID)
		}
	}
	if diff := cmp.Diff(build(withCrash()).Groups[0].ID, groupOf(alone, "CrashLoop").ID); diff != "" {
		t.Errorf("the context of a report on one cluster changes its IDs:\n%s", diff)
	}
}

func withCrash() *report.Collector {
	c := collector()
	c.Add(replica("web", 0, 3), bad(v1alpha1.StateFailing, crashLoop(ago(40), "exit 137")))
	return c
}

func groupOf(r *v1alpha1.PodReport, cause string) v1alpha1.Group {
	return r.Groups[slices.IndexFunc(r.Groups, func(g v1alpha1.Group) bool { return g.Cause == cause })]
}

func TestMergeIsTheSameForEveryOrder(t *testing.T) {
	t.Parallel()
	var want []byte
	r := rand.New(rand.NewPCG(1, 2))
	for range 20 {
		reports := three()
		before, err := json.Marshal(reports)
		if err != nil {
			t.Fatal(err)
		}
		given := slices.Clone(reports)
		r.Shuffle(len(given), func(i, j int) { given[i], given[j] = given[j], given[i] })
		got, err := json.Marshal(report.Merge(given...))
		if err != nil {
			t.Fatal(err)
		}
		if want == nil {
			want = got
		}
		if diff := cmp.Diff(string(want), string(got)); diff != "" {
			t.Fatalf("order matters (-first +this):\n%s", diff)
		}
		after, err := json.Marshal(reports)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(string(before), string(after)); diff != "" {
			t.Fatalf("Merge changed what it was given (-before +after):\n%s", diff)
		}
	}
	var tree any
	if err := json.Unmarshal(want, &tree); err != nil {
		t.Fatal(err)
	}
	noNulls(t, "merged", tree)
}

// Groups stand as they would in a report on one cluster: the worst first,
// whatever their cluster.
func TestMergedGroupsAreWorstFirst(t *testing.T) {
	t.Parallel()
	mild := report.NewCollector(report.Options{Now: now(), Cluster: "a", Source: v1alpha1.Source{Context: "a"}})
	f := crashLoop(ago(90), "m")
	f.Severity = v1alpha1.SeverityWarning
	mild.Add(replica("web", 0, 0), diagnose.Verdict{State: v1alpha1.StateDegraded, Findings: []v1alpha1.Finding{f}})
	grave := report.NewCollector(report.Options{Now: now(), Cluster: "b", Source: v1alpha1.Source{Context: "b"}})
	grave.Add(replica("web", 0, 0), bad(v1alpha1.StateFailing, crashLoop(ago(5), "m")))
	merged := report.Merge(build(mild), build(grave))
	if got := []string{merged.Groups[0].Cluster, merged.Groups[1].Cluster}; !slices.Equal(got, []string{"b", "a"}) {
		t.Errorf("clusters of the groups: %v, want the critical one first", got)
	}
	if got := []string{merged.Pods[0].Cluster, merged.Pods[1].Cluster}; !slices.Equal(got, []string{"a", "b"}) {
		t.Errorf("clusters of the pods: %v, want them by name", got)
	}
}
