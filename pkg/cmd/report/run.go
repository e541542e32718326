// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package report

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/podwatch/kubectl-podwatch/pkg/apis/podwatch/v1alpha1"
	"github.com/podwatch/kubectl-podwatch/pkg/cmd/internal/clocks"
	"github.com/podwatch/kubectl-podwatch/pkg/cmd/internal/exit"
	"github.com/podwatch/kubectl-podwatch/pkg/cmd/internal/failure"
	"github.com/podwatch/kubectl-podwatch/pkg/cmd/internal/scope"
	"github.com/podwatch/kubectl-podwatch/pkg/diagnose"
	"github.com/podwatch/kubectl-podwatch/pkg/projection"
	"github.com/podwatch/kubectl-podwatch/pkg/reconcile"
	"github.com/podwatch/kubectl-podwatch/pkg/related"
	"github.com/podwatch/kubectl-podwatch/pkg/report"
)

func run(ctx context.Context, o Options) error {
	var r *v1alpha1.PodReport
	var partial error
	var err error
	if len(o.Scope.Files) > 0 {
		r, partial, err = offlineReport(ctx, o)
	} else {
		r, partial, err = liveReport(ctx, o)
	}
	if err != nil {
		return err
	}
	end := partial
	if failed := o.Gate.Failed(r); len(failed) > 0 {
		end = exit.Gate(fmt.Errorf("gate --fail-on: %s", describe(failed)))
	}
	// A reader that goes away changes nothing about what the report says.
	if err := o.view.printer.PrintObj(r, o.Out); err != nil && !exit.ClosedPipe(err) {
		return err
	}
	o.view.summary(r, o.ErrOut)
	return end
}

// describe names the first group that a gate has failed on.
func describe(groups []v1alpha1.Group) string {
	g := groups[0]
	cause := g.Cause
	if g.SubCause != "" {
		cause += "/" + g.SubCause
	}
	text := fmt.Sprintf("%s %s in %s/%s", g.Severity, cause, g.Workload.Kind, g.Workload.Name)
	if g.Cluster != "" {
		text += " of cluster " + g.Cluster
	}
	if more := len(groups) - 1; more > 0 {
		text += fmt.Sprintf(" and %d more", more)
	}
	return text
}

// build makes the report of what was seen, in the light of what was read around it.
func (o Options) build(pods judged, around related.Index, limitations []v1alpha1.Limitation) *v1alpha1.PodReport {
	pods.collector.Rejudge(o.inLightOf(around, pods.now))
	for _, owner := range around.Owners() {
		if o.covers(owner) {
			pods.collector.AddOwner(owner, diagnose.JudgeOwner(owner, around.Events(owner.UID), pods.now, o.Thresholds))
		}
	}
	return pods.collector.Build(around, limitations)
}

// covers reports whether what is wrong with owner itself is in scope. A file
// holds the owners of all pods, and which of them a selector of pods means, those
// without pods do not tell.
func (o Options) covers(owner *projection.Owner) bool {
	if len(o.Scope.Files) > 0 && (o.Scope.LabelSelector != "" || o.Scope.FieldSelector != "") {
		return false
	}
	return o.Scope.Covers(owner) && (len(o.Scope.Namespaces) == 0 || slices.Contains(o.Scope.Namespaces, owner.Namespace))
}

// judged are the pods of a scope, and what of it could not be read.
type judged struct {
	collector   *report.Collector
	limitations []v1alpha1.Limitation
	seen        scope.Seen
	// now is the instant of the verdicts, skew what the server's clock is ahead of
	// this machine's.
	now  time.Time
	skew time.Duration
}

// look takes the workloads that cannot create a pod for targets that are there.
func (j judged) look(around related.Index) {
	for _, owner := range around.Blocked() {
		j.seen.AddOwner(owner)
	}
}

// missing returns an error if a target has neither a pod nor a workload that
// cannot create one. With a part of the scope unread, that cannot be known.
func (j judged) missing() error {
	if len(j.limitations) > 0 {
		return nil
	}
	return j.seen.Missing()
}

// collect returns the collector's options for verdicts at now, unless --now
// says otherwise.
func (o Options) collect(nowSource string, now, generated time.Time) report.Options {
	if !o.Now.IsZero() {
		now, nowSource = o.Now, "Flag"
	}
	return report.Options{
		Now: now, GeneratedAt: generated, ObservedAtSource: nowSource,
		Version: o.Version, Scope: o.Scope.API(), Selection: o.Selection,
		ShowHealthy: o.ShowHealthy || o.Logs.Cards, IncludeCompleted: o.IncludeCompleted,
	}
}

// judge runs the engine over sources to its first sync. The sources that could
// not be read become limitations.
func (o Options) judge(ctx context.Context, sources []reconcile.Source, options report.Options) (judged, error) {
	engine, err := reconcile.New(reconcile.Config{
		Sources: sources, Until: reconcile.UntilSynced, Thresholds: o.Thresholds,
		Clock: clocks.At(options.Now), AsOf: o.Now,
	})
	if err != nil {
		return judged{}, err
	}
	j := judged{collector: report.NewCollector(options), seen: o.Scope.NewSeen(), now: options.Now}
	err = engine.Run(ctx, func(ev reconcile.Event) error {
		switch ev.Type {
		case reconcile.Judged:
			j.collector.Add(ev.Pod, *ev.To)
			j.seen.Add(ev.Pod)
		case reconcile.Gone:
			j.collector.Remove(ev.Key.Namespace, ev.Key.Name, ev.Key.UID)
		case reconcile.SourceFailed:
			j.limitations = append(j.limitations, failure.Limitation(ev.Source.Namespace, ev.Err))
		case reconcile.Stream:
			j.skew = cmp.Or(ev.Status.Skew, j.skew) // 0 may mean that it is not known yet
		case reconcile.Synced, reconcile.Tick, reconcile.Look, reconcile.Aftermath, reconcile.Read:
		}
		return nil
	})
	if o.Now.IsZero() {
		j.now = j.now.Add(j.skew)
		j.collector.ObservedAt(j.now)
	}
	return j, err
}

// inLightOf judges a pod once more, with what was read around it.
func (o Options) inLightOf(around related.Index, now time.Time) func(*projection.Pod) diagnose.Verdict {
	return func(p *projection.Pod) diagnose.Verdict { return diagnose.Judge(p, around.Of(p), now, o.Thresholds) }
}
