// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package clean

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"

	"github.com/podwatch/kubectl-podwatch/pkg/apis/podwatch/v1alpha1"
)

func TestR11_TheDecisionIsToldBeforeThePodIsDeleted(t *testing.T) {
	t.Parallel()
	pod := failedPod("a", "p")
	w := newSweep(t, newServer(t, pod), fiveMinutes)
	w.ripen(pod)
	if err := w.sweep(pod); err != nil {
		t.Error(err)
	}
	w.expect([]string{"p planned", "p deleted"}, "DELETE a/p")
	files, err := os.ReadDir(w.cfg.Archive.dir)
	if err != nil || !slices.ContainsFunc(files, func(e os.DirEntry) bool { return e.Name() == "a_p_uid-a-p.json" }) {
		t.Errorf("the archive has %v, %v", files, err)
	}
	if records := readJournal(t, w.cfg.Archive.dir); len(records) != 2 {
		t.Errorf("the journal has %v, want a decision and a result", records)
	}
}

func TestADecisionThatCannotBeToldIsNotCarriedOut(t *testing.T) {
	t.Parallel()
	pod := failedPod("a", "p")
	w := newSweep(t, newServer(t, pod), fiveMinutes)
	w.deaf = errors.New("broken pipe")
	w.ripen(pod)
	if err := w.sweep(pod); err != nil {
		t.Error(err)
	}
	w.expect(nil)
}

func TestF60_OnlyThePodThatWasSeenIsRemoved(t *testing.T) {
	t.Parallel()
	pod := failedPod("a", "p")
	running := func(p *corev1.Pod) { p.Status.Phase = corev1.PodRunning }
	for name, test := range map[string]struct {
		// now is the pod on the server, nil for none.
		now   *corev1.Pod
		stale bool
		told  []string
	}{
		"gone":                          {now: nil},
		"replaced":                      {now: failedPod("a", "p", func(p *corev1.Pod) { p.UID = "another" })},
		"protected since":               {now: failedPod("a", "p", annotated("podwatch.dev/keep", ""))},
		"being deleted since":           {now: failedPod("a", "p", deleted)},
		"not as it was any more":        {now: failedPod("a", "p", running)},
		"S38 the stream is not in view": {now: pod, stale: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newServer(t)
			if test.now != nil {
				s.replace(test.now)
			}
			w := newSweep(t, s, fiveMinutes)
			w.ripen(pod)
			if err := w.try(pod, 1, test.stale); err != nil {
				t.Error(err)
			}
			for _, line := range w.told {
				if line == "p planned" || line == "p deleted" {
					t.Errorf("told %q", line)
				}
			}
			if sent := s.mutations(); len(sent) > 0 {
				t.Errorf("sent %v", sent)
			}
			if test.stale && len(s.requests) > 0 {
				t.Errorf("sent %v while nothing is known", s.requests)
			}
		})
	}
}

// The pod is replaced when the decision has been told already.
func TestF60_APodThatIsReplacedBeforeTheDeleteStays(t *testing.T) {
	t.Parallel()
	pod := failedPod("a", "p")
	s := newServer(t, pod)
	s.answer = func(r *http.Request) (*http.Response, error) {
		if r.Method == http.MethodDelete {
			s.replace(failedPod("a", "p", func(p *corev1.Pod) { p.UID = "another" }))
		}
		return nil, nil
	}
	w := newSweep(t, s, fiveMinutes)
	w.ripen(pod)
	if err := w.sweep(pod); err != nil {
		t.Error(err)
	}
	w.expect([]string{"p planned", "p replaced"}, "DELETE a/p")
	if got := s.gone(); len(got) > 0 {
		t.Errorf("removed %v", got)
	}
}

func TestF60_AnEvictionIsBoundToTheVersionThatWasRead(t *testing.T) {
	t.Parallel()
	looping := func(version string) *corev1.Pod {
		return failedPod("a", "p", versioned(version), func(p *corev1.Pod) {
			p.Status = corev1.PodStatus{
				Phase:      corev1.PodRunning,
				Conditions: []corev1.PodCondition{{Type: corev1.PodReady, Status: corev1.ConditionFalse, LastTransitionTime: ago(time.Hour)}},
				ContainerStatuses: []corev1.ContainerStatus{{
					Name: "app", RestartCount: 9, State: corev1.ContainerState{Waiting: &corev1.ContainerStateWaiting{Reason: "CrashLoopBackOff"}},
				}},
			}
		})
	}
	s := newServer(t, looping("2"))
	w := newSweep(t, s, Rules{Categories: []v1alpha1.Category{v1alpha1.CategoryCrashLoop}, MinRestarts: 5, UnreadyFor: time.Minute})
	w.ripen(looping("1"))
	if err := w.sweep(looping("1")); err != nil {
		t.Error(err)
	}
	w.expect([]string{"p planned", "p terminating"}, "POST a/p")
	// A budget that forbids it is told, and not asked again for a while.
	s.replace(looping("3"))
	s.answer = func(r *http.Request) (*http.Response, error) {
		if r.Method == http.MethodPost {
			return refuse(http.StatusTooManyRequests, metav1.StatusReasonTooManyRequests, metav1.StatusCause{Type: policyv1.DisruptionBudgetCause}), nil
		}
		return nil, nil
	}
	w.candidates.Forget(looping("").UID)
	w.ripen(looping("3"))
	if err := w.sweep(looping("3")); err != nil {
		t.Error(err)
	}
	w.expect([]string{"p planned", "p terminating", "p planned", "p blocked"}, "POST a/p", "POST a/p")
}

func TestS39_ASweeperInADryRunChangesNothing(t *testing.T) {
	t.Parallel()
	pod := failedPod("a", "p")
	for name, actor := range map[string]func(*server) Actor{
		"client": func(*server) Actor { return ClientDryRun() },
		"server": func(s *server) Actor { return ServerDryRun(s.client()) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newServer(t, pod.DeepCopy())
			w := newSweep(t, s, fiveMinutes)
			w.cfg.Actor, w.cfg.Archive = actor(s), nil
			w.ripen(pod)
			if err := w.sweep(pod); err != nil {
				t.Error(err)
			}
			if diff := cmp.Diff([]string{"p planned", "p wouldDelete"}, w.told); diff != "" || len(s.gone()) > 0 {
				t.Errorf("removed %v, told (-want +got):\n%s", s.gone(), diff)
			}
			p, v := judge(pod, w.clock.Now())
			if ripe, next := w.candidates.Consider(Sight{Pod: p, Verdict: v}, w.clock.Now().Add(time.Hour), 0); ripe || !next.IsZero() {
				t.Error("S40: it would be told again, though a real run would have removed it")
			}
		})
	}
}

// S40: a dry run tells what a real run would remove, limits and the loop guard
// included.
func TestS40_ADryRunOfASweeperIsWhatARealOneDoes(t *testing.T) {
	t.Parallel()
	var runs [][]string
	for _, dry := range []bool{false, true} {
		s := newServer(t)
		w := newSweep(t, s, fiveMinutes)
		w.guard = NewGuard(Limits{Ended: 5})
		if dry {
			w.cfg.Actor, w.cfg.Archive = ClientDryRun(), nil
		}
		for i := range 9 {
			pod := failedPod("a", "p"+strconv.Itoa(i), func(p *corev1.Pod) {
				p.OwnerReferences[0].UID = types.UID("rs" + strconv.Itoa(i/4))
			})
			s.replace(pod)
			w.ripen(pod)
			if err := w.sweep(pod); err != nil {
				t.Error(err)
			}
		}
		runs = append(runs, slices.DeleteFunc(w.told, func(line string) bool {
			return !strings.HasSuffix(line, "planned") && !strings.Contains(line, "skipped")
		}))
	}
	want := []string{
		"p0 planned", "p1 planned", "p2 planned", "p3 skipped loop-guard", "p4 planned", "p5 planned", "p6 skipped limit", "p7 skipped limit", "p8 skipped limit",
	}
	for _, told := range runs {
		if diff := cmp.Diff(want, told); diff != "" {
			t.Errorf("told (-want +got):\n%s", diff)
		}
	}
}

func TestASweeperMindsTheSurroundings(t *testing.T) {
	t.Parallel()
	kept := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: "a", Annotations: map[string]string{"podwatch.dev/keep": "true"}}}
	elsewhere := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: "b"}}
	for name, test := range map[string]struct {
		pod    *corev1.Pod
		around []runtime.Object
		want   string
	}{
		"a namespace that is kept":             {failedPod("a", "p"), []runtime.Object{kept}, "keep-annotation"},
		"a namespace that cannot be read":      {failedPod("a", "p"), []runtime.Object{elsewhere}, "namespace-unknown"},
		"a Job that goes on":                   {jobPod("job", "1"), []runtime.Object{jobObject("job", "1", "")}, "job-active"},
		"a Job that has ended, in a kept one":  {jobPod("job", "1"), []runtime.Object{kept, jobObject("job", "1", batchv1.JobFailed)}, "keep-annotation"},
		"a Job that has ended may be cleaned":  {jobPod("job", "1"), []runtime.Object{jobObject("job", "1", batchv1.JobFailed)}, ""},
		"a Job that is gone may be cleaned up": {jobPod("job", "1"), nil, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newSweep(t, newServer(t, test.pod), fiveMinutes, test.around...)
			for len(w.server.gone()) == 0 && len(w.told) < 2 && w.clock.Since(noon) < time.Hour {
				w.ripen(test.pod)
				if err := w.sweep(test.pod); err != nil {
					t.Error(err)
				}
				w.clock.Step(respite)
				p, v := judge(test.pod, w.clock.Now())
				w.candidates.Consider(Sight{Pod: p, Verdict: v}, w.clock.Now(), 0)
				w.clock.Step(respite)
			}
			if test.want == "" {
				w.expect([]string{test.pod.Name + " planned", test.pod.Name + " deleted"}, "DELETE a/"+test.pod.Name)
				return
			}
			w.expect([]string{test.pod.Name + " skipped " + test.want}) // once
		})
	}
}

// S56: a ReplicaSet whose pods fail as soon as they are made.
func TestS56_ALoopIsStoppedAndSaid(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	w := newSweep(t, s, Rules{})
	fail := func(i int) string {
		at := metav1.NewTime(w.clock.Now())
		pod := failedPod("a", fmt.Sprintf("p%d", i), containers(ended("app", 1, "Error", at)))
		pod.UID = types.UID("uid-" + strconv.Itoa(i))
		s.replace(pod)
		before := len(w.told)
		w.ripen(pod)
		if err := w.sweep(pod); err != nil {
			t.Error(err)
		}
		return w.told[len(w.told)-1][len(pod.Name)+1:] + strconv.Itoa(len(w.told)-before)
	}
	var got []string
	for i := range 6 {
		got = append(got, fail(i))
		w.clock.Step(time.Minute)
	}
	want := []string{"deleted2", "deleted2", "deleted2", "skipped loop-guard1", "skipped loop-guard1", "skipped loop-guard1"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("of pods of one ReplicaSet (-want +got):\n%s", diff)
	}
	w.clock.Step(time.Hour)
	if got := fail(6); got != "deleted2" {
		t.Errorf("after the pause: %s", got)
	}
	if gone := s.gone(); len(gone) != 4 {
		t.Errorf("removed %v, want four", gone)
	}
}

func TestAnAttemptThatFailsIsToldWhenItWasTheLast(t *testing.T) {
	t.Parallel()
	pod := failedPod("a", "p")
	refused := &net.OpError{Op: "dial", Net: "tcp", Err: errors.New("connection refused")}
	for name, test := range map[string]struct {
		method string
		told   []string
	}{
		"of the DELETE": {http.MethodDelete, []string{"p planned", "p error"}},
		"of the GET":    {http.MethodGet, []string{"p error"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newServer(t, pod)
			s.answer = func(r *http.Request) (*http.Response, error) {
				if r.Method == test.method {
					return nil, refused
				}
				return nil, nil
			}
			w := newSweep(t, s, fiveMinutes)
			w.ripen(pod)
			for attempt := 1; attempt < MaxAttempts; attempt++ {
				if err := w.try(pod, attempt, attempt == 3); err == nil && attempt != 3 {
					t.Fatalf("attempt %d has no error", attempt)
				}
			}
			if err := w.try(pod, MaxAttempts, false); err != nil || w.Left() != 0 {
				t.Errorf("the last attempt: %v", err)
			}
			if diff := cmp.Diff(test.told, w.told); diff != "" {
				t.Errorf("told (-want +got):\n%s", diff)
			}
		})
	}
}

func TestADecisionThatIsLeftAtTheEndIsConcluded(t *testing.T) {
	t.Parallel()
	pod := failedPod("a", "p")
	s := newServer(t, pod)
	s.answer = func(r *http.Request) (*http.Response, error) {
		if r.Method == http.MethodDelete {
			return refuse(http.StatusServiceUnavailable, metav1.StatusReasonServiceUnavailable), nil
		}
		return nil, nil
	}
	w := newSweep(t, s, fiveMinutes)
	w.ripen(pod)
	if err := w.sweep(pod); err == nil {
		t.Error("no error asks for another attempt")
	}
	if left := w.Left(); left != 1 || w.Left() != 0 {
		t.Errorf("%d decisions left, want one, once", left)
	}
	w.expect([]string{"p planned", "p error"}, "DELETE a/p")
}
