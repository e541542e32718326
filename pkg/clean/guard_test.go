// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package clean

import (
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/types"
	clocktesting "k8s.io/utils/clock/testing"
)

func TestGuardStopsALoop(t *testing.T) {
	t.Parallel()
	g := NewGuard(Limits{Ended: 100, Living: 100})
	clk := clocktesting.NewFakePassiveClock(noon)
	admit := func(owner types.UID, want SkipReason) {
		t.Helper()
		if got := g.Admit(failed, owner, clk.Now()); got != want {
			t.Errorf("after %v: Admit(%s) = %q, want %q", clk.Since(noon), owner, got, want)
		}
	}
	pass := func(d time.Duration) { clk.SetTime(clk.Now().Add(d)) }
	for range 3 {
		admit("x", "")
		pass(time.Minute)
	}
	admit("x", SkipLoopGuard)
	admit("y", "") // another controller
	pass(59 * time.Minute)
	admit("x", SkipLoopGuard)
	pass(time.Minute)
	// The pause is over; the next one is twice as long.
	for range 3 {
		admit("x", "")
	}
	admit("x", SkipLoopGuard)
	pass(119 * time.Minute)
	admit("x", SkipLoopGuard)
	pass(time.Minute)
	admit("x", "")
	// A day without a removal is a new beginning.
	pass(72 * time.Hour)
	for range 3 {
		admit("x", "")
	}
	admit("x", SkipLoopGuard)
	pass(time.Hour)
	admit("x", "")
}

func TestGuardDoesNotStopWhatIsSlow(t *testing.T) {
	t.Parallel()
	g := NewGuard(Limits{Ended: 100})
	for i := range 100 {
		if got := g.Admit(failed, "x", noon.Add(time.Duration(i)*20*time.Minute)); got != "" {
			t.Fatalf("removal %d, three an hour: %q", i, got)
		}
	}
	if len(g.ended) > 3 || len(g.owners) != 1 {
		t.Errorf("it remembers %d removals and %d controllers", len(g.ended), len(g.owners))
	}
}

func TestGuardBoundsEveryHour(t *testing.T) {
	t.Parallel()
	g := NewGuard(Limits{Ended: 2, Living: 1})
	at := noon
	want := func(owner types.UID, reason SkipReason, living bool) {
		t.Helper()
		c := failed
		if living {
			c = crashloop
		}
		if got := g.Admit(c, owner, at); got != reason {
			t.Errorf("%v: Admit(%s, %s) = %q, want %q", at.Sub(noon), c, owner, got, reason)
		}
	}
	want("a", "", false)
	at = at.Add(30 * time.Minute)
	want("b", "", false)
	want("c", SkipLimit, false)
	want("d", "", true)
	want("e", SkipLimit, true)
	at = at.Add(30 * time.Minute) // the first is an hour old
	want("c", "", false)
	want("f", SkipLimit, false)
	want("e", SkipLimit, true)
	at = at.Add(24 * time.Hour)
	want("g", "", false)
	if len(g.owners) != 1 {
		t.Errorf("it remembers %d controllers after a day, want one", len(g.owners))
	}
}
