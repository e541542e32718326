// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package controlplane

import (
	"context"
	"errors"
	"fmt"
	"net"
	"path/filepath"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// etcdArgs: nothing is kept, so nothing is synced to disk. Port 0 for peers, which a single member
// does not have. The quota leaves room for some 50,000 pods of 8 KB and their history.
func (s *Server) etcdArgs() []string {
	client := fmt.Sprintf("http://127.0.0.1:%d", s.ports[0])
	return []string{
		"--data-dir=" + filepath.Join(s.dir, "etcd"),
		"--listen-client-urls=" + client,
		"--advertise-client-urls=" + client,
		"--listen-peer-urls=http://127.0.0.1:0",
		"--unsafe-no-fsync",
		"--quota-backend-bytes=8589934592",
		"--log-level=warn",
	}
}

func (s *Server) apiserverArgs() []string {
	return []string{
		fmt.Sprintf("--etcd-servers=http://127.0.0.1:%d", s.ports[0]),
		"--bind-address=127.0.0.1",
		"--advertise-address=127.0.0.1",
		fmt.Sprintf("--secure-port=%d", s.ports[1]),
		// Nothing listens behind the Service "kubernetes", and a loopback endpoint is refused.
		"--endpoint-reconciler-type=none",
		"--service-cluster-ip-range=10.0.0.0/24",
		"--cert-dir=" + s.dir,
		"--tls-cert-file=" + s.file("apiserver.crt"),
		"--tls-private-key-file=" + s.file("apiserver.key"),
		"--client-ca-file=" + s.file("ca.crt"),
		"--token-auth-file=" + s.file("tokens.csv"),
		"--authorization-mode=RBAC",
		"--service-account-issuer=https://kubernetes.default.svc",
		"--service-account-key-file=" + s.file("apiserver.key"),
		"--service-account-signing-key-file=" + s.file("apiserver.key"),
		"--allow-privileged=true",
		"--disable-admission-plugins=" + strings.Join(s.disabledPlugins(), ","),
	}
}

// disabledPlugins refuse or change pods that come from other clusters.
func (s *Server) disabledPlugins() []string {
	plugins := []string{"Priority", "TaintNodesByCondition"}
	if !s.opts.ServiceAccounts {
		plugins = append(plugins, "ServiceAccount")
	}
	return plugins
}

func (s *Server) file(name string) string { return filepath.Join(s.dir, name) }

// KillAPIServer ends the API server as a crash would: open connections break and new ones are
// refused. etcd, the controllers and kwok live on.
func (s *Server) KillAPIServer() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.killAPIServer()
}

func (s *Server) killAPIServer() {
	if s.apiserver != nil {
		s.apiserver.kill()
		s.apiserver = nil
	}
}

// StartAPIServer starts a killed API server again, with the same address, certificates and data,
// and returns when it is ready.
func (s *Server) StartAPIServer(ctx context.Context) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.stopped:
		return errors.New("start kube-apiserver: the control plane was stopped")
	case s.apiserver != nil:
		return errors.New("start kube-apiserver: it runs")
	}
	return retryPorts(func() error { return s.startAPIServer(ctx) })
}

func (s *Server) startAPIServer(ctx context.Context) error {
	p, err := launch(ctx, s.leash, s.dir, "kube-apiserver", s.apiserverArgs())
	if err != nil {
		return err
	}
	// etcd was launched first and may be the one that ends.
	if err := awaitReady(ctx, s.apiserverReady, s.components[0], p); err != nil {
		p.kill()
		return err
	}
	s.apiserver = p
	return nil
}

// apiserverReady asks /readyz, which covers the bootstrap of the RBAC roles, and for the namespace
// default, which it does not cover.
func (s *Server) apiserverReady(ctx context.Context) error {
	if _, err := s.client.CoreV1().RESTClient().Get().AbsPath("/readyz").DoRaw(ctx); err != nil {
		return err
	}
	_, err := s.client.CoreV1().Namespaces().Get(ctx, "default", metav1.GetOptions{})
	return err
}

// freePorts returns n different ports of 127.0.0.1 that were free a moment ago.
func freePorts(n int) ([]int, error) {
	ports := make([]int, 0, n)
	for range n {
		l, err := net.ListenTCP("tcp", &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1)})
		if err != nil {
			return nil, fmt.Errorf("find free port: %w", err)
		}
		defer func() { _ = l.Close() }() // all stay open until the last is chosen: they differ
		addr, ok := l.Addr().(*net.TCPAddr)
		if !ok {
			return nil, fmt.Errorf("find free port: address %s", l.Addr())
		}
		ports = append(ports, addr.Port)
	}
	return ports, nil
}
