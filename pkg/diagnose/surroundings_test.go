// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package diagnose_test

import (
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"

	"github.com/podwatch/kubectl-podwatch/pkg/apis/podwatch/v1alpha1"
	"github.com/podwatch/kubectl-podwatch/pkg/diagnose"
	"github.com/podwatch/kubectl-podwatch/pkg/projection"
)

// surroundedPods is on how many random pods each property is tried: enough to
// reach the causes that few pods have.
const surroundedPods = 2000

// surroundings makes random objects around random pods.
type surroundings struct {
	*rand.Rand
	now time.Time
}

func of[T any](r surroundings, from ...T) T { return from[r.IntN(len(from))] }

func (r surroundings) time() time.Time {
	if r.IntN(12) == 0 {
		return time.Time{}
	}
	return r.now.Add(time.Duration(60-r.IntN(4000)) * time.Second)
}

func (r surroundings) events() []projection.Event {
	var out []projection.Event
	for range r.IntN(6) {
		e := projection.Event{Warning: r.IntN(2) == 0, Count: int32(r.IntN(50) + 1), Last: r.time(), Container: of(r, "", "a", "b", "c")}
		e.First = e.Last
		if r.IntN(2) == 0 && !e.Last.IsZero() {
			e.First = e.Last.Add(-time.Duration(r.IntN(4000)) * time.Second)
		}
		e.Reason = of(r, "FailedMount", "FailedAttachVolume", "FailedCreatePodSandBox", "NetworkNotReady", "FailedPrepareDynamicResources", "Unhealthy",
			"Killing", "Pulling", "Started", "NodeNotReady", "FailedKillPod", "FailedPreStopHook", "FailedToRetrieveImagePullSecret", "Odd", "FailedCreate", "SuccessfulCreate", "Failed")
		e.Message = of(r, "", `configmap "x" not found`, `secret "`, "Readiness probe failed: x", "Liveness probe failed: x", "Startup probe errored and resulted in y state: z",
			"Container a failed liveness probe, will be restarted", "Container b failed startup probe", "no IP addresses available", "(combined from similar events): x",
			"exceeded quota: q, requested: 1", "exceeded quota: ", "Unable to retrieve some image pull secrets (", "in ConfigMap ns/",
			`Failed to pull image "x/y:1": manifest unknown`, `Failed to pull image "`)
		out = append(out, e)
	}
	slices.SortStableFunc(out, func(a, b projection.Event) int { return a.Last.Compare(b.Last) })
	return out
}

func (r surroundings) condition(t, reason string) projection.Condition {
	return projection.Condition{
		Type: corev1.PodConditionType(t), Reason: reason, LastTransitionTime: r.time(),
		Status: of(r, corev1.ConditionTrue, corev1.ConditionFalse, corev1.ConditionUnknown),
	}
}

func (r surroundings) node() *projection.Node {
	n := &projection.Node{Name: of(r, "n1", "n2"), CPU: int64(r.IntN(9)) * 500, Memory: int64(r.IntN(9)) << 30, Unschedulable: r.IntN(4) == 0}
	switch r.IntN(5) {
	case 0:
		return &projection.Node{Name: n.Name, Missing: true}
	case 1:
	default:
		ready := r.condition("Ready", "Kubelet")
		n.Ready = &ready
	}
	for range r.IntN(3) {
		n.Taints = append(n.Taints, projection.Taint{
			Key: of(r, corev1.TaintNodeUnreachable, corev1.TaintNodeNotReady, corev1.TaintNodeOutOfService, "k"), Value: of(r, "", "3"),
			Effect: of(r, corev1.TaintEffectNoSchedule, corev1.TaintEffectNoExecute),
		})
	}
	return n
}

func (r surroundings) owner() *projection.Owner {
	o := &projection.Owner{
		Kind: of(r, "", "ReplicaSet", "Deployment", "StatefulSet", "DaemonSet", "Job"), Namespace: "ns", Name: "o", Observed: r.IntN(4) > 0, Paused: r.IntN(5) == 0,
		Desired: int32(r.IntN(4)), Created: int32(r.IntN(4)), Available: int32(r.IntN(4)), Updated: int32(r.IntN(4)), MaxUnavailable: int32(r.IntN(2)),
		Failed: int32(r.IntN(4)), BackoffLimit: 2,
	}
	for range r.IntN(3) {
		c := r.condition(of(r, "Progressing", "ReplicaFailure", "Complete", "Failed", "FailureTarget"), of(r, "", "FailedCreate", "ProgressDeadlineExceeded", "ReplicaSetCreateError", "free text"))
		o.Conditions = append(o.Conditions, c)
	}
	return o
}

func (r surroundings) all() diagnose.Related {
	rel := diagnose.Related{Events: r.events(), NamespaceTerminating: r.IntN(10) == 0}
	if r.IntN(2) == 0 {
		rel.Node = r.node()
	}
	for range r.IntN(4) {
		rel.Nodes = append(rel.Nodes, r.node())
	}
	for range r.IntN(3) {
		rel.Owners = append(rel.Owners, r.owner())
	}
	for range r.IntN(3) {
		rel.Claims = append(rel.Claims, &projection.Claim{Namespace: "ns", Name: of(r, "x", "y"), Missing: r.IntN(2) == 0, Phase: of(r, corev1.ClaimBound, corev1.ClaimPending, corev1.ClaimLost)})
	}
	return rel
}

func surround(seed uint64) surroundings {
	return surroundings{rand.New(rand.NewPCG(seed, 9)), corpusNow()}
}

func TestVerdictsAmongRandomObjectsHaveTheShapeAndHoldUntilNext(t *testing.T) {
	t.Parallel()
	causes := map[string]bool{}
	for seed := range uint64(surroundedPods) {
		p, rel, same := projection.From(random(seed, corpusNow())), surround(seed).all(), surround(seed).all()
		judge := func(now time.Time) diagnose.Verdict { return diagnose.Judge(p, rel, now, diagnose.Defaults()) }
		now := corpusNow()
		for range 50 {
			v := judge(now)
			checkShape(t, v)
			for _, f := range v.Findings {
				causes[f.Cause+"/"+f.SubCause] = true
			}
			checkUntilNext(t, seed, now, v, judge)
			if t.Failed() {
				t.Fatalf("seed %d: %+v", seed, v)
			}
			if now = v.Next; now.IsZero() {
				break
			}
		}
		if !now.IsZero() {
			t.Fatalf("seed %d: the verdict still flips after 50 steps", seed)
		}
		if diff := cmp.Diff(same, rel); diff != "" {
			t.Fatalf("seed %d: Judge has changed what it was given:\n%s", seed, diff)
		}
	}
	for _, want := range []string{
		"Volume/Mount", "Sandbox/CNI", "NodeNotReady/Unreachable",
	} {
		if !causes[want] {
			t.Errorf("no random pod has the cause %s", want)
		}
	}
}

func checkUntilNext(t *testing.T, seed uint64, now time.Time, v diagnose.Verdict, judge func(time.Time) diagnose.Verdict) {
	t.Helper()
	if v.Next.IsZero() {
		same(t, seed, v, judge(now.Add(time.Hour)))
		same(t, seed, v, judge(now.Add(1000*time.Hour)))
		return
	}
	if !v.Next.After(now) {
		t.Fatalf("seed %d: Next %v is not after now %v", seed, v.Next, now)
	}
	same(t, seed, v, judge(now.Add(v.Next.Sub(now)/2)))
	same(t, seed, v, judge(v.Next.Add(-1)))
}

func TestEventsNeverMakeAVerdictMilder(t *testing.T) {
	t.Parallel()
	changed := 0
	for seed := range uint64(surroundedPods) {
		p := projection.From(random(seed, corpusNow()))
		alone := diagnose.Judge(p, diagnose.Related{}, corpusNow(), diagnose.Defaults())
		told := diagnose.Judge(p, diagnose.Related{Events: surround(seed).events()}, corpusNow(), diagnose.Defaults())
		if !cmp.Equal(alone, told) {
			changed++
		}
		if len(alone.Findings) != len(told.Findings) {
			t.Fatalf("seed %d: %d findings with events, %d without", seed, len(told.Findings), len(alone.Findings))
		}
		before, after := severities(alone), severities(told)
		for i := range before {
			if rank(after[i]) > rank(before[i]) {
				t.Fatalf("seed %d: severities %v with events, %v without", seed, after, before)
			}
		}
	}
	if changed < 50 {
		t.Errorf("events changed only %d of %d verdicts", changed, surroundedPods)
	}
}

func severities(v diagnose.Verdict) []v1alpha1.Severity {
	var out []v1alpha1.Severity
	for _, f := range v.Findings {
		out = append(out, f.Severity)
	}
	return out
}

func TestOwnersNeverMakeAVerdictWorse(t *testing.T) {
	t.Parallel()
	lowered := map[string]bool{}
	for seed := range uint64(surroundedPods) {
		p, r := projection.From(random(seed, corpusNow())), surround(seed)
		alone := diagnose.Judge(p, diagnose.Related{}, corpusNow(), diagnose.Defaults())
		rel := diagnose.Related{Owners: []*projection.Owner{r.owner(), r.owner()}, NamespaceTerminating: r.IntN(4) == 0}
		known := diagnose.Judge(p, rel, corpusNow(), diagnose.Defaults())
		if len(alone.Findings) != len(known.Findings) || rank(known.Severity()) < rank(alone.Severity()) {
			t.Fatalf("seed %d: owners make %s of %s", seed, brief(known), brief(alone))
		}
		for _, f := range known.Findings {
			for _, why := range f.SeverityReason {
				lowered[why] = true
			}
			if f.Category == "Deletion" && len(f.SeverityReason) > 0 {
				t.Fatalf("seed %d: a deletion is lowered by %v", seed, f.SeverityReason)
			}
		}
	}
	if len(lowered) != 5 {
		t.Errorf("random owners lower by %v only", lowered)
	}
}

func TestFindingsAboutRandomOwnersHaveTheShape(t *testing.T) {
	t.Parallel()
	causes := map[string]bool{}
	for seed := range uint64(surroundedPods) {
		r := surround(seed)
		o := r.owner()
		v := diagnose.Verdict{Findings: diagnose.JudgeOwner(o, r.events(), corpusNow(), diagnose.Defaults())}
		checkShape(t, v)
		for _, f := range v.Findings {
			causes[f.Cause] = true
			if f.Category != "Owner" || len(diagnose.OwnerHints(o, f, "ctx")) == 0 {
				t.Errorf("seed %d: %+v of category %s has no hints", seed, f, f.Category)
			}
		}
		if t.Failed() {
			t.Fatalf("seed %d: %+v", seed, v)
		}
	}
	if len(causes) != 4 {
		t.Errorf("random owners give the causes %v only", causes)
	}
}
