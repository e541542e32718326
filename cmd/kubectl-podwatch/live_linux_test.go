// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/podwatch/kubectl-podwatch/test/controlplane"
	"github.com/podwatch/kubectl-podwatch/test/pty"
)

// onTerminal starts podwatch on a terminal of its own.
func onTerminal(t *testing.T, p *pty.Terminal, env []string, args ...string) *exec.Cmd {
	t.Helper()
	c := exec.CommandContext(t.Context(), "kubectl-podwatch", args...)
	c.Stdin, c.Stdout, c.Stderr = p.Tty, p.Tty, p.Tty
	c.Env = append([]string{"HOME=" + t.TempDir(), "PATH=" + os.Getenv("PATH"), "TERM=xterm-256color", "TZ=UTC"}, env...)
	c.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	return c
}

// code waits for the end of c and returns its exit code.
func code(t *testing.T, c *exec.Cmd) int {
	t.Helper()
	err := c.Wait()
	if exit := new(exec.ExitError); err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return c.ProcessState.ExitCode()
}

// The statuses of a pod.
const (
	loopingPod = `{"phase": "Running", "containerStatuses": [{"name": "app", "ready": false, "restartCount": 5,
      "state": {"waiting": {"reason": "CrashLoopBackOff", "message": "back-off 2m40s restarting failed container=app"}},
      "lastState": {"terminated": {"exitCode": 1, "reason": "Error", "message": "no \u001b[31msuch\u0007 table", "startedAt": "2026-11-20T11:59:59Z", "finishedAt": "2026-11-20T12:00:10Z"}}}]}`
	wellPod = `{"phase": "Running", "conditions": [{"type": "Ready", "status": "True", "lastTransitionTime": "2026-11-20T12:00:10Z"}],
    "containerStatuses": [{"name": "app", "ready": true, "started": true, "state": {"running": {"startedAt": "2026-11-20T12:00:00Z"}}}]}`
)

// recorded is a recording of a pod that crashes again and again.
func recorded(t *testing.T) string {
	t.Helper()
	return recordedOf(t, loopingPod)
}

// recordedOf is what kubectl get pods -w prints of a pod, and much later of its end:
// at its own pace a replay lasts.
func recordedOf(t *testing.T, status string) string {
	t.Helper()
	const pod = `{"type": "TYPE", "object": {"apiVersion": "v1", "kind": "Pod",
  "metadata": {"namespace": "shop", "name": "web", "uid": "1", "creationTimestamp": "2026-11-20T11:50:00Z"DELETED},
  "spec": {"nodeName": "n1", "containers": [{"name": "app", "image": "registry.example/web:1"}]}, "status": STATUS}}
`
	first := strings.NewReplacer("TYPE", "ADDED", "DELETED", "", "STATUS", status).Replace(pod)
	last := strings.NewReplacer("TYPE", "DELETED", "DELETED", `, "deletionTimestamp": "2026-11-20T13:00:00Z", "deletionGracePeriodSeconds": 0`, "STATUS", status).Replace(pod)
	file := filepath.Join(t.TempDir(), "kubectl.json")
	if err := os.WriteFile(file, []byte(first+last), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

func TestTheLiveViewOnATerminal(t *testing.T) {
	t.Parallel()
	p := pty.Open(t, 80, 24)
	c := onTerminal(t, p, nil, "watch", "-o", "live", "--replay", recorded(t), "--replay-speed", "1")
	at := p.Await(0, "CrashLoopBackOff")
	p.Press("\r")
	at = p.Await(at, "Evidence:")
	p.Press("\x1b")
	at = p.Await(at, "enter details")
	p.Resize(40, 10)
	at = p.Await(at, "q quit")
	p.Resize(20, 5)
	at = p.Await(at, "of 1")
	p.Resize(120, 30)
	at = p.Await(at, "NODE")
	p.Press("?")
	p.Await(at, "draw anew")
	p.Press("q")
	if got := code(t, c); got != 0 {
		t.Errorf("exit code %d, want 0", got)
	}
	after := p.Restored()
	if !strings.Contains(after, "shop/web") || !strings.Contains(after, "end exit 0:") || strings.Contains(p.Written(), "\x1b[31msuch") {
		t.Errorf("on the normal screen: %q", after)
	}
}

// Signals, keys, gates: the terminal is as it was, the codes are those of lines.
func TestTheTerminalIsRestored(t *testing.T) {
	t.Parallel()
	gate := []string{"--for", "phase=Succeeded", "--timeout", "0"}
	for name, test := range map[string]struct {
		args []string
		stop func(*pty.Terminal, *os.Process) error
		want int
	}{
		"SIGTERM":           {nil, func(_ *pty.Terminal, p *os.Process) error { return p.Signal(syscall.SIGTERM) }, 0},
		"SIGTERM at a gate": {gate, func(_ *pty.Terminal, p *os.Process) error { return p.Signal(syscall.SIGTERM) }, 143},
		"ctrl+c":            {nil, func(t *pty.Terminal, _ *os.Process) error { t.Press("\x03"); return nil }, 0},
		"ctrl+c at a gate":  {gate, func(t *pty.Terminal, _ *os.Process) error { t.Press("\x03"); return nil }, 130},
		"q at a gate":       {gate, func(t *pty.Terminal, _ *os.Process) error { t.Press("q"); return nil }, 130},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := pty.Open(t, 80, 24)
			args := append([]string{"watch", "-o", "live", "--replay", recordedOf(t, wellPod), "--replay-speed", "1"}, test.args...)
			c := onTerminal(t, p, nil, args...)
			p.Await(0, "no problems")
			if err := test.stop(p, c.Process); err != nil {
				t.Fatal(err)
			}
			if got := code(t, c); got != test.want {
				t.Errorf("exit code %d, want %d: %q", got, test.want, p.Written())
			}
			if after := p.Restored(); !strings.Contains(after, "end exit ") {
				t.Errorf("on the normal screen: %q", after)
			}
		})
	}
}

func TestTheEndOfAReplayEndsTheView(t *testing.T) {
	t.Parallel()
	p := pty.Open(t, 80, 24)
	c := onTerminal(t, p, nil, "watch", "-o", "live", "--replay", recorded(t))
	if got := code(t, c); got != 0 {
		t.Errorf("exit code %d, want 0", got)
	}
	if after := p.Restored(); !strings.Contains(after, "end exit 0:") {
		t.Errorf("on the normal screen: %q", after)
	}
}

func TestF38_AutoTakesTheScreenOnlyWhereItMay(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		env  []string
		args []string
	}{
		"TERM=dumb":              {[]string{"TERM=dumb"}, []string{"--replay-speed", "100000"}},
		"CI":                     {[]string{"CI=true", "NO_COLOR=1"}, []string{"--replay-speed", "100000"}},
		"lines were asked for":   {[]string{"NO_COLOR=1"}, []string{"-o", "line"}},
		"a replay without pause": {[]string{"NO_COLOR=1"}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := pty.Open(t, 80, 24)
			c := onTerminal(t, p, test.env, append([]string{"watch", "--replay", recorded(t)}, test.args...)...)
			if got := code(t, c); got != 0 {
				t.Errorf("exit code %d, want 0", got)
			}
			p.Await(0, "# end exit 0")
			if got := p.Written(); strings.Contains(got, "\x1b") {
				t.Errorf("an escape in %q", got)
			}
		})
	}
}

func TestF38_NoColorMeansNoColourInTheView(t *testing.T) {
	t.Parallel()
	for name, colour := range map[string]bool{"NO_COLOR=1": false, "CLICOLOR_FORCE=0": true} {
		p := pty.Open(t, 80, 24)
		c := onTerminal(t, p, []string{name}, "watch", "--replay", recorded(t), "--replay-speed", "1")
		p.Await(0, "CrashLoopBackOff")
		p.Press("q")
		if got := code(t, c); got != 0 {
			t.Errorf("%s: exit code %d", name, got)
		}
		p.Restored()
		if got := strings.Contains(p.Written(), "\x1b[31"); got != colour {
			t.Errorf("%s: coloured is %t: %q", name, got, p.Written())
		}
	}
}

func TestLiveNeedsATerminal(t *testing.T) {
	t.Parallel()
	c := exec.CommandContext(t.Context(), "kubectl-podwatch", "watch", "-o", "live", "--replay", recorded(t))
	out, err := c.CombinedOutput()
	if c.ProcessState.ExitCode() != 1 || !strings.Contains(string(out), "error: flag --output live: standard output is no terminal") {
		t.Errorf("error %v, said %q", err, out)
	}
}

// The server goes away under the view: the badge says so, q works at once, and the
// log of client-go, which has much to say then, waits for the normal screen.
func TestF41_TheLiveViewOutlivesItsServer(t *testing.T) {
	t.Parallel()
	server := controlplane.New(t, controlplane.Options{})
	p := pty.Open(t, 100, 24)
	c := onTerminal(t, p, nil, "watch", "--kubeconfig", server.Kubeconfig(), "-A", "-v", "4")
	at := p.Await(0, "no pods")
	server.KillAPIServer()
	p.Await(at, "STALE")
	began := time.Now()
	p.Press("q")
	if got := code(t, c); got != 0 {
		t.Errorf("exit code %d, want 0", got)
	}
	if took := time.Since(began); took > 5*time.Second {
		t.Errorf("q took %v", took)
	}
	after := p.Restored()
	if !strings.Contains(after, "end exit 0:") {
		t.Errorf("on the normal screen: %q", after)
	}
}
