// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package cmd_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"io"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/cli-runtime/pkg/genericiooptions"

	"github.com/podwatch/kubectl-podwatch/pkg/apis/podwatch/v1alpha1"
	"github.com/podwatch/kubectl-podwatch/pkg/cmd"
	"github.com/podwatch/kubectl-podwatch/test/controlplane"
)

// run runs podwatch to its end.
func run(t *testing.T, args ...string) (stdout, stderr string, code int) {
	t.Helper()
	var out, errOut bytes.Buffer
	code = cmd.Main(t.Context(), args, genericiooptions.IOStreams{In: strings.NewReader(""), Out: &out, ErrOut: &errOut}, noEnv)
	return out.String(), errOut.String(), code
}

func noEnv(string) (string, bool) { return "", false }

// watch is a `kubectl podwatch watch` that runs.
type watch struct {
	// text is all that was read of standard output.
	text strings.Builder

	t      *testing.T
	lines  *bufio.Scanner
	stop   context.CancelCauseFunc
	code   chan int
	stderr *bytes.Buffer
}

func startWatch(t *testing.T, args ...string) *watch {
	t.Helper()
	r, w := io.Pipe()
	ctx, stop := context.WithCancelCause(t.Context())
	p := &watch{t: t, lines: bufio.NewScanner(r), stop: stop, code: make(chan int, 1), stderr: &bytes.Buffer{}}
	p.lines.Buffer(nil, 1<<20)
	streams := genericiooptions.IOStreams{In: strings.NewReader(""), Out: w, ErrOut: p.stderr}
	go func() {
		p.code <- cmd.Main(ctx, append([]string{"watch", "-o", "json"}, args...), streams, noEnv)
		_ = w.Close()
	}()
	t.Cleanup(func() { stop(nil); _ = r.Close() })
	return p
}

// until reads events up to the first that matches, and returns it.
func (p *watch) until(what string, match func(v1alpha1.PodWatchEvent) bool) v1alpha1.PodWatchEvent {
	p.t.Helper()
	timer := time.AfterFunc(time.Minute, func() { p.stop(nil) })
	defer timer.Stop()
	for p.lines.Scan() {
		p.text.WriteString(p.lines.Text() + "\n")
		var e v1alpha1.PodWatchEvent
		if err := json.Unmarshal(p.lines.Bytes(), &e); err != nil {
			p.t.Fatalf("line %q: %v", p.lines.Text(), err)
		}
		if e.Type == "" || e.Time.IsZero() || e.Kind != "PodWatchEvent" {
			p.t.Errorf("line %q lacks type, time or kind", p.lines.Text())
		}
		if match(e) {
			return e
		}
	}
	p.t.Fatalf("the output ended before %s; stderr: %s", what, p.stderr)
	return v1alpha1.PodWatchEvent{}
}

func ofType(kind v1alpha1.EventType) func(v1alpha1.PodWatchEvent) bool {
	return func(e v1alpha1.PodWatchEvent) bool { return e.Type == kind }
}

// The rows of the reference controllers that one run of watch shows: summary
// first (R2), crash loop (R7), deletion (R15), periodic summary (R16), one JSON
// object per line (R19), stop (R20).
func TestR2_R7_R15_R16_R19_R20_WatchOnARealServer(t *testing.T) {
	t.Parallel()
	server := controlplane.Shared(t)
	namespace := server.Namespace(t)
	pod := runningPod(namespace, "web")
	if _, err := server.CreatePod(t.Context(), pod); err != nil {
		t.Fatal(err)
	}
	p := startWatch(t, "--kubeconfig", server.Kubeconfig(), "-n", namespace, "--summary-every", "1s")
	first := p.until("the summary", func(v1alpha1.PodWatchEvent) bool { return true })
	if first.Type != v1alpha1.EventSummary || !first.Initial || first.Summary.Pods.Total != 1 {
		t.Errorf("R2: the first line is %+v, want the summary of one pod", first)
	}
	looping := pod.Status.DeepCopy()
	looping.Conditions[1].Status = corev1.ConditionFalse
	looping.ContainerStatuses[0] = corev1.ContainerStatus{
		Name: "app", RestartCount: 4,
		State:                corev1.ContainerState{Waiting: &corev1.ContainerStateWaiting{Reason: "CrashLoopBackOff", Message: "back-off 40s restarting failed container=app"}},
		LastTerminationState: corev1.ContainerState{Terminated: &corev1.ContainerStateTerminated{ExitCode: 137, Reason: "OOMKilled", FinishedAt: metav1.Now()}},
	}
	if _, err := server.SetStatus(t.Context(), namespace, "web", *looping); err != nil {
		t.Fatal(err)
	}
	entered := p.until("the crash loop", ofType(v1alpha1.EventCrashLoopEntered))
	got := []string{entered.Name, string(entered.From), string(entered.To), entered.FromKubectlStatus, entered.KubectlStatus, entered.Cause, entered.SubCause, entered.Container}
	want := []string{"web", "Healthy", "Failing", "Running", "CrashLoopBackOff", "CrashLoop", "OOMKilled", "app"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("R7: crash loop (-want +got):\n%s", diff)
	}
	tick := p.until("R16: a summary with the pod", func(e v1alpha1.PodWatchEvent) bool {
		return e.Type == v1alpha1.EventSummary && len(e.Summary.Listed) == 1
	})
	if s := tick.Summary; s.Listed[0].Name != "web" || s.Reconciliations == 0 || s.Pods.Failing != 1 {
		t.Errorf("R16: summary = %+v", s)
	}
	if err := server.Client().CoreV1().Pods(namespace).Delete(t.Context(), "web", metav1.DeleteOptions{GracePeriodSeconds: new(int64)}); err != nil {
		t.Fatal(err)
	}
	p.until("R15: the deletion", ofType(v1alpha1.EventPodDeleted))
	p.stop(cmd.Interrupted(syscall.SIGINT))
	end := p.until("R20: the end", ofType(v1alpha1.EventEnd))
	if code := <-p.code; code != 0 || *end.ExitCode != 0 {
		t.Errorf("R20: exit code %d, in the end event %d, want 0", code, *end.ExitCode)
	}
}

// runningPod is a pod that runs and is ready.
func runningPod(namespace, name string) *corev1.Pod {
	start := metav1.NewTime(time.Now().Add(-time.Hour))
	return &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: name},
		Spec:       corev1.PodSpec{NodeName: "n1", Containers: []corev1.Container{{Name: "app", Image: "registry.example.com/app:1"}}},
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

func TestR1_SelectorsAreAppliedByTheServer(t *testing.T) {
	t.Parallel()
	server := controlplane.Shared(t)
	namespace := server.Namespace(t)
	for _, name := range []string{"mine", "other"} {
		pod := runningPod(namespace, name)
		pod.Labels = map[string]string{"app.kubernetes.io/managed-by": name}
		if _, err := server.CreatePod(t.Context(), pod); err != nil {
			t.Fatal(err)
		}
	}
	stdout, stderr, code := run(t, "report", "--kubeconfig", server.Kubeconfig(), "-n", namespace,
		"--managed-by", "mine", "--show-healthy", "-o", "jsonpath={.summary.pods.total} {.pods[*].name}")
	if stdout != "1 mine" || code != 0 {
		t.Errorf("report --managed-by mine = %q, exit %d, stderr %s", stdout, code, stderr)
	}
}

func TestWatchOutlivesTheAPIServer(t *testing.T) {
	t.Parallel()
	server := controlplane.New(t, controlplane.Options{})
	if _, err := server.CreatePod(t.Context(), runningPod("default", "web")); err != nil {
		t.Fatal(err)
	}
	p := startWatch(t, "--kubeconfig", server.Kubeconfig(), "-A", "--summary-every", "0")
	p.until("the summary", ofType(v1alpha1.EventSummary))
	server.KillAPIServer()
	if stale := p.until("the loss", ofType(v1alpha1.EventStreamStale)); stale.Message == "" {
		t.Error("the loss of the server is told without a reason")
	}
	if err := server.StartAPIServer(t.Context()); err != nil {
		t.Fatal(err)
	}
	p.until("the return", ofType(v1alpha1.EventStreamLive))
	if _, err := server.CreatePod(t.Context(), runningPod("default", "new")); err != nil {
		t.Fatal(err)
	}
	added := p.until("a new pod", func(e v1alpha1.PodWatchEvent) bool { return e.Name != "" })
	if added.Name != "new" {
		t.Errorf("after the return told %s about %q, want only the new pod", added.Type, added.Name)
	}
	p.stop(cmd.Interrupted(syscall.SIGTERM))
	p.until("the end", ofType(v1alpha1.EventEnd))
	if code := <-p.code; code != 0 {
		t.Errorf("exit code %d, want 0", code)
	}
}
