// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package printers_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/podwatch/kubectl-podwatch/pkg/apis/podwatch/v1alpha1"
	"github.com/podwatch/kubectl-podwatch/pkg/printers"
)

func BenchmarkReportTable(b *testing.B) {
	r := &v1alpha1.PodReport{}
	for i := range 10000 {
		r.Pods = append(r.Pods, sick("a", fmt.Sprintf("web-%d", i), "web", v1alpha1.Finding{
			Severity: v1alpha1.SeverityCritical, Cause: "CrashLoop", Message: "exit 1 after 2s, next start in 5m",
		}))
	}
	p, err := printers.NewReport("table", printers.ReportOptions{GroupBy: printers.GroupByPod, Width: 120})
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		var out strings.Builder
		if err := p.PrintObj(r, &out); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkEventLines(b *testing.B) {
	for _, format := range []string{"line", "json"} {
		b.Run(format, func(b *testing.B) {
			p, err := printers.NewEvents(format, printers.EventOptions{})
			if err != nil {
				b.Fatal(err)
			}
			event := day()[2]
			b.ReportAllocs()
			for b.Loop() {
				var out strings.Builder
				if err := p.PrintObj(event, &out); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
