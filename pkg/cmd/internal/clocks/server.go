// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package clocks

import (
	"sync/atomic"
	"time"

	"k8s.io/utils/clock"
)

// Server tells the server's time once the difference is known. Ages are
// differences between times that the server wrote and now, and a machine whose
// clock is two hours fast must not make pods older. It may be used by several
// goroutines at once.
type Server struct {
	clock.WithTicker
	skew atomic.Int64
}

// NewServer returns the server's clock, as far as it is known to differ from c:
// not yet.
func NewServer(c clock.WithTicker) *Server { return &Server{WithTicker: c} }

// Now implements clock.PassiveClock.
func (c *Server) Now() time.Time { return c.WithTicker.Now().Add(c.Skew()) }

// Since implements clock.PassiveClock.
func (c *Server) Since(t time.Time) time.Duration { return c.Now().Sub(t) }

// Skew is the server's clock minus this machine's, 0 if not known.
func (c *Server) Skew() time.Duration { return time.Duration(c.skew.Load()) }

// SetSkew says what Skew is from now on.
func (c *Server) SetSkew(d time.Duration) { c.skew.Store(int64(d)) }
