// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package watch

import (
	"context"
	"errors"
	"fmt"

	"github.com/podwatch/kubectl-podwatch/pkg/cmd/internal/exit"
	"github.com/podwatch/kubectl-podwatch/pkg/cmd/internal/terminal"
	"github.com/podwatch/kubectl-podwatch/pkg/internal/plaintext"
	"github.com/podwatch/kubectl-podwatch/pkg/reconcile"
	"github.com/podwatch/kubectl-podwatch/pkg/recording"
	"github.com/podwatch/kubectl-podwatch/pkg/related"
)

// run watches a cluster, or replays a recording, to its end.
func run(ctx context.Context, o Options) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	go func() {
		if err := terminal.AwaitUnread(ctx, o.Out); err != nil {
			cancel(err)
		}
	}()
	if o.Replay.File != "" {
		return replay(ctx, o)
	}
	return watch(ctx, o, cancel)
}

// watch watches clusters.
func watch(ctx context.Context, o Options, cancel context.CancelCauseFunc) error {
	if o.Gate.Whole() && o.Owners != related.Never {
		o.Gate.Workloads = workloadsOf(o.Scope.Targets)
	}
	var sources []reconcile.Source
	for _, cluster := range o.Clusters {
		more, err := o.Scope.Sources(cluster, o.Stream)
		if err != nil {
			return err
		}
		sources = append(sources, more...)
	}
	header := recording.Header{Version: o.Version, Started: o.Clock.Now(), Thresholds: o.Thresholds, Owners: string(o.Owners)}
	for _, s := range sources {
		header.Sources = append(header.Sources, recording.Source{Context: s.Context, Namespace: s.Namespace})
	}
	recordNamed(&header, o.Gate.Workloads)
	cfg := reconcile.Config{
		Sources: sources, Until: reconcile.UntilStopped, Thresholds: o.Thresholds, Clock: o.Clock,
		Workers: o.Workers, SummaryEvery: o.SummaryEvery, Surveyor: newSurveyor(o), Named: newNamed(o),
	}
	switch {
	case o.Clean != nil:
		return watchAndClean(ctx, o, cancel, cfg, header)
	case o.Record == "":
		return watchOn(ctx, o, cancel, cfg, header, nil)
	}
	return watchAndRecord(ctx, o, cancel, cfg, header)
}

// watchAndRecord watches, and keeps what it sees. If that cannot be written, it ends at
// once; only a gate is worth more than its recording, and goes on with a warning.
func watchAndRecord(ctx context.Context, o Options, cancel context.CancelCauseFunc, cfg reconcile.Config, h recording.Header) error {
	w, err := recording.Create(o.Record, h, func(err error) {
		switch {
		case len(o.Gate.Conditions) == 0:
			cancel(exit.Incomplete(err))
		case o.Live == nil: // else it would be written across the view: it is said at the end
			_, _ = fmt.Fprintf(o.ErrOut, "warning: %s\n", plaintext.Line(err.Error()))
		}
	})
	if err != nil {
		return err
	}
	cfg.Tap = w.Put
	err = watchOn(ctx, o, cancel, cfg, h, nil)
	if writeErr := w.Close(); writeErr != nil && !errors.Is(err, writeErr) {
		return errors.Join(err, exit.Incomplete(writeErr))
	}
	return err
}

// watchAndClean watches, and removes pods.
func watchAndClean(ctx context.Context, o Options, cancel context.CancelCauseFunc, cfg reconcile.Config, h recording.Header) error {
	c, err := newCleaning(ctx, o, cancel)
	if err != nil {
		return err
	}
	cfg.Actor = c
	err = watchOn(ctx, o, cancel, cfg, h, c)
	if closeErr := c.close(); closeErr != nil {
		return errors.Join(err, exit.Incomplete(closeErr))
	}
	return err
}

// watchOn watches. c is nil if nothing is removed.
func watchOn(ctx context.Context, o Options, cancel context.CancelCauseFunc, cfg reconcile.Config, h recording.Header, c *cleaning) error {
	engine, err := reconcile.New(cfg)
	if err != nil {
		return err
	}
	s := newSession(o, engine, h)
	if c != nil {
		c.engine, c.print, s.cleaning = engine, s.print, c
	}
	s.crashes, s.record = newCrashes(ctx, o, engine.AddAftermath), cfg.Tap
	s.namespaces = &namespaces{session: s, ctx: ctx, cancel: cancel}
	return s.end(ctx, s.run(ctx, engine.Run))
}
