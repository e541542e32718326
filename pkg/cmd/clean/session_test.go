// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package clean

import (
	"io"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/cli-runtime/pkg/genericiooptions"
	"k8s.io/utils/clock"

	"github.com/podwatch/kubectl-podwatch/pkg/apis/podwatch/v1alpha1"
	"github.com/podwatch/kubectl-podwatch/pkg/clean"
	"github.com/podwatch/kubectl-podwatch/pkg/diagnose"
	"github.com/podwatch/kubectl-podwatch/pkg/projection"
	"github.com/podwatch/kubectl-podwatch/pkg/reconcile"
)

func TestASessionKnowsWhichPodsAreStillThere(t *testing.T) {
	t.Parallel()
	s := newSession(Options{Clock: clock.RealClock{}})
	see := func(uid types.UID, kind reconcile.Type, deleted *metav1.Time) {
		pod := &projection.Pod{ObjectMeta: metav1.ObjectMeta{Namespace: "a", Name: "p-" + string(uid), UID: uid, DeletionTimestamp: deleted}}
		err := s.emit(reconcile.Event{Type: kind, Key: reconcile.Key{Namespace: "a", Name: pod.Name, UID: uid}, Pod: pod})
		if err != nil {
			t.Fatal(err)
		}
	}
	for _, uid := range []types.UID{"stays", "goes", "leaves"} {
		see(uid, reconcile.Judged, nil)
	}
	_, keys := s.snapshot(time.Now())
	s.setPlan(nil, keys, nil)
	see("goes", reconcile.Gone, nil)
	see("leaves", reconcile.Judged, &metav1.Time{Time: time.Now()})
	for uid, want := range map[types.UID]bool{"stays": true, "goes": false, "leaves": false, "unheard": false} {
		if got := s.there(uid); got != want {
			t.Errorf("%s is there: %v, want %v", uid, got, want)
		}
	}
}

func TestADryRunDoesNotWaitForAPodThatSomebodyElseRemoves(t *testing.T) {
	t.Parallel()
	pod := &projection.Pod{ObjectMeta: metav1.ObjectMeta{Namespace: "a", Name: "p", UID: "1"}, Phase: corev1.PodFailed}
	leaving := *pod
	leaving.DeletionTimestamp = &metav1.Time{Time: time.Now()}
	one := func(yield func(*projection.Pod, diagnose.Verdict) bool) { yield(pod, diagnose.Verdict{}) }
	plan := clean.Make(one, time.Now(), clean.Rules{}, clean.Known{}, clean.ListAll)
	cleaner := clean.New(plan, clean.ClientDryRun(), clock.RealClock{})
	if err := cleaner.Clean(t.Context(), pod.UID, 1, clean.Sight{Pod: &leaving}); err != nil {
		t.Fatal(err)
	}
	s := newSession(Options{
		IOStreams: genericiooptions.IOStreams{ErrOut: io.Discard}, Clock: clock.RealClock{}, Wait: time.Minute, DryRun: v1alpha1.DryRunClient,
	})
	s.setPlan(plan, nil, cleaner)
	if err := s.wait(t.Context()); err != nil {
		t.Error(err)
	}
	r := clean.Report(plan, cleaner.Items(), s.DryRun)
	if err := s.outcome(r); err != nil || r.Summary.Terminating != 1 {
		t.Errorf("outcome %v of %+v, want no error", err, r.Summary)
	}
}
