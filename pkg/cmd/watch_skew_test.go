// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package cmd_test

import (
	"fmt"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/podwatch/kubectl-podwatch/pkg/apis/podwatch/v1alpha1"
	"github.com/podwatch/kubectl-podwatch/pkg/cmd"
	"github.com/podwatch/kubectl-podwatch/pkg/reconcile/stream/frametest"
)

// waitingPod waits for a node since the given time: after two minutes that is a
// warning, after ten it is critical.
func waitingPod(namespace, name string, since time.Time) *corev1.Pod {
	return &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: name, CreationTimestamp: metav1.NewTime(since)},
		Spec:       corev1.PodSpec{Containers: []corev1.Container{{Name: "app", Image: "registry.example.com/app:1"}}},
		Status:     corev1.PodStatus{Phase: corev1.PodPending},
	}
}

// serverAhead is a server whose clock is ahead by skew, with a pod in each of the
// namespaces a and b that waits since five minutes ago, by that clock.
func serverAhead(t *testing.T, skew time.Duration) *frametest.Server {
	t.Helper()
	srv := frametest.New(t)
	srv.Ahead(skew)
	since := time.Now().Add(skew - 5*time.Minute)
	srv.Put(waitingPod("a", "web", since), waitingPod("b", "web", since))
	return srv
}

const skewText = "this machine's clock differs from the server's by 2h0m"

func TestF33_WatchGoesByTheClockOfTheServer(t *testing.T) {
	t.Parallel()
	for _, skew := range []time.Duration{0, 2 * time.Hour, -2 * time.Hour} {
		t.Run(skew.String(), func(t *testing.T) {
			t.Parallel()
			p := startWatch(t, "-n", "a,b", "--summary-every", "1s", "--kubeconfig", kubeconfig(t, serverAhead(t, skew).Config().Host))
			severities, notices := map[string]v1alpha1.Severity{}, 0
			p.until("a summary later", func(e v1alpha1.PodWatchEvent) bool {
				if e.Type == v1alpha1.EventStreamNotice && strings.Contains(e.Message, "clock differs") {
					notices++
				}
				if e.Name != "" {
					severities[e.Namespace+"/"+e.Name] = e.Severity
				}
				if off := time.Until(e.Time.Time).Abs(); off > time.Minute {
					t.Errorf("%s is told as of %s, which is %s off", e.Type, e.Time, off)
				}
				return e.Type == v1alpha1.EventSummary && !e.Initial
			})
			want := map[string]v1alpha1.Severity{"a/web": v1alpha1.SeverityWarning, "b/web": v1alpha1.SeverityWarning}
			if diff := cmp.Diff(want, severities); diff != "" {
				t.Errorf("told (-want +got):\n%s", diff)
			}
			wantNotices := 0
			if skew != 0 {
				wantNotices = 1 // of two sources
			}
			if notices != wantNotices {
				t.Errorf("%d notices about the clock, want %d", notices, wantNotices)
			}
		})
	}
}

func TestF33_AReplayGoesByTheClockThatTheServerHad(t *testing.T) {
	t.Parallel()
	srv := serverAhead(t, -2*time.Hour)
	file := filepath.Join(t.TempDir(), "run.jsonl")
	p := startWatch(t, "-A", "--record", file, "--kubeconfig", kubeconfig(t, srv.Config().Host))
	p.until("the clock", func(e v1alpha1.PodWatchEvent) bool { return strings.Contains(e.Message, skewText) })
	srv.AwaitWatches(1)
	// This machine's clock is set right: the next answer tells.
	srv.Ahead(0)
	srv.CloseWatches()
	srv.AwaitWatches(1)
	for i := range 5 {
		srv.Put(waitingPod("a", fmt.Sprint("later-", i), time.Now().Add(-5*time.Minute)))
	}
	p.until("the last pod", about("later-4"))
	p.stop(cmd.Interrupted(syscall.SIGINT))
	p.until("the end", ofType(v1alpha1.EventEnd))
	if c := <-p.code; c != 0 {
		t.Fatalf("exit code %d", c)
	}
	stdout, stderr, replayed := run(t, "watch", "-o", "json", "--replay", file)
	if stdout != p.text.String() || replayed != 0 {
		t.Errorf("exit code %d, stderr %q; the replay differs from the run (-run +replay):\n%s", replayed, stderr, firstDifference(p.text.String(), stdout))
	}
}

func TestF33_ReportGoesByTheClockOfTheServer(t *testing.T) {
	t.Parallel()
	for _, skew := range []time.Duration{0, 2 * time.Hour, -2 * time.Hour} {
		t.Run(skew.String(), func(t *testing.T) {
			t.Parallel()
			config := kubeconfig(t, serverAhead(t, skew).Config().Host)
			r, stderr, code := report(t, "-A", "--kubeconfig", config)
			if code != 0 || len(r.Groups) == 0 {
				t.Fatalf("exit code %d, %d groups, stderr %q", code, len(r.Groups), stderr)
			}
			for _, g := range r.Groups {
				if g.Severity != v1alpha1.SeverityWarning {
					t.Errorf("%s is %s after five minutes, want a warning", g.Cause, g.Severity)
				}
			}
			if off := r.ObservedAt.Sub(r.GeneratedAt.Time) - skew; off.Abs() > 5*time.Second {
				t.Errorf("observed at %s, generated at %s, want %s between them", r.ObservedAt, r.GeneratedAt, skew)
			}
			if told := strings.Contains(stderr, "warning: "+skewText); told != (skew != 0) || strings.Count(stderr, "clock") > 1 {
				t.Errorf("stderr %q", stderr)
			}
			table, _, _ := run(t, "report", "-A", "--kubeconfig", config)
			if !strings.Contains(table, "5m") {
				t.Errorf("no age of five minutes in:\n%s", table)
			}

			// Whoever names the instant gets the verdicts as of that.
			now := r.ObservedAt.Add(10 * time.Minute)
			r, stderr, _ = report(t, "-A", "--kubeconfig", config, "--now", now.UTC().Format(time.RFC3339))
			if r.ObservedAt.Unix() != now.Unix() || len(r.Groups) == 0 || r.Groups[0].Severity != v1alpha1.SeverityCritical || strings.Contains(stderr, "clock") {
				t.Errorf("with --now %s: observed at %s, groups %+v, stderr %q", now, r.ObservedAt, r.Groups, stderr)
			}
		})
	}
}

func TestF33_ReportOnClustersWithClocksOfTheirOwn(t *testing.T) {
	t.Parallel()
	right, wrong := serverAhead(t, 0), serverAhead(t, -2*time.Hour)
	r, stderr, code := report(t, "-A", "--context", "c0,c1", "--kubeconfig", kubeconfig(t, right.Config().Host, wrong.Config().Host))
	if code != 0 || len(r.Groups) < 2 {
		t.Fatalf("exit code %d, groups %+v, stderr %q", code, r.Groups, stderr)
	}
	for _, g := range r.Groups {
		if g.Severity != v1alpha1.SeverityWarning {
			t.Errorf("%s in %s is %s after five minutes, want a warning", g.Cause, g.Cluster, g.Severity)
		}
	}
	if !strings.Contains(stderr, `warning: context "c1": `+skewText) || strings.Contains(stderr, `"c0"`) {
		t.Errorf("stderr %q", stderr)
	}
}
