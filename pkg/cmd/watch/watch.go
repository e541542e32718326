// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

// Package watch is `kubectl podwatch watch`: the verdicts of report, live.
package watch

import (
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"k8s.io/cli-runtime/pkg/genericiooptions"
	cliprinters "k8s.io/cli-runtime/pkg/printers"
	"k8s.io/utils/clock"

	"github.com/podwatch/kubectl-podwatch/pkg/cmd/internal/clocks"
	"github.com/podwatch/kubectl-podwatch/pkg/cmd/internal/scope"
	"github.com/podwatch/kubectl-podwatch/pkg/cmd/internal/terminal"
	"github.com/podwatch/kubectl-podwatch/pkg/diagnose"
	"github.com/podwatch/kubectl-podwatch/pkg/gate"
	"github.com/podwatch/kubectl-podwatch/pkg/printers"
	"github.com/podwatch/kubectl-podwatch/pkg/reconcile/stream"
	"github.com/podwatch/kubectl-podwatch/pkg/related"
	"github.com/podwatch/kubectl-podwatch/pkg/transition"
)

const long = `
Watch the pods in scope and print a line for everything that breaks, gets worse
or recovers. What is broken already is told once at the start.

Around pods with findings it reads their owners and namespaces, as report does
(see docs/rbac.md): what a rollout or a Job with attempts left makes up for is
no warning. What may not be read is told once.

It never exits by itself: stop it with Ctrl-C. It survives restarts of the API
server and says when it cannot see the cluster.

With --until or --for it is a gate: it ends with 0 as soon as all pods are as
they should be, and with 2 at once when one of them never will be (image not
found, configuration error, crash loop, failed Job) or when the time is up. It
waits for pods that do not exist yet and lets go of those that are replaced.
With --until healthy a workload that is named must be rolled out as well, as
kubectl rollout status sees it; if it may not be read, the pods alone count.

With --clean it removes pods that have failed, by the rules of clean: each is
seen twice, read anew, told, archived, and only then deleted by its UID. It acts
only while it sees the cluster, and leaves a controller alone whose pods fail
again and again. It asks once, at the start.`

const example = `  # what is going on in the current namespace
  kubectl podwatch watch

  # only what is bad, in two namespaces
  kubectl podwatch watch -n shop,payments --min-severity warning

  # one JSON object per line, for a program
  kubectl podwatch watch -A -o json

  # in a pipeline: wait for a rollout, or say why it will not be
  kubectl podwatch watch deploy/web --until healthy --timeout 5m

  # delete evicted and other failed pods an hour after they failed
  kubectl podwatch watch -n shop --clean --older-than 1h --yes

  # keep what was seen, and look at it again without the cluster
  kubectl podwatch watch -n shop --record shop.jsonl
  kubectl podwatch watch --replay shop.jsonl`

// Options are what a watch needs, resolved.
type Options struct {
	genericiooptions.IOStreams

	Scope      scope.Scope
	Clusters   []scope.Cluster
	Thresholds diagnose.Thresholds
	Clock      clock.WithTicker
	Tell       transition.Options
	// Printer makes the printer of events of so many contexts.
	Printer func(contexts int) cliprinters.ResourcePrinter
	// Machine is true if the output is for programs: then it has an end event
	// also if no pod was ever seen.
	Machine bool
	// Live is the live view, nil for lines and documents.
	Live   *Live
	Stream stream.Config
	// SummaryEvery is the distance of summaries, 0 for none.
	SummaryEvery time.Duration
	Workers      int
	// Logs and Events are how many lines and events are read about a crash.
	Logs, Events int
	// Owners is how much is wanted of what stands above pods with findings. In a
	// replay it is what the recorded run wanted.
	Owners related.Mode
	// Gate has no conditions if there is none.
	Gate gate.Options
	// Clean is nil if nothing is removed.
	Clean *Clean
	// Record is the file of the recording, "" for none.
	Record string
	Replay Replay
	// Version is written into a recording.
	Version string
}

// NewCommand returns the command. version is written into recordings; lookupEnv
// is os.LookupEnv except in tests.
func NewCommand(streams genericiooptions.IOStreams, lookupEnv func(string) (string, bool), version string) *cobra.Command {
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
			o.Version = version
			return run(c.Context(), o)
		},
	}
	f.addTo(c.Flags())
	return c
}

// printer checks the format and returns what makes the printer once the number of
// contexts is known.
func (f *flags) printer(streams genericiooptions.IOStreams, lookupEnv func(string) (string, bool)) (func(contexts int) cliprinters.ResourcePrinter, error) {
	palette, err := printers.NewPalette(printers.ColorMode(f.color), lookupEnv, terminal.Is(streams.Out))
	if err != nil {
		return nil, fmt.Errorf("flag --color: %w", err)
	}
	format := f.output
	if format == "auto" || format == "live" { // whose last words are lines, too
		format = "line"
	}
	opts := printers.EventOptions{Timestamps: printers.Timestamps(f.timestamps), Location: time.Local, Palette: palette, ASCII: f.ascii}
	one, err := printers.NewEvents(format, opts)
	if err != nil {
		return nil, fmt.Errorf("flag --output %q: want one of auto, live, %s", f.output, strings.Join(printers.EventFormats(), ", "))
	}
	opts.ShowContext = true
	several, err := printers.NewEvents(format, opts)
	return func(contexts int) cliprinters.ResourcePrinter {
		if contexts > 1 {
			return several
		}
		return one
	}, err
}
