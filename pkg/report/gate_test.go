// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package report_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/podwatch/kubectl-podwatch/pkg/apis/podwatch/v1alpha1"
	"github.com/podwatch/kubectl-podwatch/pkg/diagnose"
	"github.com/podwatch/kubectl-podwatch/pkg/report"
)

func TestGate(t *testing.T) {
	t.Parallel()
	r := &v1alpha1.PodReport{Groups: []v1alpha1.Group{
		{ID: "loop", Severity: v1alpha1.SeverityCritical, Cause: "CrashLoop", SubCause: "OOMKilled"},
		{ID: "oom", Severity: v1alpha1.SeverityWarning, Cause: "OOMKilled"},
		{ID: "odd", Severity: v1alpha1.SeverityInfo, Cause: "Waiting", SubCause: "MadeUpByAKubelet"},
	}}
	tests := map[string][]string{
		"none":                         {},
		"critical":                     {"loop"},
		"warning":                      {"loop", "oom"},
		"info":                         {"loop", "oom", "odd"},
		"critical,info":                {"loop", "oom", "odd"},
		"OOMKilled":                    {"oom"},
		"CrashLoop":                    {"loop"},
		"CrashLoop/OOMKilled":          {"loop"},
		"CrashLoop/ExitCode":           {},
		"critical , OOMKilled":         {"loop", "oom"},
		"Waiting/MadeUpByAKubelet":     {"odd"},
		"Waiting/AnotherThatWasMadeUp": {},
	}
	for text, want := range tests {
		t.Run(text, func(t *testing.T) {
			t.Parallel()
			g, err := report.ParseGate(text)
			if err != nil {
				t.Fatalf("ParseGate: %v", err)
			}
			got := []string{}
			for _, group := range g.Failed(r) {
				got = append(got, group.ID)
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("failed groups (-want +got):\n%s", diff)
			}
			if g.Empty() != (text == "none") {
				t.Errorf("Empty = %v", g.Empty())
			}
		})
	}
	if zero := (report.Gate{}); !zero.Empty() || zero.Failed(r) != nil {
		t.Error("the zero gate must let everything pass")
	}
}

// A lost node that is inferred is a lost node.
func TestGateCountsWhatIsInferred(t *testing.T) {
	t.Parallel()
	r := &v1alpha1.PodReport{Groups: []v1alpha1.Group{
		{ID: "lost", Severity: v1alpha1.SeverityCritical, Confidence: v1alpha1.ConfidenceLow, Cause: "NodeNotReady"},
	}}
	for _, text := range []string{"critical", "warning", "NodeNotReady"} {
		g, err := report.ParseGate(text)
		if err != nil {
			t.Fatal(err)
		}
		if len(g.Failed(r)) != 1 {
			t.Errorf("--fail-on %s lets it pass", text)
		}
	}
}

func TestGateKnowsEveryDocumentedCause(t *testing.T) {
	t.Parallel()
	for _, rule := range diagnose.Rules() {
		for _, subCause := range append([]string{""}, rule.SubCauses...) {
			term := strings.TrimSuffix(rule.Cause+"/"+subCause, "/")
			if _, err := report.ParseGate(term); err != nil {
				t.Errorf("ParseGate(%q): %v", term, err)
			}
		}
	}
}

func TestParseGateRefuses(t *testing.T) {
	t.Parallel()
	tests := map[string][]string{
		"":                     {"a value is empty", "critical, warning, info, none", "CrashLoop"},
		"critical,":            {"a value is empty"},
		"none,critical":        {`"none" stands alone`},
		"Critical":             {`"Critical" is neither a severity nor a cause`, "critical, warning, info, none", "Unschedulable"},
		"crashloop":            {`"crashloop" is neither a severity nor a cause`},
		"CrashLoop/":           {`"CrashLoop/": the sub-causes of CrashLoop are`, "OOMKilled"},
		"CrashLoop/Tuesday":    {`"CrashLoop/Tuesday": the sub-causes of CrashLoop are`},
		"OOMKilled/ExitCode":   {`"OOMKilled/ExitCode": the sub-causes of OOMKilled are none`},
		"critical,Unknown\x1b": {`"Unknown\x1b" is neither`},
	}
	for text, want := range tests {
		t.Run(text, func(t *testing.T) {
			t.Parallel()
			_, err := report.ParseGate(text)
			if err == nil {
				t.Fatal("ParseGate gave no error")
			}
			for _, part := range want {
				if !strings.Contains(err.Error(), part) {
					t.Errorf("error = %v\nlacks %s", err, part)
				}
			}
		})
	}
}
