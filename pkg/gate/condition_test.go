// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package gate_test

import (
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/podwatch/kubectl-podwatch/pkg/gate"
)

func TestConditions(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		conditions []string
		pods       func(*bench) []*corev1.Pod
		want       gate.Outcome
	}{
		"ready": {[]string{"condition=Ready"}, func(b *bench) []*corev1.Pod { return []*corev1.Pod{b.running("a", 0)} }, gate.Held},
		"a condition that a projection leaves out": {
			[]string{"condition=PodScheduled"}, func(b *bench) []*corev1.Pod { return []*corev1.Pod{b.running("a", 0)} }, gate.Held,
		},
		"not ready":      {[]string{"condition=ready=false"}, func(b *bench) []*corev1.Pod { return []*corev1.Pod{b.starting("a")} }, gate.Held},
		"a phase":        {[]string{"phase=failed"}, func(b *bench) []*corev1.Pod { return []*corev1.Pod{failed(b.running("a", 0))} }, gate.Held},
		"both must hold": {[]string{"phase=Running", "condition=Ready=False"}, func(b *bench) []*corev1.Pod { return []*corev1.Pod{b.running("a", 0)} }, gate.Pending},
		"all pods must": {
			[]string{"condition=Ready"}, func(b *bench) []*corev1.Pod { return []*corev1.Pod{b.running("a", 0), b.starting("b")} }, gate.Pending,
		},
		"completed is healthy": {nil, func(b *bench) []*corev1.Pod {
			p := b.running("a", 0)
			p.Status.Phase = corev1.PodSucceeded
			return []*corev1.Pod{p}
		}, gate.Held},
		"gone":            {[]string{"delete"}, func(*bench) []*corev1.Pod { return nil }, gate.Held},
		"still there":     {[]string{"delete"}, func(b *bench) []*corev1.Pod { return []*corev1.Pod{b.running("a", 0)} }, gate.Pending},
		"failed and kept": {[]string{"delete"}, func(b *bench) []*corev1.Pod { return []*corev1.Pod{failed(b.running("a", 0))} }, gate.Pending},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t, gate.Options{MinPods: 1, Timeout: time.Hour}, test.conditions...)
			b.synced(test.pods(b)...)
			b.expect(test.want, 0, "")
		})
	}
}

func TestParseRefuses(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"", "create", "delete=x", "condition", "condition=", "condition==True", "phase=", "phase=Done", "jsonpath={.x}"} {
		if _, err := gate.Parse(text); err == nil {
			t.Errorf("Parse(%q) is no error", text)
		}
	}
}
