// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package clean

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/kubernetes/fake"
	corev1client "k8s.io/client-go/kubernetes/typed/core/v1"
	clocktesting "k8s.io/utils/clock/testing"

	"github.com/podwatch/kubectl-podwatch/pkg/apis/podwatch/v1alpha1"
	"github.com/podwatch/kubectl-podwatch/pkg/diagnose"
)

// sweep is a Sweeper on a server, and what it has told.
type sweep struct {
	*Sweeper
	t      *testing.T
	server *server
	clock  *clocktesting.FakeClock
	told   []string
	// deaf makes Tell fail.
	deaf error
}

// newSweep returns a sweep on s; around are the Jobs and namespaces, of which
// "a" is always there.
func newSweep(t *testing.T, s *server, r Rules, around ...runtime.Object) *sweep {
	t.Helper()
	w := &sweep{t: t, server: s, clock: clocktesting.NewFakeClock(noon)}
	if !slices.ContainsFunc(around, func(o runtime.Object) bool { _, ok := o.(*corev1.Namespace); return ok }) {
		around = append(around, &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: "a"}})
	}
	client := fake.NewClientset(around...)
	archive := openArchive(t)
	w.Sweeper = NewSweeper(NewCandidates(r), SweeperConfig{
		Rules: r, Thresholds: diagnose.Defaults(), Limits: Limits{Ended: 100, Living: 10}, Clock: w.clock,
		Pods: corev1client.New(s.client()), Clients: Clients{Jobs: client.BatchV1(), Namespaces: client.CoreV1()},
		Actor: Delete(s.client(), archive, w.clock, 0), Archive: archive, Tell: w.tell,
	})
	return w
}

func (w *sweep) tell(item v1alpha1.CleanItem) error {
	if w.deaf != nil {
		return w.deaf
	}
	word := string(item.Result)
	switch {
	case item.Decision == v1alpha1.DecisionSkipped:
		word = "skipped"
	case item.Result == "":
		word = "planned"
		if sent := w.server.mutations(); slices.ContainsFunc(sent, func(r string) bool { return r == "DELETE a/"+item.Name }) {
			w.t.Errorf("the decision on %s is told after %v", item.Name, sent)
		}
	}
	if item.SkipReason != "" {
		word += " " + item.SkipReason
	}
	w.told = append(w.told, item.Name+" "+word)
	return nil
}

// ripen lets the candidates see the pod until it is ripe.
func (w *sweep) ripen(pod *corev1.Pod) {
	w.t.Helper()
	for range 2 {
		p, v := judge(pod, w.clock.Now())
		if ripe, _ := w.candidates.Consider(Sight{Pod: p, Verdict: v}, w.clock.Now(), 0); ripe {
			return
		}
		w.clock.Step(apart)
	}
	p, v := judge(pod, w.clock.Now())
	if ripe, next := w.candidates.Consider(Sight{Pod: p, Verdict: v}, w.clock.Now(), 0); !ripe {
		w.t.Fatalf("%s is not ripe; next look at %v", pod.Name, next)
	}
}

func (w *sweep) sweep(pod *corev1.Pod) error { return w.try(pod, 1, false) }

func (w *sweep) try(pod *corev1.Pod, attempt int, stale bool) error {
	name := Pod{types.NamespacedName{Namespace: pod.Namespace, Name: pod.Name}, pod.UID}
	return w.Sweep(w.t.Context(), name, attempt, Sight{Stale: stale})
}

func (w *sweep) expect(told []string, mutations ...string) {
	w.t.Helper()
	if diff := cmp.Diff(told, w.told); diff != "" {
		w.t.Errorf("told (-want +got):\n%s", diff)
	}
	if got := w.server.mutations(); !slices.Equal(got, mutations) {
		w.t.Errorf("sent %v, want %v", got, mutations)
	}
}
