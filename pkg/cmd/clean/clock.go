// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package clean

import (
	"sync/atomic"
	"time"

	"k8s.io/utils/clock"
)

// serverClock tells the server's time once the difference is known. Ages are
// differences between times that the server wrote and now, and a machine whose
// clock is two hours fast must not make pods older.
type serverClock struct {
	clock.WithTicker
	skew atomic.Int64
}

// Now implements clock.PassiveClock.
func (c *serverClock) Now() time.Time { return c.WithTicker.Now().Add(c.Skew()) }

// Since implements clock.PassiveClock.
func (c *serverClock) Since(t time.Time) time.Duration { return c.Now().Sub(t) }

// Skew is the server's clock minus this machine's, 0 if not known.
func (c *serverClock) Skew() time.Duration { return time.Duration(c.skew.Load()) }

// noteworthy is the skew that a user wants to hear of.
const noteworthy = 30 * time.Second
