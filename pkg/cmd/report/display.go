// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package report

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/spf13/pflag"
	"k8s.io/cli-runtime/pkg/genericiooptions"
	cliprinters "k8s.io/cli-runtime/pkg/printers"

	"github.com/podwatch/kubectl-podwatch/pkg/apis/podwatch/v1alpha1"
	"github.com/podwatch/kubectl-podwatch/pkg/cmd/internal/terminal"
	"github.com/podwatch/kubectl-podwatch/pkg/diagnose"
	"github.com/podwatch/kubectl-podwatch/pkg/printers"
	"github.com/podwatch/kubectl-podwatch/pkg/report"
)

// display are the flags that say how a report is printed. They change neither
// what is found nor the exit code.
type display struct {
	output, groupBy, sortBy, color string
	causes, categories             []string
	minSeverity                    string
	since                          time.Duration
	limit                          int

	noHeaders, noHints, noSummary                   bool
	showHealthy, includeCompleted, showInfo, expand bool
}

func (d *display) addTo(set *pflag.FlagSet) {
	set.StringVarP(&d.output, "output", "o", "table", "output format: table, wide, json, yaml, kyaml, name, jsonpath=, go-template= and their files")
	set.StringVar(&d.groupBy, "group-by", string(printers.GroupByWorkload), "what a row of the table is about: "+strings.Join(printers.Groupings(), ", "))
	set.StringVar(&d.sortBy, "sort-by", string(printers.SortBySeverity), "which rows of the table come first: "+strings.Join(printers.Orders(), ", "))
	set.StringVar(&d.color, "color", string(printers.ColorAuto), "colour: auto, always, never")
	set.StringSliceVar(&d.causes, "cause", nil, "show only rows with this CAUSE or CAUSE/SUBCAUSE; repeatable, or a,b")
	set.StringSliceVar(&d.categories, "category", nil, "show only rows of this category of causes; repeatable, or a,b")
	set.StringVar(&d.minSeverity, "min-severity", "", "show only rows of this severity or worse: critical, warning, info (default: warning)")
	set.DurationVar(&d.since, "since", 0, "show only rows of what began in this time, or nobody knows when; 0 for all")
	set.IntVar(&d.limit, "limit", 0, "show at most this many rows; 0 for all")
	set.BoolVar(&d.expand, "expand", false, "show the rows that another row explains, too")
	set.BoolVar(&d.noHeaders, "no-headers", false, "print no table headers")
	set.BoolVar(&d.noHints, "no-hints", false, "print no next commands below the rows on a terminal")
	set.BoolVar(&d.noSummary, "no-summary", false, "print no counts on standard error; what could not be read is still told")
	set.BoolVar(&d.showHealthy, "show-healthy", false, "print the pods without problems, too")
	set.BoolVar(&d.includeCompleted, "include-completed", false, "print the pods that have succeeded, too")
	set.BoolVar(&d.showInfo, "show-info", false, "print info findings in tables, too")
}

// view is how a report is printed, resolved.
type view struct {
	printer cliprinters.ResourcePrinter
	// table are the options of the table, nil for other formats.
	table     *printers.ReportOptions
	noSummary bool
}

// summary writes what is to be said about r beside it.
func (v view) summary(r *v1alpha1.PodReport, w io.Writer) {
	text := printers.ReportSummary(r, v.table)
	if v.noSummary {
		text = printers.Limitations(r)
	}
	// Nobody is left to be told that standard error does not take it.
	_, _ = io.WriteString(w, text)
}

func (d *display) resolve(streams genericiooptions.IOStreams, lookupEnv func(string) (string, bool)) (view, error) {
	only, err := d.filter()
	if err != nil {
		return view{}, err
	}
	for _, f := range []struct {
		name, value string
		allowed     []string
	}{
		{"group-by", d.groupBy, printers.Groupings()},
		{"sort-by", d.sortBy, printers.Orders()},
	} {
		if err := oneOf(f.name, f.value, f.allowed); err != nil {
			return view{}, err
		}
	}
	isTerminal := terminal.Is(streams.Out)
	palette, err := printers.NewPalette(printers.ColorMode(d.color), lookupEnv, isTerminal)
	if err != nil {
		return view{}, fmt.Errorf("flag --color: %w", err)
	}
	options := printers.ReportOptions{
		GroupBy: printers.GroupBy(d.groupBy), SortBy: printers.SortBy(d.sortBy),
		Only: only, Limit: d.limit, Expand: d.expand,
		Width: terminal.Width(streams.Out), Palette: palette, NoHeaders: d.noHeaders, Hints: isTerminal && !d.noHints,
		ShowInfo: d.showInfo, ShowHealthy: d.showHealthy, ShowCompleted: d.includeCompleted,
	}
	v := view{noSummary: d.noSummary}
	if v.printer, err = printers.NewReport(d.output, options); err != nil {
		return view{}, fmt.Errorf("flag --output: %w", err)
	}
	if d.output == "" || d.output == "table" || d.output == "wide" {
		v.table = &options
	}
	return v, nil
}

// filter checks the flags that hide rows: a misspelt one hides all of them.
func (d *display) filter() (printers.Filter, error) {
	f := printers.Filter{Causes: d.causes, Categories: d.categories, MinSeverity: v1alpha1.Severity(d.minSeverity), Since: d.since}
	if d.minSeverity != "" {
		severities := []string{string(v1alpha1.SeverityCritical), string(v1alpha1.SeverityWarning), string(v1alpha1.SeverityInfo)}
		if err := oneOf("min-severity", d.minSeverity, severities); err != nil {
			return f, err
		}
	}
	categories := []string{}
	for _, r := range diagnose.Rules() {
		categories = append(categories, r.Category)
	}
	slices.Sort(categories)
	for _, c := range d.categories {
		if err := oneOf("category", c, slices.Compact(categories)); err != nil {
			return f, err
		}
	}
	for _, c := range d.causes {
		if err := report.CheckCause(c); err != nil {
			return f, fmt.Errorf("flag --cause: %w", err)
		}
	}
	switch {
	case d.minSeverity != "" && d.showInfo:
		return f, errors.New("flags --min-severity and --show-info exclude each other")
	case d.since < 0:
		return f, fmt.Errorf("flag --since %s: want a time that is not negative", d.since)
	case d.limit < 0:
		return f, fmt.Errorf("flag --limit %d: want a number that is not negative", d.limit)
	}
	return f, nil
}

func oneOf(flag, value string, allowed []string) error {
	if slices.Contains(allowed, value) {
		return nil
	}
	return fmt.Errorf("flag --%s %q: want one of %s", flag, value, strings.Join(allowed, ", "))
}
