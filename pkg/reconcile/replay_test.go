// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package reconcile

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strconv"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/utils/clock"

	"github.com/podwatch/kubectl-podwatch/pkg/diagnose"
	"github.com/podwatch/kubectl-podwatch/pkg/projection"
	"github.com/podwatch/kubectl-podwatch/pkg/reconcile/stream"
)

// told renders events with all that a reader can see of their order and time.
func told(events []Event) []string {
	out := lines(events)
	for i, ev := range events {
		out[i] = fmt.Sprintf("%s %s %d", ev.Time.Format(time.RFC3339Nano), out[i], ev.Reconciliations)
	}
	return out
}

// sameLines reports the first difference: a diff of thousands of lines takes
// minutes.
func sameLines(t *testing.T, what string, a, b []string) {
	t.Helper()
	for i := range min(len(a), len(b)) {
		if a[i] != b[i] {
			t.Fatalf("%s differ at event %d:\n%s\n%s", what, i, a[i], b[i])
		}
	}
	if len(a) != len(b) {
		t.Fatalf("%s: %d and %d events", what, len(a), len(b))
	}
}

// hands is a clock whose hands are moved.
type hands struct {
	clock.RealClock
	at atomic.Pointer[time.Time]
}

func (h *hands) Now() time.Time {
	if at := h.at.Load(); at != nil {
		return *at
	}
	return time.Time{}
}

// eventful is a source of many changes at odd times.
func eventful() Source {
	return script(func(ctx context.Context, h stream.Handler) {
		random := rand.New(rand.NewPCG(3, 4))
		var pods []*corev1.Pod
		for i := range 20 {
			pods = append(pods, healthy(fmt.Sprintf("p%02d", i)))
			h.Upsert(projection.From(pods[i]), stream.Frame{Initial: true})
		}
		h.Synced()
		h.Status(stream.Status{State: stream.Live})
		changes := []func(*corev1.Pod){notReady, failed, pending, func(p *corev1.Pod) { p.Status = healthy("").Status }}
		for i := range 300 {
			select {
			case <-ctx.Done():
				return
			case <-time.After(time.Duration(random.IntN(9000)) * time.Millisecond):
			}
			p := &pods[random.IntN(len(pods))]
			*p = with(*p, changes[random.IntN(len(changes))])
			(*p).ResourceVersion = strconv.Itoa(i + 2)
			h.Upsert(projection.From(*p), stream.Frame{Gap: i%50 == 0})
		}
	}).source()
}

// readerThatAsks wants to look at every pod again after 47 s, and at the time.
func readerThatAsks(e *Engine, events *[]Event) func(Event) error {
	return func(ev Event) error {
		*events = append(*events, ev)
		if ev.Type == Judged && !ev.Aged {
			e.LookAt(ev.Key, ev.Time.Add(47*time.Second))
		}
		if ev.Type == Synced || ev.Type == Look {
			e.LookAt(Key{}, ev.Time.Add(101*time.Second))
		}
		return nil
	}
}

// replayOf replays the deliveries of a run of cfg.
func replayOf(t *testing.T, cfg Config, deliveries []Delivery) []Event {
	t.Helper()
	now := &hands{}
	cfg.Clock, cfg.Tap = now, nil
	engine, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	var events []Event
	all := func(yield func(Delivery, error) bool) {
		for _, d := range deliveries {
			if !yield(d, nil) {
				return
			}
		}
	}
	advance := func(_ context.Context, at time.Time) error {
		now.at.Store(&at)
		return nil
	}
	if err := engine.Replay(t.Context(), all, advance, readerThatAsks(engine, &events)); err != nil {
		t.Fatalf("Replay = %v", err)
	}
	return events
}

func TestF34_AReplayTellsWhatTheRunHasTold(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var deliveries []Delivery
		cfg := Config{
			Sources: []Source{eventful()}, Until: UntilStopped, Clock: clock.RealClock{},
			Thresholds: diagnose.Defaults(), SummaryEvery: time.Minute, Workers: 3,
			Tap: func(d Delivery) { deliveries = append(deliveries, d) },
		}
		engine, err := New(cfg)
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), 30*time.Minute)
		defer cancel()
		var run []Event
		if err := engine.Run(ctx, readerThatAsks(engine, &run)); !errors.Is(err, context.DeadlineExceeded) {
			t.Fatalf("Run = %v", err)
		}

		first := told(replayOf(t, cfg, deliveries))
		if len(run) < 500 {
			t.Errorf("only %d events were compared", len(run))
		}
		sameLines(t, "the run and its replay", told(run), first)
		sameLines(t, "two replays", first, told(replayOf(t, cfg, deliveries)))
	})
}

func TestAReplayEndsWithTheErrorOfItsInput(t *testing.T) {
	t.Parallel()
	cut := errors.New("the file ends here")
	engine, err := New(Config{
		Sources: []Source{{}}, Until: UntilStopped, Clock: &hands{}, Thresholds: diagnose.Defaults(),
	})
	if err != nil {
		t.Fatal(err)
	}
	input := func(yield func(Delivery, error) bool) {
		_ = yield(Delivery{Pod: projection.From(healthy("a")), Initial: true}, nil) &&
			yield(Delivery{Synced: true}, nil) && yield(Delivery{}, cut)
	}
	var events []Event
	err = engine.Replay(t.Context(), input, func(context.Context, time.Time) error { return nil },
		func(ev Event) error {
			events = append(events, ev)
			return nil
		})
	if !errors.Is(err, cut) {
		t.Errorf("Replay = %v, want the error of its input", err)
	}
	if diff := cmp.Diff([]string{"Judged a -→Healthy initial", "Synced"}, lines(events)); diff != "" {
		t.Errorf("events before it (-want +got):\n%s", diff)
	}
}

func TestALookIsToldWhateverItShows(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		engine, err := New(Config{
			Sources: []Source{initially(healthy("a")).source()}, Until: UntilStopped, Clock: clock.RealClock{}, Thresholds: diagnose.Defaults(),
		})
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		start := time.Now()
		var events []Event
		_ = engine.Run(ctx, func(ev Event) error {
			events = append(events, ev)
			if ev.Type == Synced {
				engine.LookAt(Key{}, start.Add(5*time.Second))
				engine.LookAt(Key{}, start.Add(9*time.Second)) // the latest word counts
				engine.LookAt(events[0].Key, start.Add(7*time.Second))
			}
			return nil
		})
		want := []string{"Judged a -→Healthy initial", "Synced", "Judged a Healthy→Healthy aged", "Look"}
		if diff := cmp.Diff(want, lines(events)); diff != "" {
			t.Fatalf("events (-want +got):\n%s", diff)
		}
		if at := events[2].Time.Sub(start); at != 7*time.Second {
			t.Errorf("looked at the pod after %v, want 7s", at)
		}
		if at := events[3].Time.Sub(start); at != 9*time.Second {
			t.Errorf("looked after %v, want 9s", at)
		}
	})
}

func TestF21_ASourceThatCannotBeReachedHoldsUpNoOther(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		down := script(func(ctx context.Context, h stream.Handler) {
			h.Status(stream.Status{State: stream.Stale, Err: errors.New("connection refused")})
			time.Sleep(10 * time.Second)
			initially(healthy("late"))(ctx, h)
		}).source()
		down.Context = "down"
		start := time.Now()
		events, _ := run(t, Config{Sources: []Source{down, initially(healthy("a")).source()}, Until: UntilStopped}, time.Minute)
		var synced time.Duration
		var got []string
		for i, ev := range events {
			if ev.Type == Stream {
				continue
			}
			if ev.Type == Synced {
				synced = ev.Time.Sub(start)
			}
			got = append(got, lines(events)[i])
		}
		want := []string{"Judged a -→Healthy initial", "Synced", "Judged late -→Healthy initial"}
		if diff := cmp.Diff(want, got); diff != "" || synced != 0 {
			t.Errorf("synced after %v (-want +got):\n%s", synced, diff)
		}
	})
}
