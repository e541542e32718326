// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package clean

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/podwatch/kubectl-podwatch/pkg/apis/podwatch/v1alpha1"
	"github.com/podwatch/kubectl-podwatch/pkg/clean"
	"github.com/podwatch/kubectl-podwatch/pkg/cmd/internal/capture"
	"github.com/podwatch/kubectl-podwatch/pkg/cmd/internal/clocks"
	"github.com/podwatch/kubectl-podwatch/pkg/cmd/internal/exit"
	"github.com/podwatch/kubectl-podwatch/pkg/cmd/internal/removal"
	"github.com/podwatch/kubectl-podwatch/pkg/diagnose"
	"github.com/podwatch/kubectl-podwatch/pkg/logs"
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
		s.archive.From(s.origin())
		if o.SaveLogs > 0 {
			s.archive.SaveLogs(logs.FromCluster(o.Cluster.Core), o.SaveLogs)
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
		Sources: sources, Until: reconcile.UntilSettled, Thresholds: o.Thresholds, Clock: s.clock.WithTicker,
		Workers: o.Concurrency, Plan: s.makePlan, Actor: s,
	})
	if err != nil {
		return err
	}
	err = engine.Run(ctx, s.emit)
	s.progress().done()
	if err == nil {
		s.interrupted = s.wait(ctx)
	}
	return s.finish(err)
}

// waits reports whether pods have to be gone at the end. A dry run makes none go.
func (s *session) waits() bool { return s.Wait > 0 && s.DryRun == v1alpha1.DryRunNone }

// wait waits for what is terminating, if that is wanted. Its error is that of a
// signal: what is left when the time is over stands in the report.
func (s *session) wait(ctx context.Context) error {
	plan, cleaner := s.planned()
	if !s.waits() || plan == nil {
		return nil
	}
	leaving := clean.Report(plan, cleaner.Items(), s.DryRun).Summary.Terminating
	if leaving == 0 {
		return nil
	}
	if !s.Quiet {
		// It changes nothing if nobody reads it.
		_, _ = fmt.Fprintf(s.ErrOut, "Waiting up to %s for pods that are terminating: %d.\n", s.Wait, leaving)
	}
	limited, cancel := context.WithTimeout(ctx, s.Wait)
	defer cancel()
	err := cleaner.Wait(limited, s.Cluster.Core, s.archive)
	if err != nil && ctx.Err() != nil {
		return err
	}
	return nil
}

// sources are the cluster's, or the file's: then the time is that of the
// capture.
func (s *session) sources() ([]reconcile.Source, error) {
	if len(s.Scope.Files) == 0 {
		cfg := stream.Config{Keep: stream.KeepProjections, FailFast: true, Inspect: s.spool, Clock: s.Clock}
		return s.Scope.Sources(s.Cluster, cfg)
	}
	c, err := capture.Read(s.Scope, s.In)
	if err != nil {
		return nil, err
	}
	now := s.Now
	if now.IsZero() {
		now = c.CaptureTime
		s.warn(c.Warning(s.Clock.Now()))
	}
	s.clock, s.known = clocks.NewServer(clocks.At(now)), clean.KnownFrom(c.Related.Owners())
	if s.partial = c.Partial(); s.partial != nil {
		s.limitations = c.Limitations
	}
	return []reconcile.Source{c.Source()}, nil
}

// spool keeps the manifest of a pod that may be planned, while the whole object
// is at hand. In a dry run nothing is written.
func (s *session) spool(whole *corev1.Pod, p *projection.Pod) {
	if s.archive != nil && s.Rules.MayConcern(p) {
		s.archive.Spool(whole)
	}
}

// makePlan decides, shows and asks. It returns the keys to act on.
func (s *session) makePlan(ctx context.Context) ([]reconcile.Key, error) {
	if err := s.missing(); err != nil {
		return nil, err
	}
	plan, keys, err := s.decide(ctx)
	if err != nil {
		return nil, err
	}
	cleaner := clean.New(plan, s.actor(), s.clock)
	cleaner.BlockedTimeout = s.BlockedTimeout
	s.setPlan(plan, keys, cleaner)
	planned := plan.Planned()
	if len(planned) == 0 {
		return nil, nil
	}
	if err := plan.Check(s.Limits); err != nil {
		return nil, s.overLimit(err)
	}
	r := s.report(plan, nil)
	s.warn(printers.CleanWarning(r))
	s.warn(s.unknownNamespaces(ctx))
	if s.DryRun == v1alpha1.DryRunNone {
		if err := s.tellLimitations(r); err != nil {
			return nil, &removal.RefusalError{Text: "show plan: " + err.Error() + "; nothing was deleted"}
		}
		if err := s.confirm(ctx, r); err != nil {
			return nil, err
		}
		if !s.Yes {
			// The answer may have taken long.
			cleaner.Know(s.look(ctx, s.only(planned), s.clock.Now()))
		}
	}
	s.count(len(planned))
	todo := make([]reconcile.Key, 0, len(planned))
	for i := range planned {
		todo = append(todo, keys[planned[i].UID])
	}
	return todo, nil
}

// decide makes the plan, the same one for a dry run as for the run that would
// follow. It sends nothing but reads and the question what the user may do, which
// changes nothing either.
func (s *session) decide(ctx context.Context) (*clean.Plan, map[string]reconcile.Key, error) {
	s.warnOfSkew()
	now := s.clock.Now()
	pods, keys := s.snapshot(now)
	if err := s.Rules.Unheard(pods); err != nil {
		return nil, nil, err
	}
	plan := clean.Make(pods, now, s.rules(), s.look(ctx, pods, now), s.Listing)
	if len(s.Scope.Files) == 0 {
		var err error
		if plan, err = s.permitted(ctx, plan); err != nil {
			return nil, nil, err
		}
	}
	if s.Truncate {
		plan = plan.Truncate(s.Limits)
	}
	return plan, keys, nil
}

// rules are the rules by the server's clock: the age of a pod against the run's is
// told by times that the server wrote.
func (s *session) rules() clean.Rules {
	r := s.Rules
	if !r.Self.Started.IsZero() {
		r.Self.Started = r.Self.Started.Add(s.clock.Skew())
	}
	return r
}

// look reads what surrounds the pods, of those that might be removed at the
// instant now. Of a file all is known beforehand.
func (s *session) look(ctx context.Context, pods iter.Seq2[*projection.Pod, diagnose.Verdict], now time.Time) clean.Known {
	if len(s.Scope.Files) > 0 {
		return s.known
	}
	clients := clean.Clients{Jobs: s.Jobs, Namespaces: s.Cluster.Core}
	known, limitations := clean.Look(ctx, clients, clean.Needs(pods, now, s.rules()))
	s.limit(limitations)
	return known
}

// only returns those of the pods that are planned, as they are now.
func (s *session) only(planned []v1alpha1.CleanItem) iter.Seq2[*projection.Pod, diagnose.Verdict] {
	uids := map[types.UID]bool{}
	for i := range planned {
		uids[types.UID(planned[i].UID)] = true
	}
	pods, _ := s.snapshot(s.clock.Now())
	return func(yield func(*projection.Pod, diagnose.Verdict) bool) {
		for p, v := range pods {
			if uids[p.UID] && !yield(p, v) {
				return
			}
		}
	}
}

// overLimit refuses the plan. A dry run is refused as well, since what it shows
// is what would be done.
func (s *session) overLimit(err error) error {
	limit, ok := errors.AsType[*clean.LimitError](err)
	if !ok {
		return err
	}
	flag := "--max"
	if limit.Living {
		flag = "--max-disrupt"
	}
	return exit.Hint(err, fmt.Sprintf("narrow the scope, pass --truncate for the %d oldest, or %s %d", limit.Limit, flag, limit.Planned))
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
	return clean.Delete(s.Cluster.Core.RESTClient(), s.archive, s.clock, s.Grace)
}

// Act implements reconcile.Actor.
func (s *session) Act(ctx context.Context, t reconcile.Target) error {
	sight := clean.Sight{Pod: t.Pod, Verdict: t.Verdict, Stale: t.Stale, There: s.there}
	if sight.Pod == nil {
		sight.Pod = t.Successor
	}
	if sight.Pod == nil && !sight.Stale {
		sight.Pod, sight.Outside = s.outside(ctx, t.Key)
	}
	err := s.cleaner.Clean(ctx, t.Key.UID, t.Attempt, sight)
	if err == nil {
		s.progress().step()
	}
	return err
}

// outside looks for a pod that the stream says is gone: it says the same of one
// that a selector does not match any more. It returns what has the name now, nil
// for nothing, and whether that may still be the pod. Whoever may not look has
// the stream's word for it.
func (s *session) outside(ctx context.Context, key reconcile.Key) (*projection.Pod, bool) {
	whole, err := s.Cluster.Core.Pods(key.Namespace).Get(ctx, key.Name, metav1.GetOptions{})
	switch {
	case apierrors.IsNotFound(err), apierrors.IsForbidden(err):
		return nil, false
	case err != nil:
		return nil, true
	}
	return projection.From(whole), whole.UID == key.UID
}
