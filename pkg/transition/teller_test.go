// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package transition_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/podwatch/kubectl-podwatch/pkg/apis/podwatch/v1alpha1"
	"github.com/podwatch/kubectl-podwatch/pkg/diagnose"
	"github.com/podwatch/kubectl-podwatch/pkg/projection"
	"github.com/podwatch/kubectl-podwatch/pkg/reconcile"
	"github.com/podwatch/kubectl-podwatch/pkg/transition"
)

// world feeds a Teller with pods as an engine would.
type world struct {
	t        *testing.T
	now      time.Time
	teller   *transition.Teller
	verdicts map[types.UID]*diagnose.Verdict
	told     []v1alpha1.PodWatchEvent
}

func newWorld(t *testing.T, opts transition.Options) *world {
	t.Helper()
	return &world{
		t: t, now: time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC),
		teller: transition.New(opts), verdicts: map[types.UID]*diagnose.Verdict{},
	}
}

func (w *world) key(p *corev1.Pod) reconcile.Key {
	return reconcile.Key{Namespace: p.Namespace, Name: p.Name, UID: p.UID}
}

func (w *world) tell(ev reconcile.Event) {
	ev.Time = w.now
	w.told = append(w.told, w.teller.Tell(ev)...)
}

// see judges p as it is now.
func (w *world) see(p *corev1.Pod, change func(*reconcile.Event)) {
	projected := projection.From(p)
	v := diagnose.Judge(projected, diagnose.Related{}, w.now, diagnose.Defaults())
	ev := reconcile.Event{
		Type: reconcile.Judged, Key: w.key(p), Pod: projected, From: w.verdicts[p.UID], To: &v,
	}
	w.verdicts[p.UID] = &v
	if change != nil {
		change(&ev)
	}
	w.tell(ev)
}

func (w *world) synced(pods ...*corev1.Pod) {
	for _, p := range pods {
		w.see(p, func(ev *reconcile.Event) { ev.Initial = true })
	}
	w.tell(reconcile.Event{Type: reconcile.Synced})
}

func (w *world) deleted(p *corev1.Pod) {
	w.tell(reconcile.Event{Type: reconcile.Gone, Key: w.key(p), Pod: projection.From(p), From: w.verdicts[p.UID]})
}

// expect compares what was told since the last call.
func (w *world) expect(want ...string) {
	w.t.Helper()
	got := []string{}
	for _, e := range w.told {
		line := string(e.Type)
		if e.Name != "" {
			line += fmt.Sprintf(" %s %s→%s", e.Name, e.From, e.To)
		}
		if e.Cause != "" {
			line += fmt.Sprintf(" %s %s", e.Severity, e.Cause)
		}
		if e.Initial {
			line += " initial"
		}
		if e.Gap {
			line += " gap"
		}
		got = append(got, line)
	}
	w.told = nil
	if diff := cmp.Diff(append([]string{}, want...), got); diff != "" {
		w.t.Errorf("told (-want +got):\n%s", diff)
	}
}

func (w *world) pod(name string) *corev1.Pod {
	start := metav1.NewTime(w.now.Add(-time.Hour))
	return &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: name, UID: types.UID("uid-" + name), CreationTimestamp: start},
		Spec:       corev1.PodSpec{NodeName: "n1", Containers: []corev1.Container{{Name: "app"}}},
		Status: corev1.PodStatus{
			Phase: corev1.PodRunning, StartTime: &start,
			Conditions: []corev1.PodCondition{
				{Type: corev1.PodScheduled, Status: corev1.ConditionTrue, LastTransitionTime: start},
				{Type: corev1.PodReady, Status: corev1.ConditionTrue, LastTransitionTime: start},
			},
			ContainerStatuses: []corev1.ContainerStatus{{
				Name: "app", Ready: true, Started: new(true),
				State: corev1.ContainerState{Running: &corev1.ContainerStateRunning{StartedAt: start}},
			}},
		},
	}
}

// loop puts the container into its back-off after the given number of restarts.
func (w *world) loop(p *corev1.Pod, restarts int32) *corev1.Pod {
	p = p.DeepCopy()
	at := metav1.NewTime(w.now.Add(-5 * time.Second))
	p.Status.Conditions[1].Status = corev1.ConditionFalse
	p.Status.Conditions[1].LastTransitionTime = at
	p.Status.ContainerStatuses[0] = corev1.ContainerStatus{
		Name: "app", RestartCount: restarts,
		State:                corev1.ContainerState{Waiting: &corev1.ContainerStateWaiting{Reason: "CrashLoopBackOff", Message: "back-off 10s restarting failed container=app"}},
		LastTerminationState: corev1.ContainerState{Terminated: &corev1.ContainerStateTerminated{ExitCode: 1, Reason: "Error", FinishedAt: at}},
	}
	return p
}

// up is the short moment between two crashes.
func (w *world) up(p *corev1.Pod) *corev1.Pod {
	p = p.DeepCopy()
	s := &p.Status.ContainerStatuses[0]
	s.RestartCount++
	s.Ready = true
	s.Started = new(true)
	s.State = corev1.ContainerState{Running: &corev1.ContainerStateRunning{StartedAt: metav1.NewTime(w.now)}}
	p.Status.Conditions[1].Status = corev1.ConditionTrue
	p.Status.Conditions[1].LastTransitionTime = metav1.NewTime(w.now)
	return p
}

func TestR2_TheSummaryComesFirstAndThenWhatIsBadAlready(t *testing.T) {
	t.Parallel()
	w := newWorld(t, transition.Options{})
	bad := w.loop(w.pod("bad"), 7)
	w.see(w.pod("early"), func(ev *reconcile.Event) { ev.Initial = true })
	w.see(bad, func(ev *reconcile.Event) { ev.Initial = true })
	w.expect() // nothing before the sync
	w.synced(w.pod("good"))
	if got := w.told[0].Summary.Pods; got.Total != 3 || got.Failing != 1 || got.Healthy != 2 {
		t.Errorf("summary counts %+v, want 3 pods, 1 failing, 2 healthy", got)
	}
	w.expect("summary initial", "crashloop.entered bad →Failing critical CrashLoop initial")
}

func TestACrashLoopIsToldOnceAndItsHopsAreNot(t *testing.T) {
	t.Parallel()
	w := newWorld(t, transition.Options{})
	p := w.pod("web")
	w.synced(p)
	w.expect("summary initial")
	var told int
	for restarts := int32(3); restarts < 12; restarts++ {
		w.now = w.now.Add(40 * time.Second)
		p = w.loop(p, restarts)
		w.see(p, nil)
		w.now = w.now.Add(10 * time.Second)
		w.see(w.up(p), nil)
		told += len(w.told)
		if restarts == 3 {
			w.expect("crashloop.entered web Healthy→Failing critical CrashLoop")
			continue
		}
		for _, e := range w.told {
			if e.Type != v1alpha1.EventCrashLoopContinues {
				t.Errorf("after %d restarts told %s", restarts, e.Type)
			}
		}
		w.told = nil
	}
	if told > 3 {
		t.Errorf("told %d events about one crash loop of nine crashes, want one and a doubling or two", told)
	}
}

func TestARestartInALoopThatIsNotYetOneIsNotTold(t *testing.T) {
	t.Parallel()
	w := newWorld(t, transition.Options{})
	p := w.pod("web")
	w.synced(p)
	w.see(w.loop(p, 1), nil) // the container waits: kubectl says CrashLoopBackOff
	w.expect("summary initial", "crashloop.entered web Healthy→Failing critical CrashLoop")
	running := w.up(w.loop(p, 1))
	w.see(running, nil) // the second restart, caught running
	w.expect()
	w.now = w.now.Add(90 * time.Second)
	w.see(running, func(ev *reconcile.Event) { ev.Aged = true })
	w.expect("pod.recovered web Healthy→Healthy")
}

func TestARecoveryIsToldOnceAndClosesTheEpisode(t *testing.T) {
	t.Parallel()
	w := newWorld(t, transition.Options{})
	p := w.pod("web")
	w.synced(p)
	w.see(w.loop(p, 5), nil)
	opened := w.told[len(w.told)-1].Episode
	w.told = nil
	running := w.up(w.loop(p, 5))
	w.see(running, nil)
	w.expect() // still the loop
	w.now = w.now.Add(2 * time.Hour)
	w.see(running, func(ev *reconcile.Event) { ev.Aged = true })
	recovered := w.told[len(w.told)-1]
	w.expect("pod.recovered web Failing→Healthy")
	if diff := cmp.Diff(opened, recovered.Episode); diff != "" || opened == nil {
		t.Errorf("the episode that ends is not the one that began (-began +ended):\n%s", diff)
	}
	w.see(running, nil)
	w.expect()
}

func TestPodsThatComeAndGo(t *testing.T) {
	t.Parallel()
	w := newWorld(t, transition.Options{})
	old := w.pod("db-0")
	w.synced(old)
	w.told = nil
	w.deleted(old)
	next := w.pod("db-0")
	next.UID = "uid-next"
	w.see(next, nil)
	w.see(w.pod("other"), nil)
	w.expect("pod.deleted db-0 Healthy→", "pod.replaced db-0 →Healthy", "pod.added other →Healthy")
	done := w.pod("other")
	done.Status.Phase = corev1.PodSucceeded
	w.see(done, nil)
	w.expect("pod.succeeded other Healthy→Completed")
}

func TestOneFrameGivesOneEventTheWorst(t *testing.T) {
	t.Parallel()
	w := newWorld(t, transition.Options{})
	w.synced()
	w.told = nil
	w.see(w.loop(w.pod("new"), 5), func(ev *reconcile.Event) { ev.Gap = true })
	w.expect("crashloop.entered new →Failing critical CrashLoop gap")
}

func TestR16_ASummaryListsUpToTwentyUnhealthyPods(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		opts transition.Options
		want int
	}{
		"unhealthy by default": {transition.Options{}, 20},
		"all":                  {transition.Options{SummaryPods: transition.SummaryAll}, 20},
		"none":                 {transition.Options{SummaryPods: transition.SummaryNone}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, test.opts)
			pods := []*corev1.Pod{w.pod("fine")}
			for i := range 25 {
				pods = append(pods, w.loop(w.pod(fmt.Sprintf("bad-%02d", i)), 5))
			}
			w.synced(pods...)
			w.told = nil
			w.tell(reconcile.Event{Type: reconcile.Tick, Reconciliations: 42})
			s := w.told[0].Summary
			if len(s.Listed) != test.want || s.Unhealthy != 25 || s.Pods.Total != 26 || s.Reconciliations != 42 {
				t.Errorf("summary lists %d pods, %d unhealthy of %d after %d reconciliations", len(s.Listed), s.Unhealthy, s.Pods.Total, s.Reconciliations)
			}
		})
	}
}

func TestR6_ASummaryHoldsTheStatusSnapshotOfAPod(t *testing.T) {
	t.Parallel()
	w := newWorld(t, transition.Options{})
	w.synced(w.loop(w.pod("web"), 7))
	w.told = nil
	w.tell(reconcile.Event{Type: reconcile.Tick})
	got := w.told[0].Summary.Listed[0]
	got.Message = ""
	want := v1alpha1.SummaryPod{
		Namespace: "shop", Name: "web", UID: "uid-web", Node: "n1", Phase: "Running", State: v1alpha1.StateFailing,
		KubectlStatus: "CrashLoopBackOff", Ready: v1alpha1.Ready{Ready: 0, Total: 1}, Restarts: 7,
		Severity: v1alpha1.SeverityCritical, Cause: "CrashLoop", SubCause: "ExitCode", Container: "app",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("snapshot (-want +got):\n%s", diff)
	}
}

func TestTheEndCarriesTheExitCode(t *testing.T) {
	t.Parallel()
	w := newWorld(t, transition.Options{})
	w.synced(w.pod("a"))
	end := w.teller.End(w.now, 7, 3, "incomplete")
	if end.Type != v1alpha1.EventEnd || end.ExitCode == nil || *end.ExitCode != 3 || end.Summary.Pods.Total != 1 {
		t.Errorf("end = %+v", end)
	}
}
