// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package live

import (
	"fmt"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/podwatch/kubectl-podwatch/pkg/apis/podwatch/v1alpha1"
)

func TestASnapshotIsWhatTheBoardHeld(t *testing.T) {
	t.Parallel()
	b := NewBoard([]Source{{Namespace: "a", Freshness: Connecting}})
	first := b.snapshot(nil)
	if b.snapshot(first) != first {
		t.Error("nothing has changed, and there is a new snapshot")
	}
	b.Fresh(Source{Namespace: "a", Freshness: Live})
	b.Fresh(Source{Namespace: "another", Freshness: Stale})
	b.Put(row("a", "x", "Running", v1alpha1.StateHealthy, nil))
	for i := range feedLength + 5 {
		b.Tell(&v1alpha1.PodWatchEvent{Name: strconv.Itoa(i)})
	}
	second := b.snapshot(first)
	b.Remove(second.rows[0].ID)
	b.Tell(&v1alpha1.PodWatchEvent{Name: "later"})
	switch {
	case len(first.rows) != 0 || first.sources[0].Freshness != Connecting:
		t.Errorf("the first snapshot has changed: %+v", first)
	case len(second.rows) != 1 || len(second.sources) != 1 || second.sources[0].Freshness != Live:
		t.Errorf("the second snapshot: %+v", second)
	case len(second.feed) != feedLength || second.feed[0].Name != "5" || second.feed[feedLength-1].Name != "204":
		t.Errorf("%d events, from %s to %s", len(second.feed), second.feed[0].Name, second.feed[len(second.feed)-1].Name)
	}
}

func TestRestartsOfTheLastFiveMinutesAreCounted(t *testing.T) {
	t.Parallel()
	b := NewBoard([]Source{fresh})
	put := func(name string, restarts int64, at time.Duration) {
		r := row("shop", name, "Running", v1alpha1.StateHealthy, nil)
		r.Restarts, r.Observed = restarts, noon.Add(at)
		b.Put(r)
	}
	put("old", 7, 0) // what was before is not counted
	put("old", 8, time.Second)
	put("old", 8, 2*time.Second)
	put("other", 0, 3*time.Minute)
	put("other", 2, 3*time.Minute+time.Millisecond)
	put("old", 9, 3*time.Minute+2*time.Millisecond)
	put("old", 0, 4*time.Minute) // another pod of that name would have another row
	s := b.snapshot(nil)
	for at, want := range map[time.Duration]int{4 * time.Minute: 4, 5*time.Minute + 2*time.Second: 3, 9 * time.Minute: 0} {
		if got := s.restarted(noon.Add(at)); got != want {
			t.Errorf("after %v: %d restarts, want %d", at, got, want)
		}
	}
	for i := range 3600 {
		put("loop", int64(i), time.Hour+time.Duration(i)*time.Second)
	}
	if n := len(b.snapshot(s).restarts); n > 302 {
		t.Errorf("%d seconds are remembered", n)
	}
}

func TestABoardIsSafeForConcurrentUse(t *testing.T) {
	t.Parallel()
	b := scene(fresh)
	var wg sync.WaitGroup
	for i := range 4 {
		wg.Go(func() {
			for j := range 200 {
				r := row("a", fmt.Sprintf("pod-%d-%d", i, j%10), "Running", v1alpha1.StateHealthy, nil)
				b.Put(r)
				b.Tell(&v1alpha1.PodWatchEvent{Name: r.Name})
				b.Fresh(fresh)
				b.Remove(r.ID)
			}
		})
	}
	var last *snapshot
	for range 200 {
		last = b.snapshot(last)
	}
	wg.Wait()
	if n := len(b.snapshot(last).rows); n != 12 {
		t.Errorf("%d rows are left, want those of the scene", n)
	}
}

// crowd is a board with n broken pods.
func crowd(n int) *Board {
	b := NewBoard([]Source{fresh})
	for i := range n {
		b.Put(row("shop", fmt.Sprintf("web-%05d", i), "CrashLoopBackOff", v1alpha1.StateFailing,
			finding(v1alpha1.SeverityCritical, "CrashLoop", "", "app", ago(time.Duration(i*7919%n)*time.Second), "exit 1")))
	}
	b.Synced()
	return b
}

// Drawing must not depend on the number of rows: only what is on the screen is
// looked at. The numbers of the second line are counted over all of them.
func TestF37_TenThousandRowsAreDrawnLikeAHundred(t *testing.T) {
	few, many := looking(t, crowd(100), 120, 30), looking(t, crowd(10_000), 120, 30)
	if got := many.lines[0].row.since(); !slices.ContainsFunc(many.seen.rows, func(r *Row) bool { return r.since() == got }) || got.After(noon.Add(-9999*time.Second)) {
		t.Fatalf("the first row is not the oldest: %v", got)
	}
	draw := func(s *state) time.Duration {
		best := time.Hour
		for range 20 {
			begin := time.Now()
			s.view()
			best = min(best, time.Since(begin))
		}
		return best
	}
	base, crowded := draw(few), draw(many)
	t.Logf("a frame of 100 rows takes %v, one of 10,000 %v: %.2f times as long", base, crowded, float64(crowded)/float64(base))
	if crowded > 4*base {
		t.Errorf("a frame of 10,000 rows takes %v, one of 100 rows %v", crowded, base)
	}
}

// BenchmarkFrame is a frame of unchanged rows, and one after a change on the board.
func BenchmarkFrame(b *testing.B) {
	for _, n := range []int{100, 10_000} {
		board := crowd(n)
		s := &state{options: Options{Board: board, Location: time.UTC}}
		s.update(resized{120, 30})
		s.update(refreshed{board.snapshot(nil), noon})
		b.Run(fmt.Sprintf("unchanged/rows=%d", n), func(b *testing.B) {
			for b.Loop() {
				s.update(refreshed{board.snapshot(s.seen), noon})
				s.view()
			}
		})
		b.Run(fmt.Sprintf("changed/rows=%d", n), func(b *testing.B) {
			r := *s.lines[0].row
			for b.Loop() {
				board.Put(r)
				s.update(refreshed{board.snapshot(s.seen), noon})
				s.view()
			}
		})
	}
}
