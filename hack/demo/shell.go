// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/fatih/color"

	"github.com/podwatch/kubectl-podwatch/test/controlplane"
)

// shell prints command lines and runs them as they are printed. They inherit the terminal.
type shell struct {
	// kubectl is the program behind the word kubectl, "" if it is not built yet.
	kubectl string
	env     []string
	// home takes what the commands write.
	home string
}

// newShell returns a shell whose commands find the plugin in bin, write to a folder of their own
// and nowhere else, and know no cluster but that of kubeconfig. The caller must call close.
func newShell(kubeconfig string) (*shell, error) {
	bin, err := filepath.Abs("bin")
	if err != nil {
		return nil, err
	}
	if _, err := exec.LookPath(filepath.Join(bin, "kubectl-podwatch")); err != nil {
		return nil, fmt.Errorf("find the plugin: %w (hint: run make demo in the top folder of the checkout)", err)
	}
	s := &shell{}
	s.kubectl, err = controlplane.Binary("kubectl")
	if err != nil && !errors.Is(err, controlplane.ErrNotBuilt) {
		return nil, err
	}
	if s.home, err = os.MkdirTemp("", "podwatch-demo-"); err != nil {
		return nil, fmt.Errorf("make a folder for the commands: %w", err)
	}
	s.env = environment(os.Environ(), map[string]string{
		"HOME":           s.home,
		"XDG_CACHE_HOME": filepath.Join(s.home, "cache"),
		"XDG_STATE_HOME": filepath.Join(s.home, "state"),
		"KUBECACHEDIR":   filepath.Join(s.home, "cache"),
		"KUBECONFIG":     kubeconfig,
		"PATH":           searchPath(bin, s.kubectl),
	})
	return s, nil
}

// close removes what the commands have written.
func (s *shell) close() error { return os.RemoveAll(s.home) }

// searchPath puts the plugin and kubectl in front of all other programs.
func searchPath(bin, kubectl string) string {
	folders := []string{bin}
	if kubectl != "" {
		folders = append(folders, filepath.Dir(kubectl))
	}
	return strings.Join(append(folders, os.Getenv("PATH")), string(filepath.ListSeparator))
}

// environment returns env with other values for the variables in override.
func environment(env []string, override map[string]string) []string {
	out := slices.DeleteFunc(slices.Clone(env), func(entry string) bool {
		name, _, _ := strings.Cut(entry, "=")
		_, ok := override[name]
		return ok
	})
	for name, value := range override {
		out = append(out, name+"="+value)
	}
	slices.Sort(out)
	return out
}

// say prints a comment.
func say(format string, args ...any) {
	_, _ = color.New(color.Faint).Printf("\n# "+format+"\n", args...)
}

// podwatch runs the plugin through kubectl or, if there is none yet, directly.
func (s *shell) podwatch(ctx context.Context, args ...string) error {
	if s.kubectl == "" {
		return s.run(ctx, filepath.Join("bin", "kubectl-podwatch"), "bin/kubectl-podwatch", args)
	}
	return s.run(ctx, s.kubectl, "kubectl", append([]string{"podwatch"}, args...))
}

// podwatchFor runs the plugin as podwatch does and then stops it as Ctrl-C would.
func (s *shell) podwatchFor(ctx context.Context, limit time.Duration, args ...string) error {
	limited, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	err := s.podwatch(limited, args...)
	if ctx.Err() == nil && errors.Is(err, context.DeadlineExceeded) {
		return nil // it was stopped and ended well
	}
	return err
}

// run prints name and args and runs path. The end of ctx interrupts the command.
func (s *shell) run(ctx context.Context, path, name string, args []string) error {
	line := strings.Join(append([]string{name}, args...), " ")
	_, _ = color.New(color.Bold).Printf("$ %s\n", line)
	cmd := exec.CommandContext(ctx, path, args...)
	cmd.Env = s.env
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGINT) }
	cmd.WaitDelay = 10 * time.Second
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("%s: %w", line, err)
	}
	return nil
}
