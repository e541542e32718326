// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package transition_test

import (
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/podwatch/kubectl-podwatch/pkg/apis/podwatch/v1alpha1"
	"github.com/podwatch/kubectl-podwatch/pkg/reconcile"
	"github.com/podwatch/kubectl-podwatch/pkg/transition"
)

// wait lets time go by until d has passed, with the looks that the teller wants
// at the pod meanwhile, as the engine makes them.
func (w *world) wait(p *corev1.Pod, d time.Duration) {
	end := w.now.Add(d)
	for {
		due := w.teller.Due(w.key(p))
		if due.IsZero() || due.After(end) || !due.After(w.now) {
			w.now = end
			return
		}
		w.now = due
		w.see(p, func(ev *reconcile.Event) { ev.Aged = true })
	}
}

// crash ends the run of the container after it has lasted for ran.
func (w *world) crash(p *corev1.Pod, ran time.Duration) *corev1.Pod {
	p = w.loop(p, p.Status.ContainerStatuses[0].RestartCount)
	end := p.Status.ContainerStatuses[0].LastTerminationState.Terminated
	end.FinishedAt = metav1.NewTime(w.now)
	end.StartedAt = metav1.NewTime(w.now.Add(-ran))
	return p
}

// crashes runs a loop of n crashes: up for ran, down for a doubling back-off. It
// returns what was told, by type, and the pod as it runs again at the end.
func (w *world) crashes(p *corev1.Pod, n int, ran time.Duration) (map[v1alpha1.EventType]int, *corev1.Pod) {
	backOff := 10 * time.Second
	for range n {
		w.wait(p, ran)
		p = w.crash(p, ran)
		w.see(p, nil)
		w.wait(p, backOff)
		p = w.up(p)
		w.see(p, nil)
		backOff = min(2*backOff, 5*time.Minute)
	}
	types := map[v1alpha1.EventType]int{}
	for _, e := range w.told {
		types[e.Type]++
	}
	w.told = nil
	return types, p
}

func TestF22_PendingToFailedInOneFrameHasNoFakeRunning(t *testing.T) {
	t.Parallel()
	w := newWorld(t, transition.Options{})
	p := w.pod("web")
	p.Status = corev1.PodStatus{Phase: corev1.PodPending}
	p.CreationTimestamp = metav1.NewTime(w.now)
	w.synced(p)
	w.told = nil
	p = p.DeepCopy()
	p.Status.Phase, p.Status.Reason = corev1.PodFailed, "Evicted"
	w.see(p, nil)
	w.expect("pod.evicted web Progressing→Failed critical Evicted")
}

func TestF24_AProbeThatKillsAfterNinetySecondsIsNoRecovery(t *testing.T) {
	t.Parallel()
	w := newWorld(t, transition.Options{})
	p := w.pod("web")
	w.synced(p)
	w.told = nil
	types, _ := w.crashes(p, 8, 90*time.Second)
	if types[v1alpha1.EventCrashLoopEntered] != 1 || types[v1alpha1.EventPodRecovered] != 0 {
		t.Errorf("told %v, want one crashloop.entered and no pod.recovered", types)
	}
}

func TestF25_ARecoveryComesOnceAfterTheHoldWithoutAFrame(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		opts transition.Options
		ran  time.Duration
		// The recogniser of the verdict holds a loop of three for ten minutes;
		// this is about one or two crashes.
		want time.Duration
	}{
		"at least a minute":        {transition.Options{}, 4 * time.Second, time.Minute},
		"twice the last run":       {transition.Options{}, 90 * time.Second, 3 * time.Minute},
		"at most ten minutes":      {transition.Options{}, 9 * time.Minute, 10 * time.Minute},
		"--recover-after is fixed": {transition.Options{RecoverAfter: 20 * time.Second}, 90 * time.Second, 20 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, test.opts)
			p := w.pod("web")
			w.synced(p)
			p = w.crash(p, test.ran)
			w.see(p, nil)
			began := w.told[len(w.told)-1].Episode
			w.now = w.now.Add(10 * time.Second)
			p = w.up(p)
			up := w.now
			w.see(p, nil)
			w.told = nil
			w.wait(p, time.Hour)
			if len(w.told) != 1 || w.told[0].Type != v1alpha1.EventPodRecovered {
				t.Fatalf("told %+v, want one pod.recovered", w.told)
			}
			got := w.told[0]
			if after := got.Time.Sub(up); after != test.want {
				t.Errorf("recovered after %v, want %v", after, test.want)
			}
			if got.Episode.ID != began.ID || *got.Restarts != 1 || got.Message == "" {
				t.Errorf("told %+v, want the episode %s, one restart and how long it was", got, began.ID)
			}
		})
	}
}

func TestF26_AReplacementIsRecognisedWithOtherPodsInBetween(t *testing.T) {
	t.Parallel()
	w := newWorld(t, transition.Options{})
	old, other := w.loop(w.pod("db-0"), 5), w.pod("other")
	w.synced(old, other)
	first := w.told[1].Episode
	w.told = nil
	w.deleted(old)
	w.see(w.loop(other, 5), nil)
	w.now = w.now.Add(20 * time.Second)
	next := w.pod("db-0")
	next.UID = "uid-next"
	w.see(next, nil)
	w.expect("pod.deleted db-0 Failing→", "crashloop.entered other Healthy→Failing critical CrashLoop", "pod.replaced db-0 →Healthy")
	w.see(w.loop(next, 5), nil)
	if second := w.told[0].Episode; second == nil || second.ID == first.ID {
		t.Errorf("the new pod's episode %+v is the old one's %+v", second, first)
	}
}

func TestAPodOfTheSameNameMuchLaterIsNoReplacement(t *testing.T) {
	t.Parallel()
	w := newWorld(t, transition.Options{})
	old := w.pod("db-0")
	w.synced(old)
	w.told = nil
	w.deleted(old)
	w.now = w.now.Add(2 * time.Minute)
	next := w.pod("db-0")
	next.UID = "uid-next"
	w.see(next, nil)
	w.expect("pod.deleted db-0 Healthy→", "pod.added db-0 →Healthy")
}

// severe returns the events of warning and worse.
func (w *world) severe() []string {
	var out []string
	for _, e := range w.told {
		if e.Severity == v1alpha1.SeverityCritical || e.Severity == v1alpha1.SeverityWarning {
			out = append(out, string(e.Type)+" "+e.Name+" "+e.Cause)
		}
	}
	return out
}

// terminating is p while its containers are ended within the grace period.
func (w *world) terminating(p *corev1.Pod) *corev1.Pod {
	p = p.DeepCopy()
	at := metav1.NewTime(w.now.Add(30 * time.Second))
	p.DeletionTimestamp, p.DeletionGracePeriodSeconds = &at, new(int64(30))
	return p
}

// ended is p with its container ended by a signal.
func (w *world) ended(p *corev1.Pod, code int32, phase corev1.PodPhase) *corev1.Pod {
	p = p.DeepCopy()
	p.Status.Phase = phase
	p.Status.Conditions[1].Status = corev1.ConditionFalse
	p.Status.ContainerStatuses[0].Ready = false
	p.Status.ContainerStatuses[0].State = corev1.ContainerState{Terminated: &corev1.ContainerStateTerminated{
		ExitCode: code, Reason: "Error", FinishedAt: metav1.NewTime(w.now),
	}}
	return p
}

func TestF27_ARolloutAndAScaleDownMakeNoWarning(t *testing.T) {
	t.Parallel()
	w := newWorld(t, transition.Options{})
	var old []*corev1.Pod
	for _, name := range []string{"a", "b", "c"} {
		old = append(old, w.pod(name))
	}
	w.synced(old...)
	w.told = nil
	for i, p := range old {
		fresh := w.pod("new-" + p.Name)
		fresh.CreationTimestamp = metav1.NewTime(w.now)
		fresh.Status = corev1.PodStatus{Phase: corev1.PodPending}
		w.see(fresh, nil)
		w.now = w.now.Add(20 * time.Second)
		running := w.pod(fresh.Name)
		running.CreationTimestamp = fresh.CreationTimestamp
		w.see(running, nil)
		p = w.terminating(p)
		if i == 1 {
			p.Status.Conditions = append(p.Status.Conditions, corev1.PodCondition{
				Type: corev1.DisruptionTarget, Status: corev1.ConditionTrue, Reason: "EvictionByEvictionAPI",
			})
		}
		w.see(p, nil)
		w.now = w.now.Add(10 * time.Second)
		p = w.ended(p, []int32{143, 137, 1}[i], corev1.PodRunning)
		w.see(p, nil)
		p = w.ended(p, 143, corev1.PodFailed)
		w.see(p, nil)
		w.deleted(p)
	}
	if bad := w.severe(); bad != nil {
		t.Errorf("a rollout told %v", bad)
	}
}

func TestF28_AJobThatCompletesMakesNoWarningAndDoesNotRecover(t *testing.T) {
	t.Parallel()
	w := newWorld(t, transition.Options{})
	w.synced()
	w.told = nil
	p := w.pod("job-1")
	p.OwnerReferences = []metav1.OwnerReference{{APIVersion: "batch/v1", Kind: "Job", Name: "job", UID: "j", Controller: new(true)}}
	p.Spec.RestartPolicy = corev1.RestartPolicyNever
	w.see(p, nil)
	p = w.ended(p, 0, corev1.PodSucceeded)
	w.see(p, nil)
	w.expect("pod.added job-1 →Healthy", "pod.succeeded job-1 Healthy→Completed")
}

func TestF29_OtherContainersThanTheAppOne(t *testing.T) {
	t.Parallel()
	waiting := corev1.ContainerState{Waiting: &corev1.ContainerStateWaiting{Reason: "CrashLoopBackOff"}}
	failed := corev1.ContainerState{Terminated: &corev1.ContainerStateTerminated{ExitCode: 1, Reason: "Error"}}
	for name, test := range map[string]struct {
		change func(*corev1.Pod)
		want   []string
	}{
		"an init container in a loop": {func(p *corev1.Pod) {
			p.Status.Phase = corev1.PodPending
			p.Spec.InitContainers = []corev1.Container{{Name: "init"}}
			p.Status.InitContainerStatuses = []corev1.ContainerStatus{{Name: "init", RestartCount: 4, State: waiting}}
			p.Status.ContainerStatuses[0].State = corev1.ContainerState{Waiting: &corev1.ContainerStateWaiting{Reason: "PodInitializing"}}
		}, []string{"crashloop.entered web CrashLoop"}},
		"a sidecar in a loop": {func(p *corev1.Pod) {
			always := corev1.ContainerRestartPolicyAlways
			p.Spec.InitContainers = []corev1.Container{{Name: "side", RestartPolicy: &always}}
			p.Status.InitContainerStatuses = []corev1.ContainerStatus{{Name: "side", RestartCount: 4, Started: new(true), State: waiting}}
		}, []string{"crashloop.entered web CrashLoop"}},
		"an ephemeral container that failed": {func(p *corev1.Pod) {
			p.Spec.EphemeralContainers = []corev1.EphemeralContainer{{EphemeralContainerCommon: corev1.EphemeralContainerCommon{Name: "debug"}}}
			p.Status.EphemeralContainerStatuses = []corev1.ContainerStatus{{Name: "debug", State: failed}}
		}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, transition.Options{})
			p := w.pod("web")
			w.synced(p)
			w.told = nil
			p = p.DeepCopy()
			test.change(p)
			w.see(p, nil)
			if got := w.severe(); len(got) != len(test.want) || len(got) > 0 && got[0] != test.want[0] {
				t.Errorf("told %v, want %v", got, test.want)
			}
		})
	}
}

func TestF30_RestartsThatDecreaseAreNoRestart(t *testing.T) {
	t.Parallel()
	w := newWorld(t, transition.Options{})
	p := w.pod("web")
	p.Status.ContainerStatuses[0].RestartCount = 7
	w.synced(p)
	w.told = nil
	p = p.DeepCopy()
	p.Status.ContainerStatuses[0].RestartCount = 0
	w.see(p, nil)
	w.expect()
	p = p.DeepCopy()
	p.Status.ContainerStatuses[0].RestartCount = 1
	w.see(p, nil)
	w.expect("container.restarted web Healthy→Healthy")
}

func TestF31_APodThatLeavesTheSelectorHasNotRecovered(t *testing.T) {
	t.Parallel()
	w := newWorld(t, transition.Options{Selective: true})
	p := w.loop(w.pod("web"), 5)
	w.synced(p)
	w.told = nil
	w.deleted(p)
	if got := w.told[0]; got.Type != v1alpha1.EventPodDeleted || got.Message != "deleted, or not selected any more" || got.Episode == nil {
		t.Errorf("told %+v", got)
	}
}

func TestAPodThatIsReadLateIsToldAsInitial(t *testing.T) {
	t.Parallel()
	w := newWorld(t, transition.Options{})
	w.synced()
	w.told = nil
	initial := func(ev *reconcile.Event) { ev.Initial = true }
	w.see(w.pod("good"), initial)
	w.see(w.loop(w.pod("bad"), 5), initial)
	w.expect("crashloop.entered bad →Failing critical CrashLoop initial")
}

// An image that could not be pulled and now can: no container has restarted.
func TestAPodThatBecameReadyMustStaySo(t *testing.T) {
	t.Parallel()
	w := newWorld(t, transition.Options{})
	p := w.pod("web")
	bad := p.DeepCopy()
	bad.Status.Phase = corev1.PodPending
	bad.Status.Conditions[1].Status = corev1.ConditionFalse
	bad.Status.ContainerStatuses[0] = corev1.ContainerStatus{Name: "app", State: corev1.ContainerState{
		Waiting: &corev1.ContainerStateWaiting{Reason: "ImagePullBackOff", Message: "not found"},
	}}
	w.synced(bad)
	w.told = nil
	good := p.DeepCopy()
	good.Status.Conditions[1].LastTransitionTime = metav1.NewTime(w.now)
	w.see(good, nil)
	w.expect()
	w.wait(good, 59*time.Second)
	w.expect()
	w.wait(good, 2*time.Second)
	w.expect("pod.recovered web Healthy→Healthy")
	if due := w.teller.Due(reconcile.Key{Namespace: "shop", Name: "web", UID: p.UID}); !due.IsZero() {
		t.Errorf("due again at %v after the recovery", due)
	}
}
