// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package stream_test

import (
	"context"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/rest"
	"k8s.io/utils/clock"

	"github.com/podwatch/kubectl-podwatch/pkg/reconcile/stream"
	"github.com/podwatch/kubectl-podwatch/pkg/reconcile/stream/frametest"
	"github.com/podwatch/kubectl-podwatch/pkg/reconcile/stream/streamtest"
	"github.com/podwatch/kubectl-podwatch/test/controlplane"
)

// shortIdle is the idle timeout of 100s, 50 times shorter.
const shortIdle = 2 * time.Second

// runConfig is run with a client of its own.
func runConfig(t *testing.T, client *rest.Config, cfg stream.Config) *streamtest.Recorder {
	t.Helper()
	cfg.Client = clientFor(t, client)
	s, err := stream.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return streamtest.Source(func(ctx context.Context, _ streamtest.Scope, h stream.Handler) error {
		return s.Run(ctx, h)
	}).Start(t, streamtest.Scope{})
}

func awaitState(r *streamtest.Recorder, want stream.State) {
	r.AwaitStatus(string(want), func(s stream.Status) bool { return s.State == want })
}

// F09: a firewall between the server and us forgets the connection. Over HTTP/1.1
// nobody ever hears of that.
func TestF09_AHoleInTheNetworkOverHTTP1(t *testing.T) {
	t.Parallel()
	srv := frametest.New(t)
	srv.Put(streamtest.Pod("same", "1"), streamtest.Pod("gone", "2"))
	proxy := frametest.NewProxy(t, strings.TrimPrefix(srv.Config().Host, "http://"))
	r := runConfig(t, &rest.Config{Host: "http://" + proxy.Address(), QPS: -1}, stream.Config{
		Keep: stream.KeepProjections, IdleTimeout: shortIdle,
	})
	r.AwaitLine("synced")
	srv.Put(streamtest.Pod("warm", "0"))
	r.AwaitLine("upsert warm 0")
	r.Drain()
	proxy.Hole()
	change(srv)
	begun := time.Now()
	awaitState(r, stream.Lagging)
	awaitState(r, stream.Stale)
	if took := time.Since(begun); took > 2*shortIdle {
		t.Errorf("stale after %v, want %v", took, shortIdle)
	}
	proxy.Pass()
	passed := time.Now()
	r.Expect("delete gone 2", "upsert new 3")
	if took := time.Since(passed); took > 2*shortIdle+time.Second {
		t.Errorf("read again %v after the hole, want at most %v", took, 2*shortIdle)
	}
	awaitState(r, stream.Live)
}

// protocol remembers what the last answer came by.
type protocol struct {
	http.RoundTripper
	major *atomic.Int32
}

func (p protocol) RoundTrip(req *http.Request) (*http.Response, error) {
	resp, err := p.RoundTripper.RoundTrip(req)
	if err == nil {
		p.major.Store(int32(resp.ProtoMajor)) //nolint:gosec // 1 or 2
	}
	return resp, err
}

// F10: the same over HTTP/2, as the API server speaks it. The transport notices
// after 45 seconds; until then there is no error of any kind.
func TestF10_AHoleInTheNetworkOverHTTP2OnARealServer(t *testing.T) {
	t.Parallel()
	server := controlplane.Shared(t)
	namespace := server.Namespace(t)
	pod := func(name string) *corev1.Pod {
		return &corev1.Pod{
			ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: name},
			Spec:       corev1.PodSpec{NodeName: "n1", Containers: []corev1.Container{{Name: "app", Image: "app:1"}}},
		}
	}
	cfg := server.Config()
	proxy := frametest.NewProxy(t, strings.TrimPrefix(cfg.Host, "https://"))
	cfg.Host = "https://" + proxy.Address()
	var major atomic.Int32
	cfg.Wrap(func(next http.RoundTripper) http.RoundTripper { return protocol{next, &major} })
	r := runConfig(t, cfg, stream.Config{Keep: stream.KeepProjections, Namespace: namespace, IdleTimeout: shortIdle})
	r.AwaitLine("synced")
	warm, err := server.CreatePod(t.Context(), pod("warm"))
	if err != nil {
		t.Fatal(err)
	}
	r.AwaitLine("upsert warm " + string(warm.UID))
	r.Drain()
	proxy.Hole()
	missed, err := server.CreatePod(t.Context(), pod("missed"))
	if err != nil {
		t.Fatal(err)
	}
	awaitState(r, stream.Lagging)
	awaitState(r, stream.Stale)
	if major.Load() != 2 {
		t.Errorf("HTTP/%d was spoken, want 2", major.Load())
	}
	for _, s := range r.Statuses() {
		if s.Err != nil && !strings.Contains(s.Err.Error(), "no frame from the server in time") {
			t.Errorf("an error was seen: %v", s.Err)
		}
	}
	proxy.Pass()
	r.AwaitLine("upsert missed " + string(missed.UID))
	awaitState(r, stream.Live)
}

// jumping is a clock that is put forward.
type jumping struct {
	clock.RealClock
	ahead *atomic.Int64
}

func (j jumping) Now() time.Time                  { return j.RealClock.Now().Add(time.Duration(j.ahead.Load())) }
func (j jumping) Since(t time.Time) time.Duration { return j.Now().Sub(t) }

// F18: the machine wakes up after a night; its connections have not.
func TestF18_AfterSleepTheStreamIsStaleAtOnceAndReadsOn(t *testing.T) {
	t.Parallel()
	for _, keep := range []stream.Keep{stream.KeepProjections, stream.KeepStubs} {
		t.Run(string(keep), func(t *testing.T) {
			t.Parallel()
			srv := frametest.New(t)
			srv.Put(streamtest.Pod("same", "1"), streamtest.Pod("gone", "2"))
			now := jumping{ahead: new(atomic.Int64)}
			_, r := run(t, srv, stream.Config{Keep: keep, Clock: now})
			r.AwaitLine("synced")
			srv.Put(streamtest.Pod("warm", "0"))
			r.AwaitLine("upsert warm 0")
			r.Drain()
			srv.Silence()
			change(srv)
			woken := time.Now()
			now.ahead.Store(int64(8 * time.Hour))
			awaitState(r, stream.Stale)
			if took := time.Since(woken); took > 5*time.Second {
				t.Errorf("stale %v after it woke up", took)
			}
			srv.Answer()
			r.Expect("delete gone 2", "upsert new 3")
			awaitState(r, stream.Live)
		})
	}
}
