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
	a, ok := req.Context().Value(attemptKey{}).(*attempt)
	if !ok {
		return o.next.RoundTrip(req)
	}
	asked := a.monitor.clock.Now()
	resp, err := o.next.RoundTrip(req)
	if err != nil {
		if req.Context().Err() == nil {
			a.missed(err)
			a.unreachable(err)
		}
		return resp, err
	}
	a.monitor.compareClocks(resp.Header.Get("Date"), asked)
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
	switch KindOf(err) {
	case Refused, DNS, TLS:
		a.monitor.judge(err, watching)
	case Unauthorized, Denied, Rejected, Timeout, Other:
	}
}

func (a *attempt) answered(resp *http.Response) {
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

// margin is what clocks may differ by beyond what an answer leaves open, before that
// is news.
const margin = 2 * time.Second

// compareClocks takes the Date header of the answer to what was asked at the given
// time. It was written since, and a machine may have slept meanwhile: what is known
// stays as long as the answer allows it.
func (m *monitor) compareClocks(date string, asked time.Time) {
	server, err := http.ParseTime(date)
	if err != nil {
		return
	}
	// The header has whole seconds, cut off.
	least, most := server.Sub(m.clock.Now()), server.Add(time.Second).Sub(asked)
	m.mu.Lock()
	news := m.status.Skew < least-margin || m.status.Skew > most+margin
	if news {
		m.status.Skew = 0
		if least > margin || most < -margin {
			m.status.Skew = ((least + most) / 2).Round(time.Second)
		}
	}
	m.mu.Unlock()
	if news {
		m.tell("") // before the pods of the answer: they are judged by it
	}
}

// NoteworthySkew is the skew that a user wants to hear of.
const NoteworthySkew = 30 * time.Second

// SkewNotice is one sentence for the user about a Status.Skew, empty if it is not
// noteworthy.
func SkewNotice(skew time.Duration) string {
	if skew.Abs() <= NoteworthySkew {
		return ""
	}
	return fmt.Sprintf("this machine's clock differs from the server's by %s; ages are by the server's", skew.Abs())
}
