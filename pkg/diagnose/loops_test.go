// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package diagnose_test

import (
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/podwatch/kubectl-podwatch/pkg/projection"
)

// kubelet plays a container that ends again and again: it runs, is seen as
// terminated for a moment, waits for its back-off and runs again.
type kubelet struct {
	run    time.Duration
	reason string
	code   int32
	// readyAfter is when the readiness probe succeeds in each run; zero is a
	// container without a probe.
	readyAfter time.Duration
}

// at returns the status at instant t after the pod's start, and when the
// container last became ready or stopped being so.
func (k kubelet) at(start time.Time, t time.Duration) (s corev1.ContainerStatus, turned metav1.Time) {
	const moment = 2 * time.Second
	begun, backoff := time.Duration(0), 10*time.Second
	clock := func(d time.Duration) metav1.Time { return metav1.NewTime(start.Add(d)) }
	end := func(begun time.Duration) corev1.ContainerState {
		return corev1.ContainerState{Terminated: &corev1.ContainerStateTerminated{
			ExitCode: k.code, Reason: k.reason, StartedAt: clock(begun), FinishedAt: clock(begun + k.run),
		}}
	}
	for {
		ended := begun + k.run
		up := begun + k.readyAfter
		switch {
		case t < ended:
			s.State.Running = &corev1.ContainerStateRunning{StartedAt: clock(begun)}
			if t >= up {
				s.Ready, turned = true, clock(up)
			}
			return s, turned
		case t < ended+moment:
			s.State = end(begun)
			return s, turnedAt(turned, clock, up, ended)
		case t < ended+moment+backoff:
			s.LastTerminationState = end(begun)
			s.State.Waiting = &corev1.ContainerStateWaiting{Reason: "CrashLoopBackOff", Message: "back-off restarting failed container"}
			return s, turnedAt(turned, clock, up, ended)
		}
		turned = turnedAt(turned, clock, up, ended)
		s.RestartCount++
		s.LastTerminationState = end(begun)
		begun = ended + moment + backoff
		backoff = min(2*backoff, 5*time.Minute)
	}
}

// turnedAt is when the pod's readiness last changed: at the end of a run that
// had become ready after up, else as before.
func turnedAt(before metav1.Time, clock func(time.Duration) metav1.Time, up, ended time.Duration) metav1.Time {
	if up < ended {
		return clock(ended)
	}
	return before
}

// loopingPods are the pods that a looping container can stand in.
func loopingPods() map[string]func(s corev1.ContainerStatus, turned metav1.Time) *corev1.Pod {
	healthy := func() corev1.ContainerStatus { return started(running(metav1.NewTime(corpusNow()))) }
	initialized := condition(corev1.PodInitialized, corev1.ConditionTrue, "")
	return map[string]func(s corev1.ContainerStatus, turned metav1.Time) *corev1.Pod{
		"alone": func(s corev1.ContainerStatus, _ metav1.Time) *corev1.Pod {
			return newPod(corev1.PodRunning, app(s))
		},
		"of a Job with OnFailure": func(s corev1.ContainerStatus, _ metav1.Time) *corev1.Pod {
			return newPod(corev1.PodRunning, restartPolicy(corev1.RestartPolicyOnFailure), app(s))
		},
		"among healthy ones": func(s corev1.ContainerStatus, _ metav1.Time) *corev1.Pod {
			return newPod(corev1.PodRunning, initContainer(corev1.ContainerRestartPolicyAlways, healthy()), twoApps(healthy(), s), initialized)
		},
		"as init container": func(s corev1.ContainerStatus, _ metav1.Time) *corev1.Pod {
			s.Ready = false
			return newPod(corev1.PodPending, initContainer("", s), app(waiting("PodInitializing", "")),
				condition(corev1.PodInitialized, corev1.ConditionFalse, "ContainersNotInitialized"))
		},
		"as sidecar beside an app that is well": func(s corev1.ContainerStatus, turned metav1.Time) *corev1.Pod {
			return newPod(corev1.PodRunning, initContainer(corev1.ContainerRestartPolicyAlways, withStarted(s)), app(healthy()), initialized, readyAs(s, turned))
		},
		"with a readiness probe": func(s corev1.ContainerStatus, turned metav1.Time) *corev1.Pod {
			return newPod(corev1.PodRunning, app(withStarted(s)), initialized, readyAs(s, turned), func(p *corev1.Pod) {
				p.Spec.Containers[0].ReadinessProbe = &corev1.Probe{PeriodSeconds: 1, FailureThreshold: 3}
			})
		},
	}
}

func withStarted(s corev1.ContainerStatus) corev1.ContainerStatus {
	up := s.State.Running != nil
	s.Started = &up
	return s
}

// readyAs sets the conditions that the kubelet derives from the one container
// that is not always ready.
func readyAs(s corev1.ContainerStatus, turned metav1.Time) change {
	return func(p *corev1.Pod) {
		status, reason := corev1.ConditionTrue, ""
		if !s.Ready {
			status, reason = corev1.ConditionFalse, "ContainersNotReady"
		}
		for _, t := range []corev1.PodConditionType{corev1.ContainersReady, corev1.PodReady} {
			sinceCondition(t, status, reason, "", turned)(p)
		}
	}
}

func TestE5_CrashLoopIsOneFindingAtEveryInstant(t *testing.T) {
	t.Parallel()
	for place, makePod := range loopingPods() {
		for name, k := range map[string]kubelet{
			"ends at once":      {run: time.Second, reason: "Error", code: 1},
			"exits with 0":      {run: 10 * time.Second, reason: "Completed", code: 0},
			"runs out of mem":   {run: 45 * time.Second, reason: "OOMKilled", code: 137, readyAfter: 20 * time.Second},
			"never gets ready":  {run: 30 * time.Second, reason: "Error", code: 2, readyAfter: time.Hour},
			"killed":            {run: 4 * time.Minute, reason: "Error", code: 137, readyAfter: time.Minute},
			"cannot be started": {run: 0, reason: "StartError", code: 128},
			"runs nine minutes": {run: 9 * time.Minute, reason: "Error", code: 2, readyAfter: 30 * time.Second},
		} {
			if k.code == 0 && (place == "as init container" || place == "of a Job with OnFailure") {
				continue // then it is done
			}
			t.Run(place+", "+name, func(t *testing.T) {
				t.Parallel()
				k.watch(t, makePod)
			})
		}
	}
}

// watch looks at the pod every second for 15 minutes, from the third restart on.
func (k kubelet) watch(t *testing.T, makePod func(corev1.ContainerStatus, metav1.Time) *corev1.Pod) {
	t.Helper()
	start, second := corpusNow(), time.Duration(0)
	for s, _ := k.at(start, second); s.RestartCount < 3; s, _ = k.at(start, second) {
		second += time.Second
	}
	want, samples := "", 0
	for end := second + 15*time.Minute; second < end; second += time.Second {
		pod := makePod(k.at(start, second))
		pod.CreationTimestamp, pod.Status.StartTime = metav1.NewTime(start), &metav1.Time{Time: start}
		v := judgeAt(projection.From(pod), start.Add(second))
		got := brief(v)
		if f := v.Primary(); f != nil {
			got += " since " + string(f.SincePrecision)
		}
		if want == "" {
			want = got
		}
		if got != want || !strings.HasPrefix(got, "Failing: critical CrashLoop/") {
			t.Fatalf("after %v: verdict = %q, before %q", second, got, want)
		}
		samples++
	}
	if samples != 900 {
		t.Errorf("%d samples, want 900", samples)
	}
}
