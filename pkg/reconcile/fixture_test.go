// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package reconcile

import (
	"context"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/utils/clock"

	"github.com/podwatch/kubectl-podwatch/pkg/diagnose"
	"github.com/podwatch/kubectl-podwatch/pkg/projection"
	"github.com/podwatch/kubectl-podwatch/pkg/reconcile/stream"
)

// healthy is a pod that runs and is ready.
func healthy(name string) *corev1.Pod {
	return &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{
			Namespace: "shop", Name: name, UID: types.UID("uid-" + name), ResourceVersion: "1",
			CreationTimestamp: metav1.NewTime(time.Now().Add(-time.Hour)),
		},
		Spec: corev1.PodSpec{NodeName: "n1", Containers: []corev1.Container{{Name: "app"}}},
		Status: corev1.PodStatus{
			Phase:     corev1.PodRunning,
			StartTime: &metav1.Time{Time: time.Now().Add(-time.Hour)},
			Conditions: []corev1.PodCondition{
				{Type: corev1.PodScheduled, Status: corev1.ConditionTrue},
				{Type: corev1.PodReady, Status: corev1.ConditionTrue},
			},
			ContainerStatuses: []corev1.ContainerStatus{{
				Name: "app", Ready: true, Started: new(true),
				State: corev1.ContainerState{Running: &corev1.ContainerStateRunning{
					StartedAt: metav1.NewTime(time.Now().Add(-time.Hour)),
				}},
			}},
		},
	}
}

// with returns a copy of p with the next resource version and change applied.
func with(p *corev1.Pod, change func(*corev1.Pod)) *corev1.Pod {
	p = p.DeepCopy()
	p.ResourceVersion += "1"
	change(p)
	return p
}

func notReady(p *corev1.Pod) {
	p.Status = healthy("").Status
	p.Status.ContainerStatuses[0].Ready = false
	p.Status.Conditions[1].Status = corev1.ConditionFalse
	p.Status.Conditions[1].LastTransitionTime = metav1.Now()
}

func failed(p *corev1.Pod) {
	p.Status.Phase = corev1.PodFailed
	p.Status.ContainerStatuses = []corev1.ContainerStatus{{Name: "app", State: corev1.ContainerState{
		Terminated: &corev1.ContainerStateTerminated{ExitCode: 1, Reason: "Error", FinishedAt: metav1.Now()},
	}}}
}

func pending(p *corev1.Pod) {
	p.Status = corev1.PodStatus{Phase: corev1.PodPending}
	p.Spec.NodeName = ""
	p.CreationTimestamp = metav1.Now()
}

// script is a source that delivers what it is told to.
type script func(ctx context.Context, h stream.Handler)

func (s script) source() Source {
	return Source{Run: func(ctx context.Context, h stream.Handler) error {
		s(ctx, h)
		<-ctx.Done()
		return ctx.Err()
	}}
}

// initially delivers pods as the initial list.
func initially(pods ...*corev1.Pod) script {
	return func(_ context.Context, h stream.Handler) {
		for _, p := range pods {
			h.Upsert(projection.From(p), stream.Frame{Initial: true})
		}
		h.Synced()
	}
}

// then delivers next after wait.
func (s script) then(wait time.Duration, next func(h stream.Handler)) script {
	return func(ctx context.Context, h stream.Handler) {
		s(ctx, h)
		select {
		case <-ctx.Done():
		case <-time.After(wait):
			next(h)
		}
	}
}

// run runs cfg for the given time, or to its own end if that comes first.
func run(t *testing.T, cfg Config, limit time.Duration) ([]Event, error) {
	t.Helper()
	cfg.Clock = clock.RealClock{}
	cfg.Thresholds = diagnose.Defaults()
	engine, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), limit)
	defer cancel()
	var events []Event
	err = engine.Run(ctx, func(ev Event) error {
		events = append(events, ev)
		return nil
	})
	return events, err
}

// lines renders events for comparison.
func lines(events []Event) []string {
	var out []string
	for _, ev := range events {
		line := string(ev.Type)
		if ev.Type == Judged || ev.Type == Gone {
			line += " " + ev.Key.Name + " " + state(ev.From) + "→" + state(ev.To)
		}
		if ev.Initial {
			line += " initial"
		}
		if ev.Gap {
			line += " gap"
		}
		if ev.Aged {
			line += " aged"
		}
		out = append(out, line)
	}
	return out
}

func state(v *diagnose.Verdict) string {
	if v == nil {
		return "-"
	}
	return string(v.State)
}
