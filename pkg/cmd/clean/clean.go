// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

// Package clean is `kubectl podwatch clean`: the safe removal of pods that have
// failed.
package clean

import (
	"errors"
	"fmt"
	"path/filepath"

	"github.com/spf13/cobra"
	"k8s.io/cli-runtime/pkg/genericiooptions"
	cliprinters "k8s.io/cli-runtime/pkg/printers"
	"k8s.io/utils/clock"

	"github.com/podwatch/kubectl-podwatch/pkg/apis/podwatch/v1alpha1"
	"github.com/podwatch/kubectl-podwatch/pkg/clean"
	"github.com/podwatch/kubectl-podwatch/pkg/cmd/internal/clocks"
	"github.com/podwatch/kubectl-podwatch/pkg/cmd/internal/exit"
	"github.com/podwatch/kubectl-podwatch/pkg/cmd/internal/scope"
	"github.com/podwatch/kubectl-podwatch/pkg/cmd/internal/terminal"
	"github.com/podwatch/kubectl-podwatch/pkg/diagnose"
	"github.com/podwatch/kubectl-podwatch/pkg/printers"
)

const long = `
Delete Failed pods that nobody needs any more: evicted ones, leftovers of node
shutdowns, pods that a kubelet has rejected, and those that failed otherwise.

It shows its plan and asks. It then deletes what it has shown and nothing else:
every pod by its UID, judged once more, and only after its manifest is in the
archive. Mirror pods, pods with finalizers, pods that are being deleted, pods
with the annotation podwatch.dev/keep and pods of controllers other than a
ReplicaSet are left alone.

With -f it reads what kubectl has written, as report does, and prints what it
would plan.`

const example = `  # what would be deleted in the current namespace
  kubectl podwatch clean --dry-run=client

  # delete what failed more than a day ago anywhere, without being asked
  kubectl podwatch clean -A --older-than 1d --yes

  # have the server check every deletion without doing it
  kubectl podwatch clean -A --dry-run=server -o json`

// Options are what a clean needs, resolved.
type Options struct {
	genericiooptions.IOStreams

	Scope      scope.Scope
	Cluster    scope.Cluster
	Thresholds diagnose.Thresholds
	Clock      clock.WithTicker
	Rules      clean.Rules
	Listing    clean.Listing
	// Limit is the number of pods above which nothing is deleted.
	Limit  int
	DryRun v1alpha1.DryRun
	// Yes stands for the answer to the question.
	Yes bool
	// Interactive is true if somebody can be asked.
	Interactive bool
	FailIfFound bool
	// Archive is the folder of the archive.
	Archive     string
	Concurrency int
	Format      string
	Palette     printers.Palette
	Printer     cliprinters.ResourcePrinter
}

// flags are the flags of clean alone.
type flags struct {
	scope  *scope.Flags
	clocks *clocks.Flags

	output, color, dryRun, olderThan, archive string

	limit, concurrency                   int
	yes, failIfFound, explain, noHeaders bool
}

// NewCommand returns the command. lookupEnv is os.LookupEnv except in tests.
func NewCommand(streams genericiooptions.IOStreams, lookupEnv func(string) (string, bool)) *cobra.Command {
	f := &flags{scope: scope.NewFlags(), clocks: clocks.NewFlags()}
	c := &cobra.Command{
		Use:     "clean [POD | TYPE/NAME ...]",
		Short:   "Delete Failed pods safely",
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
	set.StringVarP(&f.output, "output", "o", "table", "output format: table, wide, json, yaml, kyaml, name, jsonpath=, go-template= and their files")
	set.StringVar(&f.color, "color", string(printers.ColorAuto), "colour: auto, always, never")
	set.StringVar(&f.dryRun, "dry-run", string(v1alpha1.DryRunNone), "none, client (plan only) or server (the server checks each deletion and does none)")
	set.StringVar(&f.olderThan, "older-than", "5m", "leave pods alone that ended less than this ago: 90s, 5m, 12h, 1d, 2w; 0s for any")
	set.IntVar(&f.limit, "max", 1000, "delete nothing if more pods than this are planned")
	set.IntVar(&f.concurrency, "concurrency", 8, "pods that are deleted at once")
	set.StringVar(&f.archive, "archive", "", "folder for the manifests of deleted pods (default: $XDG_STATE_HOME/podwatch/archive, or below ~/.local/state)")
	set.BoolVarP(&f.yes, "yes", "y", false, "delete without asking")
	set.BoolVar(&f.failIfFound, "fail-if-found", false, "exit with 2 if there is anything to clean")
	set.BoolVar(&f.explain, "explain", false, "print the decision on every pod")
	set.BoolVar(&f.noHeaders, "no-headers", false, "print no table headers")
	return c
}

// resolve checks the flags first and makes clients last.
func (f *flags) resolve(streams genericiooptions.IOStreams, lookupEnv func(string) (string, bool), args []string) (Options, error) {
	o := Options{
		IOStreams: streams, Thresholds: f.clocks.Thresholds, Clock: clock.RealClock{},
		Listing: clean.ListCandidates, Limit: f.limit, Yes: f.yes, FailIfFound: f.failIfFound,
		Concurrency: f.concurrency, Format: f.output,
		Interactive: terminal.Is(streams.In) && terminal.Is(streams.ErrOut),
	}
	if f.explain {
		o.Listing = clean.ListAll
	}
	var err error
	if o.Scope, err = f.scope.Scope(args); err != nil {
		return o, err
	}
	if err = f.check(&o); err != nil {
		return o, err
	}
	if err = f.printer(&o, lookupEnv); err != nil {
		return o, err
	}
	if len(o.Scope.Files) > 0 {
		return o, offline(&o)
	}
	if o.DryRun == v1alpha1.DryRunNone {
		if o.Archive, err = archiveDir(f.archive, lookupEnv); err != nil {
			return o, err
		}
	}
	clusters, err := f.scope.Clusters(o.Scope, "kubectl-podwatch")
	if err == nil {
		o.Cluster = clusters[0]
	}
	return o, err
}

// offline makes a clean that only plans: there is no cluster to act on.
func offline(o *Options) error {
	switch {
	case len(o.Scope.Contexts) > 0:
		return errors.New("flags --filename and --context exclude each other: a file needs no cluster")
	case o.DryRun == v1alpha1.DryRunServer:
		return errors.New("flags --filename and --dry-run=server exclude each other: a file has no server")
	}
	o.DryRun = v1alpha1.DryRunClient
	return nil
}

func (f *flags) check(o *Options) error {
	if err := f.clocks.Check(); err != nil {
		return err
	}
	age, err := clean.ParseAge(f.olderThan)
	if err != nil {
		return fmt.Errorf("flag --older-than: %w", err)
	}
	o.Rules.OlderThan = age
	o.DryRun = v1alpha1.DryRun(f.dryRun)
	switch {
	case o.DryRun != v1alpha1.DryRunNone && o.DryRun != v1alpha1.DryRunClient && o.DryRun != v1alpha1.DryRunServer:
		return fmt.Errorf("flag --dry-run %q: want none, client or server", f.dryRun)
	case len(o.Scope.Contexts) > 1:
		return errors.New("flag --context: clean works on one cluster at a time")
	case f.limit < 0:
		return fmt.Errorf("flag --max %d: want no negative number", f.limit)
	case f.concurrency < 1:
		return fmt.Errorf("flag --concurrency %d: want at least 1", f.concurrency)
	}
	return nil
}

func (f *flags) printer(o *Options, lookupEnv func(string) (string, bool)) error {
	var err error
	o.Palette, err = printers.NewPalette(printers.ColorMode(f.color), lookupEnv, terminal.Is(o.Out))
	if err != nil {
		return fmt.Errorf("flag --color: %w", err)
	}
	o.Printer, err = printers.NewClean(f.output, printers.CleanOptions{
		Palette: o.Palette, NoHeaders: f.noHeaders, ShowSkipped: true,
	})
	if err != nil {
		return fmt.Errorf("flag --output: %w", err)
	}
	return nil
}

// archiveDir follows the XDG base directory specification for state.
func archiveDir(flag string, lookupEnv func(string) (string, bool)) (string, error) {
	if flag != "" {
		return flag, nil
	}
	if state, ok := lookupEnv("XDG_STATE_HOME"); ok && filepath.IsAbs(state) {
		return filepath.Join(state, "podwatch", "archive"), nil
	}
	home, ok := lookupEnv("HOME")
	if !ok {
		home, ok = lookupEnv("USERPROFILE")
	}
	if !ok || home == "" {
		return "", exit.Hint(errors.New("find the archive folder: neither XDG_STATE_HOME nor HOME is set"), "pass --archive DIR")
	}
	return filepath.Join(home, ".local", "state", "podwatch", "archive"), nil
}
