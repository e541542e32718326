// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package recording

import (
	"context"
	"sync/atomic"
	"time"

	"k8s.io/utils/clock"
)

// Clock shows the time of a replay. Its timers are real ones: nothing in a
// replay waits by them.
type Clock struct {
	clock.RealClock
	speed float64
	now   atomic.Pointer[time.Time]
}

// NewClock returns a clock that stands at the given time and goes speed times as
// fast as a real one; 0 is as fast as it can be.
func NewClock(at time.Time, speed float64) *Clock {
	c := &Clock{speed: speed}
	c.now.Store(&at)
	return c
}

// Now implements clock.PassiveClock.
func (c *Clock) Now() time.Time { return *c.now.Load() }

// Since implements clock.PassiveClock.
func (c *Clock) Since(t time.Time) time.Duration { return c.Now().Sub(t) }

// Advance lets time go by until the given instant; it never goes back. The error
// is the cause of ctx.
func (c *Clock) Advance(ctx context.Context, to time.Time) error {
	left := to.Sub(c.Now())
	if left <= 0 {
		return context.Cause(ctx)
	}
	if c.speed > 0 {
		timer := c.NewTimer(time.Duration(float64(left) / c.speed))
		defer timer.Stop()
		select {
		case <-ctx.Done():
		case <-timer.C():
		}
	}
	c.now.Store(&to)
	return context.Cause(ctx)
}
