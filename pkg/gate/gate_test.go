// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package gate_test

import (
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/podwatch/kubectl-podwatch/pkg/apis/podwatch/v1alpha1"
	"github.com/podwatch/kubectl-podwatch/pkg/diagnose"
	"github.com/podwatch/kubectl-podwatch/pkg/gate"
	"github.com/podwatch/kubectl-podwatch/pkg/projection"
	"github.com/podwatch/kubectl-podwatch/pkg/reconcile"
	"github.com/podwatch/kubectl-podwatch/pkg/reconcile/stream"
)

// bench feeds a gate as an engine would, looks included.
type bench struct {
	t     *testing.T
	gate  *gate.Gate
	start time.Time
	now   time.Time
	last  gate.Decision
	// decided is when the gate was decided.
	decided time.Time
}

func newBench(t *testing.T, opts gate.Options, conditions ...string) *bench {
	t.Helper()
	for _, text := range conditions {
		c, err := gate.Parse(text)
		if err != nil {
			t.Fatal(err)
		}
		opts.Conditions = append(opts.Conditions, c)
	}
	if len(conditions) == 0 {
		opts.Conditions = []gate.Condition{gate.Healthy()}
	}
	opts.Sources = 1
	start := time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)
	return &bench{t: t, gate: gate.New(opts, start), start: start, now: start}
}

func (b *bench) take(ev reconcile.Event) {
	if b.last.Outcome != "" && b.last.Outcome != gate.Pending {
		return
	}
	ev.Time = b.now
	b.last = b.gate.Take(ev)
	if b.last.Outcome != gate.Pending {
		b.decided = b.now
	}
}

func (b *bench) see(pods ...*corev1.Pod) {
	for _, p := range pods {
		projected := projection.From(p)
		v := diagnose.Judge(projected, diagnose.Related{}, b.now, diagnose.Defaults())
		b.take(reconcile.Event{Type: reconcile.Judged, Key: key(p), Pod: projected, To: &v})
	}
}

func (b *bench) gone(p *corev1.Pod) {
	b.take(reconcile.Event{Type: reconcile.Gone, Key: key(p), Pod: projection.From(p)})
}

func (b *bench) synced(pods ...*corev1.Pod) {
	b.see(pods...)
	b.take(reconcile.Event{Type: reconcile.Synced})
	b.status(stream.Live)
}

func (b *bench) status(s stream.State) {
	b.take(reconcile.Event{Type: reconcile.Stream, Status: stream.Status{State: s}})
}

// wait lets d pass with the looks that the gate wants.
func (b *bench) wait(d time.Duration) {
	end := b.now.Add(d)
	for b.last.Outcome == gate.Pending && !b.last.Next.IsZero() && !b.last.Next.After(end) {
		b.now = b.last.Next
		b.take(reconcile.Event{Type: reconcile.Look})
	}
	b.now = end
}

// expect compares the outcome, when it came, and a part of the reason.
func (b *bench) expect(want gate.Outcome, after time.Duration, reason string) {
	b.t.Helper()
	if b.last.Outcome != want || want != gate.Pending && b.decided.Sub(b.start) != after {
		b.t.Fatalf("%s (%s) after %v, want %s after %v", b.last.Outcome, b.last.Reason, b.decided.Sub(b.start), want, after)
	}
	if !strings.Contains(b.last.Reason, reason) {
		b.t.Errorf("reason %q, want it to say %q", b.last.Reason, reason)
	}
}

func key(p *corev1.Pod) reconcile.Key {
	return reconcile.Key{Namespace: p.Namespace, Name: p.Name, UID: p.UID}
}

// running is a healthy pod, created age ago.
func (b *bench) running(name string, age time.Duration) *corev1.Pod {
	at := metav1.NewTime(b.now.Add(-age))
	return &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: name, UID: types.UID(name), CreationTimestamp: at},
		Spec:       corev1.PodSpec{NodeName: "n1", Containers: []corev1.Container{{Name: "app"}}},
		Status: corev1.PodStatus{
			Phase: corev1.PodRunning, StartTime: &at,
			Conditions: []corev1.PodCondition{
				{Type: corev1.PodScheduled, Status: corev1.ConditionTrue, LastTransitionTime: at},
				{Type: corev1.PodReady, Status: corev1.ConditionTrue, LastTransitionTime: at},
			},
			ContainerStatuses: []corev1.ContainerStatus{{
				Name: "app", Ready: true, Started: new(true),
				State: corev1.ContainerState{Running: &corev1.ContainerStateRunning{StartedAt: at}},
			}},
		},
	}
}

// starting is a pod whose container is being created.
func (b *bench) starting(name string) *corev1.Pod {
	p := b.running(name, 0)
	p.Status.Phase = corev1.PodPending
	p.Status.Conditions[1].Status = corev1.ConditionFalse
	p.Status.ContainerStatuses[0] = corev1.ContainerStatus{Name: "app", State: waiting("ContainerCreating", "")}
	return p
}

func waiting(reason, message string) corev1.ContainerState {
	return corev1.ContainerState{Waiting: &corev1.ContainerStateWaiting{Reason: reason, Message: message}}
}

// of makes p a pod of the deployment web at the given revision.
func of(p *corev1.Pod, hash string) *corev1.Pod {
	p = p.DeepCopy()
	p.Labels = map[string]string{"pod-template-hash": hash}
	p.OwnerReferences = []metav1.OwnerReference{{
		APIVersion: "apps/v1", Kind: "ReplicaSet", Name: "web-" + hash, UID: types.UID(hash), Controller: new(true),
	}}
	return p
}

func failed(p *corev1.Pod) *corev1.Pod {
	p = p.DeepCopy()
	p.Status.Phase = corev1.PodFailed
	p.Status.Conditions[1].Status = corev1.ConditionFalse
	p.Status.ContainerStatuses[0].Ready = false
	p.Status.ContainerStatuses[0].State = corev1.ContainerState{Terminated: &corev1.ContainerStateTerminated{
		ExitCode: 3, Reason: "Error", FinishedAt: p.CreationTimestamp,
	}}
	return p
}

func TestAGateWaitsForPodsThatDoNotExistYet(t *testing.T) {
	t.Parallel()
	b := newBench(t, gate.Options{MinPods: 2, StableFor: 10 * time.Second, Timeout: time.Minute})
	b.synced()
	b.wait(5 * time.Second)
	b.expect(gate.Pending, 0, "there are no pods")
	b.see(b.running("a", 0))
	b.expect(gate.Pending, 0, "there is 1 pod, want at least 2")
	b.wait(5 * time.Second)
	b.see(b.starting("b"))
	b.wait(5 * time.Second)
	b.see(b.running("b", 0))
	b.wait(time.Minute)
	b.expect(gate.Held, 25*time.Second, "healthy")
}

func TestAGateThatIsNotHeldForLongEnoughStartsAnew(t *testing.T) {
	t.Parallel()
	b := newBench(t, gate.Options{MinPods: 1, StableFor: 10 * time.Second})
	p := b.running("a", time.Hour)
	b.synced(p)
	b.wait(9 * time.Second)
	b.see(b.starting("b")) // a rollout begins
	b.wait(20 * time.Second)
	b.see(b.running("b", 0))
	b.wait(9 * time.Second)
	b.expect(gate.Pending, 0, "not yet for 10s")
	b.wait(2 * time.Second)
	b.expect(gate.Held, 39*time.Second, "")
}

func TestAGateSurvivesReplacedPods(t *testing.T) {
	t.Parallel()
	b := newBench(t, gate.Options{MinPods: 1, StableFor: time.Second, Timeout: time.Hour})
	old := of(b.running("old", time.Hour), "1")
	b.synced(failed(old)) // evicted, and its ReplicaSet has not made another one yet
	b.wait(5 * time.Second)
	b.expect(gate.Pending, 0, "1 of 1 pod is not healthy")
	fresh := of(b.starting("new"), "1")
	b.see(fresh)
	b.wait(5 * time.Second)
	b.expect(gate.Pending, 0, "1 of 2 pods is not healthy")
	b.see(of(b.running("new", 0), "1"))
	going := of(b.running("going", time.Hour), "1")
	going.DeletionTimestamp, going.DeletionGracePeriodSeconds = new(metav1.NewTime(b.now)), new(int64(30))
	b.see(going)
	b.wait(time.Second)
	b.expect(gate.Held, 11*time.Second, "")
}

func TestAGateFailsAtOnceForWhatCannotHeal(t *testing.T) {
	t.Parallel()
	status := func(s corev1.ContainerStatus) func(*corev1.Pod) {
		return func(p *corev1.Pod) {
			s.Name = "app"
			p.Status.ContainerStatuses[0] = s
		}
	}
	loop := func(restarts int32) func(*corev1.Pod) {
		return status(corev1.ContainerStatus{RestartCount: restarts, State: waiting("CrashLoopBackOff", "back-off")})
	}
	for name, test := range map[string]struct {
		change func(*corev1.Pod)
		want   gate.Outcome
		reason string
	}{
		"image not found": {
			status(corev1.ContainerStatus{State: waiting("ErrImagePull", "manifest unknown")}),
			gate.Failed, `pod "shop/a" container "app": ImagePull/NotFound: manifest unknown`,
		},
		"image denied":       {status(corev1.ContainerStatus{State: waiting("ImagePullBackOff", "pull access denied")}), gate.Failed, "ImagePull/Auth"},
		"registry away":      {status(corev1.ContainerStatus{State: waiting("ErrImagePull", "dial tcp: i/o timeout")}), gate.Pending, ""},
		"invalid image name": {status(corev1.ContainerStatus{State: waiting("InvalidImageName", "no")}), gate.Failed, "ImageNameInvalid"},
		"config error":       {status(corev1.ContainerStatus{State: waiting("CreateContainerConfigError", `configmap "x" not found`)}), gate.Failed, "ConfigError"},
		"two restarts":       {loop(2), gate.Pending, ""},
		"three restarts":     {loop(3), gate.Failed, "CrashLoop"},
		"failed, and nothing makes another one": {
			func(p *corev1.Pod) { *p = *failed(p) }, gate.Failed, `pod "shop/a" container "app": ExitCode`,
		},
		"failed, and a controller makes another one": {
			func(p *corev1.Pod) { *p = *of(failed(p), "1") }, gate.Pending, "",
		},
		"on its way out": {
			func(p *corev1.Pod) {
				loop(5)(p)
				p.DeletionTimestamp = new(metav1.NewTime(p.CreationTimestamp.Add(time.Hour)))
			}, gate.Pending, "",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t, gate.Options{MinPods: 1, StableFor: 10 * time.Second, Timeout: time.Minute})
			p := b.starting("a")
			test.change(p)
			b.synced(p)
			b.expect(test.want, 0, test.reason)
		})
	}
}

// The old pods of a rollout serve on, so its new one is no more than a warning.
func TestAGateFailsForWhatCannotHealThoughOthersDoTheWork(t *testing.T) {
	t.Parallel()
	b := newBench(t, gate.Options{MinPods: 1})
	p := b.starting("a")
	p.Status.ContainerStatuses[0].State = waiting("ErrImagePull", "manifest unknown")
	web := &projection.Owner{Kind: projection.KindDeployment, UID: "web", Observed: true, Desired: 3, Available: 3, Updated: 1, Created: 4}
	projected := projection.From(p)
	v := diagnose.Judge(projected, diagnose.Related{Owners: []*projection.Owner{web}}, b.now, diagnose.Defaults())
	if v.Severity() != v1alpha1.SeverityWarning {
		t.Fatalf("severity %s, want it lowered", v.Severity())
	}
	b.take(reconcile.Event{Type: reconcile.Judged, Key: key(p), Pod: projected, To: &v})
	b.synced()
	b.expect(gate.Failed, 0, "ImagePull/NotFound")
}

func TestABrokenRevisionThatIsBeingReplacedFailsNothing(t *testing.T) {
	t.Parallel()
	b := newBench(t, gate.Options{MinPods: 1, StableFor: time.Second})
	broken := of(b.starting("broken"), "1")
	broken.CreationTimestamp = metav1.NewTime(b.now.Add(-time.Hour))
	broken.Status.ContainerStatuses[0].State = waiting("ErrImagePull", "not found")
	b.see(of(b.running("fixed", 0), "2"))
	b.synced(broken)
	b.expect(gate.Pending, 0, "1 of 2 pods is not healthy")
	b.gone(broken)
	b.wait(time.Second)
	b.expect(gate.Held, time.Second, "")
}

func TestF19_PodsThatAreAllGoneMakeNoGateHold(t *testing.T) {
	t.Parallel()
	b := newBench(t, gate.Options{MinPods: 1, StableFor: 10 * time.Second, Timeout: 20 * time.Second})
	p := b.running("a", time.Hour)
	b.synced(p)
	b.wait(5 * time.Second)
	b.gone(p)
	b.wait(time.Minute)
	b.expect(gate.TimedOut, 20*time.Second, "there are no pods")
}

func TestAGateNeedsToSee(t *testing.T) {
	t.Parallel()
	b := newBench(t, gate.Options{MinPods: 1, StableFor: 10 * time.Second, MaxStale: 30 * time.Second})
	b.synced(b.running("a", time.Hour))
	b.wait(9 * time.Second)
	b.status(stream.Stale)
	b.wait(20 * time.Second)
	b.expect(gate.Pending, 0, "cannot be seen")
	b.status(stream.Live)
	b.wait(5 * time.Second)
	b.status(stream.Lagging)
	b.wait(time.Minute)
	b.expect(gate.GaveUp, 64*time.Second, "cannot be seen")
}

func TestF06_AGateThatNeverSeesAnythingGivesUp(t *testing.T) {
	t.Parallel()
	b := newBench(t, gate.Options{MinPods: 1, MaxStale: 30 * time.Second, Timeout: time.Minute})
	b.status(stream.Connecting)
	b.wait(time.Hour)
	b.expect(gate.GaveUp, 30*time.Second, "could not be read")
}

func TestATimeoutNamesWhatIsUnmet(t *testing.T) {
	t.Parallel()
	b := newBench(t, gate.Options{MinPods: 1, Timeout: time.Minute})
	notReady := b.running("b", time.Hour)
	notReady.Status.Conditions[1].Status = corev1.ConditionFalse
	notReady.Status.ContainerStatuses[0].Ready = false
	b.synced(b.running("a", time.Hour), notReady, b.starting("c"))
	b.wait(time.Hour)
	b.expect(gate.TimedOut, time.Minute, `2 of 3 pods are not healthy: pod "shop/b" container "app": NotReady/NeverReady: running`)
	var names []string
	for _, u := range b.gate.Unmet() {
		names = append(names, u.Key.Name+" "+u.Finding.Cause)
	}
	if got := strings.Join(names, ", "); got != "b NotReady, c Creating" {
		t.Errorf("unmet: %s", got)
	}
}

func TestATimeoutNamesThePodThatIsWorst(t *testing.T) {
	t.Parallel()
	looping := func(p *corev1.Pod) *corev1.Pod {
		p.Status.ContainerStatuses[0] = corev1.ContainerStatus{Name: "app", RestartCount: 2, State: waiting("CrashLoopBackOff", "back-off")}
		return p
	}
	for name, test := range map[string]struct {
		conditions []string
		pods       func(*bench) []*corev1.Pod
		want       string
	}{
		"the one with the worst finding": {
			nil, func(b *bench) []*corev1.Pod { return []*corev1.Pod{b.starting("a"), looping(b.starting("b"))} },
			`2 of 2 pods are not healthy: pod "shop/b" container "app": CrashLoop`,
		},
		"one without a finding": {
			[]string{"phase=Succeeded"},
			func(b *bench) []*corev1.Pod { return []*corev1.Pod{b.running("a", 0)} },
			`1 of 1 pod is not phase=Succeeded: pod "shop/a": Running`,
		},
		"one that is still there": {
			[]string{"delete"},
			func(b *bench) []*corev1.Pod { return []*corev1.Pod{b.running("a", 0)} },
			`1 pod is still there: pod "shop/a": Running`,
		},
		"there is none": {nil, func(*bench) []*corev1.Pod { return nil }, "there are no pods"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t, gate.Options{MinPods: 1, Timeout: time.Minute}, test.conditions...)
			b.synced(test.pods(b)...)
			b.wait(time.Hour)
			b.expect(gate.TimedOut, time.Minute, test.want)
		})
	}
}
