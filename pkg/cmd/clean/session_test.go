// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package clean

import (
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/utils/clock"

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
