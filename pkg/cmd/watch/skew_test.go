// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package watch

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/cli-runtime/pkg/genericiooptions"
	cliprinters "k8s.io/cli-runtime/pkg/printers"
	"k8s.io/utils/clock"

	"github.com/podwatch/kubectl-podwatch/pkg/apis/podwatch/v1alpha1"
	"github.com/podwatch/kubectl-podwatch/pkg/cmd/internal/exit"
	"github.com/podwatch/kubectl-podwatch/pkg/diagnose"
	"github.com/podwatch/kubectl-podwatch/pkg/printers"
	"github.com/podwatch/kubectl-podwatch/pkg/projection"
	"github.com/podwatch/kubectl-podwatch/pkg/reconcile"
	"github.com/podwatch/kubectl-podwatch/pkg/reconcile/stream"
	"github.com/podwatch/kubectl-podwatch/pkg/recording"
	"github.com/podwatch/kubectl-podwatch/pkg/transition"
)

// skewed is a source whose server's clock is ahead by skew: a pod is in a crash
// loop, and runs for good a minute later; another waits for a node all the time.
func skewed(skew time.Duration) reconcile.Source {
	return reconcile.Source{Namespace: "shop", Run: func(ctx context.Context, h stream.Handler) error {
		now := func() metav1.Time { return metav1.NewTime(time.Now().Add(skew)) }
		pod := func(name string, status corev1.PodStatus) *projection.Pod {
			return projection.From(&corev1.Pod{
				ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: name, UID: types.UID(name), CreationTimestamp: now(), ResourceVersion: "1"},
				Spec:       corev1.PodSpec{Containers: []corev1.Container{{Name: "app"}}}, Status: status,
			})
		}
		waiting := pod("waiting", corev1.PodStatus{Phase: corev1.PodPending})
		crashed := &corev1.ContainerStateTerminated{ExitCode: 1, Reason: "Error", StartedAt: now(), FinishedAt: now()}
		container := corev1.ContainerStatus{Name: "app", RestartCount: 1, LastTerminationState: corev1.ContainerState{Terminated: crashed}}
		container.State.Waiting = &corev1.ContainerStateWaiting{Reason: "CrashLoopBackOff"}
		h.Status(stream.Status{State: stream.Connecting, Skew: skew})
		h.Upsert(pod("looping", corev1.PodStatus{Phase: corev1.PodRunning, ContainerStatuses: []corev1.ContainerStatus{container}}), stream.Frame{Initial: true})
		h.Upsert(waiting, stream.Frame{Initial: true})
		h.Status(stream.Status{State: stream.Live, Skew: skew})
		h.Synced()
		time.Sleep(time.Minute)
		container.State = corev1.ContainerState{Running: &corev1.ContainerStateRunning{StartedAt: now()}}
		container.Ready, container.Started = true, new(true)
		well := corev1.PodStatus{
			Phase: corev1.PodRunning, ContainerStatuses: []corev1.ContainerStatus{container},
			Conditions: []corev1.PodCondition{{Type: corev1.PodReady, Status: corev1.ConditionTrue, LastTransitionTime: now()}},
		}
		h.Upsert(pod("looping", well), stream.Frame{})
		<-ctx.Done()
		return ctx.Err()
	}}
}

// toldOf is what a watch of that source tells within 15 minutes, and after how long.
func toldOf(t *testing.T, skew time.Duration) []string {
	t.Helper()
	events, err := printers.NewEvents("json", printers.EventOptions{})
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	o := Options{
		IOStreams: genericiooptions.IOStreams{Out: &out, ErrOut: &bytes.Buffer{}}, Thresholds: diagnose.Defaults(), Clock: clock.RealClock{},
		Machine: true, Tell: transition.Options{SummaryPods: transition.SummaryNone}, Printer: func(int) cliprinters.ResourcePrinter { return events },
	}
	ctx, cancel := context.WithCancelCause(t.Context())
	defer cancel(nil)
	start := time.Now()
	time.AfterFunc(15*time.Minute, func() { cancel(exit.SignalError{}) })
	cfg := reconcile.Config{Sources: []reconcile.Source{skewed(skew)}, Until: reconcile.UntilStopped, Thresholds: o.Thresholds, Clock: o.Clock}
	header := recording.Header{Started: start, Sources: []recording.Source{{Namespace: "shop"}}}
	if err := watchOn(ctx, o, cancel, cfg, header, nil); err != nil {
		t.Errorf("watch = %v", err)
	}
	var lines []string
	for line := range strings.Lines(out.String()) {
		var e v1alpha1.PodWatchEvent
		if err := json.Unmarshal([]byte(line), &e); err != nil {
			t.Fatal(err)
		}
		if e.Name != "" {
			lines = append(lines, strings.TrimSpace(fmt.Sprint(e.Time.Sub(start).Round(time.Second), " ", e.Type, " ", e.Name, " ", e.Severity, " ", e.Cause, " ", e.Message)))
		}
	}
	return lines
}

// Nothing is told earlier, later or otherwise because this machine's clock is
// wrong.
func TestF33_EverythingIsToldWhenItIsTime(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		want := toldOf(t, 0)
		for _, part := range []string{
			"0s crashloop.entered looping critical", "2m0s pod.recovered looping info  well for 1m0s, after 1m0s in trouble",
			"2m0s pod.pending_stuck waiting warning", "10m0s pod.pending_stuck waiting critical",
		} {
			if !strings.Contains(strings.Join(want, "\n"), part) {
				t.Errorf("without a skew %q is not told:\n%s", part, strings.Join(want, "\n"))
			}
		}
		for _, skew := range []time.Duration{2 * time.Hour, -2 * time.Hour} {
			if diff := cmp.Diff(want, toldOf(t, skew)); diff != "" {
				t.Errorf("with the server %s ahead (-want +got):\n%s", skew, diff)
			}
		}
	})
}

func TestF33_TheLiveViewKnowsTheClockOfTheServer(t *testing.T) {
	t.Parallel()
	for _, kind := range []stream.State{stream.Live, stream.Stale} {
		got := freshness(reconcile.Event{Type: reconcile.Stream, Status: stream.Status{State: kind, Skew: 2 * time.Hour}})
		if got.Skew != 2*time.Hour {
			t.Errorf("%s: the board is told of a skew of %s", kind, got.Skew)
		}
	}
}
