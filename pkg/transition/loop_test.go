// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package transition_test

import (
	"testing"
	"time"

	"github.com/podwatch/kubectl-podwatch/pkg/apis/podwatch/v1alpha1"
	"github.com/podwatch/kubectl-podwatch/pkg/transition"
)

func TestF23_AShortCrashLoopIsEnteredOnceAndNeverRecovers(t *testing.T) {
	t.Parallel()
	w := newWorld(t, transition.Options{})
	p := w.pod("web")
	w.synced(p)
	w.told = nil
	types, _ := w.crashes(p, 22, 4*time.Second)
	if types[v1alpha1.EventCrashLoopEntered] != 1 || types[v1alpha1.EventPodRecovered] != 0 {
		t.Errorf("told %v, want one crashloop.entered and no pod.recovered", types)
	}
	if types[v1alpha1.EventCrashLoopContinues] != 3 || len(types) != 2 {
		t.Errorf("told %v, want crashloop.continues at 5, 10 and 20 restarts and nothing else", types)
	}
}

// One loop is one loop, whatever its runs end with, or if that is forgotten.
func TestF23_ALoopWhoseRunsEndInDifferentWaysIsEnteredOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t, transition.Options{})
	p := w.pod("web")
	w.synced(p)
	w.told = nil
	for restarts := int32(1); restarts <= 4; restarts++ {
		w.now = w.now.Add(30 * time.Second)
		p = w.loop(p, restarts)
		last := &p.Status.ContainerStatuses[0].LastTerminationState
		switch restarts {
		case 2:
			last.Terminated.ExitCode, last.Terminated.Reason = 137, "OOMKilled"
		case 3:
			last.Terminated = nil
		}
		w.see(p, nil)
		if up := w.up(p); restarts < 4 {
			w.now = w.now.Add(10 * time.Second)
			w.see(up, nil)
		}
	}
	w.expect("crashloop.entered web Healthy→Failing critical CrashLoop")
}

func TestHopsInsideAnEpisodeAreCounted(t *testing.T) {
	t.Parallel()
	w := newWorld(t, transition.Options{})
	p := w.pod("web")
	w.synced(p)
	w.told = nil
	_, p = w.crashes(p, 4, 4*time.Second)
	w.see(w.crash(p, 4*time.Second), nil)
	w.deleted(p)
	if got := w.told[len(w.told)-1]; got.Episode == nil || got.Episode.Flaps != 4 {
		t.Errorf("told %+v, want an episode with 4 flaps", got.Episode)
	}
}
