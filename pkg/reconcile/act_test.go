// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package reconcile

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"

	"github.com/podwatch/kubectl-podwatch/pkg/apis/podwatch/v1alpha1"
	"github.com/podwatch/kubectl-podwatch/pkg/projection"
	"github.com/podwatch/kubectl-podwatch/pkg/reconcile/stream"
)

// actorFunc is an Actor made of one function.
type actorFunc func(ctx context.Context, t Target) error

func (f actorFunc) Act(ctx context.Context, t Target) error { return f(ctx, t) }

func keyOf(p *corev1.Pod) Key {
	return Key{Namespace: p.Namespace, Name: p.Name, UID: p.UID}
}

func planOf(pods ...*corev1.Pod) func(context.Context) ([]Key, error) {
	return func(context.Context) ([]Key, error) {
		var keys []Key
		for _, p := range pods {
			keys = append(keys, keyOf(p))
		}
		return keys, nil
	}
}

func TestR14_AnActThatFailsIsTriedAgainWithBackOff(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := with(healthy("a"), failed)
		var waits []time.Duration
		last := time.Now()
		actor := actorFunc(func(_ context.Context, target Target) error {
			waits = append(waits, time.Since(last))
			last = time.Now()
			if target.Attempt != len(waits) {
				t.Errorf("attempt %d is called %d", len(waits), target.Attempt)
			}
			if len(waits) < 11 {
				return errors.New("the server is unwell")
			}
			return nil
		})
		_, err := run(t, Config{
			Sources: []Source{initially(p).source()}, Until: UntilSettled, Plan: planOf(p), Actor: actor,
		}, time.Hour)
		if err != nil {
			t.Errorf("Run = %v", err)
		}
		want := []time.Duration{0}
		for wait := 200 * time.Millisecond; len(want) < 11; wait *= 2 {
			want = append(want, min(wait, 30*time.Second))
		}
		if diff := cmp.Diff(want, waits); diff != "" {
			t.Errorf("waits (-want +got):\n%s", diff)
		}
	})
}

// laterError is an error of a server that says when to come back.
type laterError struct{ after time.Duration }

func (e laterError) Error() string             { return "too many requests" }
func (e laterError) RetryAfter() time.Duration { return e.after }

func TestAnActComesBackWhenTheServerSays(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := with(healthy("a"), failed)
		start := time.Now()
		actor := actorFunc(func(_ context.Context, target Target) error {
			if target.Attempt == 1 {
				return laterError{7 * time.Second}
			}
			return nil
		})
		_, err := run(t, Config{
			Sources: []Source{initially(p).source()}, Until: UntilSettled, Plan: planOf(p), Actor: actor,
		}, time.Hour)
		if took := time.Since(start); err != nil || took != 7*time.Second {
			t.Errorf("Run = %v after %v, want nil after 7s", err, took)
		}
	})
}

// sooner is an error that the back-off must not hold up.
type sooner struct{ within time.Duration }

func (e sooner) Error() string              { return "blocked" }
func (e sooner) RetryWithin() time.Duration { return e.within }

func TestAnActThatMustNotWaitLongDoesNot(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := with(healthy("a"), failed)
		start := time.Now()
		actor := actorFunc(func(_ context.Context, target Target) error {
			if target.Attempt < 10 {
				return sooner{time.Second}
			}
			return nil
		})
		_, err := run(t, Config{
			Sources: []Source{initially(p).source()}, Until: UntilSettled, Plan: planOf(p), Actor: actor,
		}, time.Hour)
		// 200 ms, 400 ms, 800 ms and six times a second.
		if took := time.Since(start); err != nil || took != 7400*time.Millisecond {
			t.Errorf("Run = %v after %v, want nil after 7.4s", err, took)
		}
	})
}

func TestR5_APodIsNeverActedOnTwiceAtOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p, q := with(healthy("a"), failed), with(healthy("b"), failed)
		var mu sync.Mutex
		busy := map[string]bool{}
		var most int
		actor := actorFunc(func(_ context.Context, target Target) error {
			mu.Lock()
			if busy[target.Key.Name] {
				t.Errorf("%s is acted on twice at once", target.Key.Name)
			}
			busy[target.Key.Name] = true
			most = max(most, len(busy))
			mu.Unlock()
			time.Sleep(10 * time.Second)
			mu.Lock()
			delete(busy, target.Key.Name)
			mu.Unlock()
			return nil
		})
		source := initially(p, q).then(time.Second, func(h stream.Handler) {
			h.Upsert(projection.From(with(p, func(*corev1.Pod) {})), stream.Frame{})
		}).source()
		_, err := run(t, Config{
			Sources: []Source{source}, Until: UntilSettled, Plan: planOf(p, q), Actor: actor, Workers: 4,
		}, time.Hour)
		if err != nil || most != 2 {
			t.Errorf("Run = %v with %d pods in hand at once, want nil and 2", err, most)
		}
	})
}

func TestATargetIsStaleWhileItsSourceCannotBeTrusted(t *testing.T) {
	t.Parallel()
	for state, want := range map[stream.State]bool{
		stream.Live: false, stream.Lagging: false, stream.Stale: true, stream.Forbidden: true,
	} {
		t.Run(string(state), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				p := with(healthy("a"), failed)
				source := initially(p).then(time.Second, func(h stream.Handler) { h.Status(stream.Status{State: state}) }).source()
				plan := func(ctx context.Context) ([]Key, error) {
					time.Sleep(time.Minute)
					return planOf(p)(ctx)
				}
				actor := actorFunc(func(_ context.Context, target Target) error {
					if target.Stale != want {
						t.Errorf("the target is stale: %v, want %v", target.Stale, want)
					}
					return nil
				})
				if _, err := run(t, Config{Sources: []Source{source}, Until: UntilSettled, Plan: plan, Actor: actor}, time.Hour); err != nil {
					t.Errorf("Run = %v", err)
				}
			})
		})
	}
}

func TestTheTargetIsThePodAsItIsWhenActedOn(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		recovered, gone, replaced := with(healthy("recovered"), failed), with(healthy("gone"), failed), with(healthy("replaced"), failed)
		successor := with(healthy("replaced"), func(p *corev1.Pod) { p.UID = "uid-successor" })
		source := initially(recovered, gone, replaced).then(time.Second, func(h stream.Handler) {
			h.Upsert(projection.From(with(recovered, func(p *corev1.Pod) { p.Status = healthy("x").Status })), stream.Frame{})
			h.Delete(projection.From(gone), stream.Frame{})
			h.Delete(projection.From(replaced), stream.Frame{})
			h.Upsert(projection.From(successor), stream.Frame{})
		}).source()
		plan := func(ctx context.Context) ([]Key, error) {
			time.Sleep(time.Minute) // somebody thinks about the answer
			return planOf(recovered, gone, replaced)(ctx)
		}
		var mu sync.Mutex
		got := map[string]string{}
		actor := actorFunc(func(_ context.Context, target Target) error {
			mu.Lock()
			defer mu.Unlock()
			switch {
			case target.Pod != nil:
				got[target.Key.Name] = string(target.Verdict.State)
			case target.Successor != nil:
				got[target.Key.Name] = "replaced by " + string(target.Successor.UID)
			default:
				got[target.Key.Name] = "gone"
			}
			return nil
		})
		_, err := run(t, Config{Sources: []Source{source}, Until: UntilSettled, Plan: plan, Actor: actor}, time.Hour)
		want := map[string]string{
			"recovered": string(v1alpha1.StateHealthy), "gone": "gone", "replaced": "replaced by uid-successor",
		}
		if diff := cmp.Diff(want, got); err != nil || diff != "" {
			t.Errorf("Run = %v, targets (-want +got):\n%s", err, diff)
		}
	})
}

func TestR20_AnInterruptFinishesTheActInHandAndBeginsNoOther(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p, q := with(healthy("a"), failed), with(healthy("b"), failed)
		var begun, finished []string
		actor := actorFunc(func(ctx context.Context, target Target) error {
			begun = append(begun, target.Key.Name)
			select {
			case <-time.After(5 * time.Second):
				finished = append(finished, target.Key.Name)
			case <-ctx.Done():
			}
			return nil
		})
		_, err := run(t, Config{
			Sources: []Source{initially(p, q).source()}, Until: UntilSettled, Plan: planOf(p, q), Actor: actor, Workers: 1,
		}, time.Second)
		if !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("Run = %v, want the cause of the interrupt", err)
		}
		if diff := cmp.Diff([]string{"a"}, begun); diff != "" {
			t.Errorf("begun (-want +got):\n%s", diff)
		}
		if diff := cmp.Diff([]string{"a"}, finished); diff != "" {
			t.Errorf("finished (-want +got):\n%s", diff)
		}
	})
}

func TestAnActThatDoesNotEndIsLeftBehindAfterTheGrace(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := with(healthy("a"), failed)
		actor := actorFunc(func(ctx context.Context, _ Target) error {
			<-ctx.Done()
			return nil
		})
		start := time.Now()
		_, err := run(t, Config{
			Sources: []Source{initially(p).source()}, Until: UntilSettled, Plan: planOf(p), Actor: actor, Grace: 3 * time.Second,
		}, time.Second)
		if err == nil || time.Since(start) != 4*time.Second {
			t.Errorf("Run = %v after %v, want an error after the grace", err, time.Since(start))
		}
	})
}

func TestARefusedPlanEndsTheRunWithoutAnAct(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		refused := errors.New("not confirmed")
		actor := actorFunc(func(context.Context, Target) error {
			t.Error("acted")
			return nil
		})
		_, err := run(t, Config{
			Sources: []Source{initially(with(healthy("a"), failed)).source()}, Until: UntilSettled, Actor: actor,
			Plan: func(context.Context) ([]Key, error) { return nil, refused },
		}, time.Hour)
		if !errors.Is(err, refused) {
			t.Errorf("Run = %v, want %v", err, refused)
		}
	})
}
