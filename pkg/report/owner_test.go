// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package report_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/types"

	"github.com/podwatch/kubectl-podwatch/pkg/apis/podwatch/v1alpha1"
	"github.com/podwatch/kubectl-podwatch/pkg/diagnose"
	"github.com/podwatch/kubectl-podwatch/pkg/projection"
	"github.com/podwatch/kubectl-podwatch/pkg/report"
)

func deployment(name string, desired, created int32) *projection.Owner {
	return &projection.Owner{
		APIVersion: "apps/v1", Kind: "Deployment", Namespace: "shop", Name: name, UID: types.UID("d-" + name),
		Desired: desired, Created: created,
	}
}

func replicaSet(name string, desired, created int32) *projection.Owner {
	return &projection.Owner{
		APIVersion: "apps/v1", Kind: "ReplicaSet", Namespace: "shop", Name: name + "-77f", UID: types.UID("rs-" + name), Revision: "4",
		Controller: &projection.Controller{APIVersion: "apps/v1", Kind: "Deployment", Name: name, UID: types.UID("d-" + name)},
		Desired:    desired, Created: created,
	}
}

func ownerFinding(severity v1alpha1.Severity, cause, subCause, message string) v1alpha1.Finding {
	return v1alpha1.Finding{
		Severity: severity, Confidence: v1alpha1.ConfidenceHigh, Category: "Owner", Cause: cause, SubCause: subCause,
		Since: ago(20), SincePrecision: v1alpha1.SinceExact, Message: message,
	}
}

// The ReplicaSet says it and the Deployment repeats it: one problem.
func TestWorkloadThatGetsNoPodsIsOneGroup(t *testing.T) {
	t.Parallel()
	quota := ownerFinding("critical", "FailedCreate", "Quota", `pods "web-77f-" is forbidden: exceeded quota`)
	c := collector()
	c.AddOwner(replicaSet("web", 3, 0), []v1alpha1.Finding{quota})
	c.AddOwner(deployment("web", 3, 0), []v1alpha1.Finding{quota})
	r := build(c)
	if len(r.Groups) != 1 {
		t.Fatalf("groups = %+v, want one", r.Groups)
	}
	want := v1alpha1.Group{
		ID: r.Groups[0].ID, Severity: "critical", SeverityReason: []string{}, Confidence: "High", Category: "Owner", Cause: "FailedCreate", SubCause: "Quota",
		Workload:   v1alpha1.Workload{Kind: "Deployment", Namespace: "shop", Name: "web", APIVersion: "apps/v1", Desired: new(int32(3)), Available: new(int32(0))},
		OwnerChain: []v1alpha1.Owner{}, TotalPods: 3, Since: ago(20), SincePrecision: "Exact", Message: quota.Message,
		Nodes: []string{}, Images: []string{}, Hints: diagnose.OwnerHints(deployment("web", 3, 0), quota, ""),
	}
	if diff := cmp.Diff(want, r.Groups[0]); diff != "" {
		t.Errorf("group (-want +got):\n%s", diff)
	}
	if r.Summary.Pods.Total != 0 || r.Summary.Findings.Critical != 1 || r.Summary.Workloads != (v1alpha1.WorkloadCounts{Total: 1, Affected: 1}) {
		t.Errorf("summary = %+v, want no pods, one finding and one workload", r.Summary)
	}
	g, err := report.ParseGate("critical")
	if err != nil {
		t.Fatal(err)
	}
	if len(g.Failed(r)) != 1 {
		t.Error("the gate does not see it")
	}
}

func TestTwoWorkloadsOverOneQuotaHaveOneRoot(t *testing.T) {
	t.Parallel()
	c := collector()
	for _, name := range []string{"web", "api"} {
		f := ownerFinding("critical", "FailedCreate", "Quota", "exceeded quota: compute")
		f.Object = &v1alpha1.ObjectReference{Kind: "ResourceQuota", Namespace: "shop", Name: "compute"}
		c.AddOwner(replicaSet(name, 3, 1), []v1alpha1.Finding{f})
	}
	roots := rootsOf(build(c))
	if len(roots) != 1 || roots[0].Workload.Namespace != "shop" || roots[0].AffectedPods != 2 || roots[0].TotalPods != 6 {
		t.Errorf("roots = %+v, want the quota with 2/6 pods", roots)
	}
}

func TestRolloutThatDoesNotGetOn(t *testing.T) {
	t.Parallel()
	deadline := func(s v1alpha1.Severity) []v1alpha1.Finding {
		return []v1alpha1.Finding{ownerFinding(s, "ProgressDeadlineExceeded", "", "the rollout has not got on for 10m")}
	}
	loop := func(s v1alpha1.Severity) v1alpha1.Finding {
		f := crashLoop(ago(5), "exit 137")
		f.Severity = s
		return f
	}
	for name, tt := range map[string]struct {
		finding   v1alpha1.Severity
		pods      []v1alpha1.Finding
		message   string
		explained bool
	}{
		"alone":                            {"critical", nil, "the rollout has not got on for 10m", false},
		"its pods crash":                   {"critical", []v1alpha1.Finding{loop("critical")}, "the rollout has not got on for 10m: pod web-77f-00: CrashLoop/OOMKilled", true},
		"its pods are worse":               {"warning", []v1alpha1.Finding{loop("critical")}, "the rollout has not got on for 10m: pod web-77f-00: CrashLoop/OOMKilled", true},
		"a milder row cannot stand for it": {"critical", []v1alpha1.Finding{loop("warning")}, "the rollout has not got on for 10m: pod web-77f-00: CrashLoop/OOMKilled", false},
		"information is no reason":         {"critical", []v1alpha1.Finding{loop("info")}, "the rollout has not got on for 10m", false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := collector()
			c.Add(replica("web", 0, 3), bad(v1alpha1.StateFailing, tt.pods...))
			c.Add(replica("api", 0, 3), bad(v1alpha1.StateFailing, loop("critical")))
			c.AddOwner(deployment("web", 3, 3), deadline(tt.finding))
			r := build(c)
			found := false
			for _, g := range r.Groups {
				if g.Cause != "ProgressDeadlineExceeded" {
					continue
				}
				found = true
				if g.Message != tt.message {
					t.Errorf("message = %q, want %q", g.Message, tt.message)
				}
				if reason := byID(r)[g.RootCause]; tt.explained != (reason.Workload.Name == "web" && reason.Cause == "CrashLoop") {
					t.Errorf("explained by %+v", reason)
				}
			}
			if !found {
				t.Error("the group is gone")
			}
		})
	}
}

// The pods of a Job say why it has failed.
func TestJobThatHasFailedNamesItsPod(t *testing.T) {
	t.Parallel()
	p := replica("x", 0, 0)
	p.TemplateHash = ""
	p.Controller = &projection.Controller{APIVersion: "batch/v1", Kind: "Job", Name: "import", UID: "j"}
	exit := crashLoop(ago(30), "exit 1")
	exit.Cause, exit.SubCause = "ExitCode", ""
	c := collector()
	c.Add(p, bad(v1alpha1.StateFailed, exit))
	c.AddOwner(
		&projection.Owner{APIVersion: "batch/v1", Kind: "Job", Namespace: "shop", Name: "import", UID: "j", Desired: 1},
		[]v1alpha1.Finding{ownerFinding("critical", "JobFailed", "BackoffLimitExceeded", "Job has reached the specified backoff limit.")},
	)
	r := build(c)
	for _, g := range r.Groups {
		if want := "Job has reached the specified backoff limit: pod x-77f-00: ExitCode"; g.Cause == "JobFailed" && (g.Message != want || g.RootCause == "") {
			t.Errorf("%q explained by %q, want %q", g.Message, g.RootCause, want)
		}
	}
	if len(r.Groups) != 2 || r.Summary.Findings.Critical != 1 {
		t.Errorf("%d groups, %d critical findings, want 2 and 1", len(r.Groups), r.Summary.Findings.Critical)
	}
}

// Without pods there is a reason, too.
func TestRolloutWithoutPodsNamesWhyThereAreNone(t *testing.T) {
	t.Parallel()
	c := collector()
	c.AddOwner(deployment("web", 3, 0), []v1alpha1.Finding{
		ownerFinding("critical", "ProgressDeadlineExceeded", "", "late"), ownerFinding("critical", "FailedCreate", "Quota", "exceeded quota"),
	})
	r := build(c)
	for _, g := range r.Groups {
		if g.Cause == "ProgressDeadlineExceeded" && (g.Message != "late: FailedCreate/Quota" || byID(r)[g.RootCause].Cause != "FailedCreate") {
			t.Errorf("%q, explained by %q", g.Message, g.RootCause)
		}
	}
	if r.Summary.Findings.Critical != 1 {
		t.Errorf("%d critical findings, want one", r.Summary.Findings.Critical)
	}
}

func TestOwnerChainAndWorkloadAreWhatWasRead(t *testing.T) {
	t.Parallel()
	c := collector()
	c.Add(replica("web", 0, 3), bad(v1alpha1.StateFailing, crashLoop(ago(5), "m")))
	if g := build(c).Groups[0]; g.Workload.Desired != nil || g.Workload.APIVersion != "" {
		t.Errorf("workload = %+v, but nothing was read", g.Workload)
	}
	d := deployment("web", 5, 4)
	d.Available = 2
	gone := deployment("web", 9, 9)
	gone.UID, gone.CreationTimestamp = "older", now().Add(-time.Hour)
	d.CreationTimestamp = now()
	c.AddOwner(gone, nil)
	c.AddOwner(d, nil)
	c.AddOwner(replicaSet("web", 5, 4), nil)
	r := build(c)
	g := r.Groups[0]
	if *g.Workload.Desired != 5 || *g.Workload.Available != 2 || g.Workload.APIVersion != "apps/v1" {
		t.Errorf("workload = %+v, want 5 desired, 2 available", g.Workload)
	}
	if diff := cmp.Diff([]v1alpha1.Owner{{Kind: "ReplicaSet", Name: "web-77f", Revision: "4"}}, g.OwnerChain); diff != "" {
		t.Errorf("chain (-want +got):\n%s", diff)
	}
	if want := (v1alpha1.WorkloadCounts{Total: 1, Affected: 1}); r.Summary.Workloads != want {
		t.Errorf("workloads = %+v, want %+v", r.Summary.Workloads, want)
	}
}
