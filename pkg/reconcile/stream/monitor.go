// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package stream

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"k8s.io/utils/clock"
)

// patience times the idle timeout of 100s is longer than the 10 minutes within
// which the reflector asks the server to end a watch.
const patience = 7

// renewals is how many 401 in a row are no news: exec plugins and token files are
// read again after the first, and what they give can be the old credentials once
// more while the new ones are being written.
const renewals = 2

// monitor knows when the server was last heard of and what went wrong since. It
// cuts silent connections and ends the run if the first sync is out of reach.
type monitor struct {
	clock     clock.WithTickerAndDelayedExecution
	namespace string
	failFast  bool
	// bookmarks is Config.BookmarkWait.
	idle, bookmarks, connect time.Duration
	// tell reports a change; giveUp ends the run with an error. Neither is
	// called with mu held.
	tell   func(notice string)
	giveUp func(error)

	// heardAt is in Unix nanoseconds, 0 before the first time. It is wall-clock
	// time, because the monotonic clock stands still while the machine sleeps.
	heardAt atomic.Int64
	// fine is true if being heard of changes nothing in status.
	fine atomic.Bool

	mu           sync.Mutex
	status       Status
	started      time.Time
	synced       bool
	unauthorized int
	// patient is true while the server is known to send no bookmarks.
	patient bool
	open    *attempt
}

func newMonitor(cfg Config) *monitor {
	return &monitor{
		clock: cfg.Clock, namespace: cfg.Namespace, failFast: cfg.FailFast,
		idle: cfg.IdleTimeout, bookmarks: cfg.BookmarkWait, connect: cfg.ConnectTimeout,
		status: Status{State: Connecting},
	}
}

// snapshot returns the present status.
func (m *monitor) snapshot() Status {
	m.mu.Lock()
	defer m.mu.Unlock()
	s := m.status
	if at := m.heardAt.Load(); at != 0 {
		s.LastFrame = time.Unix(0, at)
	}
	return s
}

// heard notes a sign of life. It is cheap: it is called for every frame.
func (m *monitor) heard() {
	m.heardAt.Store(m.clock.Now().UnixNano())
	if m.fine.Load() {
		return
	}
	m.mu.Lock()
	m.recover()
	m.mu.Unlock()
	m.tell("")
}

// recover forgets all failures. The caller holds mu.
func (m *monitor) recover() {
	m.status.Err, m.status.Attempts, m.unauthorized = nil, 0, 0
	m.status.State = Connecting
	if m.synced {
		m.status.State = Live
	}
	m.fine.Store(true)
}

// relisting notes that a list after the initial one is due.
func (m *monitor) relisting() {
	m.mu.Lock()
	m.status.Relisting = true
	m.mu.Unlock()
	m.tell("")
}

// relisted notes that it is complete.
func (m *monitor) relisted() {
	m.mu.Lock()
	m.status.Relists++
	m.status.Relisting = false
	m.mu.Unlock()
	m.tell("")
}

// sync notes the first Synced.
func (m *monitor) sync() {
	m.mu.Lock()
	m.synced = true
	m.recover()
	m.mu.Unlock()
	m.tell("")
}

// bookmark notes that the server sends bookmarks.
func (m *monitor) bookmark() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.patient = false
}

// noBookmark notes that a watch was cut for silence before its first bookmark.
// Perhaps nothing happens and the server sends none, so the next watch gets
// more time. A silence in which none was due tells nothing.
func (m *monitor) noBookmark() {
	if m.idle < m.bookmarks {
		return
	}
	m.mu.Lock()
	known := m.patient
	m.patient = true
	m.mu.Unlock()
	if !known {
		m.tell(fmt.Sprintf("the server sends no bookmarks: a dead connection is noticed after %s",
			(m.idle * patience).Round(time.Second)))
	}
}

// failed notes a failure. attempt is 1 for a failed attempt that was not noted
// yet, else 0.
func (m *monitor) failed(err error, attempt int) {
	m.mu.Lock()
	m.fine.Store(false)
	m.status.Attempts += attempt
	m.status.Err = err
	m.status.State = m.stateAfter(err)
	m.mu.Unlock()
	m.tell("")
}

// stateAfter is the state that a failure leads to. The caller holds mu.
func (m *monitor) stateAfter(err error) State {
	switch KindOf(err) {
	case Denied:
		return Forbidden
	case Refused, DNS, TLS:
		return Stale
	case Timeout:
		if m.synced {
			return Stale
		}
	case Unauthorized:
		if m.unauthorized >= renewals {
			return CredentialsRejected
		}
		if m.status.State == Live {
			return Lagging
		}
	case Rejected, Other:
		// No better than it was: these come after silence too.
		if m.status.State == Live {
			return Lagging
		}
	}
	return m.status.State
}

// request is one of the two that a reflector sends.
type request string

const (
	listing  request = "list"
	watching request = "watch"
)

// judge ends the run if waiting is no use after err, the final error of r. What
// only denies or rejects a streamed list is no end: the reflector tries LIST
// after it.
func (m *monitor) judge(err error, r request) {
	m.mu.Lock()
	kind, end := KindOf(err), false
	switch kind {
	case Denied, Rejected:
		end = r == listing
	case Refused, DNS, TLS:
		end = m.failFast
	case Unauthorized:
		m.unauthorized++
		end = m.failFast && m.unauthorized > 1
	case Timeout, Other:
	}
	end = end && !m.synced
	m.mu.Unlock()
	if end {
		m.giveUp(&ConnectError{Kind: kind, Namespace: m.namespace, Err: err})
	}
}

// run watches the clock until ctx ends.
func (m *monitor) run(ctx context.Context) {
	// A tick this short notices thresholds in time, and soon after the machine
	// slept that they have passed.
	ticker := m.clock.NewTicker(max(min(m.idle, m.connect)/30, time.Millisecond))
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C():
			m.check(m.clock.Now())
		}
	}
}

// check compares now with all limits.
func (m *monitor) check(now time.Time) {
	m.mu.Lock()
	// Before reading heardAt, so that a frame in between is not overlooked.
	m.fine.Store(false)
	before := m.status.State
	silent := m.silence(now)
	limit := m.limit()
	if a := m.open; a != nil && silent >= limit && now.Round(0).Sub(a.since) >= limit {
		a.cut()
	}
	var end error
	if !m.synced {
		end = m.overdue(silent)
	}
	m.age(silent, limit)
	changed := m.status.State != before
	m.fine.Store(m.status.Err == nil && (m.status.State == Live || m.status.State == Connecting))
	m.mu.Unlock()
	if end != nil {
		m.giveUp(end)
	}
	if changed {
		m.tell("")
	}
}

// age makes the state worse if the silence is too long for it. The caller holds mu.
func (m *monitor) age(silent, limit time.Duration) {
	switch {
	case !m.synced:
		if silent >= m.connect/10 && m.status.State == Connecting {
			m.status.State = Lagging // nobody else is to wait for this server
		}
	case m.status.State == Forbidden, m.status.State == CredentialsRejected:
	case silent >= limit:
		m.status.State = Stale
		if m.status.Err == nil {
			m.status.Err = errSilent
		}
	case silent >= limit*3/4 && m.status.State == Live:
		m.status.State = Lagging
	}
}

// silence is the time since the server was last heard of, or since the start.
func (m *monitor) silence(now time.Time) time.Duration {
	at := m.heardAt.Load()
	if at == 0 {
		return now.Sub(m.started)
	}
	if now.UnixNano() < at {
		// The wall clock was set back.
		m.heardAt.CompareAndSwap(at, now.UnixNano())
		return 0
	}
	return time.Duration(now.UnixNano() - at)
}

// limit is the silence after which the open connection is dead. The caller holds
// mu. Opening never gets more than idle: headers do not wait for bookmarks.
func (m *monitor) limit() time.Duration {
	if m.patient && m.open != nil && m.open.established {
		return m.idle * patience
	}
	return m.idle
}

// overdue is the error of a run that has not heard of the server for too long
// before its first sync. The caller holds mu.
func (m *monitor) overdue(silent time.Duration) error {
	limit := m.connect
	if m.heardAt.Load() != 0 {
		limit = max(limit, m.idle)
	}
	if silent < limit {
		return nil
	}
	e := &ConnectError{Kind: Timeout, Namespace: m.namespace, Err: fmt.Errorf("no answer within %s", limit)}
	if err := m.status.Err; err != nil {
		e.Kind, e.Err = KindOf(err), fmt.Errorf("%s within %s: %w", lacking(KindOf(err)), limit, err)
	}
	return e
}

// lacking is what has not come when only errors of kind k did: a 401 is an answer.
func lacking(k Kind) string {
	switch k {
	case Refused, DNS, TLS, Timeout:
		return "no answer"
	case Unauthorized, Denied, Rejected, Other:
	}
	return "no pods"
}
