// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package stream_test

import (
	"context"
	"slices"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/kubernetes/fake"
	clienttesting "k8s.io/client-go/testing"

	"github.com/podwatch/kubectl-podwatch/pkg/reconcile/stream"
	"github.com/podwatch/kubectl-podwatch/pkg/reconcile/stream/frametest"
	"github.com/podwatch/kubectl-podwatch/pkg/reconcile/stream/streamtest"
)

// run starts a stream over srv that must end with its context.
func run(t *testing.T, srv *frametest.Server, cfg stream.Config) (*stream.Stream, *streamtest.Recorder) {
	t.Helper()
	cfg.Client = clientFor(t, srv.Config())
	s, err := stream.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	src := streamtest.Source(func(ctx context.Context, _ streamtest.Scope, h stream.Handler) error {
		return s.Run(ctx, h)
	})
	return s, src.Start(t, streamtest.Scope{})
}

func isLive(s stream.Status) bool { return s.State == stream.Live }

func TestWatchSituations(t *testing.T) {
	t.Parallel()
	for _, tt := range situations() {
		for _, keep := range []stream.Keep{stream.KeepProjections, stream.KeepStubs} {
			t.Run(tt.name+", "+string(keep), func(t *testing.T) {
				t.Parallel()
				tt.check(t, keep)
			})
		}
	}
}

func (tt situation) check(t *testing.T, keep stream.Keep) {
	t.Helper()
	srv := frametest.New(t)
	srv.Put(streamtest.Pod("same", "1"), streamtest.Pod("gone", "2"))
	if tt.before != nil {
		tt.before(srv)
	}
	s, r := run(t, srv, stream.Config{Keep: keep, IdleTimeout: tt.idle})
	r.AwaitLine("synced")
	r.AwaitStatus("live", isLive)
	// A watch that closes within a second without a frame costs a relist.
	srv.Put(streamtest.Pod("warm", "0"))
	r.AwaitLine("upsert warm 0")
	r.Drain()
	tt.after(srv, r)
	r.Expect(tt.want...)
	if len(tt.states) > 0 {
		r.AwaitStatus("live again", isLive)
	}
	if got := s.Status(); got.Relists != tt.relists || got.Relisting {
		t.Errorf("relists = %d, one under way: %t; want %d", got.Relists, got.Relisting, tt.relists)
	}
	// S38: whoever acts has to know of the gap before the list makes up for it.
	begun := slices.ContainsFunc(r.Statuses(), func(st stream.Status) bool { return st.Relisting })
	if begun != (tt.relists > 0) {
		t.Errorf("a relist under way was told: %t, with %d relists", begun, tt.relists)
	}
	states := tt.states
	for _, st := range r.Statuses() {
		if tt.never != "" && st.State == tt.never {
			t.Errorf("told %s: %+v", tt.never, st)
		}
		if len(states) > 0 && st.State == states[0] {
			states = states[1:]
		}
	}
	if len(states) > 0 {
		t.Errorf("states %q were not told in this order; statuses: %+v", states, r.Statuses())
	}
	if keep == stream.KeepProjections {
		checkCache(t, s, r.Lines())
	}
}

// checkCache compares the cache with what was delivered (R3).
func checkCache(t *testing.T, s *stream.Stream, lines []string) {
	t.Helper()
	if p, ok := s.Get("ns", "same"); !ok || p.UID != "1" {
		t.Errorf("Get(same) = %v, %v, want the pod that is there", p, ok)
	}
	gone := slices.Contains(lines, "delete gone 2") || slices.Contains(lines, "delete gone 2 gap")
	if _, ok := s.Get("ns", "gone"); ok == gone {
		t.Errorf("Get(gone) = %v after %q", ok, lines)
	}
}

// F12: the streamed list never ends.
func TestF12_MissingBookmarkIsReadAsListAndWatch(t *testing.T) {
	t.Parallel()
	for _, keep := range []stream.Keep{stream.KeepProjections, stream.KeepStubs} {
		t.Run(string(keep), func(t *testing.T) {
			t.Parallel()
			srv := frametest.New(t)
			srv.OmitEnd()
			srv.Put(streamtest.Pod("a", "1"), streamtest.Pod("b", "2"))
			_, r := run(t, srv, stream.Config{Keep: keep, SyncTimeout: 600 * time.Millisecond})
			r.Expect("upsert a 1 initial", "upsert b 2 initial", "synced")
			srv.Put(streamtest.Pod("c", "3"))
			r.AwaitLine("upsert c 3")
			notices := 0
			for _, s := range r.Statuses() {
				if s.Notice != "" {
					notices++
				}
			}
			if notices != 1 {
				t.Errorf("%d notices, want 1: %+v", notices, r.Statuses())
			}
			streamed := 0
			for _, req := range srv.Requests() {
				if req.Streaming() {
					streamed++
				}
			}
			if streamed != 1 {
				t.Errorf("%d streamed lists, want 1", streamed)
			}
		})
	}
}

// F17: without bookmarks a quiet scope is cut once, then gets more time.
func TestF17_ServerWithoutBookmarks(t *testing.T) {
	t.Parallel()
	srv := frametest.New(t)
	_, r := run(t, srv, stream.Config{Keep: stream.KeepStubs, IdleTimeout: time.Second, BookmarkWait: time.Second})
	r.AwaitLine("synced")
	r.AwaitStatus("notice", func(s stream.Status) bool { return s.Notice != "" })
	srv.Await(2, func(frametest.Request) bool { return true })
	srv.AwaitWatches(1)
	srv.Put(streamtest.Pod("a", "1"))
	r.AwaitLine("upsert a 1")
}

// F15: a server, or a proxy before it, that ends each watch after one frame.
func TestF15_ShortWatchesAreNoHotLoop(t *testing.T) {
	t.Parallel()
	srv := frametest.New(t)
	_, r := run(t, srv, stream.Config{Keep: stream.KeepStubs})
	r.AwaitLine("synced")
	short := frametest.Raw(`{"type":"BOOKMARK","object":{"apiVersion":"v1","kind":"Pod","metadata":{"resourceVersion":"100"}}}`)
	srv.Next(short, short, short, short)
	srv.Put(streamtest.Pod("warm", "0"))
	r.AwaitLine("upsert warm 0")
	begun := time.Now()
	srv.CloseWatches()
	// The first is opened at once, the others wait 0.8 s, 1.6 s, …
	srv.Await(4, func(frametest.Request) bool { return true })
	if took := time.Since(begun); took < 2*time.Second {
		t.Errorf("three watches were opened within %s", took)
	}
}

// Every goroutine ends some time after Run: the bubble waits for all of them.
func TestGoroutinesEndAfterStopDuringBackoff(t *testing.T) {
	t.Parallel()
	for _, keep := range []stream.Keep{stream.KeepProjections, stream.KeepStubs} {
		t.Run(string(keep), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				client := fake.NewClientset()
				client.PrependReactor("*", "pods", func(clienttesting.Action) (bool, runtime.Object, error) {
					return true, nil, syscall.ECONNREFUSED
				})
				client.PrependWatchReactor("pods", func(clienttesting.Action) (bool, watch.Interface, error) {
					return true, nil, syscall.ECONNREFUSED
				})
				s, err := stream.New(stream.Config{Keep: keep, Client: streamingClient{client}, ConnectTimeout: time.Hour})
				if err != nil {
					t.Fatal(err)
				}
				ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
				defer cancel()
				begun := time.Now()
				if err := s.Run(ctx, streamtest.NewRecorder(t)); err != nil {
					t.Errorf("Run = %v, want nil", err)
				}
				if took := time.Since(begun) - time.Minute; took > 100*time.Millisecond {
					t.Errorf("Run returned %s after its context", took)
				}
			})
		})
	}
}

// streamingClient does not say that it cannot stream lists.
type streamingClient struct{ kubernetes.Interface }

// R21: any kubernetes.Interface will do.
func TestR21_FakeClientset(t *testing.T) {
	t.Parallel()
	for _, keep := range []stream.Keep{stream.KeepProjections, stream.KeepStubs} {
		synctest.Test(t, func(t *testing.T) {
			client := fake.NewClientset(streamtest.Pod("a", "1"))
			s, err := stream.New(stream.Config{Keep: keep, Client: client})
			if err != nil {
				t.Fatal(err)
			}
			r := streamtest.NewRecorder(t)
			ctx, cancel := context.WithCancel(t.Context())
			done := make(chan error, 1)
			go func() { done <- s.Run(ctx, r) }()
			synctest.Wait()
			if err := client.CoreV1().Pods("ns").Delete(ctx, "a", metav1.DeleteOptions{}); err != nil {
				t.Fatal(err)
			}
			synctest.Wait()
			r.Expect("upsert a 1 initial", "synced", "delete a 1")
			cancel()
			if err := <-done; err != nil {
				t.Errorf("Run = %v, want nil", err)
			}
		})
	}
}
