// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package printers_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/podwatch/kubectl-podwatch/pkg/apis/podwatch/v1alpha1"
	"github.com/podwatch/kubectl-podwatch/pkg/printers"
)

// sick returns a pod with the given findings.
func sick(namespace, name, workload string, findings ...v1alpha1.Finding) v1alpha1.Pod {
	return v1alpha1.Pod{
		Namespace: namespace, Name: name, Node: "n1", Findings: findings,
		Workload: v1alpha1.Workload{Kind: "Deployment", Namespace: namespace, Name: workload},
	}
}

func TestGroupsCountPodsAndWorkloadsOnce(t *testing.T) {
	t.Parallel()
	finding := func(s v1alpha1.Severity, cause, container, message string) v1alpha1.Finding {
		return v1alpha1.Finding{Severity: s, Cause: cause, Container: container, Message: message}
	}
	r := &v1alpha1.PodReport{Pods: []v1alpha1.Pod{
		sick("a", "web-1", "web", finding("warning", "NotReady", "app", "web-1 is not ready"), finding("warning", "NotReady", "proxy", "web-1 is not ready")),
		sick("a", "web-2", "web", finding("warning", "NotReady", "app", "web-2 is not ready")),
		sick("b", "api-1", "api", finding("critical", "CrashLoop", "app", "exit 1"), finding("info", "Resize", "", "later")),
		sick("b", "api-2", "api", finding("critical", "CrashLoop", "app", "exit 2"), finding("critical", "CrashLoop", "side", "exit 2")),
	}}
	for by, want := range map[printers.GroupBy][]string{
		printers.GroupByNamespace: {
			"b critical CrashLoop 2 1 ? exit 2 (2 variants)",
			"a warning NotReady 2 1 ? web-1 is not ready",
		},
		printers.GroupByNode: {
			"n1 critical CrashLoop 2 1 ? exit 2 (2 variants)",
			"n1 warning NotReady 2 1 ? web-1 is not ready",
		},
		printers.GroupByCause: {
			"CrashLoop critical 2 1 ? exit 2 (2 variants)",
			"NotReady warning 2 1 ? web-1 is not ready",
		},
	} {
		out := report(t, "table", printers.ReportOptions{GroupBy: by, NoHeaders: true}, r)
		var got []string
		for line := range strings.Lines(out) {
			got = append(got, strings.Join(strings.Fields(line), " "))
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("grouped by %s (-want +got)\n%s", by, diff)
		}
	}
}

func TestPodsWithTheWorstFindingComeFirst(t *testing.T) {
	t.Parallel()
	finding := func(s v1alpha1.Severity) v1alpha1.Finding { return v1alpha1.Finding{Severity: s, Cause: "X"} }
	r := &v1alpha1.PodReport{Pods: []v1alpha1.Pod{
		sick("a", "p1", "w", finding("info")),
		sick("a", "p2", "w", finding("warning")),
		sick("a", "p3", "w", finding("critical"), finding("info")),
		sick("a", "p4", "w", finding("critical")),
	}}
	out := report(t, "table", printers.ReportOptions{GroupBy: printers.GroupByPod, NoHeaders: true, ShowInfo: true}, r)
	var got []string
	for line := range strings.Lines(out) {
		got = append(got, strings.Fields(line)[1]+" "+strings.Fields(line)[2])
	}
	if diff := cmp.Diff([]string{"p3 critical", "p3 info", "p4 critical", "p2 warning", "p1 info"}, got); diff != "" {
		t.Errorf("order (-want +got)\n%s", diff)
	}
}
