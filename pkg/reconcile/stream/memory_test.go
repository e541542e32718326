// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package stream_test

import (
	"context"
	"fmt"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"

	corev1 "k8s.io/api/core/v1"

	"github.com/podwatch/kubectl-podwatch/pkg/projection"
	"github.com/podwatch/kubectl-podwatch/pkg/reconcile/stream"
	"github.com/podwatch/kubectl-podwatch/pkg/reconcile/stream/frametest"
	"github.com/podwatch/kubectl-podwatch/pkg/reconcile/stream/streamtest"
)

// finalized counts the pods that were decoded and those of them that the
// collector found unreachable.
type finalized struct{ decoded, collected atomic.Int64 }

func (f *finalized) project(pod *corev1.Pod) *projection.Pod {
	f.decoded.Add(1)
	// The names are what a stub or a projection may keep; the pod is not.
	runtime.AddCleanup(pod, func(n *atomic.Int64) { n.Add(1) }, &f.collected)
	return projection.From(pod)
}

// TestNoWholePodOutlivesItsFrame lists 5,000 pods of 8 KB and looks for those
// still in memory after the sync.
func TestNoWholePodOutlivesItsFrame(t *testing.T) {
	if testing.Short() {
		t.Skip("reads 40 MB")
	}
	t.Parallel()
	const pods = 5000
	srv := frametest.New(t)
	for i := range pods {
		p := streamtest.Pod(fmt.Sprintf("pod-%d", i), "")
		p.Annotations = map[string]string{"filler": strings.Repeat("x", 8<<10)}
		srv.Put(p)
	}
	for _, keep := range []stream.Keep{stream.KeepStubs, stream.KeepProjections} {
		f := &finalized{}
		s, err := stream.New(stream.Config{Client: clientFor(t, srv.Config()), Keep: keep, Project: f.project})
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		synced, done := make(chan struct{}), make(chan error, 1)
		go func() { done <- s.Run(ctx, untilSynced{synced}) }()
		<-synced
		// A cleanup runs some time after the collection that found it due; the
		// last frame may still be in the hands of the decoder.
		for range 100 {
			runtime.GC()
			if f.collected.Load() >= pods-1 {
				break
			}
			runtime.Gosched()
		}
		if decoded, collected := f.decoded.Load(), f.collected.Load(); decoded != pods || collected < pods-1 {
			t.Errorf("%s: %d pods decoded, %d collected, want %d of %d", keep, decoded, collected, pods-1, pods)
		}
		cancel()
		if err := <-done; err != nil {
			t.Errorf("%s: Run = %v, want nil", keep, err)
		}
	}
}

// untilSynced keeps nothing.
type untilSynced struct{ synced chan struct{} }

func (untilSynced) Upsert(*projection.Pod, stream.Frame) {}
func (untilSynced) Delete(*projection.Pod, stream.Frame) {}
func (untilSynced) Status(stream.Status)                 {}
func (h untilSynced) Synced()                            { close(h.synced) }
