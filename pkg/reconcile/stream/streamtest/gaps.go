// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package streamtest

import (
	"fmt"
	"testing"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/podwatch/kubectl-podwatch/pkg/projection"
	"github.com/podwatch/kubectl-podwatch/pkg/reconcile/stream"
	"github.com/podwatch/kubectl-podwatch/pkg/reconcile/stream/frametest"
)

// Unseen makes changes that no frame tells: the watches of srv end with 410.
func Unseen(srv *frametest.Server, change func()) {
	srv.Hold()
	change()
	srv.Compact()
	srv.Release()
}

func compacted(t *testing.T, src Source, srv *frametest.Server) {
	t.Helper()
	srv.Put(Pod("p1", "1"), Pod("p2", "2"), Pod("p4", "4"), Pod("p5", "5"))
	r := src.Start(t, Scope{Config: srv.Config()})
	r.AwaitLine("synced")
	srv.AwaitWatches(1)
	r.Drain()
	Unseen(srv, func() {
		srv.Put(Pod("p2", "2b"), Pod("p3", "3"), Pod("p5", "5"))
		srv.Remove("ns", "p4")
	})
	r.Expect("delete p2 2 gap", "upsert p2 2b gap", "upsert p3 3 gap", "delete p4 4 gap", "upsert p5 5 gap")
}

func replaced(t *testing.T, src Source, srv *frametest.Server) {
	t.Helper()
	srv.Put(Pod("a", "1"))
	r := src.Start(t, Scope{Config: srv.Config()})
	r.AwaitLine("synced")
	r.Drain()
	srv.Put(Pod("a", "2"))
	r.Expect("delete a 1", "upsert a 2")
}

func leavesSelection(t *testing.T, src Source, srv *frametest.Server) {
	t.Helper()
	pod := Pod("a", "1")
	pod.Labels = map[string]string{"app": "x"}
	srv.Put(pod)
	r := src.Start(t, Scope{Config: srv.Config(), LabelSelector: "app=x"})
	r.AwaitLine("synced")
	r.Drain()
	pod.Labels = nil
	srv.Put(pod)
	r.Expect("delete a 1")
}

func manyPods(t *testing.T, src Source, srv *frametest.Server) {
	t.Helper()
	want := []string{"synced"}
	for i := range 1203 {
		name := fmt.Sprintf("pod-%04d", i)
		srv.Put(Pod(name, types.UID(name)))
		want = append(want, fmt.Sprintf("upsert %s %s initial", name, name))
	}
	src.Start(t, Scope{Config: srv.Config()}).Expect(want...)
}

func liveAfterGap(t *testing.T, src Source, srv *frametest.Server) {
	t.Helper()
	srv.Put(Pod("a", "1"))
	r := src.Start(t, Scope{Config: srv.Config()})
	r.AwaitLine("synced")
	srv.AwaitWatches(1)
	r.Drain()
	Unseen(srv, func() { srv.Put(Pod("a", "1")) })
	r.AwaitLine("upsert a 1 gap")
	srv.Put(Pod("a", "1"))
	r.Expect("upsert a 1 gap", "upsert a 1")
}

// finalStates is a Recorder that tells the phase of deleted pods.
type finalStates struct {
	*Recorder
	phases chan corev1.PodPhase
}

// Delete implements stream.Handler.
func (f *finalStates) Delete(p *projection.Pod, fr stream.Frame) {
	f.Recorder.Delete(p, fr)
	f.phases <- p.Phase
}

func finalState(t *testing.T, src Source, srv *frametest.Server) {
	t.Helper()
	srv.Put(Pod("a", "1"))
	f := &finalStates{phases: make(chan corev1.PodPhase, 1)}
	r := src.StartWith(t, Scope{Config: srv.Config()}, func(r *Recorder) stream.Handler {
		f.Recorder = r
		return f
	})
	r.AwaitLine("synced")
	srv.Remove("ns", "a")
	r.AwaitLine("delete a 1")
	if got := <-f.phases; got != corev1.PodRunning {
		t.Errorf("phase of the deleted pod = %q, want %q", got, corev1.PodRunning)
	}
}
