// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package controlplane

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/util/wait"
)

const (
	// readyLimit bounds the wait for one component. Ready takes 3 s on two idle cores; the rest
	// is for machines that compile beside it.
	readyLimit = 2 * time.Minute
	// readyInterval is the pause between two looks.
	readyInterval = 50 * time.Millisecond
	// tailLines and tailBytes bound how much of a log an error quotes.
	tailLines, tailBytes = 15, 4 << 10
)

// process is one running component. Its output goes to a log file in the folder of the server.
type process struct {
	name   string
	cmd    *exec.Cmd
	log    string
	exited chan struct{} // closed once the process is gone and was waited for
}

// launch starts an executable of the cache folder on the leash. ctx is not its life: that ends by
// kill or with the leash.
func launch(ctx context.Context, l *leash, dir, name string, args []string) (*process, error) {
	path, err := Binary(name)
	if err != nil {
		return nil, fmt.Errorf("start %s: %w", name, err)
	}
	p := &process{name: name, log: filepath.Join(dir, name+".log"), exited: make(chan struct{})}
	out, err := os.OpenFile(p.log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, fmt.Errorf("start %s: %w", name, err)
	}
	defer func() { _ = out.Close() }() // the process has its own
	p.cmd = exec.CommandContext(context.WithoutCancel(ctx), path, args...)
	p.cmd.Dir = dir
	p.cmd.Stdout, p.cmd.Stderr = out, out
	// etcd takes its configuration from ETCD_*, kwok from ~/.kwok, all of them proxies and
	// KUBECONFIG: none of the caller's settings may reach them.
	p.cmd.Env = []string{"HOME=" + dir, "TMPDIR=" + dir, "PATH=" + os.Getenv("PATH")}
	l.attach(p.cmd)
	if err := p.cmd.Start(); err != nil {
		return nil, fmt.Errorf("start %s: %w", name, err)
	}
	go func() {
		defer close(p.exited)
		_ = p.cmd.Wait() // a component that ends is told by its state and its log
	}()
	return p, nil
}

// kill ends the process at once and returns when it is gone. Its data are thrown away or, at a
// restart, must survive exactly this.
func (p *process) kill() {
	_ = p.cmd.Process.Kill() // an error says that it is gone
	<-p.exited
}

// running reports whether the process has not ended.
func (p *process) running() bool {
	select {
	case <-p.exited:
		return false
	default:
		return true
	}
}

// failure turns err into one that ends in the tail of the component's log.
func (p *process) failure(err error) error {
	log, rerr := os.ReadFile(p.log)
	if rerr != nil {
		return err
	}
	return fmt.Errorf("%w; end of its log:\n%s", err, tail(log))
}

// awaitReady waits until ready returns nil, until a component has ended, or for readyLimit.
// components are those that must run for it, the one that becomes ready last.
func awaitReady(
	ctx context.Context, ready func(context.Context) error, components ...*process,
) error {
	last := components[len(components)-1]
	var reason error
	err := wait.PollUntilContextTimeout(ctx, readyInterval, readyLimit, true,
		func(ctx context.Context) (bool, error) {
			for _, p := range components {
				if !p.running() {
					return false, p.failure(fmt.Errorf("start %s: %s", p.name, p.cmd.ProcessState))
				}
			}
			if err := ready(ctx); err != nil {
				if ctx.Err() == nil { // the last look is cut short: not the reason
					reason = err
				}
				return false, nil
			}
			return true, nil
		})
	if !wait.Interrupted(err) {
		return err
	}
	if reason == nil {
		reason = err
	}
	return last.failure(fmt.Errorf("wait for %s: not ready: %w", last.name, reason))
}

// tail returns the end of a log, cut at a line.
func tail(log []byte) string {
	log = bytes.TrimSpace(log)
	if len(log) > tailBytes {
		log = log[len(log)-tailBytes:]
	}
	lines := strings.Split(string(log), "\n")
	return strings.Join(lines[max(0, len(lines)-tailLines):], "\n")
}
