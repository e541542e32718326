// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/podwatch/kubectl-podwatch/pkg/reconcile/stream/frametest"
	"github.com/podwatch/kubectl-podwatch/test/pty"
)

// serverOf is a scripted API server with so many pods that crash again and again, and
// a kubeconfig for it. Each has an old message that would colour a terminal.
func serverOf(t *testing.T, pods int) (srv *frametest.Server, kubeconfig string) {
	t.Helper()
	srv = frametest.New(t)
	for i := range pods {
		srv.Put(looping(fmt.Sprintf("web-%04d", i)))
	}
	kubeconfig = filepath.Join(t.TempDir(), "config")
	content := fmt.Sprintf("apiVersion: v1\nkind: Config\ncurrent-context: c\nusers: [{name: u, user: {}}]\n"+
		"clusters: [{name: c, cluster: {server: %q}}]\ncontexts: [{name: c, context: {cluster: c, user: u, namespace: shop}}]\n", srv.Config().Host)
	if err := os.WriteFile(kubeconfig, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return srv, kubeconfig
}

func looping(name string) *corev1.Pod {
	return &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: name, CreationTimestamp: metav1.Now()},
		Spec:       corev1.PodSpec{NodeName: "n1", Containers: []corev1.Container{{Name: "app", Image: "app:1"}}},
		Status: corev1.PodStatus{Phase: corev1.PodRunning, ContainerStatuses: []corev1.ContainerStatus{{
			Name: "app", RestartCount: 5,
			State: corev1.ContainerState{Waiting: &corev1.ContainerStateWaiting{Reason: "CrashLoopBackOff", Message: "back-off"}},
			LastTerminationState: corev1.ContainerState{Terminated: &corev1.ContainerStateTerminated{
				ExitCode: 1, Reason: "Error", Message: "no \x1b[31msuch\x1b]0;title\x07 table", FinishedAt: metav1.Now(),
			}},
		}}},
	}
}

// began starts podwatch watch on a scripted server.
func began(t *testing.T, out *os.File, kubeconfig string, args ...string) (c *exec.Cmd, stderr *bytes.Buffer) {
	t.Helper()
	c = exec.CommandContext(t.Context(), "kubectl-podwatch", append([]string{"watch", "--kubeconfig", kubeconfig}, args...)...)
	stderr = &bytes.Buffer{}
	c.Stdout, c.Stderr = out, stderr
	c.Env = []string{"HOME=" + t.TempDir(), "PATH=" + os.Getenv("PATH")}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	return c, stderr
}

func TestF35_TheProcessEndsWithItsReader(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		args []string
		busy bool
		want []int
	}{
		"idle":                   {nil, false, []int{0}},
		"busy":                   {nil, true, []int{0}},
		"with a gate that waits": {[]string{"--for", "delete"}, false, []int{1}},
		// The gate fails before the reader is missed, or after: never does it pass.
		"with a gate that fails": {[]string{"--until", "healthy"}, false, []int{1, 2}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			srv, kubeconfig := serverOf(t, 1)
			r, w, err := os.Pipe()
			if err != nil {
				t.Fatal(err)
			}
			c, stderr := began(t, w, kubeconfig, append([]string{"--summary-every", "0"}, test.args...)...)
			if err := w.Close(); err != nil {
				t.Fatal(err)
			}
			if _, err := r.Read(make([]byte, 10)); err != nil {
				t.Fatalf("%v, stderr %q", err, stderr)
			}
			closed := time.Now()
			if err := r.Close(); err != nil {
				t.Fatal(err)
			}
			if test.busy {
				for i := range 50 {
					srv.Put(looping(fmt.Sprint("new-", i)))
				}
			}
			if got := code(t, c); !slices.Contains(test.want, got) || strings.Contains(stderr.String(), "goroutine") {
				t.Errorf("exit code %d, want one of %d, stderr %q", got, test.want, stderr)
			}
			if took := time.Since(closed); took > 2*time.Second {
				t.Errorf("ended %v after its reader", took)
			}
		})
	}
}

func TestAFullDiskIsToldOnce(t *testing.T) {
	t.Parallel()
	full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
	if err != nil {
		t.Skipf("this system has no full disk: %v", err)
	}
	defer func() { _ = full.Close() }()
	_, kubeconfig := serverOf(t, 1)
	for _, format := range []string{"line", "json", "yaml"} {
		c, stderr := began(t, full, kubeconfig, "-o", format)
		got, said := code(t, c), stderr.String()
		if got != 1 || !strings.Contains(said, "no space left on device") || strings.Count(said, "\n") != 1 {
			t.Errorf("%s: exit code %d, stderr %q", format, got, said)
		}
	}
}

// Twenty columns, and a container that writes lines of a megabyte with escapes in
// them: what reaches the terminal is short and plain.
func TestF37_LinesOnANarrowTerminal(t *testing.T) {
	t.Parallel()
	srv, kubeconfig := serverOf(t, 1)
	srv.Also("/api/v1/namespaces/shop/pods/web-0000/log", "first\n"+strings.Repeat("\x1b[31mx", 1<<20)+"\nlast \x1b]0;title\x07words\n")
	for name, args := range map[string][]string{"line": {"-o", "line"}, "json": {"-o", "json"}} {
		p := pty.Open(t, 20, 5)
		c := onTerminal(t, p, []string{"NO_COLOR=1"}, append([]string{"watch", "--kubeconfig", kubeconfig, "--until", "healthy"}, args...)...)
		if got := code(t, c); got != 2 {
			t.Errorf("%s: exit code %d, want 2", name, got)
		}
		p.Await(0, "last words")
		p.Await(0, "healthy: pod")
		if got := p.Written(); strings.ContainsAny(got, "\x1b\x07") || len(got) > 16<<10 || !strings.Contains(got, " table") {
			t.Errorf("%s: %d bytes: %.2000q", name, len(got), got)
		}
	}
}

func TestF37_AStormOfSizes(t *testing.T) {
	t.Parallel()
	p := pty.Open(t, 80, 24)
	c := onTerminal(t, p, nil, "watch", "-o", "live", "--replay", recorded(t), "--replay-speed", "1")
	p.Await(0, "CrashLoopBackOff")
	for i := range 100 {
		p.Resize(i*7%130, i*3%40) // from 0 by 0 on
	}
	p.Resize(0, 0)
	p.Resize(100, 30)
	p.Press("?")
	p.Await(0, "draw anew")
	p.Press("q")
	if got := code(t, c); got != 0 {
		t.Errorf("exit code %d, want 0", got)
	}
	p.Restored()
}

// F40: the shell has its terminal while the view sleeps, and fg draws it again.
func TestF40_SuspendedAndContinued(t *testing.T) {
	t.Parallel()
	p := pty.Open(t, 80, 24)
	script := `set -m; kubectl-podwatch watch -o live --replay "$1" --replay-speed 1; echo "(asleep)"; fg >/dev/null; echo "(code $?)"`
	c := exec.CommandContext(t.Context(), "bash", "-c", script, "bash", recorded(t))
	c.Stdin, c.Stdout, c.Stderr = p.Tty, p.Tty, p.Tty
	c.Env = []string{"HOME=" + t.TempDir(), "PATH=" + os.Getenv("PATH"), "TERM=xterm-256color", "TZ=UTC"}
	c.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
	if err := c.Start(); err != nil {
		t.Skipf("no shell with job control: %v", err)
	}
	at := p.Await(0, "CrashLoopBackOff")
	p.Press("\x1a")
	asleep := p.Await(at, "(asleep)")
	if got := p.Written()[at:asleep]; !strings.Contains(got, "\x1b[?1049l") {
		t.Errorf("asleep, the screen is still taken: %q", got)
	}
	p.Await(asleep, "CrashLoopBackOff")
	p.Press("q")
	p.Await(asleep, "(code 0)")
	if got := code(t, c); got != 0 {
		t.Errorf("exit code %d, want 0", got)
	}
	p.Restored()
}

// F41: the first Ctrl-C waits for a reader that does not read, the second does not.
func TestF41_ASecondInterruptEndsAtOnce(t *testing.T) {
	t.Parallel()
	_, kubeconfig := serverOf(t, 500) // more than a pipe holds
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = r.Close() }()
	c, stderr := began(t, w, kubeconfig, "-o", "json")
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := r.Read(make([]byte, 10)); err != nil {
		t.Fatalf("%v, stderr %q", err, stderr)
	}
	ended := make(chan error, 1)
	go func() { ended <- c.Wait() }()
	asked, again := time.Now(), time.NewTicker(100*time.Millisecond)
	defer again.Stop()
	for sent := 0; ; sent++ {
		if err := c.Process.Signal(os.Interrupt); err != nil && sent == 0 {
			t.Fatal(err)
		}
		select {
		case err := <-ended:
			if took := time.Since(asked); sent == 0 || took > 5*time.Second {
				t.Errorf("ended with %v after %d signals and %v", err, sent+1, took)
			}
			return
		case <-again.C:
		}
	}
}

// A recording that is cut off anywhere is replayed as far as it goes, with code 3.
func TestAReplayOfACutRecording(t *testing.T) {
	t.Parallel()
	_, kubeconfig := serverOf(t, 3)
	file := filepath.Join(t.TempDir(), "run.jsonl")
	c, stderr := began(t, nil, kubeconfig, "--until", "healthy", "--record", file)
	if got := code(t, c); got != 2 {
		t.Fatalf("exit code %d, stderr %q", got, stderr)
	}
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	lines := slices.Collect(strings.Lines(string(data)))
	for name, cut := range map[string]string{
		"in a line":     strings.Join(lines[:4], "")[:len(strings.Join(lines[:4], ""))-20],
		"between lines": strings.Join(lines[:4], ""),
	} {
		if err := os.WriteFile(file, []byte(cut), 0o600); err != nil {
			t.Fatal(err)
		}
		c := exec.CommandContext(t.Context(), "kubectl-podwatch", "watch", "--replay", file)
		var said bytes.Buffer
		c.Stderr = &said
		if err := c.Start(); err != nil {
			t.Fatal(err)
		}
		if got := code(t, c); got != 3 || !strings.Contains(said.String(), "the recording was cut off after entry ") {
			t.Errorf("cut %s: exit code %d, stderr %q", name, got, &said)
		}
	}
}
