// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package watch

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/podwatch/kubectl-podwatch/pkg/cmd/internal/exit"
	"github.com/podwatch/kubectl-podwatch/pkg/reconcile"
	"github.com/podwatch/kubectl-podwatch/pkg/recording"
	"github.com/podwatch/kubectl-podwatch/pkg/related"
)

// Replay is what to replay instead of watching.
type Replay struct {
	// File is a recording, "-" is standard input, "" is no replay.
	File string
	// Speed is that of its time, 0 being as fast as possible.
	Speed float64
	// OwnThresholds judges with Options.Thresholds instead of the recorded ones.
	OwnThresholds bool
}

// brokenError marks what is wrong with a recording behind its first line.
type brokenError struct{ error }

func (e brokenError) Unwrap() error { return e.error }

// replay runs a recording through the engine on its own time.
func replay(ctx context.Context, o Options) error {
	in, err := o.openReplay()
	if err != nil {
		return err
	}
	defer func() { _ = in.Close() }()
	r, err := recording.Read(in)
	if err != nil {
		return fmt.Errorf("replay %s: %w", o.Replay.File, err)
	}
	if !o.Replay.OwnThresholds {
		o.Thresholds = r.Thresholds
	}
	if o.Owners, err = related.ParseMode(cmp.Or(r.Owners, string(related.Never))); err != nil {
		return brokenError{fmt.Errorf("replay %s: header: owners: %w", o.Replay.File, err)}
	}
	if o.Gate.Workloads, err = recordedNamed(r.Header); err != nil {
		return brokenError{fmt.Errorf("replay %s: %w", o.Replay.File, err)}
	}
	clock := recording.NewClock(r.Started, o.Replay.Speed)
	o.Clock = clock
	cfg := reconcile.Config{
		Until: reconcile.UntilStopped, Thresholds: o.Thresholds, Clock: clock, SummaryEvery: o.SummaryEvery,
		Surveyor: newSurveyor(o),
	}
	for _, s := range r.Sources {
		cfg.Sources = append(cfg.Sources, reconcile.Source{Context: s.Context, Namespace: s.Namespace})
	}
	engine, err := reconcile.New(cfg)
	if err != nil {
		return err
	}
	s := newSession(o, engine, r.Header)
	s.last = r.Last
	deliveries := func(yield func(reconcile.Delivery, error) bool) {
		for d, err := range r.Deliveries() {
			if err != nil {
				err = brokenError{fmt.Errorf("replay %s: %w", o.Replay.File, err)}
			}
			if !yield(d, err) {
				return
			}
		}
	}
	err = s.run(ctx, func(ctx context.Context, emit func(reconcile.Event) error) error {
		return engine.Replay(ctx, deliveries, clock.Advance, emit)
	})
	if broken, ok := errors.AsType[brokenError](err); ok {
		err = exit.Incomplete(broken)
	}
	return s.end(ctx, err)
}

func (o Options) openReplay() (io.ReadCloser, error) {
	if o.Replay.File == "-" {
		return io.NopCloser(o.In), nil
	}
	f, err := os.Open(o.Replay.File)
	if err != nil {
		return nil, fmt.Errorf("replay: %w", err)
	}
	return f, nil
}
