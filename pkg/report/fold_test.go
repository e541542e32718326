// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package report_test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/podwatch/kubectl-podwatch/pkg/apis/podwatch/v1alpha1"
	"github.com/podwatch/kubectl-podwatch/pkg/diagnose"
	"github.com/podwatch/kubectl-podwatch/pkg/projection"
	"github.com/podwatch/kubectl-podwatch/pkg/related"
	"github.com/podwatch/kubectl-podwatch/pkg/report"
)

func now() time.Time { return time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC) }

// ago returns the time so many minutes before now.
func ago(minutes int) *metav1.Time {
	return &metav1.Time{Time: now().Add(-time.Duration(minutes) * time.Minute)}
}

// replica returns pod <name>-<i> of the Deployment <name> with one container
// "app" that has restarted so many times.
func replica(name string, i int, restarts int32) *projection.Pod {
	return &projection.Pod{
		ObjectMeta:   metav1.ObjectMeta{Namespace: "shop", Name: fmt.Sprintf("%s-77f-%02d", name, i), UID: types.UID(fmt.Sprintf("%s-%02d", name, i))},
		TemplateHash: "77f",
		Controller:   &projection.Controller{APIVersion: "apps/v1", Kind: "ReplicaSet", Name: name + "-77f", UID: types.UID("rs-" + name)},
		NodeName:     fmt.Sprintf("node-%d", i%3),
		Phase:        "Running",
		Containers: []projection.Container{
			{Name: "app", Type: v1alpha1.ContainerApp, Image: "shop/" + name + ":1", RestartCount: restarts},
			{Name: "proxy", Type: v1alpha1.ContainerSidecar, Image: "proxy:2"},
		},
	}
}

func bad(state v1alpha1.State, findings ...v1alpha1.Finding) diagnose.Verdict {
	return diagnose.Verdict{State: state, Findings: findings}
}

func crashLoop(since *metav1.Time, message string) v1alpha1.Finding {
	f := v1alpha1.Finding{
		Severity: v1alpha1.SeverityCritical, Category: "Crash", Cause: "CrashLoop", SubCause: "OOMKilled",
		Container: "app", ContainerType: v1alpha1.ContainerApp,
		Since: since, SincePrecision: v1alpha1.SinceAtLeast, Message: message,
	}
	if since == nil {
		f.SincePrecision = v1alpha1.SinceUnknown
	}
	return f
}

func healthy() diagnose.Verdict { return diagnose.Verdict{State: v1alpha1.StateHealthy} }

func collector() *report.Collector { return report.NewCollector(report.Options{Now: now()}) }

func build(c *report.Collector) *v1alpha1.PodReport { return c.Build(related.Index{}, nil) }

func TestGroupFoldsThePodsOfAWorkload(t *testing.T) {
	t.Parallel()
	c := collector()
	worst := replica("web", 2, 19)
	worst.Containers[0].LastTerminated = &projection.Terminated{ExitCode: 137, FinishedAt: ago(9).Time}
	worst.Containers[0].Terminated = &projection.Terminated{ExitCode: 137, FinishedAt: ago(2).Time}
	c.Add(replica("web", 0, 3), bad(v1alpha1.StateFailing, crashLoop(ago(40), "exit 137")))
	c.Add(replica("web", 1, 5), bad(v1alpha1.StateFailing, crashLoop(nil, "exit 137")))
	c.Add(worst, bad(v1alpha1.StateFailing, crashLoop(ago(10), "exit 137")))
	c.Add(replica("web", 3, 0), healthy())
	c.Add(replica("other", 0, 0), healthy())

	r := build(c)
	if len(r.Groups) != 1 {
		t.Fatalf("groups = %d, want 1", len(r.Groups))
	}
	got := r.Groups[0]
	if len(got.Hints) == 0 {
		t.Error("the group has no hints")
	}
	got.Hints = nil
	want := v1alpha1.Group{
		ID: got.ID, Severity: v1alpha1.SeverityCritical, Category: "Crash", Cause: "CrashLoop", SubCause: "OOMKilled",
		Workload:  v1alpha1.Workload{Kind: "Deployment", Namespace: "shop", Name: "web"},
		Container: "app", ContainerType: v1alpha1.ContainerApp,
		AffectedPods: 3, TotalPods: 4,
		Since: ago(40), SincePrecision: v1alpha1.SinceAtLeast,
		Restarts: v1alpha1.Restarts{Total: 27, LastAt: ago(2)},
		Message:  "exit 137",
		Nodes:    []string{"node-0", "node-1", "node-2"}, Images: []string{"shop/web:1"},
		ExamplePod: "web-77f-02", ExampleNamespace: "shop",
		SeverityReason: []string{}, OwnerChain: []v1alpha1.Owner{{Kind: "ReplicaSet", Name: "web-77f"}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("group (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(v1alpha1.PodCounts{Total: 5, Healthy: 2, Failing: 3}, r.Summary.Pods); diff != "" {
		t.Errorf("pod counts (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(v1alpha1.FindingCounts{Critical: 1}, r.Summary.Findings); diff != "" {
		t.Errorf("finding counts must count groups (-want +got):\n%s", diff)
	}
}

func TestGroupsAreSplitByWhatTheyAreAbout(t *testing.T) {
	t.Parallel()
	base := crashLoop(ago(5), "m")
	variants := map[string]func(*projection.Pod, *v1alpha1.Finding){
		"the workload": func(p *projection.Pod, _ *v1alpha1.Finding) {
			p.Controller.Name, p.Controller.UID = "api-77f", "rs-api"
		},
		"the namespace":          func(p *projection.Pod, _ *v1alpha1.Finding) { p.Namespace = "other" },
		"the cause":              func(_ *projection.Pod, f *v1alpha1.Finding) { f.Cause = "OOMKilled" },
		"the sub-cause":          func(_ *projection.Pod, f *v1alpha1.Finding) { f.SubCause = "ExitCode" },
		"the container":          func(_ *projection.Pod, f *v1alpha1.Finding) { f.Container = "proxy" },
		"the type of container":  func(_ *projection.Pod, f *v1alpha1.Finding) { f.ContainerType = v1alpha1.ContainerInit },
		"no container is blamed": func(_ *projection.Pod, f *v1alpha1.Finding) { f.Container, f.ContainerType = "", "" },
	}
	for name, change := range variants {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p, f := replica("web", 1, 0), base
			change(p, &f)
			c := collector()
			c.Add(replica("web", 0, 0), bad(v1alpha1.StateFailing, base))
			c.Add(p, bad(v1alpha1.StateFailing, f))
			r := build(c)
			if len(r.Groups) != 2 {
				t.Fatalf("groups = %d, want 2", len(r.Groups))
			}
			if r.Groups[0].ID == r.Groups[1].ID {
				t.Errorf("two groups have the ID %s", r.Groups[0].ID)
			}
		})
	}
}

// The ID is what a baseline compares, so it must outlive the pods.
func TestGroupIDIsStable(t *testing.T) {
	t.Parallel()
	c := collector()
	c.Add(replica("web", 0, 1), bad(v1alpha1.StateFailing, crashLoop(ago(5), "one")))
	later := collector()
	p := replica("web", 7, 99)
	p.Controller.Name, p.Controller.UID, p.TemplateHash, p.NodeName = "web-99a", "rs-new", "99a", "elsewhere"
	f := crashLoop(nil, "two")
	f.Severity = v1alpha1.SeverityWarning
	later.Add(p, bad(v1alpha1.StateDegraded, f))

	const want = "g-f269b157ef45"
	if a, b := build(c).Groups[0].ID, build(later).Groups[0].ID; a != want || b != want {
		t.Errorf("IDs = %s and %s, want %s in every release", a, b, want)
	}
}

func TestGroupMessage(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		// messages of pods 0, 1, ...; a later pod has more restarts.
		messages []string
		want     string
	}{
		"the same":                       {[]string{"m", "m"}, "m"},
		"the most frequent":              {[]string{"rare", "often", "often"}, "often (2 variants)"},
		"the first of equally frequent":  {[]string{"b", "a", "c"}, "b (3 variants)"},
		"own names differ":               {[]string{"pod web-77f-00 died", "pod web-77f-01 died"}, "pod web-77f-01 died"},
		"own UIDs differ":                {[]string{"back-off (web-00)", "back-off (web-01)"}, "back-off (web-01)"},
		"one has restarted too often":    {[]string{"exit 1: x", "exit 1, needs manual investigation: x"}, "exit 1, needs manual investigation: x"},
		"times, digests, addresses":      {[]string{"10.0.0.1:80 at 2026-11-20T12:00:00Z sha256:" + hex('a'), "10.2.0.9:80 at 2026-11-20 12:00:01.5+00:00 sha256:" + hex('b')}, "10.2.0.9:80 at 2026-11-20 12:00:01.5+00:00 sha256:" + hex('b')},
		"exit codes are no mere details": {[]string{"exit 1", "exit 2", "exit 2"}, "exit 2 (2 variants)"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := collector()
			for i, message := range tt.messages {
				c.Add(replica("web", i, int32(i)), bad(v1alpha1.StateFailing, crashLoop(ago(5), message)))
			}
			if got := build(c).Groups[0].Message; got != tt.want {
				t.Errorf("message = %q, want %q", got, tt.want)
			}
		})
	}
}

func hex(digit byte) string {
	out := make([]byte, 64)
	for i := range out {
		out[i] = digit
	}
	return string(out)
}

func TestGroupSinceIsTheEarliest(t *testing.T) {
	t.Parallel()
	with := func(since *metav1.Time, precision v1alpha1.SincePrecision) v1alpha1.Finding {
		f := crashLoop(since, "m")
		f.SincePrecision = precision
		return f
	}
	tests := map[string]struct {
		findings  []v1alpha1.Finding
		since     *metav1.Time
		precision v1alpha1.SincePrecision
	}{
		"all unknown":             {[]v1alpha1.Finding{with(nil, v1alpha1.SinceUnknown)}, nil, v1alpha1.SinceUnknown},
		"one known":               {[]v1alpha1.Finding{with(nil, v1alpha1.SinceUnknown), with(ago(3), v1alpha1.SinceAtMost)}, ago(3), v1alpha1.SinceAtMost},
		"earliest with precision": {[]v1alpha1.Finding{with(ago(3), v1alpha1.SinceAtLeast), with(ago(9), v1alpha1.SinceExact)}, ago(9), v1alpha1.SinceExact},
		"a tie may be earlier":    {[]v1alpha1.Finding{with(ago(3), v1alpha1.SinceExact), with(ago(3), v1alpha1.SinceAtLeast)}, ago(3), v1alpha1.SinceAtLeast},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := collector()
			for i, f := range tt.findings {
				c.Add(replica("web", i, 0), bad(v1alpha1.StateFailing, f))
			}
			g := build(c).Groups[0]
			if !g.Since.Equal(tt.since) || g.SincePrecision != tt.precision {
				t.Errorf("since = %v %s, want %v %s", g.Since, g.SincePrecision, tt.since, tt.precision)
			}
		})
	}
}

func TestGroupsAreWorstFirst(t *testing.T) {
	t.Parallel()
	finding := func(s v1alpha1.Severity, since *metav1.Time) v1alpha1.Finding {
		f := crashLoop(since, "m")
		f.Severity = s
		return f
	}
	c := collector()
	c.Add(replica("info", 0, 0), bad(v1alpha1.StateHealthy, finding(v1alpha1.SeverityInfo, ago(90))))
	c.Add(replica("late", 0, 0), bad(v1alpha1.StateFailing, finding(v1alpha1.SeverityCritical, ago(1))))
	c.Add(replica("ageless", 0, 0), bad(v1alpha1.StateFailing, finding(v1alpha1.SeverityCritical, nil)))
	c.Add(replica("early", 0, 0), bad(v1alpha1.StateFailing, finding(v1alpha1.SeverityCritical, ago(9))))
	c.Add(replica("early2", 0, 0), bad(v1alpha1.StateFailing, finding(v1alpha1.SeverityCritical, ago(9))))
	for i := range 3 {
		c.Add(replica("warn", i, 0), bad(v1alpha1.StateDegraded, finding(v1alpha1.SeverityWarning, ago(99))))
	}
	for i := range 2 {
		c.Add(replica("many", i, 0), bad(v1alpha1.StateFailing, finding(v1alpha1.SeverityCritical, ago(1))))
	}
	// One member is enough to make the group worse.
	c.Add(replica("mixed", 0, 9), bad(v1alpha1.StateDegraded, finding(v1alpha1.SeverityWarning, ago(1))))
	c.Add(replica("mixed", 1, 0), bad(v1alpha1.StateFailing, finding(v1alpha1.SeverityCritical, ago(0))))
	got := []string{}
	for _, g := range build(c).Groups {
		got = append(got, string(g.Severity)+" "+g.Workload.Name+" "+g.ExamplePod)
	}
	want := []string{
		"critical many many-77f-00", "critical mixed mixed-77f-01", "critical early early-77f-00", "critical early2 early2-77f-00",
		"critical late late-77f-00", "critical ageless ageless-77f-00", "warning warn warn-77f-00", "info info info-77f-00",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("groups (-want +got):\n%s", diff)
	}
}

func TestGroupWithoutAContainer(t *testing.T) {
	t.Parallel()
	f := crashLoop(ago(3), "no node fits")
	f.Cause, f.SubCause, f.Container, f.ContainerType = "Unschedulable", "Resources", "", ""
	p := replica("web", 0, 4)
	p.NodeName = ""
	c := collector()
	// Two findings of one pod in one group are one affected pod.
	c.Add(p, bad(v1alpha1.StateFailing, f, f))
	g := build(c).Groups[0]
	if g.AffectedPods != 1 || g.Restarts.Total != 0 || g.Restarts.LastAt != nil || g.Nodes == nil || len(g.Nodes) != 0 {
		t.Errorf("group = %+v, want one pod, no restarts and no nodes", g)
	}
	if diff := cmp.Diff([]string{"proxy:2", "shop/web:1"}, g.Images); diff != "" {
		t.Errorf("images (-want +got):\n%s", diff)
	}
}

// Owners that were read join what the pods alone would keep apart.
func TestOwnersDecideTheWorkload(t *testing.T) {
	t.Parallel()
	old, renamed := replica("web", 0, 0), replica("web", 1, 0)
	renamed.Controller.Name, renamed.Controller.UID, renamed.TemplateHash = "blue", "rs-blue", ""
	c := collector()
	c.Add(old, bad(v1alpha1.StateFailing, crashLoop(ago(3), "m")))
	c.Add(renamed, healthy())
	if g := build(c).Groups[0]; g.TotalPods != 1 {
		t.Errorf("without owners: TotalPods = %d, want 1", g.TotalPods)
	}
	var index related.Index
	yes := true
	for _, uid := range []types.UID{"rs-web", "rs-blue"} {
		index.Add(&metav1.ObjectMeta{UID: uid, OwnerReferences: []metav1.OwnerReference{{Kind: "Deployment", Name: "shop-web", Controller: &yes}}})
	}
	g := c.Build(index, nil).Groups[0]
	if g.Workload.Name != "shop-web" || g.AffectedPods != 1 || g.TotalPods != 2 {
		t.Errorf("group = %v %d/%d, want shop-web 1/2", g.Workload, g.AffectedPods, g.TotalPods)
	}
}

func TestAddReplacesAndRemoveForgets(t *testing.T) {
	t.Parallel()
	c := collector()
	p := replica("web", 0, 0)
	c.Add(p, bad(v1alpha1.StateFailing, crashLoop(ago(3), "m")))
	c.Add(p, healthy())
	if r := build(c); r.Summary.Pods.Total != 1 || r.Summary.Pods.Healthy != 1 || len(r.Groups) != 0 || len(r.Pods) != 0 {
		t.Errorf("after recovery: %+v, %d groups, %d pods", r.Summary, len(r.Groups), len(r.Pods))
	}
	c.Add(replica("web", 1, 0), bad(v1alpha1.StateFailing, crashLoop(ago(3), "m")))
	c.Remove(p.Namespace, p.Name, p.UID)
	c.Remove("shop", "never-seen", "u")
	if r := build(c); r.Summary.Pods.Total != 1 || r.Groups[0].TotalPods != 1 {
		t.Errorf("after removal: %+v, want one pod", r.Summary)
	}
	// Without a UID the name identifies; without either every pod counts.
	for range 2 {
		c.Add(&projection.Pod{ObjectMeta: metav1.ObjectMeta{Name: "n"}}, healthy())
		c.Add(&projection.Pod{}, bad(v1alpha1.StateUnknown, crashLoop(nil, "m")))
	}
	if r := build(c); r.Summary.Pods.Total != 4 || len(r.Pods) != 3 {
		t.Errorf("total = %d with %d shown, want 4 with 3", r.Summary.Pods.Total, len(r.Pods))
	}
}

func TestShowHealthyKeepsEveryPod(t *testing.T) {
	t.Parallel()
	c := report.NewCollector(report.Options{ShowHealthy: true})
	c.Add(replica("web", 1, 0), healthy())
	c.Add(replica("web", 0, 0), healthy())
	r := build(c)
	if len(r.Pods) != 2 || r.Pods[0].Name != "web-77f-00" || r.Pods[0].Workload.Kind != "Deployment" || len(r.Groups) != 0 {
		t.Errorf("pods = %+v", r.Pods)
	}
	_, limitations := related.Read(t.Context(), related.Client{}, c.Need(), related.Policy{})
	if len(limitations) != 0 {
		t.Error("healthy pods must not ask for owners")
	}
}

// The report must not depend on the order in which pods come, and what Build
// returns must not change under its owner.
func TestReportIsTheSameForEveryOrder(t *testing.T) {
	t.Parallel()
	type judged struct {
		pod     *projection.Pod
		verdict diagnose.Verdict
	}
	random := rand.New(rand.NewPCG(1, 2))
	pods := []judged{}
	for i := range 60 {
		p := replica([]string{"a", "b", "c"}[random.IntN(3)], i, int32(random.IntN(3)))
		if i%7 == 0 {
			p.Controller = nil
		}
		v := healthy()
		for range random.IntN(3) {
			f := crashLoop([]*metav1.Time{nil, ago(1), ago(2)}[random.IntN(3)], []string{"x", "y"}[random.IntN(2)])
			f.Severity = []v1alpha1.Severity{"critical", "warning", "info"}[random.IntN(3)]
			f.Cause = []string{"CrashLoop", "OOMKilled"}[random.IntN(2)]
			v = bad(v1alpha1.StateFailing, append(v.Findings, f)...)
		}
		pods = append(pods, judged{p, v})
	}
	want := ""
	for range 20 {
		random.Shuffle(len(pods), func(i, j int) { pods[i], pods[j] = pods[j], pods[i] })
		c := collector()
		for _, j := range pods {
			c.Add(j.pod, j.verdict)
		}
		first, err := json.Marshal(build(c))
		if err != nil {
			t.Fatal(err)
		}
		again, err := json.Marshal(build(c))
		if err != nil {
			t.Fatal(err)
		}
		if string(first) != string(again) {
			t.Fatal("the second Build of a collector differs from the first")
		}
		if want == "" {
			want = string(first)
		}
		if diff := cmp.Diff(want, string(first)); diff != "" {
			t.Fatalf("report depends on the order (-first +this):\n%s", diff)
		}
	}
}
