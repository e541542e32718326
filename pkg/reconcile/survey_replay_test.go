// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package reconcile

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strconv"
	"testing"
	"testing/synctest"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/utils/clock"

	"github.com/podwatch/kubectl-podwatch/pkg/diagnose"
	"github.com/podwatch/kubectl-podwatch/pkg/projection"
	"github.com/podwatch/kubectl-podwatch/pkg/reconcile/stream"
)

// owned is eventful, with pods of Jobs that go and come.
func owned() Source {
	return script(func(ctx context.Context, h stream.Handler) {
		random := rand.New(rand.NewPCG(5, 6))
		var pods []*corev1.Pod
		for i := range 20 {
			pods = append(pods, with(healthy(fmt.Sprintf("p%02d", i)), of(types.UID(strconv.Itoa(i%4)))))
			h.Upsert(projection.From(pods[i]), stream.Frame{Initial: true})
		}
		h.Synced()
		h.Status(stream.Status{State: stream.Live})
		changes := []func(*corev1.Pod){notReady, failed, pending, func(p *corev1.Pod) { p.Status = healthy("").Status }}
		for i := range 400 {
			select {
			case <-ctx.Done():
				return
			case <-time.After(time.Duration(random.IntN(5000)) * time.Millisecond):
			}
			p := &pods[random.IntN(len(pods))]
			*p = with(*p, changes[random.IntN(len(changes))])
			(*p).ResourceVersion = strconv.Itoa(i + 2)
			h.Upsert(projection.From(*p), stream.Frame{})
			if i%20 == 0 {
				h.Delete(projection.From(*p), stream.Frame{})
			}
		}
	}).source()
}

func TestF34_AReplayWithSurroundingsTellsWhatTheRunHasTold(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var deliveries []Delivery
		random := rand.New(rand.NewPCG(7, 8))
		around := &jobs{takes: func() time.Duration { return time.Duration(random.IntN(3000)) * time.Millisecond }}
		go func() {
			for i := range 400 {
				uid := types.UID(strconv.Itoa(i % 5))
				if around.set(uid); i%3 == 0 {
					around.set(uid, jobFailed())
				}
				time.Sleep(3 * time.Second)
			}
		}()
		cfg := Config{
			Sources: []Source{owned()}, Until: UntilStopped, Clock: clock.RealClock{},
			Thresholds: diagnose.Defaults(), SummaryEvery: time.Minute, Workers: 3, Surveyor: around,
			Tap: func(d Delivery) { deliveries = append(deliveries, d) },
		}
		engine, err := New(cfg)
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Minute)
		defer cancel()
		var run []Event
		if err := engine.Run(ctx, readerThatAsks(engine, &run)); !errors.Is(err, context.DeadlineExceeded) {
			t.Fatalf("Run = %v", err)
		}
		replayed := replayOf(t, cfg, deliveries)
		doubtful, lowered := 0, 0
		for _, ev := range run {
			if ev.Doubtful {
				doubtful++
			}
			if ev.To != nil && len(ev.To.Findings) > 0 && len(ev.To.Findings[0].SeverityReason) > 0 {
				lowered++
			}
		}
		if len(around.reads) < 20 || doubtful < 50 || lowered < 50 {
			t.Errorf("%d readings, %d doubts, %d lowered verdicts: too few to compare", len(around.reads), doubtful, lowered)
		}
		sameLines(t, "the run and its replay", toldInFull(run), toldInFull(replayed))
		time.Sleep(time.Hour) // the Jobs have ended
	})
}

// toldInFull is told, with the severities and the doubts.
func toldInFull(events []Event) []string {
	out := told(events)
	for i, ev := range events {
		if ev.To != nil {
			out[i] += fmt.Sprintf(" %s %v", ev.To.Severity(), ev.Doubtful)
		}
	}
	return out
}
