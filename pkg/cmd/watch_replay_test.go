// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package cmd_test

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/cli-runtime/pkg/genericiooptions"

	"github.com/podwatch/kubectl-podwatch/pkg/cmd"
	"github.com/podwatch/kubectl-podwatch/pkg/reconcile/stream/frametest"
)

func TestF34_AReplayPrintsWhatTheRunHasPrinted(t *testing.T) {
	t.Parallel()
	for _, format := range []string{"json", "line", "yaml"} {
		t.Run(format, func(t *testing.T) {
			t.Parallel()
			srv := frametest.New(t)
			srv.Put(runningPod("shop", "a"), loopingPod("shop", "b", 4), runningPod("shop", "c"), ownedPod("d"))
			srv.Also(replicaSets, replicaSet(t, 2))
			file := filepath.Join(t.TempDir(), "run.jsonl")
			common := []string{"watch", "-o", format, "--summary-every", "300ms", "--recover-after", "200ms"}
			var out bytes.Buffer
			ctx, stop := context.WithCancelCause(t.Context())
			code := make(chan int, 1)
			go func() {
				code <- cmd.Main(ctx, append(common, "--record", file, "--kubeconfig", kubeconfig(t, srv.Config().Host)),
					genericiooptions.IOStreams{In: strings.NewReader(""), Out: &out, ErrOut: &bytes.Buffer{}}, noEnv)
			}()
			srv.AwaitWatches(1)
			for i := range 40 {
				srv.Put(brokenPod("shop", "a"), runningPod("shop", fmt.Sprint("new-", i)), runningPod("shop", "a"))
				if i%8 == 0 {
					srv.Put(ownedPod(fmt.Sprint("owned-", i)))
				}
				if i == 20 {
					srv.Remove("shop", "c")
					srv.Compact()
				}
				time.Sleep(20 * time.Millisecond)
			}
			stop(cmd.Interrupted(syscall.SIGINT))
			if c := <-code; c != 0 {
				t.Fatalf("exit code %d", c)
			}
			info, err := os.Stat(file)
			if err != nil || info.Mode().Perm() != 0o600 {
				t.Fatalf("recording: %v, %v", info, err)
			}
			for range 2 {
				stdout, stderr, code := run(t, append(common, "--replay", file)...)
				if stdout != out.String() || code != 0 {
					t.Fatalf("exit code %d, stderr %q; the replay differs from the run (-run +replay):\n%s", code, stderr, firstDifference(out.String(), stdout))
				}
			}
			if n := strings.Count(out.String(), "\n"); n < 40 {
				t.Errorf("only %d lines were compared", n)
			}
			data, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Contains(data, []byte(`"around"`)) || !strings.Contains(out.String(), "related.unread") {
				t.Error("nothing was read above pods, or all of it was")
			}
			stdout, stderr, cut := run(t, append(common, "--replay", cutFile(t, data[:len(data)*2/3]))...)
			if cut != 3 || !strings.Contains(stderr, "the recording was cut off after entry") || !strings.HasPrefix(out.String(), stdout[:len(stdout)/3]) {
				t.Errorf("cut in the middle: exit code %d, stderr %q, stdout %d of %d bytes", cut, stderr, len(stdout), out.Len())
			}
		})
	}
}

// withAftermath gives the pods of the namespace shop a log and events.
func withAftermath(srv *frametest.Server, pods ...string) {
	for _, pod := range pods {
		srv.Also("/api/v1/namespaces/shop/pods/"+pod+"/log", "starting "+pod+"\npanic: no \x1b[31mdatabase\npassword=hunter2\n")
	}
	srv.Also("/api/v1/namespaces/shop/events", `{"kind":"EventList","apiVersion":"v1","items":[{"reason":"BackOff","message":"back-off \u001b[31mtoken=abc",`+
		`"type":"Warning","count":4,"lastTimestamp":"2026-11-20T12:00:00Z","involvedObject":{"uid":"x"}}]}`)
}

// output is what a command has written so far.
type output struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.Write(p)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.String()
}

// What was read beside the run stands in the replay where it stood in the run.
func TestF34_AReplayPrintsTheLogsAndEventsOfTheRun(t *testing.T) {
	t.Parallel()
	for _, format := range []string{"json", "line", "yaml"} {
		t.Run(format, func(t *testing.T) {
			t.Parallel()
			srv := frametest.New(t)
			srv.Put(runningPod("shop", "a"), runningPod("shop", "b"), runningPod("shop", "c"))
			withAftermath(srv, "a", "b", "c")
			file := filepath.Join(t.TempDir(), "run.jsonl")
			common := []string{"watch", "-o", format, "--summary-every", "100ms"}
			out, code := &output{}, make(chan int, 1)
			ctx, stop := context.WithCancelCause(t.Context())
			defer stop(nil)
			go func() {
				code <- cmd.Main(ctx, append(common, "--record", file, "--kubeconfig", kubeconfig(t, srv.Config().Host)),
					genericiooptions.IOStreams{In: strings.NewReader(""), Out: out, ErrOut: &bytes.Buffer{}}, noEnv)
			}()
			srv.AwaitWatches(1)
			for i := range 60 {
				srv.Put(runningPod("shop", fmt.Sprint("new-", i)))
				if i%20 == 10 {
					srv.Put(loopingPod("shop", string("abc"[i/20]), 3))
				}
			}
			err := wait.PollUntilContextTimeout(ctx, 10*time.Millisecond, time.Minute, true, func(context.Context) (bool, error) {
				return strings.Count(out.String(), "BackOff") >= 3 && strings.Count(out.String(), "password=[REDACTED]") == 3, nil
			})
			if err != nil {
				t.Fatalf("not all was read: %s", out)
			}
			stop(cmd.Interrupted(syscall.SIGINT))
			if c := <-code; c != 0 {
				t.Fatalf("exit code %d", c)
			}
			for range 2 {
				stdout, stderr, code := run(t, append(common, "--replay", file)...)
				if stdout != out.String() || code != 0 {
					t.Fatalf("exit code %d, stderr %q; the replay differs from the run (-run +replay):\n%s", code, stderr, firstDifference(out.String(), stdout))
				}
			}
			stdout, _, _ := run(t, append(common, "--replay", file, "--logs", "0")...)
			if strings.Contains(stdout, "panic: ") || !strings.Contains(stdout, "token=[REDACTED]") {
				t.Errorf("without logs: %s", stdout)
			}
			data, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			for _, secret := range []string{"hunter2", "token=abc", "\\u001b[31mdatabase"} {
				if strings.Contains(string(data), secret) {
					t.Errorf("the recording holds %q", secret)
				}
			}
		})
	}
}

// What a summary does not see is told by the times of the recording.
func TestF34_AReplaySaysForHowLongTheRunWasBlind(t *testing.T) {
	t.Parallel()
	srv := frametest.New(t)
	srv.Put(runningPod("a", "one"), runningPod("g", "two"))
	no := frametest.Status(http.StatusForbidden, metav1.StatusReasonForbidden)
	srv.Next(slices.Repeat([]frametest.Fault{in("g", no)}, 30)...)
	file := filepath.Join(t.TempDir(), "run.jsonl")
	common := []string{"watch", "-o", "line", "--summary-every", "500ms"}
	out, code := &output{}, make(chan int, 1)
	ctx, stop := context.WithCancelCause(t.Context())
	defer stop(nil)
	go func() {
		code <- cmd.Main(ctx, append(common, "-n", "a,g", "--record", file, "--kubeconfig", kubeconfig(t, srv.Config().Host)),
			genericiooptions.IOStreams{In: strings.NewReader(""), Out: out, ErrOut: &bytes.Buffer{}}, noEnv)
	}()
	await := func(what *regexp.Regexp) {
		t.Helper()
		err := wait.PollUntilContextTimeout(ctx, 10*time.Millisecond, time.Minute, true, func(context.Context) (bool, error) {
			return what.MatchString(out.String()), nil
		})
		if err != nil {
			t.Fatalf("no %s in %s", what, out)
		}
	}
	await(regexp.MustCompile(`reconciliations; g forbidden for \ds\n`))
	srv.Refuse()
	await(regexp.MustCompile(`# 1 pod: 1 healthy; .*; a stale for \ds; g forbidden for \d+s\n`))
	stop(cmd.Interrupted(syscall.SIGINT))
	if c := <-code; c != 3 {
		t.Errorf("exit code %d", c)
	}
	if n := strings.Count(out.String(), "stream.forbidden"); n != 1 {
		t.Errorf("the denied namespace was told %d times:\n%s", n, out)
	}
	if !regexp.MustCompile(`# end exit 3: .*; a stale for \ds; g forbidden for \d+s\n$`).MatchString(out.String()) {
		t.Errorf("the end does not say what is not seen:\n%s", out)
	}
	stdout, stderr, c := run(t, append(common, "--replay", file)...)
	if stdout != out.String() || c != 3 {
		t.Errorf("exit code %d, stderr %q; the replay differs from the run (-run +replay):\n%s", c, stderr, firstDifference(out.String(), stdout))
	}
}

// So does what is read about the pods because of which a gate has not held, after the
// run has ended.
func TestF34_AReplayPrintsWhyAGateHasNotHeld(t *testing.T) {
	t.Parallel()
	srv := frametest.New(t)
	srv.Put(loopingPod("shop", "a", 3), runningPod("shop", "b"), loopingPod("shop", "c", 5))
	withAftermath(srv, "a", "b", "c")
	file := filepath.Join(t.TempDir(), "run.jsonl")
	common := []string{"watch", "-o", "json"}
	gated := []string{"watch", "-o", "json", "--until", "healthy"}
	want, _, code := run(t, append(gated, "--record", file, "--kubeconfig", kubeconfig(t, srv.Config().Host))...)
	if code != 2 || strings.Count(want, "panic: no database") != 2 {
		t.Fatalf("exit code %d, output %s", code, want)
	}
	for range 2 {
		if got, _, code := run(t, append(gated, "--replay", file)...); got != want || code != 2 {
			t.Errorf("exit code %d; the replay differs from the run (-run +replay):\n%s", code, firstDifference(want, got))
		}
	}
	if got, _, code := run(t, append(common, "--replay", file)...); code != 0 || strings.Contains(got, "panic: ") {
		t.Errorf("without the gate: exit code %d, output %s", code, got)
	}
}

func cutFile(t *testing.T, data []byte) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "cut.jsonl")
	if err := os.WriteFile(file, data, 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

func firstDifference(a, b string) string {
	x, y := strings.Split(a, "\n"), strings.Split(b, "\n")
	for i := range min(len(x), len(y)) {
		if x[i] != y[i] {
			return fmt.Sprintf("line %d\n-%s\n+%s", i, x[i], y[i])
		}
	}
	return fmt.Sprintf("%d and %d lines", len(x), len(y))
}

func TestReplayRefuses(t *testing.T) {
	t.Parallel()
	text := cutFile(t, []byte("NAME READY\nweb 1/1\n"))
	for name, test := range map[string]struct {
		args []string
		want string
	}{
		"no recording":       {[]string{"--replay", text}, "neither a recording"},
		"no file":            {[]string{"--replay", text + ".gone"}, "no such file"},
		"a scope":            {[]string{"--replay", text, "-n", "shop"}, "leave out"},
		"both":               {[]string{"--replay", text, "--record", "x"}, "exclude each other"},
		"a timeout of none":  {[]string{"--timeout", "1s"}, "nothing to wait for"},
		"another condition":  {[]string{"--until", "ready"}, "want healthy"},
		"gone and something": {[]string{"--for", "delete", "--until", "healthy"}, "meet no other"},
		"a hold of none":     {[]string{"--recover-after", "soon"}, "want auto or a positive duration"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			stdout, stderr, code := run(t, append([]string{"watch"}, test.args...)...)
			if code != 1 || stdout != "" || !strings.Contains(stderr, test.want) {
				t.Errorf("exit code %d, stdout %q, stderr %q", code, stdout, stderr)
			}
		})
	}
}

// What a shell makes of a variable that is not set is no value: a watch of the live
// cluster is not what --replay "$FILE" asks for.
func TestWatchRefusesEmptyValues(t *testing.T) {
	t.Parallel()
	for _, flag := range []string{
		"--output", "--color", "--timestamps", "--min-severity", "--summary-pods", "--recover-after", "--owners", "--until", "--record",
		"--replay", "--older-than", "--dry-run", "--archive", "--confirm-context",
	} {
		for _, value := range []string{"", " "} {
			stdout, stderr, code := run(t, "watch", flag, value)
			if want := "error: flag " + flag + ": the value is empty\n"; code != 1 || stdout != "" || stderr != want {
				t.Errorf("%s %q: exit code %d, stdout %q, stderr %q, want %q", flag, value, code, stdout, stderr, want)
			}
		}
	}
}

func TestWatchNamesTheFlagThatIsWrong(t *testing.T) {
	t.Parallel()
	for args, want := range map[string]string{
		"--summary-every -1s":                   "flag --summary-every -1s: want no negative duration",
		"--idle-timeout 0s":                     "flag --idle-timeout 0s: want at least 1m15s: a quiet server is heard of once a minute",
		"--idle-timeout 6s":                     "flag --idle-timeout 6s: want at least 1m15s: a quiet server is heard of once a minute",
		"--connect-timeout -1s":                 "flag --connect-timeout -1s: want a positive duration",
		"--until healthy --stable-for -1s":      "flag --stable-for -1s: want no negative duration",
		"--until healthy --min-pods -1":         "flag --min-pods -1: want no negative number",
		"--logs 51":                             "flag --logs 51: want 0 to 50",
		"--events -1":                           "flag --events -1: want 0 to 50",
		"--replay-speed 2":                      "flag --replay-speed: there is nothing to replay without --replay",
		"--replay-speed=-1":                     "flag --replay-speed -1: want no negative number",
		"--replay recording --replay-speed=-1":  "flag --replay-speed -1: want no negative number",
		"--replay recording --replay-speed=NaN": "flag --replay-speed NaN: want no negative number",
	} {
		_, stderr, code := run(t, append([]string{"watch"}, strings.Fields(args)...)...)
		if code != 1 || stderr != "error: "+want+"\n" {
			t.Errorf("%s: exit code %d, stderr %q, want %q", args, code, stderr, want)
		}
	}
}

func TestARecordingNeverOverwrites(t *testing.T) {
	t.Parallel()
	srv := frametest.New(t)
	file := cutFile(t, []byte("mine"))
	_, stderr, code := run(t, "watch", "--record", file, "--kubeconfig", kubeconfig(t, srv.Config().Host))
	if data, _ := os.ReadFile(file); code != 1 || string(data) != "mine" || !strings.Contains(stderr, "file exists") {
		t.Errorf("exit code %d, stderr %q, file %q", code, stderr, data)
	}
}
