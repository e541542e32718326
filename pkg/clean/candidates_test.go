// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package clean

import (
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
)

// considered has c consider the pod at noon plus d, by a machine whose clock is
// that of the server.
func considered(c *Candidates, pod *corev1.Pod, d time.Duration, stale bool) (ripe bool, next time.Duration) {
	p, v := judge(pod, noon.Add(d))
	ripe, at := c.Consider(Sight{Pod: p, Verdict: v, Stale: stale}, noon.Add(d), 0)
	if at.IsZero() {
		return ripe, 0
	}
	return ripe, at.Sub(noon)
}

func TestAPodIsRipeAfterTwoVerdictsTenSecondsApart(t *testing.T) {
	t.Parallel()
	const s = time.Second
	type step struct {
		at    time.Duration
		pod   *corev1.Pod
		stale bool
		ripe  bool
		next  time.Duration
	}
	pod := failedPod("a", "p")
	young := failedPod("a", "p", containers(ended("app", 1, "Error", ago(4*time.Minute))))
	alive := failedPod("a", "p", func(p *corev1.Pod) { p.Status.Phase = corev1.PodRunning })
	evicted := evictedPod("a", "p", ago(time.Hour))
	kept := failedPod("a", "p", annotated("podwatch.dev/keep", ""))
	for name, steps := range map[string][]step{
		"one verdict is none":               {{at: 0, pod: pod, next: 10 * s}, {at: 9 * s, pod: pod, next: 10 * s}},
		"two":                               {{at: 0, pod: pod, next: 10 * s}, {at: 10 * s, pod: pod, ripe: true}},
		"two, much later":                   {{at: 0, pod: pod, next: 10 * s}, {at: 60 * s, pod: pod, ripe: true}},
		"another one in between":            {{at: 0, pod: pod, next: 10 * s}, {at: 5 * s, pod: alive}, {at: 10 * s, pod: pod, next: 20 * s}},
		"another category in between":       {{at: 0, pod: pod, next: 10 * s}, {at: 5 * s, pod: evicted, next: 15 * s}, {at: 10 * s, pod: evicted, next: 15 * s}},
		"too young until it is old enough":  {{at: 0, pod: young, next: time.Minute}, {at: 60 * s, pod: young, next: 70 * s}, {at: 70 * s, pod: young, ripe: true}},
		"S38 a stale sight does not count":  {{at: 0, pod: pod, stale: true, next: 10 * s}, {at: 10 * s, pod: pod, next: 20 * s}, {at: 20 * s, pod: pod, ripe: true}},
		"S38 a stale sight in between":      {{at: 0, pod: pod, next: 10 * s}, {at: 5 * s, pod: pod, stale: true, next: 15 * s}, {at: 15 * s, pod: pod, next: 25 * s}},
		"protected, for the Sweeper to say": {{at: 0, pod: kept, next: 10 * s}, {at: 10 * s, pod: kept, ripe: true}},
		"on its way out":                    {{at: 0, pod: failedPod("a", "p", func(p *corev1.Pod) { p.DeletionTimestamp = new(ago(time.Minute)) })}},
		"a Job is for the Sweeper to read":  {{at: 0, pod: jobPod("job", "1"), next: 10 * s}, {at: 10 * s, pod: jobPod("job", "1"), ripe: true}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := NewCandidates(fiveMinutes)
			for _, step := range steps {
				if ripe, next := considered(c, step.pod, step.at, step.stale); ripe != step.ripe || next != step.next {
					t.Errorf("after %v: ripe %t, next look after %v; want %t, %v", step.at, ripe, next, step.ripe, step.next)
				}
			}
		})
	}
}

func TestS33_AgesOfCandidatesAreByTheServersClock(t *testing.T) {
	t.Parallel()
	pod := failedPod("a", "p", containers(ended("app", 1, "Error", ago(4*time.Minute))))
	p, v := judge(pod, noon)
	c := NewCandidates(fiveMinutes)
	// The machine is an hour fast: by its clock the pod has ended long ago.
	at := noon.Add(time.Hour)
	if ripe, next := c.Consider(Sight{Pod: p, Verdict: v}, at, -time.Hour); ripe || !next.Equal(at.Add(time.Minute)) {
		t.Errorf("ripe %t, next look at %v, want it in a minute", ripe, next)
	}
}

func TestAPodThatStaysIsLeftAloneForAWhile(t *testing.T) {
	t.Parallel()
	const s = time.Second
	c := NewCandidates(fiveMinutes)
	pod := failedPod("a", "p")
	considered(c, pod, 0, false)
	considered(c, pod, 10*s, false)
	if !c.rest(pod.UID, SkipLimit) || c.rest(pod.UID, SkipLimit) {
		t.Error("a reason is news once")
	}
	if ripe, next := considered(c, pod, 11*s, false); ripe || next != 311*s {
		t.Errorf("ripe %t, next look after %v, want it after five minutes", ripe, next)
	}
	considered(c, pod, 311*s, false)
	if ripe, _ := considered(c, pod, 321*s, false); !ripe {
		t.Error("it never gets ripe again")
	}
	c.done(pod.UID)
	if ripe, next := considered(c, pod, 331*s, false); ripe || next != 0 {
		t.Errorf("done with, and yet ripe %t, next look after %v", ripe, next)
	}
	c.Forget(pod.UID)
	if _, next := considered(c, pod, 331*s, false); next != 341*s {
		t.Errorf("forgotten, next look after %v", next)
	}
}

// Why a pod is left alone that is protected by itself is said once, however often it
// falls ill, and it is free ten seconds after its protection has gone.
func TestAProtectionIsSaidOnce(t *testing.T) {
	t.Parallel()
	const s = time.Second
	c := NewCandidates(fiveMinutes)
	held := failedPod("a", "p", func(p *corev1.Pod) { p.Finalizers = []string{"example.com/backup"} })
	well := failedPod("a", "p", func(p *corev1.Pod) { p.Status.Phase = corev1.PodRunning })
	considered(c, held, 0, false)
	if ripe, _ := considered(c, held, 10*s, false); !ripe || !c.rest(held.UID, SkipFinalizer) {
		t.Fatal("why it is left alone is not said")
	}
	for at, pod := range []*corev1.Pod{held, held, well, held, held} {
		if ripe, next := considered(c, pod, time.Duration(20+20*at)*s, false); ripe || next != 0 {
			t.Errorf("after %d s: ripe %t, next look after %v, want none", 20+20*at, ripe, next)
		}
	}
	if _, next := considered(c, failedPod("a", "p"), 200*s, false); next != 210*s {
		t.Errorf("without the finalizer: next look after %v", next)
	}
	if ripe, _ := considered(c, failedPod("a", "p"), 210*s, false); !ripe {
		t.Error("without the finalizer it never gets ripe")
	}
}
