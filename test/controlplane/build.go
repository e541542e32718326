// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package controlplane

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/rogpeppe/go-internal/lockedfile"
	"k8s.io/utils/clock"
)

// lockNotice is how long Build waits for another build before it says what it waits for.
const lockNotice = time.Second

// buildPrefix begins the name of the folder in which an executable is made.
const buildPrefix = ".build-"

// Build puts the executables of the control plane into the cache folder, from the modules that
// hack/tools pins, and tells each step and its duration on progress. It builds only what is
// missing and needs the go command, no root and no container engine; cold it takes minutes.
//
// Checkouts and processes may build at once: a file lock lets one build while the others wait. Each
// executable appears under its name only when it is whole. The end of ctx stops a build that runs;
// what was finished stays.
func Build(ctx context.Context, progress io.Writer) error {
	p, err := readPins()
	if err != nil {
		return err
	}
	if todo, err := p.missing(); err != nil || len(todo) == 0 {
		return tellBuilt(progress, p, err)
	}
	if err := os.MkdirAll(p.cache, 0o755); err != nil {
		return fmt.Errorf("make cache folder: %w", err)
	}
	unlock, err := lock(ctx, progress, filepath.Join(p.cache, ".lock"))
	if err != nil {
		return err
	}
	defer unlock()
	if err := p.removeStale(); err != nil {
		return err
	}

	// Another build may have done the work while this one waited.
	todo, err := p.missing()
	if err != nil || len(todo) == 0 {
		return tellBuilt(progress, p, err)
	}
	tell(progress, "building %d of %d executables into %s (minutes when the Go build cache is cold)\n",
		len(todo), len(programs()), p.cache)
	real := clock.RealClock{}
	begin := real.Now()
	for i, prog := range todo {
		version := p.versions[prog.name]
		tell(progress, "[%d/%d] %s %s ... ", i+1, len(todo), prog.name, version)
		began := real.Now()
		if err := p.build(ctx, prog); err != nil {
			tell(progress, "error\n")
			return err
		}
		tell(progress, "%s\n", real.Since(began).Round(100*time.Millisecond))
	}
	tell(progress, "control plane built in %s\n", real.Since(begin).Round(time.Second))
	return nil
}

// tell writes progress. That nobody reads it is no reason to stop a build.
func tell(progress io.Writer, format string, args ...any) {
	_, _ = fmt.Fprintf(progress, format, args...)
}

// tellBuilt ends a build that has nothing to do.
func tellBuilt(progress io.Writer, p pins, err error) error {
	if err == nil {
		tell(progress, "control plane is up to date in %s\n", p.cache)
	}
	return err
}

// lock takes the file lock at path and returns what gives it back. The system frees the lock of a
// process that dies.
func lock(ctx context.Context, progress io.Writer, path string) (func(), error) {
	type result struct {
		unlock func()
		err    error
	}
	taken := make(chan result, 1)
	go func() {
		unlock, err := lockedfile.MutexAt(path).Lock()
		taken <- result{unlock, err}
	}()
	notice := time.NewTimer(lockNotice)
	defer notice.Stop()
	for {
		select {
		case r := <-taken:
			if r.err != nil {
				return nil, fmt.Errorf("lock cache folder: %w", r.err)
			}
			return r.unlock, nil
		case <-notice.C:
			tell(progress, "waiting for another build that holds %s\n", path)
		case <-ctx.Done():
			go func() { // the lock may still come
				if r := <-taken; r.err == nil {
					r.unlock()
				}
			}()
			return nil, fmt.Errorf("lock cache folder: %w", ctx.Err())
		}
	}
}

// removeStale removes what killed builds left; the holder of the lock is the only living one.
func (p pins) removeStale() error {
	stale, err := filepath.Glob(filepath.Join(p.cache, buildPrefix+"*"))
	if err != nil {
		return fmt.Errorf("clean cache folder: %w", err)
	}
	for _, dir := range stale {
		if err := os.RemoveAll(dir); err != nil {
			return fmt.Errorf("clean cache folder: %w", err)
		}
	}
	return nil
}

// build compiles one program under a temporary name and then renames it, so that a build that was
// killed never leaves half an executable under the real name.
func (p pins) build(ctx context.Context, prog program) error {
	tmp, err := os.MkdirTemp(p.cache, buildPrefix)
	if err != nil {
		return fmt.Errorf("build %s: %w", prog.name, err)
	}
	defer func() { _ = os.RemoveAll(tmp) }() // the next build tries again

	out := filepath.Join(tmp, filepath.Base(p.path(prog.name)))
	args := append(buildArgs(prog, p.versions[prog.name]), "-o", out, prog.pkg)
	cmd := exec.CommandContext(ctx, "go", args...)
	cmd.Dir = filepath.Join(p.tools, prog.module)
	// Flags, workspaces and targets of the caller's environment must not change what is built.
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOFLAGS=", "GOWORK=off", "GOOS=", "GOARCH=")
	var output bytes.Buffer
	cmd.Stdout, cmd.Stderr = &output, &output
	if err := cmd.Run(); err != nil {
		if ctx.Err() != nil {
			err = ctx.Err()
		}
		return fmt.Errorf("build %s: %w\n%s", prog.name, err, tail(output.Bytes()))
	}
	if err := os.Rename(out, p.path(prog.name)); err != nil {
		return fmt.Errorf("build %s: %w", prog.name, err)
	}
	return nil
}

// buildArgs are the arguments of the go command up to the output and the package. The version
// stamp is what Kubernetes' own release build sets: clients read it from /version.
func buildArgs(prog program, version string) []string {
	ldflags := "-s -w"
	if prog.module == "kubernetes" {
		const stamp = " -X k8s.io/component-base/version."
		part := strings.SplitN(strings.TrimPrefix(version, "v"), ".", 3)
		ldflags += stamp + "gitVersion=" + version
		if len(part) == 3 {
			ldflags += stamp + "gitMajor=" + part[0] + stamp + "gitMinor=" + part[1]
		}
	}
	return []string{"build", "-trimpath", "-buildvcs=false", "-ldflags", ldflags}
}
