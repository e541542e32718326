// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package streamtest

import (
	"context"
	"net/url"
	"slices"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/rest"

	"github.com/podwatch/kubectl-podwatch/pkg/reconcile/stream"
	"github.com/podwatch/kubectl-podwatch/pkg/reconcile/stream/frametest"
)

// Scope is what a source is to read.
type Scope struct {
	Config                                  *rest.Config
	Namespace, LabelSelector, FieldSelector string
}

// Source delivers the pods of the scope to h until ctx ends.
type Source func(ctx context.Context, sc Scope, h stream.Handler) error

// Pod returns a pod in the namespace "ns". Without a UID it gets one from the
// server.
func Pod(name string, uid types.UID) *corev1.Pod {
	return &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Namespace: "ns", Name: name, UID: uid},
		Spec:       corev1.PodSpec{NodeName: "node-1"},
		Status:     corev1.PodStatus{Phase: corev1.PodRunning},
	}
}

// Start runs the source until the test ends and returns what records it. The
// test fails if the source ends by itself.
func (src Source) Start(t *testing.T, sc Scope) *Recorder {
	t.Helper()
	return src.StartWith(t, sc, func(r *Recorder) stream.Handler { return r })
}

// StartWith is Start with a Handler around the Recorder.
func (src Source) StartWith(t *testing.T, sc Scope, wrap func(*Recorder) stream.Handler) *Recorder {
	t.Helper()
	r := NewRecorder(t)
	h := wrap(r)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- src(ctx, sc, h) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("the source ended with %v", err)
		}
	})
	return r
}

// Conform runs the suite that every source of pods must pass: the contract of
// stream.Handler, on a server that behaves and on one that compacts and closes.
// prepare, if not nil, sets up every server before the source starts.
func Conform(t *testing.T, src Source, prepare func(*frametest.Server)) {
	t.Helper()
	for name, check := range map[string]func(*testing.T, Source, *frametest.Server){
		"an empty scope syncs":                               emptyScope,
		"the initial list comes before Synced":               initialList,
		"changes come once and in order":                     changes,
		"selectors and namespace are applied by the server":  selectors,
		"a closed watch loses and repeats nothing":           closedWatch,
		"410 delivers exactly the differences, as a gap":     compacted,
		"a pod that comes back under its name is another":    replaced,
		"a pod that leaves the selection is deleted":         leavesSelection,
		"many pages are one list":                            manyPods,
		"after a gap live frames are no gap any more":        liveAfterGap,
		"a deleted pod carries the final state of its frame": finalState,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			srv := frametest.New(t)
			if prepare != nil {
				prepare(srv)
			}
			check(t, src, srv)
		})
	}
}

func emptyScope(t *testing.T, src Source, srv *frametest.Server) {
	t.Helper()
	r := src.Start(t, Scope{Config: srv.Config()})
	r.AwaitLine("synced")
	srv.Put(Pod("a", "1"))
	r.Expect("synced", "upsert a 1")
}

func initialList(t *testing.T, src Source, srv *frametest.Server) {
	t.Helper()
	srv.Put(Pod("a", "1"), Pod("b", "2"))
	r := src.Start(t, Scope{Config: srv.Config()})
	r.Expect("upsert a 1 initial", "upsert b 2 initial", "synced")
	if got := r.Lines(); got[len(got)-1] != "synced" {
		t.Errorf("delivered %q, want synced last", got)
	}
}

func changes(t *testing.T, src Source, srv *frametest.Server) {
	t.Helper()
	r := src.Start(t, Scope{Config: srv.Config()})
	r.AwaitLine("synced")
	r.Drain()
	srv.Put(Pod("a", "1"))
	srv.Put(Pod("b", "2"), Pod("a", "1"))
	srv.Remove("ns", "a")
	srv.Put(Pod("a", "3"), Pod("end", "4"))
	r.AwaitLine("upsert end 4")
	want := []string{"upsert a 1", "upsert b 2", "upsert a 1", "delete a 1", "upsert a 3", "upsert end 4"}
	if got := r.Lines(); !slices.Equal(got, want) {
		t.Errorf("delivered %q, want %q", got, want)
	}
}

func selectors(t *testing.T, src Source, srv *frametest.Server) {
	t.Helper()
	in, out, other := Pod("in", "1"), Pod("out", "2"), Pod("other", "3")
	in.Labels = map[string]string{"app": "x"}
	other.Labels, other.Namespace = in.Labels, "elsewhere"
	srv.Put(in, out, other)
	r := src.Start(t, Scope{
		Config: srv.Config(), Namespace: "ns", LabelSelector: "app=x", FieldSelector: "spec.nodeName=node-1",
	})
	r.Expect("upsert in 1 initial", "synced")
	for _, req := range srv.Requests() {
		want := url.Values{"labelSelector": {"app=x"}, "fieldSelector": {"spec.nodeName=node-1"}}
		for k, v := range want {
			if !slices.Equal(req.Query[k], v) {
				t.Errorf("%s of request %v = %q, want %q", k, req, req.Query[k], v)
			}
		}
	}
}

func closedWatch(t *testing.T, src Source, srv *frametest.Server) {
	t.Helper()
	srv.Put(Pod("same", "1"), Pod("gone", "2"))
	r := src.Start(t, Scope{Config: srv.Config()})
	r.AwaitLine("synced")
	// client-go v0.37.2 relists after a watch of less than a second without a
	// frame, so there must be one.
	srv.Put(Pod("warm", "0"))
	r.AwaitLine("upsert warm 0")
	r.Drain()
	srv.Hold()
	before := len(srv.Requests())
	srv.CloseWatches()
	srv.Await(before+1, func(frametest.Request) bool { return true })
	srv.Remove("ns", "gone")
	srv.Put(Pod("new", "3"))
	srv.Release()
	r.Expect("delete gone 2", "upsert new 3")
}
