// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package reconcile

import (
	"context"
	"iter"
	"time"

	"github.com/podwatch/kubectl-podwatch/pkg/reconcile/stream"
)

// Replay is Run for what was delivered before: the deliveries of Config.Tap, in
// their order and at their times, with all looks and ticks in between. Nothing
// is concurrent, so the same deliveries make the same events; Config.Sources
// are those of the recorded run, and are not run.
//
// Before anything happens at an instant, Replay calls advance with it, which may
// wait; from then on Config.Clock must show that instant. Replay returns nil
// after the last delivery, else the first error of deliveries, advance and emit,
// the cause of ctx, or that of Run.
func (e *Engine) Replay(ctx context.Context, deliveries iter.Seq2[Delivery, error], advance func(context.Context, time.Time) error, emit func(Event) error) error {
	e.inPlace, e.survey = true, nil
	defer func() {
		e.queue.ShutDown()
		e.ended = e.cfg.Clock.Now()
	}()
	r := replay{Engine: e, advance: advance, emit: e.andThenSynced(emit), handlers: map[sourceName]*handler{}}
	var err error
	e.guard(func() { err = r.run(ctx, deliveries) })
	if err != nil {
		return err
	}
	select {
	case err = <-e.finished: // a panic
	default:
	}
	return err
}

func (r *replay) run(ctx context.Context, deliveries iter.Seq2[Delivery, error]) error {
	for d, err := range deliveries {
		if err != nil {
			return err
		}
		if err := r.pass(ctx, d.At); err != nil {
			return err
		}
		r.deliver(d)
		if err := r.settle(ctx); err != nil {
			return err
		}
	}
	return nil
}

// sourceName is the context and the namespace of a source.
type sourceName struct{ context, namespace string }

// replay is one call of Engine.Replay.
type replay struct {
	*Engine
	advance  func(context.Context, time.Time) error
	emit     func(Event) error
	handlers map[sourceName]*handler
	started  bool
}

// pass lets time go by until at, with all that is due meanwhile.
func (r *replay) pass(ctx context.Context, at time.Time) error {
	for {
		a, due, ok := r.schedule.due(at)
		if !ok {
			return r.advance(ctx, at)
		}
		if err := r.advance(ctx, due); err != nil {
			return err
		}
		r.fire(a, due)
		if err := r.settle(ctx); err != nil {
			return err
		}
	}
}

// deliver hands d to the engine as its source has done.
func (r *replay) deliver(d Delivery) {
	name := sourceName{d.Context, d.Namespace}
	h := r.handlers[name]
	if h == nil {
		h = &handler{engine: r.Engine, source: Source{Context: d.Context, Namespace: d.Namespace}}
		r.handlers[name] = h
	}
	f := stream.Frame{Initial: d.Initial, Gap: d.Gap}
	switch {
	case d.Pod != nil && d.Gone:
		h.Delete(d.Pod, f)
	case d.Pod != nil:
		h.Upsert(d.Pod, f)
	case d.Synced:
		h.Synced()
	case d.Status != nil:
		h.Status(*d.Status)
	case d.Err != nil:
		h.failed(d.Err)
	case d.Aftermath != nil:
		r.AddAftermath(d.Aftermath)
	case d.Around != nil:
		r.surround(place{d.Context, d.Namespace}, d.Around.after(nil))
	case !r.started:
		r.started = true
		r.startTicks(d.At)
	}
}

// settle emits what has come of the last step.
func (r *replay) settle(ctx context.Context) error {
	if err := r.out.flush(r.emit); err != nil {
		return err
	}
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case err := <-r.finished:
		return err
	default:
		return nil
	}
}
