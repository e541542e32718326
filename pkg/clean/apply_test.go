// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package clean

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/clock"
	clocktesting "k8s.io/utils/clock/testing"

	"github.com/podwatch/kubectl-podwatch/pkg/apis/podwatch/v1alpha1"
)

// cache plays the engine's cache.
type cache map[string]*corev1.Pod

func cacheOf(pods ...*corev1.Pod) cache {
	c := cache{}
	for _, pod := range pods {
		c[pod.Namespace+"/"+pod.Name] = pod
	}
	return c
}

func (c cache) see(item v1alpha1.CleanItem) Sight {
	pod := c[item.Namespace+"/"+item.Name]
	if pod == nil {
		return Sight{}
	}
	p, v := judge(pod, noon)
	return Sight{Pod: p, Verdict: v}
}

// atNoon is a clock that stands still; nothing may wait for it.
func atNoon() clock.WithTicker { return clocktesting.NewFakeClock(noon) }

// planOfAnyAge is for bubbles, whose clock begins in 2000: there the pods of
// the tests are in the future and so of age 0.
func planOfAnyAge(pods ...*corev1.Pod) *Plan {
	return Make(judged(pods...), noon, Rules{}, jobActive(), ListCandidates)
}

func results(items []v1alpha1.CleanItem) map[string]v1alpha1.Result {
	out := map[string]v1alpha1.Result{}
	for i := range items {
		out[items[i].Name] = items[i].Result
	}
	return out
}

func manyPods(n int) []*corev1.Pod {
	var pods []*corev1.Pod
	for i := range n {
		pods = append(pods, failedPod("a", fmt.Sprintf("p%02d", i)))
	}
	return pods
}

func TestApplyJudgesAgain(t *testing.T) {
	t.Parallel()
	pods := []*corev1.Pod{
		failedPod("a", "same"), failedPod("a", "gone"), failedPod("a", "replaced"), failedPod("a", "kept"),
		failedPod("a", "deleted"), failedPod("a", "reasoned"), failedPod("a", "labelled"),
	}
	s := newServer(t, pods...)
	actor, _ := deleting(s)
	now := cacheOf(pods...)
	delete(now, "a/gone")
	now["a/replaced"] = failedPod("a", "replaced", func(p *corev1.Pod) { p.UID = "uid-of-the-next" })
	now["a/kept"] = failedPod("a", "kept", annotated("podwatch.dev/keep", "yes"))
	now["a/deleted"] = failedPod("a", "deleted", deleted)
	now["a/reasoned"] = failedPod("a", "reasoned", because("OutOfcpu", ""))
	// S6: a change that changes nothing about the decision.
	now["a/labelled"] = failedPod("a", "labelled", func(p *corev1.Pod) { p.ResourceVersion, p.Labels = "7", map[string]string{"x": "y"} })

	cleaner := New(planOf(pods...), actor, atNoon())
	cleaner.Apply(t.Context(), 8, now.see)
	want := map[string]v1alpha1.Result{
		"same": v1alpha1.ResultDeleted, "gone": v1alpha1.ResultGone, "replaced": v1alpha1.ResultReplaced,
		"kept": v1alpha1.ResultRecovered, "deleted": v1alpha1.ResultTerminating, "reasoned": v1alpha1.ResultRecovered,
		"labelled": v1alpha1.ResultDeleted,
	}
	if diff := cmp.Diff(want, results(cleaner.Items())); diff != "" {
		t.Errorf("results (-want +got):\n%s", diff)
	}
	if got, want := s.mutations(), []string{"DELETE a/labelled", "DELETE a/same"}; !cmp.Equal(slices.Sorted(slices.Values(got)), want) {
		t.Errorf("sent %q, want %q", got, want)
	}
}

func TestCleanLeavesAloneWhatIsNotPlanned(t *testing.T) {
	t.Parallel()
	planned, other := failedPod("a", "p"), failedPod("a", "other")
	s := newServer(t, planned, other)
	actor, _ := deleting(s)
	cleaner := New(planOf(planned), actor, atNoon())
	if err := cleaner.Clean(t.Context(), other.UID, 1, cacheOf(other).see(itemOf(other))); err != nil || len(s.mutations()) > 0 {
		t.Errorf("Clean() = %v after %q", err, s.mutations())
	}
}

func TestS40_DryRunListIsTheListThatIsDeleted(t *testing.T) {
	t.Parallel()
	pods := append(manyPods(20),
		failedPod("a", "kept", annotated("podwatch.dev/keep", "")), evictedPod("b", "evicted", ago(time.Hour)),
		evictedPod("b", "young", ago(time.Second)))
	s := newServer(t, pods...)
	plan := planOf(pods...)
	for _, actor := range []Actor{ClientDryRun(), ServerDryRun(s.client())} {
		cleaner := New(plan, actor, atNoon())
		cleaner.Apply(t.Context(), 8, cacheOf(pods...).see)
		would := []string{}
		for _, item := range cleaner.Items() {
			if item.Result == v1alpha1.ResultWouldDelete && item.DryRun == actor.DryRun() {
				would = append(would, item.Namespace+"/"+item.Name)
			}
		}
		if diff := cmp.Diff(names(plan.Planned()), would); diff != "" {
			t.Errorf("%s: would delete (-planned +got):\n%s", actor.DryRun(), diff)
		}
	}
	actor, _ := deleting(s)
	New(plan, actor, atNoon()).Apply(t.Context(), 8, cacheOf(pods...).see)
	if diff := cmp.Diff(slices.Sorted(slices.Values(names(plan.Planned()))), s.gone()); diff != "" {
		t.Errorf("deleted (-planned +got):\n%s", diff)
	}
}

// S39: whatever the rules are, a dry run changes nothing. server refuses a dry
// run that stands anywhere but in the body; the client's sends nothing at all.
func TestS39_DryRunsChangeNothing(t *testing.T) {
	t.Parallel()
	pods := append(manyPods(5), evictedPod("b", "evicted", ago(time.Second)), failedPod("b", "ageless", containers()),
		failedPod("b", "held", finalizer("x/y")), failedPod("b", "sts", controlledBy("apps/v1", "StatefulSet")))
	for _, dryRun := range []v1alpha1.DryRun{v1alpha1.DryRunClient, v1alpha1.DryRunServer} {
		for _, older := range []time.Duration{0, time.Minute, time.Hour, 24 * time.Hour} {
			for _, list := range []Listing{ListCandidates, ListAll} {
				t.Run(fmt.Sprint(dryRun, older, list), func(t *testing.T) {
					t.Parallel()
					s := newServer(t, pods...)
					plan := Make(judged(pods...), noon, Rules{OlderThan: older}, jobActive(), list)
					actor, want := ClientDryRun(), 0
					if dryRun == v1alpha1.DryRunServer {
						actor, want = ServerDryRun(s.client()), len(plan.Planned())
					}
					cleaner := New(plan, actor, atNoon())
					cleaner.Apply(t.Context(), 8, cacheOf(pods...).see)
					if sent, gone := s.mutations(), s.gone(); len(sent) != want || len(gone) > 0 {
						t.Errorf("sent %q, deleted %q; want %d dry runs and none", sent, gone, want)
					}
					r := Report(plan, cleaner.Items(), actor.DryRun())
					if r.Summary.WouldDelete != r.Summary.Planned || Failures(r.Summary) > 0 {
						t.Errorf("summary = %+v, want all planned as wouldDelete", r.Summary)
					}
				})
			}
		}
	}
}

func TestS44_S45_OneRefusalDoesNotEndTheRun(t *testing.T) {
	t.Parallel()
	pods := manyPods(12)
	s := newServer(t, pods...)
	s.answer = func(r *http.Request) (*http.Response, error) {
		switch podOf(r) {
		case "a/p01":
			return refuse(http.StatusForbidden, metav1.StatusReasonForbidden), nil
		case "a/p02":
			return refuse(http.StatusInternalServerError, metav1.StatusReasonInternalError), nil
		case "a/p03":
			return refuse(http.StatusNotFound, metav1.StatusReasonNotFound), nil
		}
		return nil, nil
	}
	actor, _ := deleting(s)
	plan := planOf(pods...)
	cleaner := New(plan, actor, atNoon())
	cleaner.Apply(t.Context(), 3, cacheOf(pods...).see)
	sum := Report(plan, cleaner.Items(), actor.DryRun()).Summary
	want := v1alpha1.CleanSummary{
		Scanned: 12, Planned: 12, Deleted: 9, Gone: 1, Forbidden: 1, Errors: 1, SkippedByReason: map[string]int{},
		ByCategory: map[string]int{"failed": 12}, ByNamespace: map[string]int{"a": 12},
	}
	if diff := cmp.Diff(want, sum); diff != "" {
		t.Errorf("summary (-want +got):\n%s", diff)
	}
	if Failures(sum) != 2 || Undone(sum) != 0 {
		t.Errorf("failures = %d, undone = %d; want 2 and 0", Failures(sum), Undone(sum))
	}
}

func TestApplyTriesAgain(t *testing.T) {
	t.Parallel()
	unavailable := func(*http.Request) (*http.Response, error) {
		return refuse(http.StatusServiceUnavailable, metav1.StatusReasonServiceUnavailable), nil
	}
	tests := []struct {
		name string
		// until is how long the server or the cache is out of order.
		until time.Duration
		stale bool
		want  v1alpha1.Result
		took  time.Duration
	}{
		{"the server comes back", time.Second, false, v1alpha1.ResultDeleted, 1400 * time.Millisecond},
		{"the server stays away", time.Hour, false, v1alpha1.ResultError, 81 * time.Second},
		{"the cache catches up", time.Second, true, v1alpha1.ResultDeleted, 1400 * time.Millisecond},
		{"the cache stays stale", time.Hour, true, v1alpha1.ResultError, 81 * time.Second},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				pod := failedPod("a", "p")
				s := newServer(t, pod)
				begin := time.Now()
				out := func() bool { return time.Since(begin) < tt.until }
				s.answer = func(r *http.Request) (*http.Response, error) {
					if !tt.stale && out() {
						return unavailable(r)
					}
					return nil, nil
				}
				actor, _ := deleting(s)
				cleaner := New(planOfAnyAge(pod), actor, clock.RealClock{})
				cleaner.Apply(t.Context(), 1, func(item v1alpha1.CleanItem) Sight {
					sight := cacheOf(pod).see(item)
					sight.Stale = tt.stale && out()
					return sight
				})
				item := cleaner.Items()[0]
				if took := time.Since(begin).Truncate(time.Second / 10); item.Result != tt.want || took != tt.took {
					t.Errorf("%s (%s) after %v, want %s after %v", item.Result, item.Error, took, tt.want, tt.took)
				}
				if tt.want != v1alpha1.ResultDeleted && tt.stale && len(s.mutations()) > 0 {
					t.Errorf("sent %q on a stale view", s.mutations())
				}
			})
		})
	}
}

// A conflict is no reason to delete: the pod is judged again first.
func TestApplyJudgesAgainAfterAConflict(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		pod := failedPod("a", "p")
		s := newServer(t, pod)
		s.answer = func(r *http.Request) (*http.Response, error) {
			if r.Method == http.MethodDelete {
				return refuse(http.StatusConflict, metav1.StatusReasonConflict), nil
			}
			return nil, nil
		}
		actor, _ := deleting(s)
		cleaner := New(planOfAnyAge(pod), actor, clock.RealClock{})
		looks := 0
		cleaner.Apply(t.Context(), 1, func(item v1alpha1.CleanItem) Sight {
			if looks++; looks > 1 {
				return cacheOf(failedPod("a", "p", annotated("podwatch.dev/keep", ""))).see(item)
			}
			return cacheOf(pod).see(item)
		})
		if got := cleaner.Items()[0]; got.Result != v1alpha1.ResultRecovered || got.SkipReason != string(SkipKeepAnnotation) || got.Error != "" {
			t.Errorf("item = %+v, want recovered because of keep-annotation", got)
		}
	})
}

func TestS50_InterruptFinishesWhatIsInFlight(t *testing.T) {
	t.Parallel()
	for name, hang := range map[string]time.Duration{"in time": 5 * time.Second, "too long": time.Hour} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) { interrupt(t, hang) })
		})
	}
}

// interrupt ends the context while two DELETEs hang for the given time.
func interrupt(t *testing.T, hang time.Duration) {
	t.Helper()
	const workers = 2
	pods := manyPods(10)
	s := newServer(t, pods...)
	ctx, stop := context.WithCancel(t.Context())
	var begun atomic.Int32
	s.answer = func(r *http.Request) (*http.Response, error) {
		if begun.Add(1) == workers {
			stop()
		}
		select {
		case <-time.After(hang):
			return nil, nil
		case <-r.Context().Done():
			return nil, r.Context().Err()
		}
	}
	actor, archive := deleting(s)
	plan := planOfAnyAge(pods...)
	cleaner := New(plan, actor, clock.RealClock{})
	start := time.Now()
	cleaner.Apply(ctx, workers, cacheOf(pods...).see)

	sum := Report(plan, cleaner.Items(), actor.DryRun()).Summary
	done, took := sum.Deleted, hang
	if hang > grace {
		done, took = sum.Errors, grace
	}
	if done != workers || Undone(sum) != len(pods)-workers || len(s.mutations()) != workers {
		t.Errorf("summary = %+v with %d undone after %q; want %d done", sum, Undone(sum), s.mutations(), workers)
	}
	if got := time.Since(start); got != took {
		t.Errorf("ended after %v, want %v", got, took)
	}
	if n := len(readJournal(t, archive.dir)); n != 2*workers {
		t.Errorf("%d journal records, want a decision and a result for each of %d pods", n, workers)
	}
}
