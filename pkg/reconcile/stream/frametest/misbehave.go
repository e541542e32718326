// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package frametest

import (
	"net/http"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// each changes every open watch.
func (s *Server) each(f func(c *connection)) {
	s.set(func() {
		for c := range s.watches {
			f(c)
		}
	})
}

// CloseWatches ends every open watch, as the server does after some minutes.
func (s *Server) CloseWatches() {
	s.each(func(c *connection) { c.last = true })
}

// Hold keeps changes back until Release. Watches that are opened meanwhile get
// their initial list.
func (s *Server) Hold() { s.set(func() { s.held = true }) }

// Release ends Hold.
func (s *Server) Release() { s.set(func() { s.held = false }) }

// Silence is a hole in the network: open watches never hear of the server
// again, and requests get no answer until Answer.
func (s *Server) Silence() {
	s.set(func() {
		s.silent = true
		for c := range s.watches {
			c.dead = true
		}
	})
}

// Answer ends Silence for new requests and those that wait.
func (s *Server) Answer() { s.set(func() { s.silent = false }) }

// OmitEnd leaves out the bookmark that ends a streamed list, from now on.
func (s *Server) OmitEnd() { s.set(func() { s.endless = true }) }

// Bookmark sends a bookmark to every open watch.
func (s *Server) Bookmark() {
	s.mu.Lock()
	line := string(bookmark(s.version, nil).line())
	s.mu.Unlock()
	s.Send(line)
}

// Send writes a line to every open watch, whatever it is.
func (s *Server) Send(line string) {
	s.each(func(c *connection) { c.extra = append(c.extra, line) })
}

// Fail ends every open watch with an ERROR frame.
func (s *Server) Fail(code int, reason metav1.StatusReason) {
	line := string(errorFrame(code, reason, http.StatusText(code)).line())
	s.each(func(c *connection) { c.extra, c.last = append(c.extra, line), true })
}

func (s *Server) set(f func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f()
	s.notify()
}

// Ahead sets the clock that further answers tell ahead of this machine's by d.
func (s *Server) Ahead(d time.Duration) { s.set(func() { s.ahead = d }) }
