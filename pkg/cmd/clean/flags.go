// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package clean

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/pflag"
	"k8s.io/cli-runtime/pkg/genericiooptions"
	authorizationv1client "k8s.io/client-go/kubernetes/typed/authorization/v1"
	batchv1client "k8s.io/client-go/kubernetes/typed/batch/v1"
	"k8s.io/utils/clock"

	"github.com/podwatch/kubectl-podwatch/pkg/apis/podwatch/v1alpha1"
	"github.com/podwatch/kubectl-podwatch/pkg/clean"
	"github.com/podwatch/kubectl-podwatch/pkg/cmd/internal/capture"
	"github.com/podwatch/kubectl-podwatch/pkg/cmd/internal/clocks"
	"github.com/podwatch/kubectl-podwatch/pkg/cmd/internal/exit"
	"github.com/podwatch/kubectl-podwatch/pkg/cmd/internal/removal"
	"github.com/podwatch/kubectl-podwatch/pkg/cmd/internal/scope"
	"github.com/podwatch/kubectl-podwatch/pkg/cmd/internal/terminal"
	"github.com/podwatch/kubectl-podwatch/pkg/printers"
)

// flags are the flags of clean alone.
type flags struct {
	scope  *scope.Flags
	clocks *clocks.Flags
	set    *pflag.FlagSet

	selection selection

	output, color, dryRun, archive, confirmContext, now string
	restore                                             []string

	limits                                                clean.Limits
	concurrency, saveLogs                                 int
	pdbTimeout, timeout                                   time.Duration
	gracePeriod                                           int64
	yes, failIfFound, explain, noHeaders, quiet, truncate bool
	wait                                                  bool
}

func newFlags() *flags { return &flags{scope: scope.NewFlags(), clocks: clocks.NewFlags()} }

func (f *flags) addTo(set *pflag.FlagSet) {
	f.set = set
	f.scope.AddTo(set)
	f.clocks.AddTo(set)
	f.selection.addTo(set)
	set.StringVarP(&f.output, "output", "o", "table", "output format: table, wide, json, yaml, kyaml, name, jsonpath=, go-template= and their files")
	set.StringVar(&f.color, "color", string(printers.ColorAuto), "colour: auto, always, never")
	set.StringVar(&f.dryRun, "dry-run", string(v1alpha1.DryRunNone), "none, client (plan only) or server (the server checks each deletion and does none)")
	set.IntVar(&f.limits.Ended, "max", removal.MaxEnded, "delete nothing if more pods than this are planned")
	set.IntVar(&f.limits.Living, "max-disrupt", removal.MaxLiving, "evict nothing if more living pods than this are planned")
	set.BoolVar(&f.truncate, "truncate", false, "over --max or --max-disrupt remove the oldest pods up to the limit instead of none")
	set.IntVar(&f.concurrency, "concurrency", 32, "pods that are removed at once")
	set.DurationVar(&f.pdbTimeout, "pdb-timeout", 0, "how long to try again while a disruption budget refuses")
	set.Int64Var(&f.gracePeriod, "grace-period", -1, "seconds that an evicted pod gets to stop; -1 for its own")
	set.BoolVar(&f.wait, "wait", false, "wait until removed pods that have a finalizer or are still stopping are gone")
	set.DurationVar(&f.timeout, "timeout", time.Minute, "with --wait: for how long at most; pods that are left then make the exit code 3")
	set.StringVar(&f.archive, "archive", "", "folder for the manifests of deleted pods (default: $XDG_STATE_HOME/podwatch/archive, or below ~/.local/state)")
	set.IntVar(&f.saveLogs, "save-logs", 0, "beside each manifest keep the last lines of the logs of its containers, this many of each run; 0 for none")
	set.StringArrayVar(&f.restore, "restore", nil, "make pods anew out of this file or folder of an archive, and remove none; repeatable")
	set.StringVar(&f.now, "now", "", capture.NowUsage)
	set.BoolVarP(&f.yes, "yes", "y", false, "delete without asking")
	set.StringVar(&f.confirmContext, "confirm-context", "", "with --yes: the `name` of the context, for living pods and protected contexts ("+removal.InCluster+" in a pod; with --cluster or --server that one)")
	set.BoolVarP(&f.quiet, "quiet", "q", false, "print errors, doubts, the question and what -o asks for, and nothing else")
	set.BoolVar(&f.failIfFound, "fail-if-found", false, "exit with 2 if there is anything to clean")
	set.BoolVar(&f.explain, "explain", false, "print the decision on every pod")
	set.BoolVar(&f.noHeaders, "no-headers", false, "print no table headers")
}

// resolve checks the flags first and makes clients last.
func (f *flags) resolve(streams genericiooptions.IOStreams, lookupEnv func(string) (string, bool), args []string) (Options, error) {
	o := Options{
		IOStreams: streams, Thresholds: f.clocks.Thresholds, Clock: clock.RealClock{},
		Listing: clean.ListCandidates, Limits: f.limits, Truncate: f.truncate, Yes: f.yes, FailIfFound: f.failIfFound,
		ConfirmContext: f.confirmContext, Quiet: f.quiet, Concurrency: f.concurrency, Format: f.output, Restore: f.restore, SaveLogs: f.saveLogs,
		BlockedTimeout: f.pdbTimeout, Grace: time.Duration(max(f.gracePeriod, 0)) * time.Second,
		Interactive: terminal.Is(streams.In) && terminal.Is(streams.ErrOut),
	}
	if f.explain {
		o.Listing = clean.ListAll
	}
	if f.wait {
		o.Wait = f.timeout
	}
	var err error
	if o.Scope, err = f.scope.Scope(args); err != nil {
		if phase, ok := errors.AsType[*scope.PhaseError](err); ok {
			return o, exit.Hint(err, instead(phase.Phase))
		}
		return o, err
	}
	if err = f.check(&o); err != nil {
		return o, err
	}
	if o.Rules, err = f.selection.rules(o.Scope); err != nil {
		return o, err
	}
	o.Rules.Self = removal.Self(lookupEnv, o.Clock.Now())
	if err = f.printer(&o, lookupEnv); err != nil {
		return o, err
	}
	if len(o.Scope.Files) > 0 {
		return o, f.offline(&o)
	}
	if f.now != "" {
		return o, errors.New("flag --now: goes with --filename; with a cluster the server's time counts")
	}
	if o.DryRun == v1alpha1.DryRunNone && len(o.Restore) == 0 {
		if o.Archive, err = removal.ArchiveDir(f.archive, lookupEnv); err != nil {
			return o, err
		}
	}
	return o, f.connect(&o, lookupEnv)
}

// connect makes the clients.
func (f *flags) connect(o *Options, lookupEnv func(string) (string, bool)) error {
	clusters, err := f.scope.Clusters(o.Scope, "kubectl-podwatch")
	if err != nil {
		return err
	}
	o.Cluster = clusters[0]
	if o.Protected, err = removal.Protected(o.Cluster, lookupEnv); err != nil {
		return err
	}
	if o.ConfirmContext != "" && o.ConfirmContext != o.contextName() {
		return fmt.Errorf("flag --confirm-context %q: it is %s; nothing was deleted", o.ConfirmContext, removal.Where(o.Cluster))
	}
	batch, err := batchv1client.NewForConfig(o.Cluster.REST)
	if err != nil {
		return fmt.Errorf("make client: %w", err)
	}
	authorization, err := authorizationv1client.NewForConfig(o.Cluster.REST)
	if err != nil {
		return fmt.Errorf("make client: %w", err)
	}
	o.Jobs, o.Reviews = batch, authorization
	return nil
}

// contextName is what a user types for the cluster.
func (o *Options) contextName() string { return removal.Name(o.Cluster) }

// instead says how pods are selected that somebody has looked for by a phase
// that is none.
func instead(phase string) string {
	for _, c := range []v1alpha1.Category{v1alpha1.CategoryEvicted, v1alpha1.CategoryFailed, v1alpha1.CategorySucceeded} {
		if strings.EqualFold(phase, string(c)) {
			return "pass --category " + string(c)
		}
	}
	return fmt.Sprintf("pass --reason %q if that is what kubectl shows as STATUS", phase)
}

// offline makes a clean that only plans: there is no cluster to act on.
func (f *flags) offline(o *Options) error {
	switch {
	case len(o.Scope.Contexts) > 0:
		return errors.New("flags --filename and --context exclude each other: a file needs no cluster")
	case f.yes:
		return errors.New("flags --filename and --yes exclude each other: out of a file nothing is deleted, only planned")
	case o.DryRun == v1alpha1.DryRunNone && f.set.Changed("dry-run"):
		return errors.New("flags --filename and --dry-run=none exclude each other: out of a file nothing is deleted, only planned")
	case o.DryRun == v1alpha1.DryRunServer:
		return errors.New("flags --filename and --dry-run=server exclude each other: a file has no server")
	case len(o.Restore) > 0:
		return errors.New("flags --filename and --restore exclude each other")
	}
	o.DryRun = v1alpha1.DryRunClient
	var err error
	o.Now, err = capture.ParseNow(f.now)
	return err
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
