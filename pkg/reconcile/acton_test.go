// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package reconcile

import (
	"context"
	"errors"
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

// runActing runs a source UntilStopped for limit and has actor act on each pod
// that fails. It returns what was told.
func runActing(t *testing.T, source Source, actor Actor, limit time.Duration) ([]string, error) {
	t.Helper()
	engine, err := New(Config{
		Sources: []Source{source}, Until: UntilStopped, Actor: actor, Workers: 2, Clock: clock.RealClock{}, Thresholds: diagnose.Defaults(),
	})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), limit)
	defer cancel()
	var events []Event
	err = engine.Run(ctx, func(ev Event) error {
		events = append(events, ev)
		if ev.Type == Judged && ev.Pod.Phase == corev1.PodFailed {
			engine.ActOn(ev.Key)
		}
		return nil
	})
	return lines(events), err
}

func TestR4_R20_AnActHoldsUpNoVerdict(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		pods := []*corev1.Pod{with(healthy("a"), failed), with(healthy("b"), failed), with(healthy("c"), failed)}
		var begun, finished atomic.Int32
		actor := actorFunc(func(context.Context, Target) error {
			begun.Add(1)
			time.Sleep(5 * time.Second)
			finished.Add(1)
			return nil
		})
		source := initially(pods...).then(time.Second, func(h stream.Handler) {
			h.Upsert(projection.From(healthy("new")), stream.Frame{})
		}).source()
		told, err := runActing(t, source, actor, 2*time.Second)
		want := []string{"Judged a -→Failed initial", "Judged b -→Failed initial", "Judged c -→Failed initial", "Synced", "Judged new -→Healthy"}
		if diff := cmp.Diff(want, told); diff != "" {
			t.Errorf("told while all that act are busy (-want +got):\n%s", diff)
		}
		// R20: what had begun was finished, the third was not begun any more.
		if begun.Load() != 2 || finished.Load() != 2 || !errors.Is(err, context.DeadlineExceeded) || errors.Is(err, ErrLate) {
			t.Errorf("Run = %v with %d acts begun and %d finished, want two each", err, begun.Load(), finished.Load())
		}
	})
}

func TestAnActOnAPodThatComesBackIsTriedAgainAndThenSettled(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var attempts []int
		actor := actorFunc(func(_ context.Context, target Target) error {
			attempts = append(attempts, target.Attempt)
			if len(attempts) < 3 {
				return errors.New("the server is unwell")
			}
			return nil
		})
		// The pod is told again after a minute (R11), and acted on anew.
		_, err := runActing(t, initially(with(healthy("a"), failed)).source(), actor, 90*time.Second)
		if diff := cmp.Diff([]int{1, 2, 3, 1}, attempts); diff != "" || !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("Run = %v, attempts (-want +got):\n%s", err, diff)
		}
	})
}

// S38: before the sync, when nothing is heard, and until the list that follows a
// 410 is complete.
func TestS38_ATargetIsLiveOnlyWhileItsSourceIs(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		status stream.Status
		want   bool
	}{
		"nothing known": {},
		"connecting":    {stream.Status{State: stream.Connecting}, false},
		"live":          {stream.Status{State: stream.Live}, true},
		"lagging":       {stream.Status{State: stream.Lagging}, false},
		"stale":         {stream.Status{State: stream.Stale}, false},
		"forbidden":     {stream.Status{State: stream.Forbidden}, false},
		"relisting":     {stream.Status{State: stream.Live, Relisting: true}, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				p := with(healthy("a"), failed)
				script := func(ctx context.Context, h stream.Handler) {
					if test.status.State != "" {
						h.Status(test.status)
					}
					initially(p)(ctx, h)
				}
				acted := false
				actor := actorFunc(func(_ context.Context, target Target) error {
					acted = true
					if target.Live != test.want {
						t.Errorf("the target is live: %t, want %t", target.Live, test.want)
					}
					return nil
				})
				if _, err := runActing(t, scriptOf(script), actor, time.Second); !acted {
					t.Errorf("Run = %v and nothing was acted on", err)
				}
			})
		})
	}
}

func scriptOf(f func(context.Context, stream.Handler)) Source { return script(f).source() }

func TestAPodThatHasSucceededStaysATarget(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := with(healthy("a"), func(p *corev1.Pod) { p.Status.Phase = corev1.PodSucceeded })
		engine, err := New(Config{
			Sources: []Source{initially(p).source()}, Until: UntilStopped, Clock: clock.RealClock{}, Thresholds: diagnose.Defaults(),
			Actor: actorFunc(func(_ context.Context, target Target) error {
				if target.Pod == nil {
					t.Error("the target has no pod")
				}
				return nil
			}),
		})
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		looked := 0
		_ = engine.Run(ctx, func(ev Event) error {
			if ev.Type == Judged {
				looked++
				engine.LookAt(ev.Key, ev.Time.Add(10*time.Second))
				engine.ActOn(ev.Key)
			}
			return nil
		})
		if looked < 2 {
			t.Errorf("looked at %d times, want to have been asked for", looked)
		}
	})
}
