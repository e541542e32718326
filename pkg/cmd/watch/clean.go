// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package watch

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/podwatch/kubectl-podwatch/pkg/apis/podwatch/v1alpha1"
	"github.com/podwatch/kubectl-podwatch/pkg/clean"
	"github.com/podwatch/kubectl-podwatch/pkg/cmd/internal/clocks"
	"github.com/podwatch/kubectl-podwatch/pkg/cmd/internal/exit"
	"github.com/podwatch/kubectl-podwatch/pkg/cmd/internal/removal"
	"github.com/podwatch/kubectl-podwatch/pkg/internal/plaintext"
	"github.com/podwatch/kubectl-podwatch/pkg/reconcile"
	"github.com/podwatch/kubectl-podwatch/pkg/reconcile/stream"
	"github.com/podwatch/kubectl-podwatch/pkg/transition"
)

// cleaning removes pods beside the run. All of it but Act and tell runs in the
// engine's emit.
type cleaning struct {
	Clean
	context    string
	clock      *clocks.Server
	candidates *clean.Candidates
	sweeper    *clean.Sweeper
	// archive is nil in a dry run.
	archive *clean.Archive
	engine  *reconcile.Engine
	// print prints an event, stop ends the run.
	print func(*v1alpha1.PodWatchEvent) error
	stop  context.CancelCauseFunc
	// live has the namespaces of the sources that are live.
	live map[string]bool
	// removed counts the pods that were.
	removed atomic.Int64
}

var _ reconcile.Actor = (*cleaning)(nil)

// newCleaning checks what the user may do, asks, and opens the archive. The
// caller closes it, and sets engine and print.
func newCleaning(ctx context.Context, o Options, stop context.CancelCauseFunc) (*cleaning, error) {
	cluster := o.Clusters[0]
	c := &cleaning{Clean: *o.Clean, context: cluster.Context, clock: clocks.NewServer(o.Clock), stop: stop, live: map[string]bool{}}
	err := clean.Preflight(ctx, c.Reviews, c.Rules.Categories, cluster.Namespaces)
	if denied, ok := errors.AsType[*clean.DeniedError](err); ok {
		return nil, exit.Hint(fmt.Errorf("%w; nothing was deleted", denied), removal.CanI(denied.Access, denied.Namespace))
	} else if err != nil {
		return nil, fmt.Errorf("%w; nothing was deleted", err)
	}
	if c.DryRun == v1alpha1.DryRunNone {
		if c.archive, err = clean.OpenArchive(c.Archive, o.Clock.Now()); err != nil {
			return nil, err
		}
		c.archive.From(clean.ClusterOf(cluster.Context, cluster.Core.RESTClient()))
	}
	if err := c.confirm(ctx, o); err != nil {
		return nil, errors.Join(err, c.close())
	}
	c.candidates = clean.NewCandidates(c.Rules)
	c.sweeper = clean.NewSweeper(c.candidates, clean.SweeperConfig{
		Rules: c.Rules, Thresholds: o.Thresholds, Limits: c.Limits, Clock: c.clock, Actor: c.actor(o), Archive: c.archive,
		Pods: cluster.Core, Clients: clean.Clients{Jobs: c.Jobs, Namespaces: cluster.Core}, Tell: c.tell,
	})
	return c, nil
}

// actor is the one value that stands for --dry-run.
func (c *cleaning) actor(o Options) clean.Actor {
	client := o.Clusters[0].Core.RESTClient()
	switch c.DryRun {
	case v1alpha1.DryRunClient:
		return clean.ClientDryRun()
	case v1alpha1.DryRunServer:
		return clean.ServerDryRun(client)
	case v1alpha1.DryRunNone:
	}
	return clean.Delete(client, c.archive, c.clock, 0)
}

// close closes the archive.
func (c *cleaning) close() error {
	if c.archive == nil {
		return nil
	}
	return c.archive.Close()
}

// confirm returns nil only if the user wants pods to be removed that are not known
// yet. A dry run asks nobody.
func (c *cleaning) confirm(ctx context.Context, o Options) error {
	cluster := o.Clusters[0]
	name := removal.Name(cluster)
	delicate := c.Protected || slices.ContainsFunc(c.Rules.Categories, clean.Living)
	switch {
	case c.DryRun != v1alpha1.DryRunNone:
		return c.announce(o, "Telling which pods would be deleted")
	case !c.Yes && !c.Interactive:
		return removal.Removal().NobodyToAsk()
	case c.Yes && delicate && c.ConfirmContext != name:
		return removal.Removal().NotConfirmed(cluster)
	case c.Yes:
		return c.announce(o, "Deleting pods")
	case delicate && c.ConfirmContext != name:
		return removal.Removal().Ask(ctx, o.IOStreams, fmt.Sprintf("Delete %s? Type the name, %s: ", c.what(o), plaintext.Line(name)), name)
	}
	return removal.Removal().Ask(ctx, o.IOStreams, "Delete "+c.what(o)+"? [y/N] ", "y", "yes")
}

// announce says on standard error what nobody was asked about.
func (c *cleaning) announce(o Options, doing string) error {
	_, err := io.WriteString(o.ErrOut, doing+": "+c.what(o)+".\n")
	return err
}

// what names the pods that are to be removed.
func (c *cleaning) what(o Options) string {
	namespaces := map[string]bool{}
	for _, n := range o.Clusters[0].Namespaces {
		namespaces[n] = true
	}
	limits := fmt.Sprintf("at most %d an hour", c.Limits.Ended)
	if slices.ContainsFunc(c.Rules.Categories, clean.Living) {
		limits += fmt.Sprintf(", %d of them alive", c.Limits.Living)
	}
	return plaintext.Line(fmt.Sprintf("%s pods as they appear in %s, %s, %s",
		joined(c.Rules.Categories, ", "), removal.Where(o.Clusters[0]), strings.ReplaceAll(scopeText(o, namespaces), "  ", ", "), limits))
}

// headline is what the live view says.
func (c *Clean) headline() string {
	if c.DryRun != v1alpha1.DryRunNone {
		return "clean dry run"
	}
	return "clean on"
}

// take takes in an event of the engine and returns when to look at its pod again,
// zero for not at all. synced is true behind the first sync.
func (c *cleaning) take(ev reconcile.Event, synced bool) time.Time {
	switch ev.Type {
	case reconcile.Stream:
		c.live[ev.Source.Namespace] = ev.Status.State == stream.Live && !ev.Status.Relisting
		c.clock.SetSkew(ev.Status.Skew)
	case reconcile.Gone:
		c.candidates.Forget(ev.Key.UID)
	case reconcile.Judged:
		// What is in doubt was not told yet, and what was not told is not removed.
		inView := synced && !ev.Doubtful && (c.live[ev.Key.Namespace] || c.live[metav1.NamespaceAll])
		sight := clean.Sight{Pod: ev.Pod, Verdict: *ev.To, Stale: !inView}
		ripe, next := c.candidates.Consider(sight, ev.Time, ev.Skew)
		if ripe {
			c.engine.ActOn(ev.Key)
		}
		return next
	case reconcile.SourceFailed, reconcile.Synced, reconcile.Read, reconcile.Tick, reconcile.Look, reconcile.Aftermath:
	}
	return time.Time{}
}

// Act implements reconcile.Actor.
func (c *cleaning) Act(ctx context.Context, t reconcile.Target) error {
	pod := clean.Pod{NamespacedName: types.NamespacedName{Namespace: t.Key.Namespace, Name: t.Key.Name}, UID: t.Key.UID}
	err := c.sweeper.Sweep(ctx, pod, t.Attempt, clean.Sight{Pod: t.Pod, Verdict: t.Verdict, Stale: !t.Live})
	if err == nil {
		// If the pod is still there, when to look again has changed.
		c.engine.LookAt(t.Key, c.clock.WithTicker.Now())
	}
	return err
}

// tell prints a decision or its result. If it cannot, the run ends: what cannot be
// told is not done.
func (c *cleaning) tell(item v1alpha1.CleanItem) error {
	e := transition.Cleaned(c.clock.WithTicker.Now(), c.context, item)
	if e.Type == v1alpha1.EventCleanDeleted {
		c.removed.Add(1)
	}
	err := c.print(&e)
	if err != nil {
		c.stop(err)
	}
	return err
}
