// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

// Package report is `kubectl podwatch report`: every problem in scope at one
// instant, worst first.
package report

import (
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"
	"k8s.io/cli-runtime/pkg/genericiooptions"

	"github.com/podwatch/kubectl-podwatch/pkg/cmd/internal/capture"
	"github.com/podwatch/kubectl-podwatch/pkg/cmd/internal/clocks"
	"github.com/podwatch/kubectl-podwatch/pkg/cmd/internal/scope"
	"github.com/podwatch/kubectl-podwatch/pkg/diagnose"
	"github.com/podwatch/kubectl-podwatch/pkg/related"
	"github.com/podwatch/kubectl-podwatch/pkg/report"
)

const long = `
Print every problem in scope, folded by workload, cause and container, worst
first: what is broken, why, since when, and what to look at next.

It reads the pods once, with the caller's permissions, and changes nothing.
With -f it reads what kubectl has written and needs no cluster: a file, "-",
or a directory or .tar.gz of such files, cluster-info dump, must-gather and
support bundle included.

Around pods with findings it reads events, nodes and owners (workloads, and the
claims and namespaces of their pods), in lists and only where they are needed;
and the events about pods that could not be created. What may not be read, or is
not in the file, is told as a limitation. With =require it also makes the exit
code 3, unless --allow-partial names the resource. With =never it is not read,
and nothing is concluded from it; --events=never or --owners=never also leave
out workloads that cannot create a single pod.

With several contexts the report is on all of their clusters. One that cannot be
read is a limitation and makes the exit code 3.`

const example = `  # what is broken in the current namespace
  kubectl podwatch report

  # what is broken anywhere, with images, nodes and exit codes
  kubectl podwatch report -A -o wide

  # what is wrong on which node, the nodes with the most pods first
  kubectl podwatch report -A --group-by node --sort-by pods

  # fail a pipeline on anything critical in a Deployment
  kubectl podwatch report deploy/web --fail-on critical

  # what is broken in either cluster
  kubectl podwatch report -A --context prod-eu,prod-us

  # look at what somebody else has saved
  kubectl get pods,events,nodes,replicasets,jobs -A -o json | kubectl podwatch report -f -
  kubectl podwatch report -f must-gather.tar.gz`

// Options are what a report needs, resolved.
type Options struct {
	genericiooptions.IOStreams

	Scope scope.Scope
	// Clusters are at least one, unless the scope is files.
	Clusters   []scope.Cluster
	Thresholds diagnose.Thresholds
	// Related says what to read around the pods.
	Related related.Policy
	// Now is the instant of the verdicts; zero means the wall clock, or offline
	// the time of the capture.
	Now time.Time
	// Selection narrows down the scope, ShowHealthy and IncludeCompleted say which
	// pods without findings are in the report.
	Selection                     report.Selection
	ShowHealthy, IncludeCompleted bool
	Gate                          report.Gate
	Logs                          LogOptions
	// Version is that of podwatch.
	Version string

	view view
}

// flags are the flags of report alone.
type flags struct {
	scope     *scope.Flags
	clocks    *clocks.Flags
	selection selection
	display   display
	relatedFlags

	now, failOn string
	logs        logLines
}

// NewCommand returns the command. lookupEnv is os.LookupEnv except in tests,
// version is what the reports say made them.
func NewCommand(streams genericiooptions.IOStreams, lookupEnv func(string) (string, bool), version string) *cobra.Command {
	f := &flags{scope: scope.NewFlags(), clocks: clocks.NewFlags()}
	c := &cobra.Command{
		Use:     "report [POD | TYPE/NAME ...]",
		Short:   "Print what is broken, why, since when and what to look at next",
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
	set := c.Flags()
	f.scope.AddTo(set)
	f.clocks.AddTo(set)
	f.addRelated(set)
	f.selection.addTo(set)
	f.display.addTo(set)
	set.StringVar(&f.now, "now", "", "the instant of the verdicts (RFC 3339); default: now, with -f the time of the capture")
	set.StringVar(&f.failOn, "fail-on", "none", "exit with 2 on a finding of this severity or worse, or of one of these causes")
	f.logs.addTo(set)
	return c
}

// resolve checks the flags first and makes clients last.
func (f *flags) resolve(streams genericiooptions.IOStreams, lookupEnv func(string) (string, bool), args []string) (Options, error) {
	o := Options{IOStreams: streams, Thresholds: f.clocks.Thresholds, ShowHealthy: f.display.showHealthy, IncludeCompleted: f.display.includeCompleted}
	var err error
	if o.Scope, err = f.scope.Scope(args); err != nil {
		return o, err
	}
	if err = f.clocks.Check(); err != nil {
		return o, err
	}
	if o.Related, err = f.policy(); err != nil {
		return o, err
	}
	if o.Selection, err = f.selection.resolve(); err != nil {
		return o, err
	}
	if o.Gate, err = report.ParseGate(f.failOn); err != nil {
		return o, fmt.Errorf("flag --fail-on: %w", err)
	}
	if o.Now, err = capture.ParseNow(f.now); err != nil {
		return o, err
	}
	if o.view, err = f.display.resolve(streams, lookupEnv); err != nil {
		return o, err
	}
	o.Logs = f.logOptions(o.Scope, o.view)
	if len(o.Scope.Files) > 0 {
		if len(o.Scope.Contexts) > 0 {
			return o, errors.New("flags --filename and --context exclude each other: a file needs no cluster")
		}
		return o, nil
	}
	o.Clusters, err = f.scope.Clusters(o.Scope, "kubectl-podwatch")
	return o, err
}
