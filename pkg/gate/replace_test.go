// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package gate_test

import (
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/podwatch/kubectl-podwatch/pkg/gate"
	"github.com/podwatch/kubectl-podwatch/pkg/projection"
	"github.com/podwatch/kubectl-podwatch/pkg/reconcile"
)

// ofJob makes p a pod of the Job import.
func ofJob(p *corev1.Pod) *corev1.Pod {
	p = p.DeepCopy()
	p.OwnerReferences = []metav1.OwnerReference{{APIVersion: "batch/v1", Kind: "Job", Name: "import", UID: "uid-import", Controller: new(true)}}
	return p
}

// above tells the gate what was read above the pods.
func (b *bench) above(owners ...*projection.Owner) {
	b.take(reconcile.Event{Type: reconcile.Read, Source: reconcile.Source{Namespace: "shop"}, Surroundings: &reconcile.Surroundings{Owners: owners}})
}

func TestAGateFailsWithTheJobOfAPod(t *testing.T) {
	t.Parallel()
	job := func(conditions ...string) *projection.Owner {
		o := &projection.Owner{Kind: "Job", Namespace: "shop", Name: "import", UID: "uid-import", Observed: true, Desired: 1}
		for _, c := range conditions {
			says(c, corev1.ConditionTrue, "BackoffLimitExceeded", "")(o)
		}
		return o
	}
	for name, test := range map[string]struct {
		play func(*bench)
		want gate.Outcome
	}{
		"nothing is known of it": {func(*bench) {}, gate.Pending},
		"it has attempts left":   {func(b *bench) { b.above(job()) }, gate.Pending},
		"it is complete":         {func(b *bench) { b.above(job("Complete")) }, gate.Pending},
		"it is about to fail":    {func(b *bench) { b.above(job("FailureTarget")) }, gate.Failed},
		"it has failed":          {func(b *bench) { b.above(job("Failed", "FailureTarget")) }, gate.Failed},
		"another one has failed": {func(b *bench) { o := job("Failed"); o.UID = "uid-other"; b.above(o) }, gate.Pending},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t, gate.Options{MinPods: 1})
			p := ofJob(failed(b.running("import-x", 0)))
			b.synced(p, b.running("a", time.Hour))
			b.expect(gate.Pending, 0, "")
			test.play(b)
			b.see(p) // the engine looks again at what it was about
			if test.want == gate.Failed {
				b.expect(gate.Failed, 0, `pod "shop/import-x" container "app": ExitCode`)
			} else {
				b.expect(gate.Pending, 0, "")
			}
		})
	}
}

// The times of the API are whole seconds.
func TestAReplacementOfTheSameSecondCounts(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		pods func(*bench) []*corev1.Pod
		want gate.Outcome
	}{
		"first the one that fails": {func(b *bench) []*corev1.Pod {
			return []*corev1.Pod{of(failed(b.running("a", 0)), "1"), of(b.running("b", 0), "1")}
		}, gate.Held},
		"first the one that replaces it": {func(b *bench) []*corev1.Pod {
			return []*corev1.Pod{of(b.running("b", 0), "1"), of(failed(b.running("a", 0)), "1")}
		}, gate.Held},
		"a storm": {func(b *bench) []*corev1.Pod {
			return []*corev1.Pod{of(failed(b.running("a", 0)), "1"), of(failed(b.running("b", 0)), "1"), of(b.running("c", 0), "1"), of(failed(b.running("d", 0)), "1")}
		}, gate.Held},
		"all have failed": {func(b *bench) []*corev1.Pod {
			return []*corev1.Pod{of(failed(b.running("a", time.Second)), "1"), of(failed(b.running("b", 0)), "1")}
		}, gate.Pending},
		"the last has run and failed": {func(b *bench) []*corev1.Pod {
			last := of(b.running("b", 0), "1")
			return []*corev1.Pod{of(failed(b.running("a", 0)), "1"), last, failed(last)}
		}, gate.Pending},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t, gate.Options{MinPods: 1, StableFor: time.Second})
			b.synced(test.pods(b)...)
			b.wait(time.Hour)
			after := time.Duration(0)
			if test.want == gate.Held {
				after = time.Second
			}
			b.expect(test.want, after, "")
		})
	}
}

// A pod of the old revision that is made anew says nothing about the new one.
func TestAnOlderRevisionSupersedesNothing(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		// revision is that of the Deployment, broken that of the ReplicaSet whose
		// pods have no image.
		revision, broken string
		want             gate.Outcome
	}{
		"the newest revision is broken":   {"2", "2", gate.Failed},
		"a broken revision is on its way": {"3", "2", gate.Pending},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t, gate.Options{MinPods: 1})
			broken := of(b.starting("broken"), "2")
			broken.CreationTimestamp = metav1.NewTime(b.now.Add(-time.Minute))
			broken.Status.ContainerStatuses[0].State = waiting("ErrImagePull", "not found")
			b.see(of(b.running("again", 0), "1"))
			b.synced(broken)
			b.expect(gate.Pending, 0, "")
			b.above(
				&projection.Owner{Kind: "ReplicaSet", Namespace: "shop", Name: "web-2", UID: "2", Revision: test.broken, Controller: &projection.Controller{Kind: "Deployment", UID: "web"}},
				&projection.Owner{Kind: "Deployment", Namespace: "shop", Name: "web", UID: "web", Revision: test.revision, Observed: true},
			)
			b.see(broken)
			b.expect(test.want, 0, "")
		})
	}
}
