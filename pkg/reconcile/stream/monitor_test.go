// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package stream

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	testclock "k8s.io/utils/clock/testing"
)

// monitored returns a monitor with the pinned defaults that was heard of at the
// clock's present.
func monitored(t *testing.T) (*monitor, *testclock.FakeClock) {
	t.Helper()
	c := testclock.NewFakeClock(time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC))
	m := newMonitor(Config{Clock: c}.withDefaults())
	m.tell = func(string) {}
	m.giveUp = func(err error) { t.Errorf("the run ends: %v", err) }
	m.started = c.Now()
	m.heard()
	m.sync()
	return m, c
}

// F10: neither an error nor a frame.
func TestF10_SilenceIsLaggingAt75SecondsAndStaleAt100(t *testing.T) {
	t.Parallel()
	m, c := monitored(t)
	ctx, a := m.attempt(t.Context())
	a.succeeded()
	for _, step := range []struct {
		after time.Duration
		want  State
	}{{74 * time.Second, Live}, {time.Second, Lagging}, {24 * time.Second, Lagging}, {time.Second, Stale}} {
		c.Step(step.after)
		m.check(c.Now())
		if got := m.snapshot(); got.State != step.want {
			t.Errorf("%s after the last frame: %s, want %s", c.Since(got.LastFrame), got.State, step.want)
		}
	}
	if !errors.Is(context.Cause(ctx), errSilent) {
		t.Errorf("the connection was cut for %v, want %v", context.Cause(ctx), errSilent)
	}
	m.heard()
	if s := m.snapshot(); s.State != Live || s.Err != nil {
		t.Errorf("after a frame: %s, %v, want %s", s.State, s.Err, Live)
	}
}

// F17: after a cut without a bookmark the next watch gets as long as the server
// was asked to keep it, until a bookmark comes.
func TestF17_PatienceWithoutBookmarks(t *testing.T) {
	t.Parallel()
	m, c := monitored(t)
	m.noBookmark()
	opening, a := m.attempt(t.Context())
	c.Step(100 * time.Second)
	m.check(c.Now())
	if opening.Err() == nil {
		t.Error("opening a watch was given more than 100s")
	}
	a.end()
	ctx, a := m.attempt(t.Context())
	defer a.end()
	a.succeeded()
	c.Step(500 * time.Second)
	m.check(c.Now())
	if s := m.snapshot(); s.State != Live || ctx.Err() != nil {
		t.Errorf("500s after the last frame: %s, %v, want %s and no cut", s.State, ctx.Err(), Live)
	}
	m.bookmark()
	m.check(c.Now())
	if ctx.Err() == nil {
		t.Error("after a bookmark, 500s of silence are no reason for a cut")
	}
}

// F17: a bookmark comes every minute.
func TestF17_AShorterSilenceSaysNothingAboutBookmarks(t *testing.T) {
	t.Parallel()
	for idle, want := range map[time.Duration]bool{6 * time.Second: false, 74 * time.Second: false, 75 * time.Second: true, 100 * time.Second: true} {
		told := false
		m := newMonitor(Config{IdleTimeout: idle}.withDefaults())
		m.tell = func(string) { told = true }
		m.noBookmark()
		if told != want || m.patient != want {
			t.Errorf("cut after %s: told %t, patient %t, want %t", idle, told, m.patient, want)
		}
	}
}

// F18: the machine slept, the monotonic clock with it.
func TestF18_SleepIsStaleAtOnce(t *testing.T) {
	t.Parallel()
	m, c := monitored(t)
	c.SetTime(c.Now().Add(8 * time.Hour))
	m.check(c.Now())
	if got := m.snapshot().State; got != Stale {
		t.Errorf("after 8 hours: %s, want %s", got, Stale)
	}
}

func TestClockSetBackDoesNotStopTheWatchdog(t *testing.T) {
	t.Parallel()
	m, c := monitored(t)
	c.SetTime(c.Now().Add(-8 * time.Hour))
	m.check(c.Now())
	c.Step(100 * time.Second)
	m.check(c.Now())
	if got := m.snapshot().State; got != Stale {
		t.Errorf("100s after the clock was set back: %s, want %s", got, Stale)
	}
}

// F33: the clocks of server and machine differ.
func TestF33_SkewIsReadFromTheDateHeader(t *testing.T) {
	t.Parallel()
	for ahead, want := range map[time.Duration]time.Duration{
		2 * time.Hour: 2 * time.Hour, -2 * time.Hour: -2 * time.Hour, time.Second: 0, 0: 0,
	} {
		m, c := monitored(t)
		m.compareClocks(c.Now().Add(ahead).UTC().Format(http.TimeFormat), c.Now())
		if got := m.snapshot().Skew; (got - want).Abs() > time.Second {
			t.Errorf("server %s ahead: skew %s", ahead, got)
		}
	}
}

// F33: only what an answer cannot be reconciled with changes what is known.
func TestF33_TheSkewIsSteady(t *testing.T) {
	t.Parallel()
	const known = 2 * time.Hour
	for name, test := range map[string]struct {
		// ahead is the Date, took what the answer took.
		ahead, took time.Duration
		want        time.Duration
	}{
		"the same":                         {known, 0, known},
		"jitter":                           {known - 2*time.Second, 0, known},
		"a slow answer":                    {known - 10*time.Second, 10 * time.Second, known},
		"written before the machine slept": {known - 8*time.Hour, 8 * time.Hour, known},
		"the machine's clock was set":      {0, 0, 0},
		"it was set by a little":           {known - 10*time.Second, 0, known - 10*time.Second},
	} {
		m, c := monitored(t)
		told := 0
		m.compareClocks(c.Now().Add(known).UTC().Format(http.TimeFormat), c.Now())
		known := m.snapshot().Skew
		m.tell = func(string) { told++ }
		m.compareClocks(c.Now().Add(test.ahead).UTC().Format(http.TimeFormat), c.Now().Add(-test.took))
		got := m.snapshot().Skew
		if (got-test.want).Abs() > time.Second || (told > 0) != (got != known) {
			t.Errorf("%s: skew %s, want %s; told %d times", name, got, test.want, told)
		}
	}
}

func TestObserveCountsBytesAsSignsOfLife(t *testing.T) {
	t.Parallel()
	m, c := monitored(t)
	ctx, a := m.attempt(t.Context())
	defer a.end()
	rt := Observe(roundTrip(func(*http.Request) (*http.Response, error) {
		return &http.Response{StatusCode: http.StatusOK, Body: io.NopCloser(strings.NewReader("half a page"))}, nil
	}))
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://127.0.0.1/", http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := rt.RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	c.Step(99 * time.Second)
	if _, err := io.ReadAll(resp.Body); err != nil {
		t.Fatal(err)
	}
	c.Step(50 * time.Second)
	m.check(c.Now())
	if got := m.snapshot().State; got != Live || ctx.Err() != nil {
		t.Errorf("50s after the last byte: %s, %v, want %s and no cut", got, ctx.Err(), Live)
	}
}

type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }
