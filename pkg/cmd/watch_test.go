// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package cmd_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/cli-runtime/pkg/genericiooptions"

	"github.com/podwatch/kubectl-podwatch/pkg/apis/podwatch/v1alpha1"
	"github.com/podwatch/kubectl-podwatch/pkg/cmd"
	"github.com/podwatch/kubectl-podwatch/pkg/reconcile/stream/frametest"
)

// kubeconfig writes a kubeconfig with one context per server: c0, c1 and so on.
func kubeconfig(t *testing.T, servers ...string) string {
	t.Helper()
	var clusters, contexts strings.Builder
	for i, server := range servers {
		fmt.Fprintf(&clusters, "- {name: c%d, cluster: {server: %q}}\n", i, server)
		fmt.Fprintf(&contexts, "- {name: c%d, context: {cluster: c%d, user: me, namespace: shop}}\n", i, i)
	}
	file := filepath.Join(t.TempDir(), "config")
	content := "apiVersion: v1\nkind: Config\ncurrent-context: c0\nusers: [{name: me, user: {}}]\nclusters:\n" + clusters.String() + "contexts:\n" + contexts.String()
	if err := os.WriteFile(file, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

// broken is a pod whose image does not exist.
func brokenPod(namespace, name string) *corev1.Pod {
	p := runningPod(namespace, name)
	p.Status.Phase = corev1.PodPending
	p.Status.Conditions[1].Status = corev1.ConditionFalse
	p.Status.ContainerStatuses[0] = corev1.ContainerStatus{Name: "app", State: corev1.ContainerState{
		Waiting: &corev1.ContainerStateWaiting{Reason: "ErrImagePull", Message: "manifest unknown"},
	}}
	return p
}

// loopingPod has crashed n times.
func loopingPod(namespace, name string, n int32) *corev1.Pod {
	p := runningPod(namespace, name)
	p.Status.Conditions[1].Status = corev1.ConditionFalse
	p.Status.ContainerStatuses[0] = corev1.ContainerStatus{
		Name: "app", RestartCount: n,
		State: corev1.ContainerState{Waiting: &corev1.ContainerStateWaiting{Reason: "CrashLoopBackOff", Message: "back-off"}},
	}
	return p
}

func TestTheGateAndItsExitCodes(t *testing.T) {
	t.Parallel()
	interrupt := func(p *watch) { p.stop(cmd.Interrupted(syscall.SIGINT)) }
	nothing := func(*watch) {}
	for name, test := range map[string]struct {
		pods []*corev1.Pod
		args []string
		do   func(*watch)
		code int
		// unmet are the pods that are named, message is a part of the end.
		unmet   []string
		message string
	}{
		"healthy": {
			[]*corev1.Pod{runningPod("shop", "a")}, []string{"--until", "healthy", "--stable-for", "0s"}, nothing, 0, nil, "healthy",
		},
		"an image that does not exist": {
			[]*corev1.Pod{runningPod("shop", "a"), brokenPod("shop", "b")},
			[]string{"--until", "healthy"},
			nothing, 2,
			[]string{"b ImagePull"},
			`pod "shop/b" container "app": ImagePull/NotFound: manifest unknown`,
		},
		"a crash loop": {
			[]*corev1.Pod{loopingPod("shop", "a", 3)}, []string{"--until", "healthy"}, nothing, 2, []string{"a CrashLoop"}, "CrashLoop",
		},
		"time is up": {
			[]*corev1.Pod{loopingPod("shop", "a", 1), runningPod("shop", "b")},
			[]string{"--until", "healthy", "--timeout", "2s"},
			nothing, 2,
			[]string{"a CrashLoop"},
			`timed out after 2s: 1 of 2 pods is not healthy: pod "shop/a" container "app": CrashLoop`,
		},
		"no pods": {nil, []string{"--for", "condition=Ready", "--timeout", "2s"}, nothing, 2, nil, "there are no pods"},
		"all gone": {
			nil, []string{"--for", "delete"}, nothing, 0, nil, "delete",
		},
		"R20 interrupted": {
			[]*corev1.Pod{loopingPod("shop", "a", 1)}, []string{"--until", "healthy"}, interrupt, 130, []string{"a CrashLoop"}, "interrupted",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			srv := frametest.New(t)
			srv.Put(test.pods...)
			p := startWatch(t, append(test.args, "--kubeconfig", kubeconfig(t, srv.Config().Host))...)
			p.until("the summary", ofType(v1alpha1.EventSummary))
			test.do(p)
			var unmet []string
			end := p.until("the end", func(e v1alpha1.PodWatchEvent) bool {
				if e.Type == v1alpha1.EventGateUnmet {
					unmet = append(unmet, e.Name+" "+e.Cause)
				}
				return e.Type == v1alpha1.EventEnd
			})
			if code := <-p.code; code != test.code || *end.ExitCode != test.code {
				t.Errorf("exit code %d, in the end event %d, want %d", code, *end.ExitCode, test.code)
			}
			if diff := cmp.Diff(test.unmet, unmet); diff != "" {
				t.Errorf("unmet pods (-want +got):\n%s", diff)
			}
			if !strings.Contains(end.Message, test.message) {
				t.Errorf("end %q, want it to say %q", end.Message, test.message)
			}
		})
	}
}

func TestAGateGivesUpWhatItCannotSee(t *testing.T) {
	t.Parallel()
	srv := frametest.New(t)
	srv.Put(loopingPod("shop", "a", 1))
	p := startWatch(t, "--until", "healthy", "--max-stale", "2s", "--kubeconfig", kubeconfig(t, srv.Config().Host))
	p.until("the summary", ofType(v1alpha1.EventSummary))
	srv.Refuse()
	end := p.until("the end", ofType(v1alpha1.EventEnd))
	if code := <-p.code; code != 3 || *end.ExitCode != 3 || !strings.Contains(end.Message, "gave up after 2s") {
		t.Errorf("exit code %d, end %q", code, end.Message)
	}
}

func TestF06_F08_AtTheStartCredentialsAndRightsAreErrors(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		fault frametest.Fault
		args  []string
		want  string
	}{
		"F06 401 for ever": {
			frametest.Status(http.StatusUnauthorized, metav1.StatusReasonUnauthorized),
			[]string{"--connect-timeout", "1s"},
			"kubectl auth whoami",
		},
		"F08 403 in all namespaces": {
			frametest.Status(http.StatusForbidden, metav1.StatusReasonForbidden),
			[]string{"-A"},
			"kubectl auth can-i list pods --all-namespaces",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			srv := frametest.New(t)
			srv.Next(slices.Repeat([]frametest.Fault{test.fault}, 100)...)
			args := append([]string{"watch", "--until", "healthy", "--kubeconfig", kubeconfig(t, srv.Config().Host)}, test.args...)
			stdout, stderr, code := run(t, args...)
			if code != 1 || stdout != "" || !strings.Contains(stderr, test.want) {
				t.Errorf("exit code %d, stdout %q, stderr %q", code, stdout, stderr)
			}
		})
	}
}

// A gate whose time is up before anything was seen says why; what waiting does not mend
// is no gate that did not hold.
func TestF06_F21_AGateThatNeverSawThePodsSaysWhy(t *testing.T) {
	t.Parallel()
	fail := func(code int, reason metav1.StatusReason) func(*frametest.Server) {
		return func(s *frametest.Server) {
			s.Next(slices.Repeat([]frametest.Fault{frametest.Status(code, reason)}, 100)...)
		}
	}
	for name, test := range map[string]struct {
		prepare func(*frametest.Server)
		code    int
		// stderr are parts of what is said, in this order.
		stderr []string
	}{
		"401 for ever": {
			fail(http.StatusUnauthorized, metav1.StatusReasonUnauthorized), 1,
			[]string{"waiting for the API server: ", "error: list pods in namespace \"shop\": timed out after 3s: ", "nauthorized", "hint: kubectl auth whoami"},
		},
		"refused": {
			(*frametest.Server).Refuse, 1,
			[]string{"waiting for the API server: ", "error: list pods in namespace \"shop\": timed out after 3s: ", "connection refused", "hint: kubectl config view"},
		},
		"500 for ever": {
			fail(http.StatusInternalServerError, metav1.StatusReasonInternalError), 2,
			[]string{"waiting for the API server: ", "error: wait for healthy: timed out after 3s: the pods could not be read: "},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			srv := frametest.New(t)
			test.prepare(srv)
			_, stderr, code := run(t, "watch", "--until", "healthy", "--timeout", "3s", "--kubeconfig", kubeconfig(t, srv.Config().Host))
			rest := stderr
			for _, part := range test.stderr {
				_, after, ok := strings.Cut(rest, part)
				if !ok {
					t.Errorf("stderr %q lacks %q", stderr, part)
				}
				rest = after
			}
			if code != test.code {
				t.Errorf("exit code %d, want %d; stderr %q", code, test.code, stderr)
			}
		})
	}
}

func TestF35_AnIdleWatchEndsWhenItsReaderGoes(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		args []string
		busy bool
		code int
	}{
		"idle":                   {nil, false, 0},
		"busy":                   {nil, true, 0},
		"with a gate that waits": {[]string{"--until", "healthy"}, false, 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			srv := frametest.New(t)
			srv.Put(loopingPod("shop", "a", 1))
			r, w, err := os.Pipe()
			if err != nil {
				t.Fatal(err)
			}
			code := make(chan int, 1)
			go func() {
				args := append([]string{"watch", "--summary-every", "0", "--kubeconfig", kubeconfig(t, srv.Config().Host)}, test.args...)
				code <- cmd.Main(t.Context(), args, genericiooptions.IOStreams{In: strings.NewReader(""), Out: w, ErrOut: &bytes.Buffer{}}, noEnv)
				_ = w.Close()
			}()
			if _, err := r.Read(make([]byte, 10)); err != nil {
				t.Fatal(err)
			}
			closed := time.Now()
			if err := r.Close(); err != nil {
				t.Fatal(err)
			}
			if test.busy {
				for i := range 50 {
					srv.Put(runningPod("shop", fmt.Sprint("new-", i)))
				}
			}
			if c := <-code; c != test.code {
				t.Errorf("exit code %d, want %d", c, test.code)
			}
			if took := time.Since(closed); took > time.Second {
				t.Errorf("ended %v after its reader", took)
			}
		})
	}
}

func TestF38_F42_LinesAreCleanAndBounded(t *testing.T) {
	t.Parallel()
	srv := frametest.New(t)
	bad := brokenPod("shop", "a")
	bad.Status.ContainerStatuses[0].State.Waiting.Message = "manifest unknown \x1b[31mred\x1b]0;title\x07 \xff\xfe" + strings.Repeat("long ", 200_000)
	srv.Put(bad)
	for _, format := range []string{"json", "yaml", "line"} {
		stdout, stderr, code := run(t, "watch", "-o", format, "--until", "healthy", "--kubeconfig", kubeconfig(t, srv.Config().Host))
		if code != 2 || strings.ContainsRune(stdout+stderr, 0x1b) || !utf8.ValidString(stdout) || !strings.HasSuffix(stdout, "\n") {
			t.Errorf("%s: exit code %d, %d bytes, stderr %.200q", format, code, len(stdout), stderr)
		}
		for line := range strings.Lines(stdout) {
			if len(line) > 64<<10 {
				t.Errorf("%s: a line of %d bytes", format, len(line))
			}
			if format == "json" && !json.Valid([]byte(line)) {
				t.Errorf("no JSON by itself: %.200q", line)
			}
		}
	}
}

func TestACrashIsFollowedByItsLogAndEvents(t *testing.T) {
	t.Parallel()
	srv := frametest.New(t)
	srv.Put(runningPod("shop", "a"))
	srv.Also("/api/v1/namespaces/shop/pods/a/log", "starting\npanic: no \x1b[31mdatabase\npassword=hunter2\n")
	srv.Also("/api/v1/namespaces/shop/events", `{"kind":"EventList","apiVersion":"v1","items":[{"reason":"BackOff","message":"back-off restarting","type":"Warning","count":4,"lastTimestamp":"2026-11-20T12:00:00Z","involvedObject":{"uid":"x"}}]}`)
	config := kubeconfig(t, srv.Config().Host)
	p := startWatch(t, "--kubeconfig", config)
	p.until("the summary", ofType(v1alpha1.EventSummary))
	crashed := loopingPod("shop", "a", 3)
	crashed.Status.ContainerStatuses[0].LastTerminationState.Terminated = &corev1.ContainerStateTerminated{ExitCode: 1}
	srv.Put(crashed)
	p.until("the crash", ofType(v1alpha1.EventCrashLoopEntered))
	logs := p.until("its log", ofType(v1alpha1.EventContainerLogs))
	if diff := cmp.Diff([]string{"starting", "panic: no database", "password=[REDACTED]"}, logs.Logs); diff != "" || logs.Name != "a" || logs.Container != "app" {
		t.Errorf("log of %s/%s (-want +got):\n%s", logs.Name, logs.Container, diff)
	}
	events := p.until("its events", ofType(v1alpha1.EventPodEvents))
	if len(events.Events) != 1 || events.Events[0].Reason != "BackOff" || events.Events[0].Count != 4 {
		t.Errorf("events %+v", events.Events)
	}
	stdout, _, code := run(t, "watch", "--until", "healthy", "--timestamps", "none", "--kubeconfig", config)
	want := "! shop/a/app gate.unmet CrashLoopBackOff CrashLoop/ExitCode (3 restarts): exit 1\n" +
		"| shop/a/app starting\n| shop/a/app panic: no database\n| shop/a/app password=[REDACTED]\n" +
		"| shop/a Warning BackOff (x4): back-off restarting\n"
	if code != 2 || !strings.Contains(stdout, want) {
		t.Errorf("exit code %d, output\n%s\nwant in it\n%s", code, stdout, want)
	}
}

func TestAFullDiskIsAnError(t *testing.T) {
	t.Parallel()
	full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
	if err != nil {
		t.Skipf("this system has no full disk: %v", err)
	}
	defer func() { _ = full.Close() }()
	srv := frametest.New(t)
	var stderr bytes.Buffer
	streams := genericiooptions.IOStreams{In: strings.NewReader(""), Out: full, ErrOut: &stderr}
	code := cmd.Main(t.Context(), []string{"watch", "--kubeconfig", kubeconfig(t, srv.Config().Host)}, streams, noEnv)
	if code != 1 || strings.Count(stderr.String(), "no space left") != 1 {
		t.Errorf("exit code %d, stderr %q", code, stderr.String())
	}
}
