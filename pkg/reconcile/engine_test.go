// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package reconcile

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/utils/clock"

	"github.com/podwatch/kubectl-podwatch/pkg/apis/podwatch/v1alpha1"
	"github.com/podwatch/kubectl-podwatch/pkg/diagnose"
	"github.com/podwatch/kubectl-podwatch/pkg/projection"
	"github.com/podwatch/kubectl-podwatch/pkg/reconcile/stream"
)

func TestR2_NothingIsToldAsSyncedBeforeTheWholeListIsJudged(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		pods := []*corev1.Pod{healthy("a"), with(healthy("b"), failed), healthy("c")}
		for _, until := range []Until{UntilSynced, UntilStopped} {
			events, _ := run(t, Config{Sources: []Source{initially(pods...).source()}, Until: until}, time.Second)
			want := []string{
				"Judged a -→Healthy initial", "Judged b -→Failed initial", "Judged c -→Healthy initial", "Synced",
			}
			if diff := cmp.Diff(want, lines(events)); diff != "" {
				t.Errorf("%s: events (-want +got):\n%s", until, diff)
			}
		}
	})
}

func TestUntilSyncedReturnsNilAtTheFirstSync(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		_, err := run(t, Config{Sources: []Source{initially(healthy("a")).source()}, Until: UntilSynced}, time.Hour)
		if err != nil {
			t.Errorf("Run = %v, want nil", err)
		}
		if took := time.Since(start); took != 0 {
			t.Errorf("Run took %v after the sync", took)
		}
	})
}

func TestR4_ASlowReaderNeverBlocksTheSource(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		const updates = 100 * maxWaiting
		delivered := make(chan struct{})
		source := initially(healthy("a")).then(time.Second, func(h stream.Handler) {
			p := healthy("a")
			for i := range updates {
				p = with(p, notReady)
				p.ResourceVersion = strconv.Itoa(i + 2)
				h.Upsert(projection.From(p), stream.Frame{})
			}
			close(delivered)
		}).source()
		engine, err := New(Config{
			Sources: []Source{source}, Until: UntilStopped,
			Clock: clock.RealClock{}, Thresholds: diagnose.Defaults(),
		})
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		release := make(chan struct{})
		var last *projection.Pod
		done := make(chan error, 1)
		go func() {
			done <- engine.Run(ctx, func(ev Event) error {
				<-release
				if ev.Pod != nil {
					last = ev.Pod
				}
				return nil
			})
		}()
		<-delivered // the reader has not read a single event
		close(release)
		synctest.Wait()
		cancel()
		if err := <-done; !errors.Is(err, context.Canceled) {
			t.Errorf("Run = %v, want the cancellation", err)
		}
		if want := strconv.Itoa(updates + 1); last.ResourceVersion != want {
			t.Errorf("last event is about resourceVersion %s, want %s", last.ResourceVersion, want)
		}
	})
}

func TestR5_OutputIsTheSameForAnyNumberOfWorkers(t *testing.T) {
	t.Parallel()
	source := script(func(_ context.Context, h stream.Handler) {
		var pods []*corev1.Pod
		for i := range 50 {
			pods = append(pods, healthy(fmt.Sprintf("p%02d", i)))
			h.Upsert(projection.From(pods[i]), stream.Frame{Initial: true})
		}
		h.Synced()
		random := rand.New(rand.NewPCG(1, 2))
		changes := []func(*corev1.Pod){notReady, failed, pending, func(p *corev1.Pod) { p.Status = healthy("").Status }}
		for i := range 2000 {
			time.Sleep(time.Millisecond)
			p := &pods[random.IntN(len(pods))]
			*p = with(*p, changes[random.IntN(len(changes))])
			(*p).ResourceVersion = strconv.Itoa(i + 2)
			h.Upsert(projection.From(*p), stream.Frame{})
		}
	})
	var want []string
	for workers := 1; workers <= 8; workers *= 2 {
		synctest.Test(t, func(t *testing.T) {
			events, _ := run(t, Config{Sources: []Source{source.source()}, Until: UntilStopped, Workers: workers}, 20*time.Minute)
			got := lines(events)
			if want == nil {
				want = got
				return
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("%d workers (-one worker +these):\n%s", workers, diff)
			}
		})
	}
	if len(want) < 2000 {
		t.Errorf("only %d events were compared", len(want))
	}
}

// requeues counts how often a pod is looked at in an hour without any event
// from the server.
func requeues(t *testing.T, p *corev1.Pod) int64 {
	t.Helper()
	source := initially(p).source()
	engine, err := New(Config{
		Sources: []Source{source}, Until: UntilStopped, Clock: clock.RealClock{},
		// Far away, so that the intervals alone set the pace.
		Thresholds: diagnose.Thresholds{WarnAfter: 1e6 * time.Hour, CriticalAfter: 1e6 * time.Hour, RestartWindow: time.Hour, RestartThreshold: 10},
	})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Hour+time.Second)
	defer cancel()
	_ = engine.Run(ctx, func(Event) error { return nil })
	return engine.Reconciliations() - 1
}

func TestPodsAreLookedAtAgainWithoutAnEvent(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		change func(*corev1.Pod)
		every  time.Duration
	}{
		"R8_running_not_ready":   {notReady, 30 * time.Second},
		"R9_running_and_healthy": {func(*corev1.Pod) {}, 300 * time.Second},
		"R10_pending":            {pending, 15 * time.Second},
		"R11_failed":             {failed, 60 * time.Second},
		"R13_unknown_phase":      {func(p *corev1.Pod) { p.Status.Phase = corev1.PodUnknown }, 60 * time.Second},
		"R13_empty_phase_is_pending": {func(p *corev1.Pod) {
			pending(p)
			p.Status.Phase = ""
		}, 15 * time.Second},
		"R12_succeeded_never": {func(p *corev1.Pod) { p.Status.Phase = corev1.PodSucceeded }, 2 * time.Hour},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				want := int64(time.Hour / test.every)
				if got := requeues(t, with(healthy("a"), test.change)); got != want {
					t.Errorf("looked at again %d times in an hour, want %d", got, want)
				}
			})
		})
	}
}

func TestR10_AVerdictAgesWithoutAnEvent(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		events, _ := run(t, Config{
			Sources: []Source{initially(with(healthy("a"), pending)).source()}, Until: UntilStopped,
		}, time.Hour)
		var at []time.Duration
		var severities []v1alpha1.Severity
		for _, ev := range events {
			if ev.Type == Judged && (ev.From == nil || ev.From.Severity() != ev.To.Severity()) {
				at = append(at, ev.Time.Sub(events[0].Time))
				severities = append(severities, ev.To.Severity())
			}
		}
		wantAt := []time.Duration{0, 2 * time.Minute, 10 * time.Minute}
		wantSeverities := []v1alpha1.Severity{v1alpha1.SeverityInfo, v1alpha1.SeverityWarning, v1alpha1.SeverityCritical}
		if diff := cmp.Diff(wantAt, at); diff != "" {
			t.Errorf("told at (-want +got):\n%s", diff)
		}
		if diff := cmp.Diff(wantSeverities, severities); diff != "" {
			t.Errorf("severities (-want +got):\n%s", diff)
		}
	})
}

// Two frames that arrive back to back can leave the queue with a key for which
// nothing waits any more; the pod must keep its time.
func TestR10_EveryPodOfACrowdAges(t *testing.T) {
	t.Parallel()
	const pods = 3000
	source := Source{Run: func(ctx context.Context, h stream.Handler) error {
		h.Synced()
		for i := range pods {
			p := with(healthy(fmt.Sprintf("p%04d", i)), pending)
			h.Upsert(projection.From(p), stream.Frame{})
			h.Upsert(projection.From(with(p, func(*corev1.Pod) {})), stream.Frame{})
		}
		<-ctx.Done()
		return ctx.Err()
	}}
	synctest.Test(t, func(t *testing.T) {
		events, _ := run(t, Config{Sources: []Source{source}, Until: UntilStopped, Workers: 4}, 3*time.Minute)
		aged := map[string]bool{}
		for _, ev := range events {
			if ev.Type == Judged && ev.To.Severity() == v1alpha1.SeverityWarning {
				aged[ev.Key.Name] = true
			}
		}
		if len(aged) != pods {
			t.Errorf("%d of %d pods became a warning after two minutes", len(aged), pods)
		}
	})
}

func TestR4_AReaderThatHasStoppedHoldsUpNoStatus(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		delivered := make(chan struct{})
		source := initially(healthy("a")).then(time.Second, func(h stream.Handler) {
			for i := range 3 * maxReady {
				h.Upsert(projection.From(healthy(fmt.Sprint("p", i))), stream.Frame{})
			}
			h.Status(stream.Status{State: stream.Stale})
			close(delivered)
		}).source()
		engine, err := New(Config{Sources: []Source{source}, Until: UntilStopped, Clock: clock.RealClock{}, Thresholds: diagnose.Defaults()})
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		release, done := make(chan struct{}), make(chan error, 1)
		go func() {
			done <- engine.Run(ctx, func(Event) error {
				<-release
				return nil
			})
		}()
		<-delivered
		cancel()
		if err := <-done; !errors.Is(err, ErrLate) {
			t.Errorf("Run = %v, want it to leave the reader behind", err)
		}
		close(release)
	})
}

func TestR15_ADeletedPodIsDropped(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := with(healthy("a"), notReady)
		source := initially(p).then(20*time.Second, func(h stream.Handler) {
			h.Delete(projection.From(p), stream.Frame{Gap: true})
		}).source()
		events, _ := run(t, Config{Sources: []Source{source}, Until: UntilStopped}, 24*time.Hour)
		got := lines(events)
		want := []string{"Judged a -→Progressing initial", "Synced", "Gone a Progressing→- gap"}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("events (-want +got):\n%s", diff)
		}
	})
}

func TestR16_TickCarriesTheReconciliations(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		events, _ := run(t, Config{
			Sources: []Source{initially(healthy("a")).source()}, Until: UntilStopped, SummaryEvery: time.Minute,
		}, 11*time.Minute+time.Second)
		var counts []int64
		for _, ev := range events {
			if ev.Type == Tick {
				counts = append(counts, ev.Reconciliations)
			}
		}
		if len(counts) != 11 || counts[0] != 1 || counts[10] < 3 {
			t.Errorf("reconciliations at each minute = %v, want 11 numbers from 1 to at least 3", counts)
		}
	})
}

func TestR20_AStopFinishesWhatIsInHand(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		stop := stopError{"asked to stop"}
		ctx, cancel := context.WithCancelCause(t.Context())
		source := initially(healthy("a")).then(time.Second, func(h stream.Handler) {
			h.Upsert(projection.From(with(healthy("a"), notReady)), stream.Frame{})
			cancel(stop)
			time.Sleep(time.Millisecond)
			h.Upsert(projection.From(healthy("late")), stream.Frame{})
		}).source()
		engine, err := New(Config{Sources: []Source{source}, Until: UntilStopped, Clock: clock.RealClock{}, Thresholds: diagnose.Defaults()})
		if err != nil {
			t.Fatal(err)
		}
		var events []Event
		err = engine.Run(ctx, func(ev Event) error {
			time.Sleep(time.Second) // the reader is slow, and still gets everything
			events = append(events, ev)
			return nil
		})
		if !errors.Is(err, stop) {
			t.Errorf("Run = %v, want the cause of the stop", err)
		}
		want := []string{"Judged a -→Healthy initial", "Synced", "Judged a Healthy→Progressing"}
		if diff := cmp.Diff(want, lines(events)); diff != "" {
			t.Errorf("events (-want +got):\n%s", diff)
		}
	})
}

type stopError struct{ text string }

func (e stopError) Error() string { return e.text }

func TestAReaderThatFailsEndsTheRun(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		gone := errors.New("write: broken pipe")
		engine, err := New(Config{
			Sources: []Source{initially(healthy("a"), healthy("b")).source()}, Until: UntilStopped,
			Clock: clock.RealClock{}, Thresholds: diagnose.Defaults(),
		})
		if err != nil {
			t.Fatal(err)
		}
		var calls atomic.Int32
		err = engine.Run(t.Context(), func(Event) error {
			calls.Add(1)
			return gone
		})
		if !errors.Is(err, gone) || calls.Load() != 1 {
			t.Errorf("Run = %v after %d calls, want the reader's error after one", err, calls.Load())
		}
	})
}

func TestSourcesThatFail(t *testing.T) {
	t.Parallel()
	denied := errors.New("pods is forbidden")
	bad := Source{Namespace: "denied", Run: func(context.Context, stream.Handler) error { return denied }}
	good := initially(healthy("a")).source()
	for name, test := range map[string]struct {
		sources []Source
		want    []string
		err     error
	}{
		"all of them end the run":         {[]Source{bad}, []string{"SourceFailed"}, denied},
		"one of them leaves the rest run": {[]Source{bad, good}, []string{"Judged a -→Healthy initial", "SourceFailed", "Synced"}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				events, err := run(t, Config{Sources: test.sources, Until: UntilSynced}, time.Hour)
				got := lines(events)
				if len(got) > 2 {
					slices.Sort(got[:2]) // two sources have no order between them
				}
				if diff := cmp.Diff(test.want, got); diff != "" {
					t.Errorf("events (-want +got):\n%s", diff)
				}
				if !errors.Is(err, test.err) {
					t.Errorf("Run = %v, want %v", err, test.err)
				}
			})
		})
	}
}
