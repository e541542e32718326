// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package reconcile

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"k8s.io/utils/clock"

	"github.com/podwatch/kubectl-podwatch/pkg/diagnose"
	"github.com/podwatch/kubectl-podwatch/pkg/internal/panics"
	"github.com/podwatch/kubectl-podwatch/pkg/reconcile/stream"
)

// A panic ends the run in order, wherever it happens: whoever has taken a terminal
// gives it back.
func TestF39_APanicIsTheErrorOfTheRun(t *testing.T) {
	t.Parallel()
	p := healthy("a")
	source := initially(p).source()
	nothing := func(Event) error { return nil }
	for name, test := range map[string]struct {
		cfg  Config
		emit func(Event) error
	}{
		"in a source": {Config{Sources: []Source{source, {Context: "b", Run: func(context.Context, stream.Handler) error {
			panic("here")
		}}}}, nothing},
		"in what a source delivers": {Config{Sources: []Source{script(func(_ context.Context, h stream.Handler) {
			h.Upsert(nil, stream.Frame{})
		}).source()}}, nothing},
		"where events are told": {Config{Sources: []Source{source}}, func(Event) error { panic("here") }},
		"in a worker": {Config{
			Sources: []Source{source}, Until: UntilSettled, Plan: planOf(p),
			Actor: actorFunc(func(context.Context, Target) error { panic("here") }),
		}, nothing},
		"in a plan": {Config{
			Sources: []Source{source}, Until: UntilSettled, Actor: actorFunc(func(context.Context, Target) error { return nil }),
			Plan: func(context.Context) ([]Key, error) { panic("here") },
		}, nothing},
		"in place": {Config{Sources: []Source{script(func(_ context.Context, h stream.Handler) {
			h.Upsert(nil, stream.Frame{})
		}).source()}, Until: UntilSynced}, nothing},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				if test.cfg.Until == "" {
					test.cfg.Until = UntilStopped
				}
				test.cfg.Clock, test.cfg.Thresholds = clock.RealClock{}, diagnose.Defaults()
				engine, err := New(test.cfg)
				if err != nil {
					t.Fatal(err)
				}
				ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
				defer cancel()
				err = engine.Run(ctx, test.emit)
				fault, ok := errors.AsType[*panics.Error](err)
				if !ok || !strings.HasPrefix(err.Error(), "judge pods: panic: ") {
					t.Fatalf("Run = %v, want the panic", err)
				}
				if !strings.Contains(string(fault.Trace()), "pkg/reconcile") {
					t.Errorf("the stack does not tell the place:\n%s", fault.Trace())
				}
			})
		})
	}
}

func TestF39_APanicIsTheErrorOfAReplay(t *testing.T) {
	t.Parallel()
	engine, err := New(Config{Sources: []Source{{}}, Until: UntilStopped, Clock: &hands{}, Thresholds: diagnose.Defaults()})
	if err != nil {
		t.Fatal(err)
	}
	one := func(yield func(Delivery, error) bool) { yield(Delivery{Synced: true}, nil) }
	err = engine.Replay(t.Context(), one, func(context.Context, time.Time) error { return nil }, func(Event) error { panic("here") })
	if err == nil || err.Error() != "judge pods: panic: here" {
		t.Errorf("Replay = %v, want the panic", err)
	}
}
