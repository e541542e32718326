// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package printers

import (
	"bytes"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/duration"
	cliprinters "k8s.io/cli-runtime/pkg/printers"

	"github.com/podwatch/kubectl-podwatch/pkg/apis/podwatch/v1alpha1"
)

// CleanOptions shape the tables of clean. Other formats ignore them.
type CleanOptions struct {
	// Width is that of the terminal in columns. 0 means that there is none:
	// then every row is one line with all columns.
	Width int
	// Palette is for the stream that is printed to.
	Palette   Palette
	NoHeaders bool
	// ShowSkipped lists the skipped pods of the report below the planned ones.
	ShowSkipped bool
}

// NewClean returns the printer of a *v1alpha1.CleanReport in one of Formats, ""
// being table. It serves for the plan and for what became of it: the column
// RESULT is there as soon as one pod has a result, and likewise WARNING and
// ERROR. Each report is written with
// one call of Write, and nothing is written for an empty table. The error is
// about the format only.
func NewClean(format string, opts CleanOptions) (cliprinters.ResourcePrinter, error) {
	switch format {
	case "", "table":
		return cleanTable{opts, narrow}, nil
	case "wide":
		return cleanTable{opts, wide}, nil
	}
	return newMachine(format, plannedPods)
}

// plannedPods names the pods that are to be removed.
func plannedPods(obj runtime.Object) ([]string, error) {
	r, err := as[*v1alpha1.CleanReport](obj)
	if err != nil {
		return nil, err
	}
	var names []string
	for _, item := range itemsOf(r, v1alpha1.DecisionPlanned) {
		names = append(names, item.Name)
	}
	return names, nil
}

// itemsOf returns the items with the given decision, in their order.
func itemsOf(r *v1alpha1.CleanReport, d v1alpha1.Decision) []*v1alpha1.CleanItem {
	var items []*v1alpha1.CleanItem
	for i := range r.Items {
		if r.Items[i].Decision == d {
			items = append(items, &r.Items[i])
		}
	}
	return items
}

type cleanTable struct {
	opts    CleanOptions
	columns columnSet
}

func (p cleanTable) PrintObj(obj runtime.Object, w io.Writer) error {
	r, err := as[*v1alpha1.CleanReport](obj)
	if err != nil {
		return err
	}
	var b bytes.Buffer
	if err := p.planned(r).print(&b, layout{width: p.opts.Width, noHeaders: p.opts.NoHeaders}); err != nil {
		return err
	}
	if p.opts.ShowSkipped {
		if err := printNext(&b, p.skipped(r), layout{noHeaders: p.opts.NoHeaders}); err != nil {
			return err
		}
	}
	return flush(&b, w)
}

type itemSpec = spec[*v1alpha1.CleanItem]

// planned is the table of the pods that are to be removed, or have been.
func (p cleanTable) planned(r *v1alpha1.CleanReport) *table {
	items := itemsOf(r, v1alpha1.DecisionPlanned)
	specs := p.specs(items)
	if slices.ContainsFunc(items, func(i *v1alpha1.CleanItem) bool { return len(i.Warnings) > 0 }) {
		specs = append(specs, field("WARNING", func(i *v1alpha1.CleanItem) string { return or(warningsText(i.Warnings), none) }))
	}
	if slices.ContainsFunc(items, func(i *v1alpha1.CleanItem) bool { return i.Result != "" }) {
		specs = append(specs, itemSpec{column{header: "RESULT"}, func(i *v1alpha1.CleanItem) cell {
			return cell{or(string(i.Result), none), p.opts.Palette.result(i.Result)}
		}})
	}
	if slices.ContainsFunc(items, func(i *v1alpha1.CleanItem) bool { return i.Error != "" }) {
		specs = append(specs, folding("ERROR", foldWhole, func(i *v1alpha1.CleanItem) string { return i.Error }))
	}
	return tableOf(specs, items, nil)
}

// skipped is the table of the pods that are left alone.
func (p cleanTable) skipped(r *v1alpha1.CleanReport) *table {
	items := itemsOf(r, v1alpha1.DecisionSkipped)
	specs := append(p.specs(items), field("SKIPPED", func(i *v1alpha1.CleanItem) string { return or(i.SkipReason, none) }))
	return tableOf(specs, items, nil)
}

func (p cleanTable) specs(items []*v1alpha1.CleanItem) []itemSpec {
	type item = *v1alpha1.CleanItem
	specs := []itemSpec{
		field("NAMESPACE", func(i item) string { return i.Namespace }),
		field("NAME", func(i item) string { return i.Name }),
		field("CATEGORY", func(i item) string { return or(string(i.Category), none) }),
		field("REASON", func(i item) string { return or(i.Reason, none) }),
		field("EXIT", func(i item) string { return codeText(i.ExitCode) }),
		field("RESTARTS", func(i item) string { return strconv.Itoa(int(i.Restarts)) }),
		field("SINCE", func(i item) string { return secondsText(i.AgeSeconds) }),
		field("OWNER", func(i item) string { return ownerText(i.Owner) }),
	}
	if p.columns == wide {
		specs = append(specs, field("NODE", func(i item) string { return or(i.Node, none) }))
	}
	if p.columns == wide && slices.ContainsFunc(items, func(i item) bool { return i.CreatedAt != nil }) {
		specs = append(specs,
			field("CREATED", func(i item) string { return createdText(i.CreatedAt) }),
			field("UID", func(i item) string { return i.UID }),
			field("IMAGES", func(i item) string { return or(strings.Join(i.Images, ","), none) }))
	}
	return specs
}

func warningsText(warnings []v1alpha1.Warning) string {
	var words []string
	for _, w := range warnings {
		words = append(words, string(w))
	}
	return strings.Join(words, ",")
}

func createdText(t *metav1.Time) string {
	if t == nil {
		return unknown
	}
	return t.UTC().Format(time.RFC3339)
}

func codeText(code *int32) string {
	if code == nil {
		return none
	}
	return strconv.Itoa(int(*code))
}

func secondsText(seconds *int64) string {
	if seconds == nil {
		return unknown
	}
	return duration.HumanDuration(time.Duration(*seconds) * time.Second)
}
