// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

// Package watch is `kubectl podwatch watch`: the verdicts of report, live.
package watch

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"k8s.io/cli-runtime/pkg/genericiooptions"
	cliprinters "k8s.io/cli-runtime/pkg/printers"
	"k8s.io/utils/clock"

	"github.com/podwatch/kubectl-podwatch/pkg/apis/podwatch/v1alpha1"
	"github.com/podwatch/kubectl-podwatch/pkg/cmd/internal/clocks"
	"github.com/podwatch/kubectl-podwatch/pkg/cmd/internal/exit"
	"github.com/podwatch/kubectl-podwatch/pkg/cmd/internal/scope"
	"github.com/podwatch/kubectl-podwatch/pkg/cmd/internal/terminal"
	"github.com/podwatch/kubectl-podwatch/pkg/diagnose"
	"github.com/podwatch/kubectl-podwatch/pkg/printers"
	"github.com/podwatch/kubectl-podwatch/pkg/reconcile/stream"
	"github.com/podwatch/kubectl-podwatch/pkg/transition"
)

const long = `
Watch the pods in scope and print a line for everything that breaks, gets worse
or recovers. What is broken already is told once at the start.

It never exits by itself: stop it with Ctrl-C. It survives restarts of the API
server and says when it cannot see the cluster.`

const example = `  # what is going on in the current namespace
  kubectl podwatch watch

  # only what is bad, in two namespaces
  kubectl podwatch watch -n shop,payments --min-severity warning

  # one JSON object per line, for a program
  kubectl podwatch watch -A -o json`

// Options are what a watch needs, resolved.
type Options struct {
	genericiooptions.IOStreams

	Scope      scope.Scope
	Clusters   []scope.Cluster
	Thresholds diagnose.Thresholds
	Clock      clock.WithTicker
	Tell       transition.Options
	Printer    cliprinters.ResourcePrinter
	// Machine is true if the output is for programs: then it has an end event
	// also if no pod was ever seen.
	Machine bool
	Stream  stream.Config
	// SummaryEvery is the distance of summaries, 0 for none.
	SummaryEvery time.Duration
	Workers      int
}

// flags are the flags of watch alone.
type flags struct {
	scope  *scope.Flags
	clocks *clocks.Flags

	output, color, timestamps, minSeverity, summaryPods string

	summaryEvery, idleTimeout, connectTimeout time.Duration
	workers                                   int
}

// NewCommand returns the command. lookupEnv is os.LookupEnv except in tests.
func NewCommand(streams genericiooptions.IOStreams, lookupEnv func(string) (string, bool)) *cobra.Command {
	f := &flags{scope: scope.NewFlags(), clocks: clocks.NewFlags()}
	c := &cobra.Command{
		Use:     "watch [POD | TYPE/NAME ...]",
		Short:   "Watch pods and tell what breaks and what recovers",
		Long:    long,
		Example: example,
		RunE: func(c *cobra.Command, args []string) error {
			o, err := f.resolve(streams, lookupEnv, args)
			if err != nil {
				return err
			}
			return run(c.Context(), o)
		},
	}
	set := c.Flags()
	f.scope.AddTo(set)
	f.clocks.AddTo(set)
	set.StringVarP(&f.output, "output", "o", "auto", "output format: auto, "+strings.Join(printers.EventFormats(), ", "))
	set.StringVar(&f.color, "color", string(printers.ColorAuto), "colour: auto, always, never")
	set.StringVar(&f.timestamps, "timestamps", string(printers.TimestampsTime), "how lines begin: time, rfc3339, none")
	set.StringVar(&f.minSeverity, "min-severity", string(v1alpha1.SeverityInfo), "least severity of pods' events: info, warning, critical")
	set.StringVar(&f.summaryPods, "summary-pods", string(transition.SummaryUnhealthy), "pods that a summary lists, up to twenty: unhealthy, all, none")
	set.DurationVar(&f.summaryEvery, "summary-every", time.Minute, "distance of the summaries; 0 for none")
	set.DurationVar(&f.idleTimeout, "idle-timeout", 100*time.Second, "silence after which the connection counts as dead; suspicious at three quarters of it")
	set.DurationVar(&f.connectTimeout, "connect-timeout", 30*time.Second, "how long the first connection may take")
	set.IntVar(&f.workers, "workers", 2, "pods that are judged at once")
	return c
}

// resolve checks the flags first and makes clients last.
func (f *flags) resolve(streams genericiooptions.IOStreams, lookupEnv func(string) (string, bool), args []string) (Options, error) {
	o := Options{
		IOStreams: streams, Thresholds: f.clocks.Thresholds, Clock: clock.RealClock{},
		SummaryEvery: f.summaryEvery, Workers: f.workers,
		Stream: stream.Config{Keep: stream.KeepProjections, IdleTimeout: f.idleTimeout, ConnectTimeout: f.connectTimeout},
	}
	var err error
	if o.Scope, err = f.scope.Scope(args); err != nil {
		return o, err
	}
	if len(o.Scope.Files) > 0 {
		return o, exit.Hint(errors.New("flag --filename: a file does not change, there is nothing to watch"), "kubectl podwatch report -f "+o.Scope.Files[0])
	}
	if err = f.check(); err != nil {
		return o, err
	}
	o.Machine = f.output == "json" || f.output == "yaml"
	o.Tell = transition.Options{MinSeverity: v1alpha1.Severity(f.minSeverity), SummaryPods: transition.SummaryPods(f.summaryPods)}
	if o.Printer, err = f.printer(streams, lookupEnv, len(o.Scope.Contexts)); err != nil {
		return o, err
	}
	o.Clusters, err = f.scope.Clusters(o.Scope, "kubectl-podwatch")
	return o, err
}

func (f *flags) check() error {
	if err := f.clocks.Check(); err != nil {
		return err
	}
	for _, choice := range []struct {
		flag, value string
		allowed     []string
	}{
		{"timestamps", f.timestamps, []string{string(printers.TimestampsTime), string(printers.TimestampsRFC3339), string(printers.TimestampsNone)}},
		{"min-severity", f.minSeverity, []string{string(v1alpha1.SeverityInfo), string(v1alpha1.SeverityWarning), string(v1alpha1.SeverityCritical)}},
		{"summary-pods", f.summaryPods, []string{string(transition.SummaryUnhealthy), string(transition.SummaryAll), string(transition.SummaryNone)}},
	} {
		if !slices.Contains(choice.allowed, choice.value) {
			return fmt.Errorf("flag --%s %q: want one of %s", choice.flag, choice.value, strings.Join(choice.allowed, ", "))
		}
	}
	switch {
	case f.summaryEvery < 0 || f.idleTimeout <= 0 || f.connectTimeout <= 0:
		return errors.New("flags --summary-every, --idle-timeout, --connect-timeout: want a positive duration")
	case f.workers < 1:
		return errors.New("flag --workers: want at least 1")
	}
	return nil
}

func (f *flags) printer(streams genericiooptions.IOStreams, lookupEnv func(string) (string, bool), contexts int) (cliprinters.ResourcePrinter, error) {
	palette, err := printers.NewPalette(printers.ColorMode(f.color), lookupEnv, terminal.Is(streams.Out))
	if err != nil {
		return nil, fmt.Errorf("flag --color: %w", err)
	}
	format := f.output
	if format == "auto" {
		format = "line"
	}
	p, err := printers.NewEvents(format, printers.EventOptions{
		Timestamps: printers.Timestamps(f.timestamps), Location: time.Local, Palette: palette,
		ShowContext: contexts > 1,
	})
	if err != nil {
		return nil, fmt.Errorf("flag --output %q: want one of auto, %s", f.output, strings.Join(printers.EventFormats(), ", "))
	}
	return p, nil
}
