// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package stream

import (
	"fmt"
	"io"
	"net/http"
	"time"
)

// Observe wraps a transport so that streams see the attempts that rest.Request
// retries on its own, bytes as they arrive, and the server's clock. It is meant
// for rest.Config.Wrap and leaves requests of others alone.
func Observe(next http.RoundTripper) http.RoundTripper { return observer{next} }

type observer struct{ next http.RoundTripper }

// RoundTrip implements http.RoundTripper.
func (o observer) RoundTrip(req *http.Request) (*http.Response, error) {
	resp, err := o.next.RoundTrip(req)
	a, ok := req.Context().Value(attemptKey{}).(*attempt)
	if !ok {
		return resp, err
	}
	if err != nil {
		if req.Context().Err() == nil {
			a.missed(err)
			a.unreachable(err)
		}
		return resp, err
	}
	a.answered(resp)
	return resp, nil
}

// WrappedRoundTripper lets client-go find the transport below.
func (o observer) WrappedRoundTripper() http.RoundTripper { return o.next }

// missed notes a failure that rest.Request may hide.
func (a *attempt) missed(err error) {
	a.failures.Add(1)
	a.monitor.failed(err, 1)
}

// unreachable ends a run that is to fail fast, before rest.Request tries again:
// it takes a connection that is reset while dialling for one that was lost.
func (a *attempt) unreachable(err error) {
	switch kindOf(err) {
	case Refused, DNS, TLS:
		a.monitor.judge(err, watching)
	case Unauthorized, Denied, Rejected, Timeout, Other:
	}
}

func (a *attempt) answered(resp *http.Response) {
	a.monitor.compareClocks(resp.Header.Get("Date"))
	if resp.StatusCode < http.StatusBadRequest {
		resp.Body = listener{resp.Body, a.monitor}
		return
	}
	// Any other failure ends the request, and is noted then.
	if after := resp.Header.Get("Retry-After"); after != "" {
		a.missed(fmt.Errorf("the server answered %s, to be asked again after %ss", resp.Status, after))
	}
}

// listener takes every byte of an answer for a sign of life: a page of a slow
// link is no silence.
type listener struct {
	io.ReadCloser
	monitor *monitor
}

// Read implements io.Reader.
func (l listener) Read(p []byte) (int, error) {
	n, err := l.ReadCloser.Read(p)
	if n > 0 {
		l.monitor.heard()
	}
	return n, err
}

// precision is what a Date header and the time on the way leave of a comparison
// of clocks.
const precision = 2500 * time.Millisecond

// compareClocks takes the Date header of an answer.
func (m *monitor) compareClocks(date string) {
	server, err := http.ParseTime(date)
	if err != nil {
		return
	}
	// The header has whole seconds, cut off.
	skew := server.Add(time.Second / 2).Sub(m.clock.Now())
	if skew.Abs() < precision {
		skew = 0
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if (skew - m.status.Skew).Abs() >= precision {
		m.status.Skew = skew.Round(time.Second)
	}
}
