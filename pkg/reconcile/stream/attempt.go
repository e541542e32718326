// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package stream

import (
	"context"
	"errors"
	"net/url"
	"sync/atomic"
	"time"
)

// attempt is one LIST page or one watch, from before its request is sent until
// its stream ends. Its context is cut when the server is silent for too long.
type attempt struct {
	monitor *monitor
	cancel  context.CancelCauseFunc
	// failures counts what Observe saw fail below rest.Request's retries.
	failures atomic.Int32
	// since is when it began; wall-clock time.
	since time.Time
	// established is true when headers have come. Guarded by monitor.mu.
	established bool
}

type attemptKey struct{}

// attempt begins an attempt. The caller calls end.
func (m *monitor) attempt(parent context.Context) (context.Context, *attempt) {
	ctx, cancel := context.WithCancelCause(parent)
	a := &attempt{monitor: m, cancel: cancel, since: m.clock.Now().Round(0)}
	m.mu.Lock()
	m.open = a
	m.mu.Unlock()
	return context.WithValue(ctx, attemptKey{}, a), a
}

// cut cancels the attempt for silence.
func (a *attempt) cut() { a.cancel(errSilent) }

// end releases the attempt.
func (a *attempt) end() {
	a.cancel(nil)
	a.monitor.mu.Lock()
	defer a.monitor.mu.Unlock()
	if a.monitor.open == a {
		a.monitor.open = nil
	}
}

// succeeded notes that the server has answered.
func (a *attempt) succeeded() {
	a.monitor.mu.Lock()
	a.established = true
	a.monitor.mu.Unlock()
	a.monitor.heard()
}

// failed notes the final error of the attempt's request and returns it, or its
// real cause if the attempt was cut. An attempt that ended with its parent is
// no failure.
func (a *attempt) failed(parent, ctx context.Context, err error) error {
	if parent.Err() != nil {
		return err
	}
	if errors.Is(context.Cause(ctx), errSilent) {
		err = errSilent
	}
	if request, ok := errors.AsType[*url.Error](err); ok {
		// Its text is mostly the query.
		err = request.Err
	}
	if isExpired(err) {
		return err
	}
	fresh := 0
	if a.failures.Load() == 0 {
		fresh = 1
	}
	a.monitor.failed(err, fresh)
	return err
}
