// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package stream_test

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"io"
	"log"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"k8s.io/client-go/rest"

	"github.com/podwatch/kubectl-podwatch/pkg/reconcile/stream"
	"github.com/podwatch/kubectl-podwatch/pkg/reconcile/stream/frametest"
	"github.com/podwatch/kubectl-podwatch/pkg/reconcile/stream/streamtest"
)

// pipes is a network of one address, without sockets: client-go looks at a CA file
// every five minutes, which a test can wait for where time is its own.
type pipes struct{ conns chan net.Conn }

func newPipes() *pipes { return &pipes{make(chan net.Conn)} }

// Accept implements net.Listener.
func (p *pipes) Accept() (net.Conn, error) {
	if c, ok := <-p.conns; ok {
		return c, nil
	}
	return nil, net.ErrClosed
}

// Close implements net.Listener.
func (p *pipes) Close() error { close(p.conns); return nil }

// Addr implements net.Listener.
func (p *pipes) Addr() net.Addr { return &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 6443} }

// endpoint is the API server's address, where one server after another listens.
type endpoint struct {
	t       *testing.T
	srv     *frametest.Server
	current atomic.Pointer[pipes]
	http    *http.Server
}

func newEndpoint(t *testing.T) *endpoint {
	t.Helper()
	e := &endpoint{t: t, srv: frametest.New(t)}
	e.srv.Refuse() // no sockets
	t.Cleanup(e.stop)
	return e
}

// dial is rest.Config.Dial.
func (e *endpoint) dial(ctx context.Context, _, _ string) (net.Conn, error) {
	p := e.current.Load()
	if p == nil {
		return nil, &net.OpError{Op: "dial", Err: os.NewSyscallError("connect", syscall.ECONNREFUSED)}
	}
	ours, theirs := net.Pipe()
	select {
	case p.conns <- theirs:
		return ours, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// start starts the API server with a certificate.
func (e *endpoint) start(c tls.Certificate) {
	p := newPipes()
	e.http = &http.Server{
		Handler: e.srv, ReadHeaderTimeout: time.Minute, ErrorLog: log.New(io.Discard, "", 0),
		TLSConfig: &tls.Config{Certificates: []tls.Certificate{c}, MinVersion: tls.VersionTLS12},
	}
	e.current.Store(p)
	go func(s *http.Server) { _ = s.ServeTLS(p, "", "") }(e.http)
}

// stop ends it, with all its connections.
func (e *endpoint) stop() {
	e.current.Store(nil)
	_ = e.http.Close()
}

// authority is a new CA of the cluster, and the certificate that it gives to the API
// server.
func authority(t *testing.T, serial int64) (ca []byte, server tls.Certificate) {
	t.Helper()
	sign := func(c, parent *x509.Certificate, key, parentKey *ecdsa.PrivateKey) []byte {
		der, err := x509.CreateCertificate(rand.Reader, c, parent, &key.PublicKey, parentKey)
		if err != nil {
			t.Fatal(err)
		}
		return der
	}
	var keys [2]*ecdsa.PrivateKey
	for i := range keys {
		key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		keys[i] = key
	}
	root := &x509.Certificate{
		SerialNumber: big.NewInt(serial), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(24 * time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}
	leaf := &x509.Certificate{
		SerialNumber: big.NewInt(serial + 1), NotBefore: root.NotBefore, NotAfter: root.NotAfter,
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	server = tls.Certificate{Certificate: [][]byte{sign(leaf, root, keys[1], keys[0])}, PrivateKey: keys[1]}
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: sign(root, root, keys[0], keys[0])}), server
}

// A cluster gets a new CA while it is watched: the API server restarts with a
// certificate that it has signed, and has forgotten what has happened before. A
// file named by the kubeconfig is read again, and what was missed is told as a gap;
// a CA that stands in the kubeconfig itself stays as it is, and that is said.
func TestF20_TheAuthorityOfTheClusterIsReplaced(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		config   func(file string, data []byte) rest.TLSClientConfig
		recovers bool
	}{
		"a file":            {func(file string, _ []byte) rest.TLSClientConfig { return rest.TLSClientConfig{CAFile: file} }, true},
		"in the kubeconfig": {func(_ string, data []byte) rest.TLSClientConfig { return rest.TLSClientConfig{CAData: data} }, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			file := filepath.Join(t.TempDir(), "ca.crt")
			synctest.Test(t, func(t *testing.T) {
				oldCA, oldServer := authority(t, 1)
				newCA, newServer := authority(t, 3)
				write := func(ca []byte) {
					if err := os.WriteFile(file, ca, 0o600); err != nil {
						t.Fatal(err)
					}
				}
				write(oldCA)
				e := newEndpoint(t)
				e.srv.Put(streamtest.Pod("same", "1"))
				e.start(oldServer)
				r := runConfig(t, &rest.Config{Host: "https://127.0.0.1:6443", QPS: -1, Dial: e.dial, TLSClientConfig: test.config(file, bytes.Clone(oldCA))},
					stream.Config{Keep: stream.KeepProjections})
				r.AwaitLine("synced")
				awaitState(r, stream.Live)
				time.Sleep(time.Minute)
				r.Drain()

				write(newCA)
				e.stop()
				e.srv.Put(streamtest.Pod("missed", "2"))
				e.srv.Compact()
				e.start(newServer)
				// Five minutes from the last look at the file, and a pause between two attempts.
				time.Sleep(6 * time.Minute)

				told := r.Statuses()
				distrusted := slices.IndexFunc(told, func(s stream.Status) bool {
					return s.State == stream.Stale && strings.Contains(s.Err.Error(), "x509: certificate signed by unknown authority")
				})
				if distrusted < 0 {
					t.Fatalf("it is not told that the server is not trusted: %+v", told)
				}
				recovered := slices.ContainsFunc(told[distrusted:], func(s stream.Status) bool { return s.State == stream.Live && s.Relists == 1 })
				if recovered != test.recovers {
					t.Errorf("live again after a relist within six minutes: %t, told %+v", recovered, told)
				}
				if test.recovers {
					r.Expect("upsert missed 2 gap")
				} else if last := told[len(told)-1]; last.State != stream.Stale || len(r.Lines()) != 0 {
					t.Errorf("after six minutes: %+v, told %q, want it stale", last, r.Lines())
				}
			})
		})
	}
}
