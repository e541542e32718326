// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package clocks

import (
	"time"

	"k8s.io/utils/clock"
)

// At returns a clock on which it is always now, for verdicts that are all made
// for the same instant. Its timers run as usual. The zero time stands for the
// wall clock.
func At(now time.Time) clock.WithTicker {
	if now.IsZero() {
		return clock.RealClock{}
	}
	return at{now: now}
}

type at struct {
	clock.RealClock
	now time.Time
}

// Now implements clock.PassiveClock.
func (c at) Now() time.Time { return c.now }
