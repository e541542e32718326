// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package clean

import (
	"context"
	"errors"
	"fmt"
	"io"

	corev1 "k8s.io/api/core/v1"

	"github.com/podwatch/kubectl-podwatch/pkg/apis/podwatch/v1alpha1"
	"github.com/podwatch/kubectl-podwatch/pkg/clean"
	"github.com/podwatch/kubectl-podwatch/pkg/cmd/internal/capture"
	"github.com/podwatch/kubectl-podwatch/pkg/cmd/internal/clocks"
	"github.com/podwatch/kubectl-podwatch/pkg/cmd/internal/exit"
	"github.com/podwatch/kubectl-podwatch/pkg/cmd/internal/failure"
	"github.com/podwatch/kubectl-podwatch/pkg/printers"
	"github.com/podwatch/kubectl-podwatch/pkg/projection"
	"github.com/podwatch/kubectl-podwatch/pkg/reconcile"
	"github.com/podwatch/kubectl-podwatch/pkg/reconcile/stream"
)

func run(ctx context.Context, o Options) (err error) {
	s := newSession(o)
	if o.DryRun == v1alpha1.DryRunNone {
		if s.archive, err = clean.OpenArchive(o.Archive, o.Clock.Now()); err != nil {
			return err
		}
		defer func() {
			if closeErr := s.archive.Close(); closeErr != nil {
				err = errors.Join(err, exit.Incomplete(closeErr))
			}
		}()
	}
	sources, err := s.sources()
	if err != nil {
		return err
	}
	engine, err := reconcile.New(reconcile.Config{
		Sources: sources, Until: reconcile.UntilSettled, Thresholds: o.Thresholds, Clock: s.Clock,
		Workers: o.Concurrency, Plan: s.makePlan, Actor: s,
	})
	if err != nil {
		return err
	}
	return s.finish(engine.Run(ctx, s.emit))
}

// sources are the cluster's, or the file's: then the time is that of the
// capture.
func (s *session) sources() ([]reconcile.Source, error) {
	if len(s.Scope.Files) == 0 {
		cfg := stream.Config{Keep: stream.KeepProjections, FailFast: true, Inspect: s.spool}
		return s.Scope.Sources(s.Cluster, cfg)
	}
	c, err := capture.Read(s.Scope, s.In)
	if err != nil {
		return nil, err
	}
	s.Clock = clocks.At(c.CaptureTime)
	if s.partial = c.Partial(); s.partial != nil {
		s.limitations = c.Limitations
	}
	return []reconcile.Source{c.Source()}, nil
}

// spool keeps the manifest of a pod that may be planned, while the whole object
// is at hand. In a dry run nothing is written.
func (s *session) spool(whole *corev1.Pod, p *projection.Pod) {
	if s.archive != nil && p.Phase == corev1.PodFailed {
		s.archive.Spool(whole)
	}
}

// makePlan decides, shows and asks. It returns the keys to act on.
func (s *session) makePlan(ctx context.Context) ([]reconcile.Key, error) {
	if err := s.missing(); err != nil {
		return nil, err
	}
	pods, keys := s.snapshot()
	plan := clean.Make(pods, s.Clock.Now(), s.Rules, s.Listing)
	s.setPlan(plan, clean.New(plan, s.actor(), s.Clock))
	planned := plan.Planned()
	if len(planned) == 0 {
		return nil, nil
	}
	if s.DryRun == v1alpha1.DryRunNone {
		if err := plan.Check(s.Limit); err != nil {
			return nil, exit.Hint(err, fmt.Sprintf("narrow the scope, or pass --max %d", len(planned)))
		}
		if err := s.confirm(ctx, s.report(plan, nil)); err != nil {
			return nil, err
		}
	}
	todo := make([]reconcile.Key, 0, len(planned))
	for i := range planned {
		todo = append(todo, keys[planned[i].UID])
	}
	return todo, nil
}

// actor is the one value that stands for --dry-run.
func (s *session) actor() clean.Actor {
	switch s.DryRun {
	case v1alpha1.DryRunClient:
		return clean.ClientDryRun()
	case v1alpha1.DryRunServer:
		return clean.ServerDryRun(s.Cluster.Core.RESTClient())
	case v1alpha1.DryRunNone:
	}
	return clean.Delete(s.Cluster.Core.RESTClient(), s.archive, s.Clock)
}

// Act implements reconcile.Actor.
func (s *session) Act(ctx context.Context, t reconcile.Target) error {
	sight := clean.Sight{Pod: t.Pod, Verdict: t.Verdict, Stale: t.Stale}
	if sight.Pod == nil {
		sight.Pod = t.Successor
	}
	return s.cleaner.Clean(ctx, t.Key.UID, t.Attempt, sight)
}

// finish prints what became of the plan, however the run has ended.
func (s *session) finish(err error) error {
	plan, cleaner := s.planned()
	if plan == nil {
		return failure.Explain(err)
	}
	r := s.report(plan, cleaner.Items())
	if err != nil && clean.Undone(r.Summary) == r.Summary.Planned {
		return begun(r, err) // there is no result to print
	}
	if printErr := s.print(r); printErr != nil && !exit.ClosedPipe(printErr) {
		return begun(r, errors.Join(err, printErr))
	}
	switch {
	case err != nil && clean.Undone(r.Summary) > 0:
		return begun(r, err)
	case s.FailIfFound && r.Summary.Planned > 0:
		return exit.Gate(fmt.Errorf("gate --fail-if-found: pods to clean: %d", r.Summary.Planned))
	case clean.Failures(r.Summary) > 0:
		return exit.Incomplete(fmt.Errorf("clean pods: %d of %d could not be deleted", clean.Failures(r.Summary), r.Summary.Planned))
	case s.partial != nil:
		return exit.Incomplete(s.partial)
	case len(r.Limitations) > 0:
		return exit.Incomplete(failure.Unread(len(r.Limitations), len(s.Cluster.Namespaces)))
	}
	return nil
}

// begun marks an error, except for an interrupt, as one that came when
// something was deleted already, or may have been: exit code 1 promises that
// nothing was.
func begun(r *v1alpha1.CleanReport, err error) error {
	_, signal := errors.AsType[exit.SignalError](err)
	nothing := r.Summary.Deleted+r.Summary.Terminating == 0 && !errors.Is(err, reconcile.ErrLate)
	if signal || nothing {
		return err
	}
	return exit.Incomplete(err)
}

// report is the plan with results, nil for none.
func (s *session) report(plan *clean.Plan, results []v1alpha1.CleanItem) *v1alpha1.CleanReport {
	r := clean.Report(plan, results, s.DryRun)
	r.Context, r.Scope = s.Cluster.Context, s.Scope.API()
	switch {
	case len(s.Scope.Files) > 0:
		r.Scope.AllNamespaces = len(s.Scope.Namespaces) == 0
	case !s.Scope.All:
		r.Scope.Namespaces = s.Cluster.Namespaces
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	r.Limitations = append(r.Limitations, s.limitations...)
	return r
}

// print writes the report to standard output and its summary to standard error.
// A table that was shown with the question is followed by plain results.
func (s *session) print(r *v1alpha1.CleanReport) error {
	if !s.shown {
		if err := s.Printer.PrintObj(r, s.Out); err != nil {
			return err
		}
	} else {
		for i := range r.Items[:r.Summary.Planned] {
			if _, err := io.WriteString(s.Out, printers.CleanResult(&r.Items[i], s.Palette)); err != nil {
				return err
			}
		}
	}
	summary := printers.CleanSummary(r)
	if r.Summary.Deleted+r.Summary.Terminating > 0 && s.archive != nil {
		summary += fmt.Sprintf("Their manifests are in %s.\n", s.Archive)
	}
	_, err := io.WriteString(s.ErrOut, summary)
	return err
}
