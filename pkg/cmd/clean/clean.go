// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

// Package clean is `kubectl podwatch clean`: the safe removal of pods that have
// failed.
package clean

import (
	"time"

	"github.com/spf13/cobra"
	"k8s.io/cli-runtime/pkg/genericiooptions"
	cliprinters "k8s.io/cli-runtime/pkg/printers"
	authorizationv1client "k8s.io/client-go/kubernetes/typed/authorization/v1"
	batchv1client "k8s.io/client-go/kubernetes/typed/batch/v1"
	"k8s.io/utils/clock"

	"github.com/podwatch/kubectl-podwatch/pkg/apis/podwatch/v1alpha1"
	"github.com/podwatch/kubectl-podwatch/pkg/clean"
	"github.com/podwatch/kubectl-podwatch/pkg/cmd/internal/scope"
	"github.com/podwatch/kubectl-podwatch/pkg/diagnose"
	"github.com/podwatch/kubectl-podwatch/pkg/printers"
)

const long = `
Delete Failed pods that nobody needs any more: evicted ones, leftovers of node
shutdowns, pods that a kubelet has rejected, and those that failed otherwise.
With --category also pods that have succeeded, and, through the Eviction API,
pods that crash again and again or cannot pull their image.

It shows its plan and asks. It then removes what it has shown and nothing else:
every pod by its UID, judged once more, and only after its manifest is in the
archive. Mirror pods, pods with finalizers, pods that are being deleted, pods
with the annotation podwatch.dev/keep, pods of Jobs that go on and of
controllers that are not known are left alone.

With -f it reads what kubectl has written, as report does, and prints what it
would plan. With --restore it makes pods anew that the archive holds and that
had no controller; a pod that is there is never replaced.

PODWATCH_PROTECTED_CONTEXTS is a list of patterns with commas, as in
prod-*,*/prod: * stands for any characters, slashes included, ? for one, and
case makes no difference. In contexts that match one, the name of the context
has to be typed or, with --yes, to be given with --confirm-context. The same
goes if --cluster, --server or --user name something else than the context.`

const example = `  # what would be deleted in the current namespace
  kubectl podwatch clean --dry-run=client

  # delete what failed more than a day ago anywhere, without being asked
  kubectl podwatch clean -A --older-than 1d --yes

  # finished pods of Jobs, but the newest three of each Job
  kubectl podwatch clean -A --category succeeded,failed --owner-kind Job --keep-last 3

  # why each pod is left alone
  kubectl podwatch clean -n shop --dry-run=client --explain`

// Options are what a clean needs, resolved.
type Options struct {
	genericiooptions.IOStreams

	Scope   scope.Scope
	Cluster scope.Cluster
	// Jobs and Reviews read Jobs and ask what the user may do; nil with files.
	Jobs       batchv1client.JobsGetter
	Reviews    authorizationv1client.SelfSubjectAccessReviewsGetter
	Thresholds diagnose.Thresholds
	Clock      clock.WithTickerAndDelayedExecution
	Rules      clean.Rules
	Listing    clean.Listing
	// Now is the instant of all verdicts on a file; the zero time stands for the
	// newest time in it.
	Now time.Time
	// Limits are the numbers of pods above which nothing is removed or, with
	// Truncate, all but the oldest are left alone.
	Limits   clean.Limits
	Truncate bool
	DryRun   v1alpha1.DryRun
	// Yes stands for the answer to the question, ConfirmContext for the name
	// that has to be typed if the context is Protected or a planned pod lives.
	Yes            bool
	ConfirmContext string
	Protected      bool
	// Interactive is true if somebody can be asked.
	Interactive bool
	// Quiet leaves out all talk but errors, the question with its plan, and what
	// puts the plan in doubt: what protects pods because it could not be read, and
	// a clock that is wrong.
	Quiet       bool
	FailIfFound bool
	// Archive is the folder of the archive.
	Archive string
	// SaveLogs is how many lines of each log are kept in the archive.
	SaveLogs int
	// Restore are files and folders of an archive; then nothing is removed.
	Restore     []string
	Concurrency int
	// BlockedTimeout is how long to wait for disruption budgets, Grace what
	// evicted pods get to stop; 0 stands for their own.
	BlockedTimeout, Grace time.Duration
	// Wait is how long to wait for pods that are terminating to be gone, 0 for
	// not at all.
	Wait    time.Duration
	Format  string
	Palette printers.Palette
	Printer cliprinters.ResourcePrinter
}

// NewCommand returns the command. lookupEnv is os.LookupEnv except in tests.
func NewCommand(streams genericiooptions.IOStreams, lookupEnv func(string) (string, bool)) *cobra.Command {
	f := newFlags()
	c := &cobra.Command{
		Use:     "clean [POD | TYPE/NAME ...]",
		Short:   "Delete Failed pods safely",
		Long:    long,
		Example: example,
		RunE: func(c *cobra.Command, args []string) error {
			o, err := f.resolve(streams, lookupEnv, args)
			switch {
			case err != nil:
				return err
			case len(o.Restore) > 0:
				return restore(c.Context(), o)
			}
			return run(c.Context(), o)
		},
	}
	f.addTo(c.Flags())
	return c
}
