// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package printers_test

import (
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/podwatch/kubectl-podwatch/pkg/apis/podwatch/v1alpha1"
	"github.com/podwatch/kubectl-podwatch/pkg/printers"
)

func TestReportTable(t *testing.T) {
	t.Parallel()
	for _, mode := range []printers.ColorMode{printers.ColorNever, printers.ColorAlways} {
		for _, width := range []int{0, 80, 120, 160} {
			t.Run(fmt.Sprintf("color-%s-width-%d", mode, width), func(t *testing.T) {
				t.Parallel()
				opts := printers.ReportOptions{Palette: palette(t, mode), Width: width, Hints: width > 0}
				golden(t, report(t, "table", opts, outage()))
			})
		}
	}
	for name, tt := range map[string]struct {
		format string
		opts   printers.ReportOptions
		report *v1alpha1.PodReport
	}{
		"one-namespace":          {"table", printers.ReportOptions{}, shop()},
		"one-namespace-width-80": {"table", printers.ReportOptions{Width: 80, Hints: true}, shop()},
		"one-namespace-ascii":    {"table", printers.ReportOptions{Width: 120, Hints: true, ASCII: true}, shop()},
		"wide":                   {"wide", printers.ReportOptions{ShowInfo: true}, outage()},
		"wide-width-120":         {"wide", printers.ReportOptions{Width: 120}, outage()},
		"info":                   {"table", printers.ReportOptions{ShowInfo: true}, outage()},
		"healthy":                {"table", printers.ReportOptions{ShowHealthy: true}, outage()},
		"healthy-wide":           {"wide", printers.ReportOptions{ShowHealthy: true}, shop()},
		"no-headers":             {"table", printers.ReportOptions{NoHeaders: true, ShowHealthy: true}, outage()},
		"by-pod":                 {"table", printers.ReportOptions{GroupBy: printers.GroupByPod}, outage()},
		"by-pod-wide":            {"wide", printers.ReportOptions{GroupBy: printers.GroupByPod}, outage()},
		"by-pod-width-80":        {"table", printers.ReportOptions{GroupBy: printers.GroupByPod, Width: 80, Hints: true}, outage()},
		"by-namespace":           {"table", printers.ReportOptions{GroupBy: printers.GroupByNamespace, ShowInfo: true}, outage()},
		"by-node":                {"table", printers.ReportOptions{GroupBy: printers.GroupByNode, Width: 80}, outage()},
		"by-cause":               {"table", printers.ReportOptions{GroupBy: printers.GroupByCause, Width: 120}, outage()},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			golden(t, report(t, tt.format, tt.opts, tt.report))
		})
	}
}

func TestReportTableOfNothingIsEmpty(t *testing.T) {
	t.Parallel()
	for _, by := range printers.Groupings() {
		for _, format := range []string{"", "table", "wide"} {
			opts := printers.ReportOptions{GroupBy: printers.GroupBy(by), Width: 80, Hints: true, ShowHealthy: true}
			if got := report(t, format, opts, allWell()); got != "" {
				t.Errorf("format %q grouped by %s printed %q, want nothing", format, by, got)
			}
		}
	}
}

func TestReportTableKeepsToTheTerminal(t *testing.T) {
	t.Parallel()
	for width := 80; width <= 200; width++ {
		got := report(t, "table", printers.ReportOptions{Width: width}, shop())
		if line := widest(got); len([]rune(line)) > width {
			t.Errorf("at width %d a line has %d columns: %s", width, len([]rune(line)), line)
		}
		for _, word := range []string{"critical", "Deployment/checkout", "2/3", "CrashLoop/OOMKilled", "app", "42m", "27", "2m ago", "exit 137"} {
			if !strings.Contains(got, word) {
				t.Errorf("at width %d %q is missing from\n%s", width, word, got)
			}
		}
	}
}

func TestReportTableNeverCutsWithoutTerminal(t *testing.T) {
	t.Parallel()
	r := shop()
	r.Groups[0].Message = strings.Repeat("a long story ", 500)
	got := report(t, "table", printers.ReportOptions{}, r)
	if !strings.Contains(got, strings.TrimSpace(r.Groups[0].Message)) {
		t.Error("the message is not whole")
	}
	if lines := strings.Count(got, "\n"); lines != 3 {
		t.Errorf("%d lines, want a header and 2 rows", lines)
	}
}

func TestReportHintIsFirstThatChangesNothing(t *testing.T) {
	t.Parallel()
	got := report(t, "table", printers.ReportOptions{Width: 80, Hints: true}, shop())
	if want := "  → kubectl logs -n shop checkout-6d4f-abcde -c app -p --tail=50\n"; !strings.Contains(got, want) {
		t.Errorf("%q is missing from\n%s", want, got)
	}
	if strings.Contains(got, "rollout undo") {
		t.Errorf("a mutating hint in\n%s", got)
	}
}

func TestReportMachineFormats(t *testing.T) {
	t.Parallel()
	for name, format := range map[string]string{
		"json": "json", "yaml": "yaml", "kyaml": "kyaml", "name": "name",
		"jsonpath":         `jsonpath={range .groups[*]}{.severity}{"\t"}{.workload.name}{"\n"}{end}`,
		"jsonpath-as-json": "jsonpath-as-json={.summary.pods}",
		"jsonpath-file":    "jsonpath-file=testdata/groups.jsonpath",
		"go-template":      `go-template={{range .pods}}{{.name}} {{.node}}{{"\n"}}{{end}}`,
		"go-template-file": "go-template-file=testdata/groups.gotemplate",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			golden(t, report(t, format, printers.ReportOptions{}, shop()))
		})
	}
}

func TestReportMachineListsAreNeverNull(t *testing.T) {
	t.Parallel()
	r := &v1alpha1.PodReport{
		GeneratedAt: *ago(0), ObservedAt: *ago(0), Groups: []v1alpha1.Group{{}},
		Pods: []v1alpha1.Pod{{Findings: []v1alpha1.Finding{{}}}},
	}
	for _, format := range []string{"json", "yaml", "kyaml"} {
		got := report(t, format, printers.ReportOptions{}, r)
		if strings.Contains(got, "null") {
			t.Errorf("%s has a null:\n%s", format, got)
		}
		for _, list := range []string{"namespaces", "targets", "limitations", "nodes", "images", "hints", "containers", "evidence"} {
			if !strings.Contains(strings.ReplaceAll(got, `"`, ""), list+": []") {
				t.Errorf("%s lacks the empty list %s:\n%s", format, list, got)
			}
		}
	}
}

func TestReportRefusesUnknownFormat(t *testing.T) {
	t.Parallel()
	for format, want := range map[string]string{
		"xml":                    `output format "xml" is none of table, wide, json, yaml, kyaml, name, jsonpath=, jsonpath-as-json=, jsonpath-file=, go-template=, go-template-file=, template=, templatefile=`,
		"JSON":                   `output format "JSON" is none of`,
		"jsonpath":               `output format "jsonpath" has no template: write it as jsonpath=TEMPLATE`,
		"go-template=":           `output format "go-template=" has no template`,
		"jsonpath={":             `parse jsonpath "{": `,
		"go-template={{":         `parse go-template "{{": `,
		"jsonpath-file=testdata": `read template of output format "jsonpath-file": `,
		"name=x":                 `output format "name=x" is none of`,
	} {
		p, err := printers.NewReport(format, printers.ReportOptions{})
		if err == nil || p != nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("NewReport(%q) = %v, error %v, want error %s", format, p, err, want)
		}
	}
	if _, err := printers.NewReport("", printers.ReportOptions{GroupBy: "team"}); err == nil || err.Error() != `grouping "team" is none of workload, pod, namespace, node, cause, category, image, registry, container, cluster, none` {
		t.Errorf("unknown grouping: error %v", err)
	}
}

func TestReportTemplateThatFailsWritesNothing(t *testing.T) {
	t.Parallel()
	for _, format := range []string{`go-template={{index .pods 99}}`, `jsonpath={.pods[99].name}`} {
		p, err := printers.NewReport(format, printers.ReportOptions{})
		if err != nil {
			t.Fatal(err)
		}
		var b strings.Builder
		err = p.PrintObj(shop(), &b)
		if err == nil || b.Len() > 0 || strings.Contains(err.Error(), "\n") || len(err.Error()) > 200 {
			t.Errorf("%s: wrote %q, error %v, want one short line", format, b.String(), err)
		}
	}
}

func TestPrintersRefuseOtherKinds(t *testing.T) {
	t.Parallel()
	for _, format := range []string{"table", "name"} {
		r, err := printers.NewReport(format, printers.ReportOptions{})
		if err != nil {
			t.Fatal(err)
		}
		c, err := printers.NewClean(format, printers.CleanOptions{})
		if err != nil {
			t.Fatal(err)
		}
		if r.PrintObj(cleaned(), io.Discard) == nil || c.PrintObj(shop(), io.Discard) == nil {
			t.Errorf("%s prints objects of a kind that it is not for", format)
		}
		if r.PrintObj(nil, io.Discard) == nil {
			t.Errorf("%s prints nil", format)
		}
	}
	e, err := printers.NewEvents("json", printers.EventOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if e.PrintObj(shop(), io.Discard) == nil {
		t.Error("the event printer prints a report")
	}
}

func report(t *testing.T, format string, opts printers.ReportOptions, r *v1alpha1.PodReport) string {
	t.Helper()
	p, err := printers.NewReport(format, opts)
	if err != nil {
		t.Fatal(err)
	}
	return printed(t, p, r)
}
