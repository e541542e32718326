// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build unix

package controlplane

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// victimEnv makes a copy of this test binary the victim of TestLeash_AKilledTestLeavesNothing.
const victimEnv = "PODWATCH_CONTROLPLANE_VICTIM"

// victim is what the killed test tells of itself.
type victim struct {
	Dir  string
	PIDs map[string]int
}

func TestLeash_AKilledTestLeavesNothing(t *testing.T) {
	t.Parallel()
	if os.Getenv(victimEnv) != "" {
		beVictim(t)
		return
	}
	if _, err := Binary("kube-apiserver"); err != nil {
		refuse(t, err)
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), self, "-test.run=^"+t.Name()+"$")
	cmd.Env = append(os.Environ(), victimEnv+"=1")
	cmd.Stderr = t.Output()
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	hold, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = hold.Close() }()
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatalf("victim told %q: %v", line, err)
	}
	var v victim
	if err := json.Unmarshal([]byte(line), &v); err != nil || len(v.PIDs) < 6 {
		t.Fatalf("victim told %q: %v", line, err)
	}
	for name, pid := range v.PIDs {
		if !alive(pid) {
			t.Errorf("%s (pid %d) does not run before the kill", name, pid)
		}
	}

	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait() // it was killed
	left := []string{"not looked yet"}
	for deadline := time.Now().Add(20 * time.Second); len(left) > 0 && time.Now().Before(deadline); {
		time.Sleep(20 * time.Millisecond) // the pause of a bounded poll
		left = v.left()
	}
	if len(left) > 0 {
		t.Errorf("after the kill there are left: %s", strings.Join(left, ", "))
	}
}

// beVictim starts a whole control plane, tells its parts and waits for the kill.
func beVictim(t *testing.T) {
	t.Helper()
	s, err := Start(t.Context(), Options{Controllers: true, Kubelets: true})
	if err != nil {
		t.Fatal(err)
	}
	line, err := json.Marshal(victim{s.dir, pidsOf(s)})
	if err != nil {
		t.Fatal(err)
	}
	fmt.Println(string(line))
	_, _ = io.Copy(io.Discard, os.Stdin) // ends with the parent at the latest
}

// left names what is still there.
func (v victim) left() []string {
	var out []string
	for name, pid := range v.PIDs {
		if alive(pid) {
			out = append(out, name)
		}
	}
	if _, err := os.Stat(v.Dir); !errors.Is(err, fs.ErrNotExist) {
		out = append(out, v.Dir)
	}
	return out
}

func TestDetach_LetsTheServerLiveUntilItsCommandEndsIt(t *testing.T) {
	t.Parallel()
	s := New(t, Options{})
	pids := pidsOf(s)
	end, err := s.Detach()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { // again, should the test end early
		_ = exec.CommandContext(context.WithoutCancel(t.Context()), "sh", "-c", end).Run()
	})
	if err := s.Stop(); err != nil {
		t.Fatal(err)
	}
	if err := s.apiserverReady(t.Context()); err != nil {
		t.Errorf("detached server: %v", err)
	}
	if out, err := exec.CommandContext(t.Context(), "sh", "-c", end).CombinedOutput(); err != nil {
		t.Fatalf("%s: %v\n%s", end, err, out)
	}
	<-s.apiserver.exited
	for _, p := range s.components {
		<-p.exited
	}
	if left := (victim{s.dir, pids}).left(); len(left) > 0 {
		t.Errorf("after %q there are left: %v", end, left)
	}
}

// pidsOf returns the process ids of a server by name.
func pidsOf(s *Server) map[string]int {
	pids := map[string]int{"kube-apiserver": s.apiserver.cmd.Process.Pid}
	for _, p := range s.components {
		pids[p.name] = p.cmd.Process.Pid
	}
	pids["anchor"], pids["watchdog"] = s.leash.group(), s.leash.watchdog.Process.Pid
	return pids
}

// alive reports whether a process runs; one that ended and was not waited for does not.
func alive(pid int) bool {
	if syscall.Kill(pid, 0) != nil {
		return false
	}
	stat, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat") // Linux only
	if err != nil {
		return !errors.Is(err, fs.ErrNotExist) || !isDir("/proc/self")
	}
	_, state, _ := strings.Cut(string(stat), ") ")
	return !strings.HasPrefix(state, "Z")
}

func isDir(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.IsDir()
}
