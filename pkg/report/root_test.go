// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package report_test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/podwatch/kubectl-podwatch/pkg/apis/podwatch/v1alpha1"
	"github.com/podwatch/kubectl-podwatch/pkg/projection"
	"github.com/podwatch/kubectl-podwatch/pkg/report"
)

// nodeLost is the finding on a pod of the given node.
func nodeLost(node string, severity v1alpha1.Severity, minutes int, message string) v1alpha1.Finding {
	return v1alpha1.Finding{
		Severity: severity, Confidence: v1alpha1.ConfidenceHigh, Category: "Node", Cause: "NodeNotReady",
		Object: &v1alpha1.ObjectReference{Kind: "Node", Name: node},
		Since:  ago(minutes), SincePrecision: v1alpha1.SinceExact, Message: message,
	}
}

func byID(r *v1alpha1.PodReport) map[string]v1alpha1.Group {
	out := map[string]v1alpha1.Group{}
	for _, g := range r.Groups {
		out[g.ID] = g
	}
	return out
}

// rootsOf returns the groups that explain others.
func rootsOf(r *v1alpha1.PodReport) []v1alpha1.Group {
	var out []v1alpha1.Group
	explains := map[string]bool{}
	for _, g := range r.Groups {
		explains[g.RootCause] = true
	}
	for _, g := range r.Groups {
		if explains[g.ID] {
			out = append(out, g)
		}
	}
	return out
}

func TestOneNodeThatTwoWorkloadsSufferFromIsOneRoot(t *testing.T) {
	t.Parallel()
	c := collector()
	c.Add(replica("web", 0, 0), bad(v1alpha1.StateFailing, nodeLost("n7", "critical", 6, "node unreachable")))
	c.Add(replica("web", 1, 0), bad(v1alpha1.StateFailing, nodeLost("n7", "critical", 9, "node unreachable")))
	c.Add(replica("web", 2, 0), healthy())
	c.Add(replica("api", 0, 0), bad(v1alpha1.StateDegraded, nodeLost("n7", "warning", 7, "node unreachable")))
	r := build(c)

	roots := rootsOf(r)
	if len(roots) != 1 || len(r.Groups) != 3 {
		t.Fatalf("%d roots of %d groups, want 1 of 3: %+v", len(roots), len(r.Groups), r.Groups)
	}
	got := roots[0]
	got.Hints = nil
	want := v1alpha1.Group{
		ID: got.ID, Severity: "critical", SeverityReason: []string{}, Confidence: "High", Category: "Node", Cause: "NodeNotReady",
		Workload: v1alpha1.Workload{Kind: "Node", Name: "n7"}, OwnerChain: []v1alpha1.Owner{},
		AffectedPods: 3, TotalPods: 4, Since: ago(9), SincePrecision: "Exact", Message: "node unreachable",
		Nodes: []string{"node-0", "node-1"}, Images: []string{"proxy:2", "shop/api:1", "shop/web:1"},
		ExamplePod: "web-77f-01", ExampleNamespace: "shop",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("root (-want +got):\n%s", diff)
	}
	for _, g := range r.Groups {
		if g.ID != got.ID && g.RootCause != got.ID {
			t.Errorf("%s is explained by %q, want %q", g.Workload.Name, g.RootCause, got.ID)
		}
	}
	if want := (v1alpha1.FindingCounts{Critical: 1}); r.Summary.Findings != want {
		t.Errorf("findings = %+v, want %+v: members are explained", r.Summary.Findings, want)
	}
	if want := (v1alpha1.WorkloadCounts{Total: 2, Affected: 2}); r.Summary.Workloads != want {
		t.Errorf("workloads = %+v, want %+v", r.Summary.Workloads, want)
	}
	if diff := cmp.Diff([]v1alpha1.CauseCount{{Cause: "NodeNotReady", Severity: "critical", Pods: 3}}, r.Summary.ByCause); diff != "" {
		t.Errorf("causes (-want +got):\n%s", diff)
	}
}

// The ID of a root is compared between runs, so it must not change.
func TestRootIDIsStable(t *testing.T) {
	t.Parallel()
	c := collector()
	c.Add(replica("web", 0, 0), bad(v1alpha1.StateFailing, nodeLost("n7", "critical", 6, "m")))
	c.Add(replica("api", 0, 0), bad(v1alpha1.StateFailing, nodeLost("n7", "critical", 6, "m")))
	if got, want := rootsOf(build(c))[0].ID, "g-4c822950369a"; got != want {
		t.Errorf("ID = %s, want %s in every release", got, want)
	}
}

func TestNoRootWithoutTwoWorkloadsAndOneObject(t *testing.T) {
	t.Parallel()
	lost := func(node string) v1alpha1.Finding { return nodeLost(node, "critical", 6, "m") }
	other := lost("n7")
	other.SubCause = "KubeletStopped"
	for name, findings := range map[string][2]v1alpha1.Finding{
		"another node":      {lost("n7"), lost("n8")},
		"another sub-cause": {lost("n7"), other},
		"no object":         {crashLoop(ago(6), "m"), crashLoop(ago(6), "m")},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := collector()
			c.Add(replica("web", 0, 0), bad(v1alpha1.StateFailing, findings[0]))
			c.Add(replica("api", 0, 0), bad(v1alpha1.StateFailing, findings[1]))
			if roots := rootsOf(build(c)); len(roots) != 0 {
				t.Errorf("roots: %+v", roots)
			}
		})
	}
	c := collector()
	c.Add(replica("web", 0, 0), bad(v1alpha1.StateFailing, lost("n7")))
	c.Add(replica("web", 1, 0), bad(v1alpha1.StateFailing, lost("n7")))
	if r := build(c); len(r.Groups) != 1 || r.Groups[0].RootCause != "" {
		t.Errorf("two pods of one workload: %+v", r.Groups)
	}
}

// What is partly on a node of its own stays a row of its own.
func TestGroupIsExplainedOnlyIfAllOfItIs(t *testing.T) {
	t.Parallel()
	c := collector()
	c.Add(replica("web", 0, 0), bad(v1alpha1.StateFailing, nodeLost("n7", "critical", 6, "m")))
	c.Add(replica("web", 1, 0), bad(v1alpha1.StateFailing, nodeLost("n8", "critical", 6, "m")))
	c.Add(replica("api", 0, 0), bad(v1alpha1.StateFailing, nodeLost("n7", "critical", 6, "m")))
	for _, g := range build(c).Groups {
		if explained := g.RootCause != ""; explained != (g.Workload.Name == "api") {
			t.Errorf("%s is explained by %q", g.Workload.Name, g.RootCause)
		}
	}
	// In two roots it names the one that holds most of it.
	c.Add(replica("web", 2, 0), bad(v1alpha1.StateFailing, nodeLost("n8", "critical", 6, "m")))
	c.Add(replica("db", 0, 0), bad(v1alpha1.StateFailing, nodeLost("n8", "critical", 6, "m")))
	r := build(c)
	for _, g := range r.Groups {
		if g.Workload.Name == "web" && byID(r)[g.RootCause].Workload.Name != "n8" {
			t.Errorf("web is explained by %+v, want n8", byID(r)[g.RootCause])
		}
	}
	if got := r.Summary.Findings.Critical; got != 2 {
		t.Errorf("%d critical findings, want the two nodes", got)
	}
}

// A pod with two containers that suffer counts once, its restarts both.
func TestRootCountsPodsOnce(t *testing.T) {
	t.Parallel()
	pull := func(container string, kind v1alpha1.ContainerType) v1alpha1.Finding {
		f := crashLoop(ago(3), "429 ("+container+")")
		f.Cause, f.SubCause, f.Container, f.ContainerType = "ImagePull", "RateLimit", container, kind
		f.Object = &v1alpha1.ObjectReference{Kind: "Registry", Name: "docker.io"}
		return f
	}
	c := collector()
	for _, name := range []string{"web", "api"} {
		p := replica(name, 0, 2)
		p.Containers[1].RestartCount = 5
		c.Add(p, bad(v1alpha1.StateFailing, pull("app", v1alpha1.ContainerApp), pull("proxy", v1alpha1.ContainerSidecar)))
	}
	root := rootsOf(build(c))[0]
	if root.AffectedPods != 2 || root.TotalPods != 2 || root.Restarts.Total != 14 || root.Container != "" {
		t.Errorf("root = %d/%d pods, %d restarts, container %q, want 2/2, 14 and none",
			root.AffectedPods, root.TotalPods, root.Restarts.Total, root.Container)
	}
	if want := "429 (app) (2 variants)"; root.Message != want {
		t.Errorf("message = %q, want %q", root.Message, want)
	}
}

// Whatever the pods: the order does not matter, a root speaks for all of its
// members and is never explained itself, and no pod with a finding is lost.
func TestRootsAddUp(t *testing.T) {
	t.Parallel()
	for seed := range uint64(40) {
		random := rand.New(rand.NewPCG(seed, 7))
		var pods []*projection.Pod
		findings := map[*projection.Pod][]v1alpha1.Finding{}
		for i := range 40 {
			p := replica(fmt.Sprintf("w%d", random.IntN(6)), i, int32(random.IntN(4)))
			pods = append(pods, p)
			for range random.IntN(3) {
				f := nodeLost(fmt.Sprintf("n%d", random.IntN(3)), []v1alpha1.Severity{"critical", "warning", "info"}[random.IntN(3)], random.IntN(9), []string{"x", "y"}[random.IntN(2)])
				if random.IntN(3) == 0 {
					f.Object = nil
				}
				f.SubCause = []string{"", "Unreachable"}[random.IntN(2)]
				findings[p] = append(findings[p], f)
			}
		}
		want := ""
		for range 4 {
			random.Shuffle(len(pods), func(i, j int) { pods[i], pods[j] = pods[j], pods[i] })
			c := collector()
			for _, p := range pods {
				c.Add(p, bad(v1alpha1.StateFailing, findings[p]...))
			}
			r := build(c)
			got, err := json.Marshal(r)
			if err != nil {
				t.Fatal(err)
			}
			if want == "" {
				want = string(got)
				checkRoots(t, r)
			}
			if again, _ := json.Marshal(build(c)); want != string(got) || want != string(again) {
				t.Fatalf("seed %d: the report depends on the order, or on being built before", seed)
			}
		}
	}
}

func checkRoots(t *testing.T, r *v1alpha1.PodReport) {
	t.Helper()
	groups := byID(r)
	if len(groups) != len(r.Groups) {
		t.Errorf("%d IDs for %d groups", len(groups), len(r.Groups))
	}
	isRoot := func(g v1alpha1.Group) bool { return g.Workload.Kind == "Node" }
	badness := map[v1alpha1.Severity]int{"critical": 3, "warning": 2, "info": 1}
	unexplained := 0
	for _, g := range r.Groups {
		if g.RootCause == "" {
			unexplained++
		} else if root, ok := groups[g.RootCause]; !ok || !isRoot(root) || isRoot(g) {
			t.Errorf("group %s is explained by %+v", g.ID, root)
		}
		if g.AffectedPods > g.TotalPods || g.AffectedPods == 0 {
			t.Errorf("group %s has %d of %d pods", g.ID, g.AffectedPods, g.TotalPods)
		}
		if !isRoot(g) {
			continue
		}
		// What holds of a root is the sum of what the findings say.
		pods, worst := map[string]bool{}, 0
		for _, p := range r.Pods {
			for _, f := range p.Findings {
				if f.Object != nil && f.Object.Name == g.Workload.Name && f.SubCause == g.SubCause {
					pods[p.Name] = true
					worst = max(worst, badness[f.Severity])
				}
			}
		}
		if len(pods) != g.AffectedPods || worst != badness[g.Severity] {
			t.Errorf("root %s: %d pods %s, its findings have %d and badness %d", g.Workload.Name, g.AffectedPods, g.Severity, len(pods), worst)
		}
	}
	if n := r.Summary.Findings; n.Critical+n.Warning+n.Info != unexplained {
		t.Errorf("summary counts %+v, want %d in all", n, unexplained)
	}
	for _, p := range r.Pods {
		for i, f := range p.Findings {
			if _, ok := groups[f.Group]; !ok || f.ID == "" || f.Primary != (i == 0) {
				t.Errorf("finding %d of %s: id %q, group %q, primary %v", i, p.Name, f.ID, f.Group, f.Primary)
			}
		}
	}
}

// A gate sees the members, too, and names each problem once.
func TestGateNamesARootAndNotItsMembers(t *testing.T) {
	t.Parallel()
	c := collector()
	c.Add(replica("web", 0, 0), bad(v1alpha1.StateFailing, nodeLost("n7", "critical", 6, "m")))
	c.Add(replica("api", 0, 0), bad(v1alpha1.StateFailing, nodeLost("n7", "critical", 6, "m")))
	for _, text := range []string{"critical", "NodeNotReady"} {
		g, err := report.ParseGate(text)
		if err != nil {
			t.Fatal(err)
		}
		if failed := g.Failed(build(c)); len(failed) != 1 || failed[0].Workload.Kind != "Node" {
			t.Errorf("--fail-on %s: %+v, want the node alone", text, failed)
		}
	}
}
