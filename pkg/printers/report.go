// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package printers

import (
	"bytes"
	"fmt"
	"io"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/runtime"
	cliprinters "k8s.io/cli-runtime/pkg/printers"

	"github.com/podwatch/kubectl-podwatch/pkg/apis/podwatch/v1alpha1"
)

// GroupBy says what a row of a report's table is about.
type GroupBy string

// The groupings. Workload is the default: a row per group of the report. Pod
// and none have a row per finding, by pod or as bad as they are; the others a
// row per value and cause.
const (
	GroupByWorkload  GroupBy = "workload"
	GroupByPod       GroupBy = "pod"
	GroupByNamespace GroupBy = "namespace"
	GroupByNode      GroupBy = "node"
	GroupByCause     GroupBy = "cause"
	GroupByCategory  GroupBy = "category"
	GroupByImage     GroupBy = "image"
	GroupByRegistry  GroupBy = "registry"
	GroupByContainer GroupBy = "container"
	GroupByCluster   GroupBy = "cluster"
	GroupByNone      GroupBy = "none"
)

// Groupings returns the values of --group-by.
func Groupings() []string {
	return []string{
		string(GroupByWorkload), string(GroupByPod), string(GroupByNamespace), string(GroupByNode),
		string(GroupByCause), string(GroupByCategory), string(GroupByImage), string(GroupByRegistry),
		string(GroupByContainer), string(GroupByCluster), string(GroupByNone),
	}
}

// SortBy says which rows of a report's table come first.
type SortBy string

// The orders: the worst first, which is the default; the oldest problem; the
// most restarts; namespaces and nodes by name; the most affected pods. Rows that
// are equal stay in the default order, and what is not known comes last.
const (
	SortBySeverity  SortBy = "severity"
	SortBySince     SortBy = "since"
	SortByRestarts  SortBy = "restarts"
	SortByNamespace SortBy = "namespace"
	SortByNode      SortBy = "node"
	SortByPods      SortBy = "pods"
)

// Orders returns the values of --sort-by.
func Orders() []string {
	return []string{
		string(SortBySeverity), string(SortBySince), string(SortByRestarts),
		string(SortByNamespace), string(SortByNode), string(SortByPods),
	}
}

// ReportOptions shape the tables of a report. Other formats ignore them.
type ReportOptions struct {
	// GroupBy is GroupByWorkload if empty, SortBy SortBySeverity.
	GroupBy GroupBy
	SortBy  SortBy
	// Only says which rows to show, Limit how many of them at most, 0 being all.
	Only  Filter
	Limit int
	// Expand shows the groups that another one explains, too.
	Expand bool
	// Width is that of the terminal in columns. 0 means that there is none:
	// then nothing is cut, and every row is one line with all columns.
	Width int
	// Palette is for the stream that is printed to.
	Palette   Palette
	NoHeaders bool
	// Hints puts below each row the first command that changes nothing.
	Hints bool
	// ASCII keeps arrows out of the output, for terminals without UTF-8.
	ASCII bool
	// ShowInfo shows info findings, too, unless Only says how bad they must be.
	ShowInfo bool
	// ShowHealthy lists the pods of the report that have nothing else to show,
	// ShowCompleted those of them that have succeeded.
	ShowHealthy, ShowCompleted bool
}

// NewReport returns the printer of a *v1alpha1.PodReport in one of Formats, ""
// being table. Each report is written with one call of Write, and nothing is
// written for an empty table. The printer keeps no reference to what it
// printed. The error names what is wrong with format, GroupBy or SortBy.
func NewReport(format string, opts ReportOptions) (cliprinters.ResourcePrinter, error) {
	opts.GroupBy = GroupBy(or(string(opts.GroupBy), string(GroupByWorkload)))
	if !slices.Contains(Groupings(), string(opts.GroupBy)) {
		return nil, fmt.Errorf("grouping %q is none of %s", opts.GroupBy, strings.Join(Groupings(), ", "))
	}
	opts.SortBy = SortBy(or(string(opts.SortBy), string(SortBySeverity)))
	if !slices.Contains(Orders(), string(opts.SortBy)) {
		return nil, fmt.Errorf("order %q is none of %s", opts.SortBy, strings.Join(Orders(), ", "))
	}
	switch format {
	case "", "table":
		return reportTable{opts, narrow}, nil
	case "wide":
		return reportTable{opts, wide}, nil
	}
	return newMachine(format, affectedPods)
}

// affectedPods names the pods of a report that have a finding.
func affectedPods(obj runtime.Object) ([]string, error) {
	r, err := as[*v1alpha1.PodReport](obj)
	if err != nil {
		return nil, err
	}
	var names []string
	for i := range r.Pods {
		if len(r.Pods[i].Findings) > 0 {
			names = append(names, r.Pods[i].Name)
		}
	}
	return names, nil
}

// columnSet says which columns a table has.
type columnSet string

const (
	narrow columnSet = "table"
	wide   columnSet = "wide"
)

type reportTable struct {
	opts    ReportOptions
	columns columnSet
}

func (p reportTable) PrintObj(obj runtime.Object, w io.Writer) error {
	r, err := as[*v1alpha1.PodReport](obj)
	if err != nil {
		return err
	}
	if c, ok := p.card(r); ok {
		return c.Print(w, CardOptions{Width: p.opts.Width, Palette: p.opts.Palette, ASCII: p.opts.ASCII})
	}
	v := newReportView(r, p.opts, p.columns)
	var b bytes.Buffer
	if err := v.problems().print(&b, layout{width: p.opts.Width, noHeaders: p.opts.NoHeaders}); err != nil {
		return err
	}
	if p.opts.ShowHealthy || p.opts.ShowCompleted {
		if err := printNext(&b, v.others(), layout{noHeaders: p.opts.NoHeaders}); err != nil {
			return err
		}
	}
	return flush(&b, w)
}

// printNext prints t below what is in b, with an empty line in between.
func printNext(b *bytes.Buffer, t *table, l layout) error {
	if b.Len() > 0 && len(t.rows) > 0 {
		b.WriteByte('\n')
	}
	return t.print(b, l)
}

// flush writes what is in b, if anything, at once.
func flush(b *bytes.Buffer, w io.Writer) error {
	if b.Len() == 0 {
		return nil
	}
	_, err := w.Write(b.Bytes())
	return err
}
