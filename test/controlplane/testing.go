// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package controlplane

import (
	"context"
	"errors"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// cleanupLimit bounds the requests at the end of a test.
const cleanupLimit = 30 * time.Second

//nolint:gochecknoglobals // one server per test binary is what Shared is for
var shared struct {
	once   sync.Once
	server *Server
	err    error
}

// Shared returns the server that all tests of the test binary use, started by the first that asks.
// It has no controllers and no kubelets and ends with the test binary; nobody may stop it, kill its
// API server or rely on what other namespaces hold.
func Shared(tb testing.TB) *Server {
	tb.Helper()
	shared.once.Do(func() {
		shared.server, shared.err = Start(context.WithoutCancel(tb.Context()), Options{})
	})
	if shared.err != nil {
		refuse(tb, shared.err)
	}
	return shared.server
}

// New starts a server for one test and stops it when the test ends.
func New(tb testing.TB, opts Options) *Server {
	tb.Helper()
	s, err := Start(tb.Context(), opts)
	if err != nil {
		refuse(tb, err)
	}
	tb.Cleanup(func() {
		if err := s.Stop(); err != nil {
			tb.Error(err)
		}
	})
	return s
}

// refuse ends the test: missing executables are no failure of a test run with -short.
func refuse(tb testing.TB, err error) {
	tb.Helper()
	if errors.Is(err, ErrNotBuilt) && testing.Short() {
		tb.Skip(err)
	}
	tb.Fatal(err)
}

// Namespace makes a namespace for the test, named after it, and removes its pods when the test
// ends; pods with finalizers stay.
func (s *Server) Namespace(tb testing.TB) string {
	tb.Helper()
	created, err := s.client.CoreV1().Namespaces().Create(tb.Context(), &corev1.Namespace{
		ObjectMeta: metav1.ObjectMeta{GenerateName: namespacePrefix(tb.Name())},
	}, metav1.CreateOptions{})
	if err != nil {
		tb.Fatalf("create namespace: %v", err)
	}
	ctx := context.WithoutCancel(tb.Context())
	tb.Cleanup(func() { s.emptyNamespace(ctx, tb, created.Name) })
	return created.Name
}

// emptyNamespace does nothing on a server that was stopped or has no API server.
func (s *Server) emptyNamespace(ctx context.Context, tb testing.TB, namespace string) {
	tb.Helper()
	s.mu.Lock()
	serves := !s.stopped && s.apiserver != nil
	s.mu.Unlock()
	if !serves {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, cleanupLimit)
	defer cancel()
	now := metav1.DeleteOptions{GracePeriodSeconds: new(int64)}
	err := s.client.CoreV1().Pods(namespace).DeleteCollection(ctx, now, metav1.ListOptions{})
	if err == nil {
		err = s.client.CoreV1().Namespaces().Delete(ctx, namespace, metav1.DeleteOptions{})
	}
	if err != nil {
		tb.Errorf("empty namespace %q: %v", namespace, err)
	}
}

// namespacePrefix makes a valid beginning of a namespace name from the name of a test.
func namespacePrefix(test string) string {
	name := regexp.MustCompile(`[^a-z0-9]+`).ReplaceAllString(strings.ToLower(test), "-")
	return strings.Trim(name[:min(len(name), 40)], "-") + "-"
}
