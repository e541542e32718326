// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package stream_test

import (
	"context"
	"errors"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/rest"

	"github.com/podwatch/kubectl-podwatch/pkg/reconcile/stream"
	"github.com/podwatch/kubectl-podwatch/pkg/reconcile/stream/frametest"
	"github.com/podwatch/kubectl-podwatch/pkg/reconcile/stream/streamtest"
)

func always(f frametest.Fault) func(*frametest.Server) {
	return func(s *frametest.Server) {
		for range 50 {
			s.Next(f)
		}
	}
}

// TestRunEndsBeforeTheFirstSync lets streams start on servers that cannot be
// read.
func TestRunEndsBeforeTheFirstSync(t *testing.T) {
	t.Parallel()
	var (
		unauthorized = frametest.Status(http.StatusUnauthorized, metav1.StatusReasonUnauthorized)
		forbidden    = frametest.Status(http.StatusForbidden, metav1.StatusReasonForbidden)
		badRequest   = frametest.Status(http.StatusBadRequest, metav1.StatusReasonBadRequest)
		unavailable  = frametest.Status(http.StatusServiceUnavailable, metav1.StatusReasonServiceUnavailable)
	)
	for name, tt := range map[string]struct {
		prepare  func(*frametest.Server)
		config   func(*rest.Config)
		failFast bool
		kind     stream.Kind
		// slow is true if the end comes with ConnectTimeout only.
		slow bool
		text string
	}{
		"refused at start, fail fast": {prepare: (*frametest.Server).Refuse, failFast: true, kind: stream.Refused},
		"refused at start":            {prepare: (*frametest.Server).Refuse, kind: stream.Refused, slow: true, text: "no answer within 2s: "},
		"F06 401 for ever, fail fast": {prepare: always(unauthorized), failFast: true, kind: stream.Unauthorized},
		"F06 401 for ever":            {prepare: always(unauthorized), kind: stream.Unauthorized, slow: true, text: "no pods within 2s: "},
		"F08 403 at start, fail fast": {prepare: always(forbidden), failFast: true, kind: stream.Denied},
		"F08 403 at start":            {prepare: always(forbidden), kind: stream.Denied},
		"400 at start":                {prepare: always(badRequest), kind: stream.Rejected},
		"503 for ever, fail fast":     {prepare: always(unavailable), failFast: true, kind: stream.Other, slow: true},
		"headers never come, fail fast": {
			prepare: always(frametest.Hang()), failFast: true, kind: stream.Timeout, slow: true,
		},
		"429 for ever": {
			prepare: always(frametest.RetryAfter(time.Second)), kind: stream.Other, slow: true, text: "429",
		},
		"unknown host, fail fast": {
			config:   func(c *rest.Config) { c.Host = "http://nowhere.invalid" },
			failFast: true, kind: stream.DNS,
		},
		"plain HTTP where TLS is asked for, fail fast": {
			config:   func(c *rest.Config) { c.Host = strings.Replace(c.Host, "http:", "https:", 1) },
			failFast: true, kind: stream.TLS,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			srv := frametest.New(t)
			cfg := srv.Config()
			if tt.prepare != nil {
				tt.prepare(srv)
			}
			if tt.config != nil {
				tt.config(cfg)
			}
			limit := time.Minute
			if tt.slow {
				limit = 2 * time.Second
			}
			s, err := stream.New(stream.Config{
				Client: clientFor(t, cfg), Keep: stream.KeepStubs, Namespace: "ns", FailFast: tt.failFast, ConnectTimeout: limit,
			})
			if err != nil {
				t.Fatal(err)
			}
			r := streamtest.NewRecorder(t)
			ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
			defer cancel()
			err = s.Run(ctx, r)
			var failed *stream.ConnectError
			if !errors.As(err, &failed) || failed.Kind != tt.kind {
				t.Fatalf("Run = %v, want a ConnectError of kind %q", err, tt.kind)
			}
			if !strings.HasPrefix(err.Error(), "list pods in namespace \"ns\": ") || !strings.Contains(err.Error(), tt.text) {
				t.Errorf("error = %q, want the operation, the object and %q", err, tt.text)
			}
			if len(r.Lines()) > 0 {
				t.Errorf("delivered %q, want nothing", r.Lines())
			}
		})
	}
}

func TestUntrustedCertificateEndsRunAtOnce(t *testing.T) {
	t.Parallel()
	srv := httptest.NewUnstartedServer(http.NotFoundHandler())
	srv.Config.ErrorLog = log.New(io.Discard, "", 0)
	srv.StartTLS()
	t.Cleanup(srv.Close)
	s, err := stream.New(stream.Config{
		Client: clientFor(t, &rest.Config{Host: srv.URL}), Keep: stream.KeepProjections, FailFast: true,
	})
	if err != nil {
		t.Fatal(err)
	}
	var failed *stream.ConnectError
	if err := s.Run(t.Context(), streamtest.NewRecorder(t)); !errors.As(err, &failed) || failed.Kind != stream.TLS {
		t.Errorf("Run = %v, want a ConnectError of kind %q", err, stream.TLS)
	}
}

// A role that may list but not watch is enough for a report.
func TestListWithoutWatchSyncs(t *testing.T) {
	t.Parallel()
	srv := frametest.New(t)
	srv.Put(streamtest.Pod("a", "1"))
	srv.Next(frametest.Status(http.StatusForbidden, metav1.StatusReasonForbidden))
	_, r := run(t, srv, stream.Config{Keep: stream.KeepStubs, FailFast: true})
	r.AwaitLine("synced")
	if got := srv.Requests(); !got[0].Streaming() || got[1].Watch {
		t.Errorf("requests = %+v, want a denied streamed list, then a list", got)
	}
}

// F05: credentials of an exec plugin are renewed after the first 401.
func TestF05_OneUnauthorizedIsNoFailure(t *testing.T) {
	t.Parallel()
	srv := frametest.New(t)
	srv.Next(frametest.Status(http.StatusUnauthorized, metav1.StatusReasonUnauthorized))
	_, r := run(t, srv, stream.Config{Keep: stream.KeepStubs, FailFast: true})
	r.AwaitLine("synced")
}

func TestNewRefusesWhatCannotWork(t *testing.T) {
	t.Parallel()
	client := clientFor(t, &rest.Config{Host: "http://127.0.0.1:1"})
	for name, cfg := range map[string]stream.Config{
		"no client":        {Keep: stream.KeepStubs},
		"no keep":          {Client: client},
		"label selector":   {Client: client, Keep: stream.KeepStubs, LabelSelector: "a in ("},
		"field selector":   {Client: client, Keep: stream.KeepStubs, FieldSelector: "a"},
		"negative timeout": {Client: client, Keep: stream.KeepStubs, IdleTimeout: -1},
	} {
		if _, err := stream.New(cfg); err == nil {
			t.Errorf("%s: New = nil, want an error", name)
		}
	}
}
