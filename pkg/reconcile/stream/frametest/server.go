// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package frametest

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/url"
	"sync"
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/rest"
)

// Server is a scripted API server. Its methods may be called at any time, from
// any goroutine.
type Server struct {
	tb   testing.TB
	addr string
	done chan struct{}
	wg   sync.WaitGroup

	mu       sync.Mutex
	changed  chan struct{} // closed and replaced on every change
	http     *http.Server  // nil while refusing
	pods     map[types.NamespacedName]stored
	version  int
	log      []change
	floor    int // versions below it are compacted
	held     bool
	silent   bool
	endless  bool
	ahead    time.Duration
	faults   []Fault
	requests []Request
	also     map[string]string
	watches  map[*connection]struct{}
}

// Request is what a client has asked for.
type Request struct {
	// Watch is true for a watch, false for a list.
	Watch bool
	Query url.Values
	Path  string
}

// Streaming reports whether the request is for a streamed list.
func (r Request) Streaming() bool { return r.Query.Get("sendInitialEvents") == "true" }

// New starts a Server that ends with the test.
func New(tb testing.TB) *Server {
	tb.Helper()
	s := &Server{
		tb: tb, done: make(chan struct{}), changed: make(chan struct{}), version: 100, floor: 100,
		also: map[string]string{}, pods: map[types.NamespacedName]stored{}, watches: map[*connection]struct{}{},
	}
	s.addr = "127.0.0.1:0"
	s.Listen()
	tb.Cleanup(func() {
		close(s.done)
		s.Refuse()
		s.wg.Wait()
	})
	return s
}

// Config returns a client configuration for the server, without client-side
// rate limits.
func (s *Server) Config() *rest.Config {
	return &rest.Config{Host: "http://" + s.addr, QPS: -1}
}

// Listen accepts connections again after Refuse, at the same address.
func (s *Server) Listen() {
	s.tb.Helper()
	var lc net.ListenConfig
	ln, err := lc.Listen(s.tb.Context(), "tcp", s.addr)
	if err != nil {
		s.tb.Fatalf("listen on %s: %v", s.addr, err)
	}
	srv := &http.Server{Handler: s, ReadHeaderTimeout: time.Minute}
	s.mu.Lock()
	s.addr, s.http = ln.Addr().String(), srv
	s.mu.Unlock()
	s.wg.Go(func() {
		if err := srv.Serve(ln); !errors.Is(err, http.ErrServerClosed) {
			s.tb.Errorf("serve: %v", err)
		}
	})
}

// Refuse closes all connections and refuses further ones until Listen.
func (s *Server) Refuse() {
	s.mu.Lock()
	srv := s.http
	s.http = nil
	s.mu.Unlock()
	if srv != nil {
		_ = srv.Close()
	}
}

// Requests returns what was asked for so far, in order.
func (s *Server) Requests() []Request {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]Request(nil), s.requests...)
}

// Await waits until n requests have come that match, and fails the test after
// half a minute.
func (s *Server) Await(n int, match func(Request) bool) {
	s.tb.Helper()
	s.await(func() bool {
		found := 0
		for _, r := range s.requests {
			if match(r) {
				found++
			}
		}
		return found >= n
	})
}

// AwaitWatches waits until n watches are open.
func (s *Server) AwaitWatches(n int) {
	s.tb.Helper()
	s.await(func() bool { return len(s.watches) == n })
}

func (s *Server) await(holds func() bool) {
	s.tb.Helper()
	ctx, cancel := context.WithTimeout(s.tb.Context(), 30*time.Second)
	defer cancel()
	for {
		s.mu.Lock()
		ok, changed := holds(), s.changed
		s.mu.Unlock()
		if ok {
			return
		}
		select {
		case <-changed:
		case <-ctx.Done():
			s.tb.Fatalf("the server waits in vain; requests so far: %+v", s.Requests())
		}
	}
}

// notify wakes all who wait. The caller holds mu.
func (s *Server) notify() {
	close(s.changed)
	s.changed = make(chan struct{})
}
