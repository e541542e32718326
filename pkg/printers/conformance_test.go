// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package printers_test

import (
	"fmt"
	"testing"

	cliprinters "k8s.io/cli-runtime/pkg/printers"

	"github.com/podwatch/kubectl-podwatch/pkg/apis/podwatch/v1alpha1"
	"github.com/podwatch/kubectl-podwatch/pkg/printers"
	"github.com/podwatch/kubectl-podwatch/pkg/printers/printertest"
)

// must returns what makes a printer, for formats that are known to be good.
func must(t *testing.T, newPrinter func() (cliprinters.ResourcePrinter, error)) func() cliprinters.ResourcePrinter {
	t.Helper()
	return func() cliprinters.ResourcePrinter {
		p, err := newPrinter()
		if err != nil {
			t.Error(err)
		}
		return p
	}
}

// documents are the formats for programs, with templates that end in a newline.
func documents() []string {
	return []string{
		"json", "yaml", "kyaml", "name", `jsonpath={range .pods[*]}{.message}{.name}{"\n"}{end}{range .items[*]}{.name}{"\n"}{end}`,
		`jsonpath-as-json={.limitations}{.pods}{.items}`, `go-template={{range $k, $v := .}}{{$k}}{{$v}}{{end}}{{"\n"}}`,
	}
}

func TestReportConformance(t *testing.T) {
	t.Parallel()
	for _, by := range printers.Groupings() {
		for _, width := range []int{0, 40, 80, 120, 200} {
			opts := printers.ReportOptions{GroupBy: printers.GroupBy(by), Width: width, Hints: true, ShowInfo: true, ShowHealthy: true}
			for _, format := range []string{"table", "wide"} {
				t.Run(fmt.Sprintf("%s by %s, %d columns", format, by, width), func(t *testing.T) {
					t.Parallel()
					printertest.Conformance(t, must(t, func() (cliprinters.ResourcePrinter, error) {
						return printers.NewReport(format, opts)
					}), outage())
				})
			}
		}
	}
	for _, format := range documents() {
		t.Run(format, func(t *testing.T) {
			t.Parallel()
			printertest.Conformance(t, must(t, func() (cliprinters.ResourcePrinter, error) {
				return printers.NewReport(format, printers.ReportOptions{})
			}), outage())
		})
	}
}

func TestCleanConformance(t *testing.T) {
	t.Parallel()
	for _, format := range append(documents(), "table", "wide") {
		for name, r := range map[string]*v1alpha1.CleanReport{"plan": plan(), "result": cleaned()} {
			t.Run(format+" "+name, func(t *testing.T) {
				t.Parallel()
				printertest.Conformance(t, must(t, func() (cliprinters.ResourcePrinter, error) {
					return printers.NewClean(format, printers.CleanOptions{ShowSkipped: true, Width: 80})
				}), r)
			})
		}
	}
}

func TestEventsConformance(t *testing.T) {
	t.Parallel()
	for _, format := range []string{"line", "json", "yaml"} {
		for i, event := range day() {
			t.Run(fmt.Sprintf("%s of event %d", format, i), func(t *testing.T) {
				t.Parallel()
				printertest.Conformance(t, must(t, func() (cliprinters.ResourcePrinter, error) {
					return printers.NewEvents(format, printers.EventOptions{ShowContext: true})
				}), event)
			})
		}
	}
}
