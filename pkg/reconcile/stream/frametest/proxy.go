// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package frametest

import (
	"io"
	"net"
	"sync"
	"testing"
)

// Proxy passes TCP connections on to a server, byte by byte, until it is told to
// lose them.
type Proxy struct {
	listener net.Listener
	server   string
	wg       sync.WaitGroup

	mu sync.Mutex
	// hole is true while nothing passes. lost holds the connections, of both
	// sides, that have met a hole.
	hole  bool
	open  map[net.Conn]struct{}
	lost  map[net.Conn]struct{}
	ended bool
}

// NewProxy returns a proxy before the server at the given host and port, until the
// test ends.
func NewProxy(tb testing.TB, server string) *Proxy {
	tb.Helper()
	var lc net.ListenConfig
	l, err := lc.Listen(tb.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		tb.Fatalf("listen: %v", err)
	}
	p := &Proxy{listener: l, server: server, open: map[net.Conn]struct{}{}, lost: map[net.Conn]struct{}{}}
	p.wg.Go(p.accept)
	tb.Cleanup(p.close)
	return p
}

// Address is the host and port of the proxy.
func (p *Proxy) Address() string { return p.listener.Addr().String() }

// Hole loses everything from now on, as a firewall that has forgotten its
// connections: they stay open, new ones are accepted, and no byte passes.
func (p *Proxy) Hole() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.hole = true
	for c := range p.open {
		p.lost[c] = struct{}{}
	}
}

// Pass ends the hole for new connections. A lost one is reset when the client
// writes to it, not earlier.
func (p *Proxy) Pass() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.hole = false
}

// Reset breaks all connections that are open.
func (p *Proxy) Reset() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for c := range p.open {
		reset(c)
		delete(p.open, c)
	}
}

// reset closes c as a crash does.
func reset(c net.Conn) {
	if tcp, ok := c.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0)
	}
	_ = c.Close()
}

func (p *Proxy) accept() {
	for {
		client, err := p.listener.Accept()
		if err != nil {
			return
		}
		server, err := net.Dial("tcp", p.server) //nolint:noctx // the end of the test closes it
		if err != nil || !p.add(client, server) {
			_ = client.Close()
			continue
		}
		p.wg.Go(func() { p.copy(server, client, true) })
		p.wg.Go(func() { p.copy(client, server, false) })
	}
}

// add keeps a pair of connections and reports whether the proxy is open.
func (p *Proxy) add(pair ...net.Conn) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, c := range pair {
		p.open[c] = struct{}{}
		if p.hole {
			p.lost[c] = struct{}{}
		}
		if p.ended {
			_ = c.Close()
		}
	}
	return !p.ended
}

// copy passes on what comes from one side, until it ends.
func (p *Proxy) copy(to, from net.Conn, fromClient bool) {
	buf := make([]byte, 32<<10)
	for {
		n, err := from.Read(buf)
		p.mu.Lock()
		_, lost := p.lost[from]
		hole := p.hole
		p.mu.Unlock()
		switch {
		case lost && fromClient && !hole:
			reset(from)
			return
		case err != nil && lost:
			return // the other side does not hear of it
		case err != nil:
			_ = to.Close()
			return
		case lost:
			continue
		}
		if _, err := to.Write(buf[:n]); err != nil {
			_, _ = io.Copy(io.Discard, from)
			return
		}
	}
}

func (p *Proxy) close() {
	_ = p.listener.Close()
	p.mu.Lock()
	p.ended = true
	for c := range p.open {
		_ = c.Close()
	}
	p.mu.Unlock()
	p.wg.Wait()
}
