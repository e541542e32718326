// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package diagnose_test

import (
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/podwatch/kubectl-podwatch/pkg/diagnose"
	"github.com/podwatch/kubectl-podwatch/pkg/projection"
)

func healthyPod() *projection.Pod {
	return projection.From(newPod(corev1.PodRunning,
		twoApps(running(ago(time.Hour)), running(ago(time.Hour))),
		ready(), condition(corev1.ContainersReady, corev1.ConditionTrue, ""), condition(corev1.PodInitialized, corev1.ConditionTrue, "")))
}

func TestJudgingAHealthyPodDoesNotAllocate(t *testing.T) {
	p, now, limits := healthyPod(), corpusNow(), diagnose.Defaults()
	n := testing.AllocsPerRun(100, func() {
		if v := diagnose.Judge(p, diagnose.Related{}, now, limits); v.Findings != nil {
			t.Errorf("findings of a healthy pod: %v", v.Findings)
		}
	})
	if n != 0 {
		t.Errorf("Judge allocates %v times on a healthy pod, want 0", n)
	}
}

func TestJudgingAHealthyPodAmongItsObjectsDoesNotAllocate(t *testing.T) {
	p, now, limits := healthyPod(), corpusNow(), diagnose.Defaults()
	rel := nodeThat(corev1.ConditionTrue, "KubeletReady", time.Hour)
	rel.Owners = []*projection.Owner{replicaSet(3, 3), deployment(3, 3)}
	rel.Events = []projection.Event{normal(time.Hour, "Started", "Started container c")}
	if n := testing.AllocsPerRun(100, func() { diagnose.Judge(p, rel, now, limits) }); n != 0 {
		t.Errorf("Judge allocates %v times on a healthy pod with everything read, want 0", n)
	}
}

func BenchmarkJudge(b *testing.B) {
	now, limits := corpusNow(), diagnose.Defaults()
	for name, p := range map[string]*projection.Pod{
		"healthy": healthyPod(),
		"crash-loop": projection.From(newPod(corev1.PodRunning,
			app(after(waiting("CrashLoopBackOff", "back-off 5m0s restarting failed container=c"), 7, exit(1, "Error", ago(time.Minute)))))),
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				diagnose.Judge(p, diagnose.Related{}, now, limits)
			}
		})
	}
}
