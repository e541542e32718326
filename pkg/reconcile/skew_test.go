// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package reconcile

import (
	"context"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/clock"

	"github.com/podwatch/kubectl-podwatch/pkg/diagnose"
	"github.com/podwatch/kubectl-podwatch/pkg/projection"
	"github.com/podwatch/kubectl-podwatch/pkg/reconcile/stream"
)

// apart is a source of the given context whose server's clock is ahead of this
// machine's by skew. Its pod has just been created.
func apart(name string, skew time.Duration, next ...func(h stream.Handler)) Source {
	s := script(func(ctx context.Context, h stream.Handler) {
		h.Status(stream.Status{State: stream.Connecting, Skew: skew})
		initially(with(healthy("a"), func(p *corev1.Pod) {
			pending(p)
			p.CreationTimestamp = metav1.NewTime(time.Now().Add(skew))
		}))(ctx, h)
		h.Status(stream.Status{State: stream.Live, Skew: skew})
		for _, f := range next {
			select {
			case <-ctx.Done():
				return
			case <-time.After(5 * time.Minute):
				f(h)
			}
		}
	}).source()
	s.Context = name
	return s
}

// severities says when the severity of which pod was told to have changed.
func severities(events []Event) []string {
	var out []string
	for _, ev := range events {
		if ev.Type == Judged && (ev.From == nil || ev.From.Severity() != ev.To.Severity()) {
			out = append(out, fmt.Sprintf("%s %s after %s", ev.Key.Context, ev.To.Severity(), ev.Time.Sub(events[0].Time)))
		}
	}
	return out
}

func TestF33_PodsAreJudgedByTheClockOfTheirServer(t *testing.T) {
	t.Parallel()
	for _, skew := range []time.Duration{0, 2 * time.Hour, -2 * time.Hour} {
		t.Run(skew.String(), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				events, _ := run(t, Config{Sources: []Source{apart("east", skew)}, Until: UntilStopped}, time.Hour)
				want := []string{"east info after 0s", "east warning after 2m0s", "east critical after 10m0s"}
				if diff := cmp.Diff(want, severities(events)); diff != "" {
					t.Errorf("told (-want +got):\n%s", diff)
				}
			})
		})
	}
}

func TestF33_EveryServerHasItsOwnClock(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		sources := []Source{apart("east", 2*time.Hour), apart("west", -2*time.Hour)}
		events, _ := run(t, Config{Sources: sources, Until: UntilStopped}, 5*time.Minute)
		told := map[string]int{}
		for _, line := range severities(events) {
			told[line]++
		}
		want := map[string]int{"east info after 0s": 1, "east warning after 2m0s": 1, "west info after 0s": 1, "west warning after 2m0s": 1}
		if diff := cmp.Diff(want, told); diff != "" {
			t.Errorf("told (-want +got):\n%s", diff)
		}
	})
}

// This machine's clock was set: the server's is another one from then on.
func TestF33_AReplayKnowsTheClockThatWasInForce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		touched := func(h stream.Handler) {
			h.Upsert(projection.From(with(healthy("b"), notReady)), stream.Frame{})
		}
		source := apart("east", 2*time.Hour, touched,
			func(h stream.Handler) { h.Status(stream.Status{State: stream.Live, Skew: 2*time.Hour - 3*time.Minute}) }, touched)
		var deliveries []Delivery
		cfg := Config{Sources: []Source{source}, Until: UntilStopped, Thresholds: diagnose.Defaults(), Clock: clock.RealClock{}}
		cfg.Tap = func(d Delivery) { deliveries = append(deliveries, d) }
		events, _ := run(t, cfg, 30*time.Minute)
		replayed := replayOf(t, cfg, deliveries)
		sameLines(t, "severities of the run and its replay", severities(events), severities(replayed))
		if n := len(severities(events)); n < 4 {
			t.Errorf("only %d changes were compared", n)
		}
	})
}
