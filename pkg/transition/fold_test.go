// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package transition_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/podwatch/kubectl-podwatch/pkg/apis/podwatch/v1alpha1"
	"github.com/podwatch/kubectl-podwatch/pkg/transition"
)

func TestF32_ThePodsOfALostNodeAreOneLine(t *testing.T) {
	t.Parallel()
	type step struct {
		after  time.Duration
		events []v1alpha1.PodWatchEvent
	}
	lost := func(node string, from, to int) []v1alpha1.PodWatchEvent {
		var events []v1alpha1.PodWatchEvent
		for i := from; i < to; i++ {
			events = append(events, v1alpha1.PodWatchEvent{
				Type: v1alpha1.EventPodFailing, Namespace: "shop", Name: fmt.Sprintf("p%02d", i), UID: fmt.Sprint(node, i), Node: node,
				Severity: v1alpha1.SeverityCritical, Cause: "NodeNotReady", SubCause: "Inferred", Message: "node " + node + " is silent",
			})
		}
		return events
	}
	one := func(kind v1alpha1.EventType, node string, i int) []v1alpha1.PodWatchEvent {
		e := lost(node, i, i+1)
		e[0].Type, e[0].Cause, e[0].Severity = kind, "", v1alpha1.SeverityInfo
		return e
	}
	for name, test := range map[string]struct {
		steps []step
		// want has the seconds at which something is told.
		want []string
	}{
		"fifty at once": {
			[]step{{0, lost("n1", 0, 50)}},
			[]string{"2s node.lost critical n1: node n1 is silent; 50 pods: shop/p00, shop/p01, shop/p02 and 47 more"},
		},
		"two nodes": {
			[]step{{0, lost("n2", 0, 2)}, {time.Second, lost("n1", 0, 3)}},
			[]string{
				"2s node.lost critical n2: node n2 is silent; 2 pods: shop/p00, shop/p01",
				"3s node.lost critical n1: node n1 is silent; 3 pods: shop/p00, shop/p01, shop/p02",
			},
		},
		"a single pod": {
			[]step{{0, lost("n1", 7, 8)}}, []string{"2s pod.failing critical p07: node n1 is silent"},
		},
		"one after another": {
			[]step{{0, lost("n1", 0, 1)}, {time.Second, lost("n1", 1, 2)}, {time.Second, lost("n1", 2, 3)}},
			[]string{"4s node.lost critical n1: node n1 is silent; 3 pods: shop/p00, shop/p01, shop/p02"},
		},
		"for a long time": {
			[]step{
				{0, lost("n1", 0, 1)},
				{1900 * time.Millisecond, lost("n1", 1, 2)},
				{1900 * time.Millisecond, lost("n1", 2, 3)},
				{1900 * time.Millisecond, lost("n1", 3, 4)},
				{1900 * time.Millisecond, lost("n1", 4, 5)},
				{1900 * time.Millisecond, lost("n1", 5, 6)},
			},
			[]string{"10s node.lost critical n1: node n1 is silent; 6 pods: shop/p00, shop/p01, shop/p02 and 3 more"},
		},
		"others pass by": {
			[]step{{0, lost("n1", 0, 2)}, {time.Second, one(v1alpha1.EventPodAdded, "n1", 9)}},
			[]string{
				"1s pod.added info p09: node n1 is silent",
				"2s node.lost critical n1: node n1 is silent; 2 pods: shop/p00, shop/p01",
			},
		},
		"but nothing overtakes what is kept of the same pod": {
			[]step{{0, lost("n1", 0, 2)}, {time.Second, one(v1alpha1.EventPodDeleted, "n1", 1)}},
			[]string{
				"1s node.lost critical n1: node n1 is silent; 2 pods: shop/p00, shop/p01",
				"1s pod.deleted info p01: node n1 is silent",
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var folder transition.Folder
			start := time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)
			now := start
			var got []string
			told := func(events []v1alpha1.PodWatchEvent) {
				for _, e := range events {
					of := e.Name
					if e.Type == v1alpha1.EventNodeLost {
						of = e.Node
					}
					got = append(got, fmt.Sprintf("%s %s %s %s: %s", now.Sub(start), e.Type, e.Severity, of, e.Message))
				}
			}
			pass := func(until time.Time) {
				for due := folder.Due(); !due.IsZero() && !due.After(until); due = folder.Due() {
					now = due
					told(folder.Release(now))
				}
				now = until
			}
			for _, s := range test.steps {
				pass(now.Add(s.after))
				for _, e := range s.events {
					told(folder.Take(e, now))
				}
			}
			pass(now.Add(time.Minute))
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("told (-want +got):\n%s", diff)
			}
			if rest := folder.Rest(); len(rest) != 0 {
				t.Errorf("kept %v", rest)
			}
		})
	}
}
