// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package clean

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/podwatch/kubectl-podwatch/pkg/apis/podwatch/v1alpha1"
)

// ofController makes pods of one controller that have ended so long ago.
func ofController(controller string, ages ...time.Duration) []*corev1.Pod {
	var pods []*corev1.Pod
	for i, age := range ages {
		pods = append(pods, failedPod("a", fmt.Sprintf("%s-%d", controller, i), containers(ended("app", 1, "Error", ago(age))), func(p *corev1.Pod) {
			p.OwnerReferences[0].Name, p.OwnerReferences[0].UID = controller, types.UID("uid-"+controller)
		}))
	}
	return pods
}

func skippedAs(plan *Plan, reason SkipReason) []string {
	out := []string{}
	for _, item := range plan.Items {
		if item.SkipReason == string(reason) {
			out = append(out, item.Name)
		}
	}
	return out
}

func checkSums(t *testing.T, plan *Plan) {
	t.Helper()
	skipped := 0
	for _, n := range plan.Skipped {
		skipped += n
	}
	if plan.Scanned != len(plan.Planned())+skipped {
		t.Errorf("scanned %d, planned %d, skipped %v: the sum is wrong", plan.Scanned, len(plan.Planned()), plan.Skipped)
	}
}

func TestKeepLastKeepsTheNewestOfEachController(t *testing.T) {
	t.Parallel()
	pods := ofController("x", 4*time.Hour, 3*time.Hour, 2*time.Hour, time.Hour, time.Minute)
	pods = append(pods, ofController("y", 2*time.Hour, time.Hour)...)
	pods = append(pods, failedPod("a", "bare", bare))
	pods[0].DeletionTimestamp = new(ago(time.Minute)) // leaves anyway
	unknown := ofController("x", 0)[0]
	unknown.Name, unknown.UID, unknown.Status.ContainerStatuses = "x-unknown", "uid-unknown", nil
	plan := Make(judged(append(pods, unknown)...), noon, Rules{OlderThan: 5 * time.Minute, KeepLast: 3}, Known{}, ListCandidates)
	// Of x: one of unknown age and one too young are the newest, then x-3.
	if diff := cmp.Diff([]string{"a/x-1", "a/x-2", "a/bare"}, names(plan.Planned())); diff != "" {
		t.Errorf("planned (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"y-0", "x-3", "y-1"}, skippedAs(plan, SkipKeptLast)); diff != "" {
		t.Errorf("kept-last (-want +got):\n%s", diff)
	}
	checkSums(t, plan)
}

func TestOneLivingPodOfEachControllerIsRemovedPerRun(t *testing.T) {
	t.Parallel()
	var pods []*corev1.Pod
	for i, owner := range []string{"x", "x", "y", "x"} {
		pods = append(pods, loopingPod(func(p *corev1.Pod) {
			p.Name, p.UID = fmt.Sprintf("p%d", i), types.UID(fmt.Sprintf("uid-%d", i))
			p.OwnerReferences[0].UID = types.UID(owner)
		}))
	}
	for most, want := range map[int][]string{0: {"a/p0", "a/p2"}, 1: {"a/p0", "a/p2"}, 2: {"a/p0", "a/p1", "a/p2"}} {
		plan := Make(judged(pods...), noon, everything(func(r *Rules) { r.MaxPerOwner = most }), Known{}, ListCandidates)
		if diff := cmp.Diff(want, names(plan.Planned())); diff != "" {
			t.Errorf("at most %d: planned (-want +got):\n%s", most, diff)
		}
		if plan.Planned()[0].Action != v1alpha1.ActionEvict {
			t.Errorf("action = %q, want evict", plan.Planned()[0].Action)
		}
		checkSums(t, plan)
	}
}

func TestS43_TruncateLeavesTheOldest(t *testing.T) {
	t.Parallel()
	pods := append(ofController("x", 4*time.Hour, 3*time.Hour, 2*time.Hour), evictedPod("a", "evicted", ago(time.Hour)))
	for i := range 2 {
		pods = append(pods, loopingPod(func(p *corev1.Pod) {
			p.Name, p.UID = fmt.Sprintf("loop-%d", i), types.UID(fmt.Sprintf("uid-loop-%d", i))
			p.OwnerReferences[0].UID = p.UID
		}))
	}
	plan := Make(judged(pods...), noon, everything(), Known{}, ListCandidates)
	var limit *LimitError
	if err := plan.Check(Limits{Ended: 4, Living: 1}); !errors.As(err, &limit) || *limit != (LimitError{Planned: 2, Limit: 1, Living: true}) {
		t.Errorf("Check() = %v, want the limit of living pods", err)
	}
	limits := Limits{Ended: 2, Living: 1}
	short := plan.Truncate(limits)
	if diff := cmp.Diff([]string{"a/x-0", "a/x-1", "a/loop-0"}, names(short.Planned())); diff != "" {
		t.Errorf("truncated (-want +got):\n%s", diff)
	}
	if err := short.Check(limits); err != nil || len(plan.Planned()) != 6 || short.Skipped[SkipLimit] != 3 {
		t.Errorf("Check() = %v, first plan %d, skipped %v", err, len(plan.Planned()), short.Skipped)
	}
	checkSums(t, short)
}

func TestWithoutSkipsWhatItIsTold(t *testing.T) {
	t.Parallel()
	plan := planOf(failedPod("b", "q"), failedPod("a", "p"))
	some := plan.Without(SkipForbidden, func(i v1alpha1.CleanItem) bool { return i.Namespace == "a" })
	if diff := cmp.Diff([]string{"b/q", "a/p"}, names(some.Items)); diff != "" || len(some.Planned()) != 1 {
		t.Errorf("items (-want +got):\n%s", diff)
	}
	if item := some.Items[1]; item.Action != "" || item.SkipReason != "forbidden" || item.Decision != v1alpha1.DecisionSkipped {
		t.Errorf("item = %+v, want it skipped", item)
	}
	checkSums(t, some)
}

func TestKeepLastHoldsWhenSomebodyElseRemovesWhatWasKept(t *testing.T) {
	t.Parallel()
	pods := append(ofController("x", 4*time.Hour, 3*time.Hour, 2*time.Hour, time.Hour), ofController("y", 4*time.Hour, time.Hour)...)
	plan := Make(judged(pods...), noon, Rules{KeepLast: 2}, Known{}, ListCandidates)
	if diff := cmp.Diff([]string{"a/x-0", "a/x-1"}, names(plan.Planned())); diff != "" {
		t.Fatalf("planned (-want +got):\n%s", diff)
	}
	for name, test := range map[string]struct {
		removed types.UID
		want    v1alpha1.Result
	}{
		"a kept one":               {"uid-a-x-3", v1alpha1.ResultRecovered},
		"one that was planned":     {"uid-a-x-1", v1alpha1.ResultDeleted},
		"one of another workload":  {"uid-a-y-1", v1alpha1.ResultDeleted},
		"none of the known is one": {"uid-of-another", v1alpha1.ResultDeleted},
	} {
		s := newServer(t, pods...)
		actor, _ := deleting(s)
		cleaner := New(plan, actor, atNoon())
		sight := cacheOf(pods...).see(plan.Items[0])
		sight.There = func(uid types.UID) bool { return uid != test.removed }
		if err := cleaner.Clean(t.Context(), "uid-a-x-0", 1, sight); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		item := cleaner.Items()[0]
		if item.Result != test.want || (item.SkipReason == string(SkipKeptLast)) != (test.want == v1alpha1.ResultRecovered) {
			t.Errorf("%s: %+v, want %s", name, item, test.want)
		}
	}
}
