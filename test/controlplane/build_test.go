// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build unix

package controlplane

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// fakeGo stands for the go command: it makes the file after -o, unless the package is the one that
// does not compile.
const fakeGo = `#!/bin/sh
while [ $# -gt 1 ]; do
	[ "$1" = -o ] && out=$2
	shift
done
case $1 in *"$BROKEN") echo "main.go:1: broken" >&2; exit 1;; esac
[ "$CGO_ENABLED" = 0 ] && echo built >"$out"
`

// fakeCheckout makes a checkout with pins of its own the working directory, with a cache of its
// own and a go command that is quick. It returns the checkout.
func fakeCheckout(t *testing.T) string {
	t.Helper()
	root := t.TempDir()
	for _, prog := range programs() {
		module := filepath.Join(root, "hack", "tools", prog.module)
		write(t, filepath.Join(module, "go.mod"), "module example.com/"+prog.module+
			"\n\nrequire (\n\t"+prog.requires+" v1.2.3 // indirect\n)\n")
		write(t, filepath.Join(module, "go.sum"), "")
	}
	bin := filepath.Join(root, "bin", "go")
	write(t, bin, fakeGo)
	if err := os.Chmod(bin, 0o755); err != nil {
		t.Fatal(err)
	}
	t.Chdir(root)
	t.Setenv("PATH", filepath.Dir(bin)+string(os.PathListSeparator)+os.Getenv("PATH"))
	t.Setenv("BROKEN", "nothing")
	t.Setenv("XDG_CACHE_HOME", t.TempDir())
	return root
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// build runs Build and returns what it told.
func build(t *testing.T) string {
	t.Helper()
	var progress bytes.Buffer
	if err := Build(t.Context(), &progress); err != nil {
		t.Fatalf("Build: %v", err)
	}
	return progress.String()
}

func TestBuild_BuildsWhatIsMissingAndNothingElse(t *testing.T) {
	fakeCheckout(t)
	if _, err := Binary("etcd"); !errors.Is(err, ErrNotBuilt) ||
		!strings.Contains(err.Error(), "run make control-plane") {
		t.Errorf("Binary before the build: %v, want the hint", err)
	}

	first := build(t)
	for _, prog := range programs() {
		if !strings.Contains(first, "] "+prog.name+" v") {
			t.Errorf("first build does not tell %s:\n%s", prog.name, first)
		}
		if _, err := Binary(prog.name); err != nil {
			t.Error(err)
		}
	}
	if again := build(t); strings.Count(again, "\n") != 1 || !strings.Contains(again, "up to date") {
		t.Errorf("second build tells %q, want one line", again)
	}

	kwok, err := Binary("kwok")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(kwok); err != nil {
		t.Fatal(err)
	}
	if got := build(t); !strings.Contains(got, "[1/1] kwok v1.2.3") {
		t.Errorf("build after kwok was removed tells:\n%s", got)
	}
}

func TestBuild_AChangedPinGetsItsOwnFolder(t *testing.T) {
	root := fakeCheckout(t)
	before, err := readPins()
	if err != nil {
		t.Fatal(err)
	}
	if base := filepath.Base(before.cache); !strings.HasPrefix(base, "v1.2.3-") {
		t.Errorf("cache folder %q, want the Kubernetes version in front", base)
	}
	write(t, filepath.Join(root, "hack", "tools", "etcd", "go.sum"), "another checksum\n")
	after, err := readPins()
	if err != nil {
		t.Fatal(err)
	}
	if before.cache == after.cache {
		t.Errorf("cache folder %q for both pins", after.cache)
	}
}

func TestBuild_TwoAtOnceBuildEachProgramOnce(t *testing.T) {
	fakeCheckout(t)
	var outputs [2]bytes.Buffer
	var errs [2]error
	var done sync.WaitGroup
	for i := range outputs {
		done.Go(func() { errs[i] = Build(t.Context(), &outputs[i]) })
	}
	done.Wait()
	if err := errors.Join(errs[:]...); err != nil {
		t.Fatal(err)
	}
	told := outputs[0].String() + outputs[1].String()
	for _, prog := range programs() {
		if n := strings.Count(told, "] "+prog.name+" "); n != 1 {
			t.Errorf("%s was built %d times:\n%s", prog.name, n, told)
		}
	}
}

func TestBuild_ABuildThatEndsInAnErrorLeavesNothingUnderTheName(t *testing.T) {
	fakeCheckout(t)
	t.Setenv("BROKEN", "cmd/kwok")
	err := Build(t.Context(), &bytes.Buffer{})
	if err == nil || !strings.Contains(err.Error(), "build kwok") ||
		!strings.Contains(err.Error(), "main.go:1: broken") {
		t.Fatalf("Build = %v, want the compiler's words", err)
	}
	p, err := readPins()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Binary("kwok"); !errors.Is(err, ErrNotBuilt) {
		t.Errorf("Binary(kwok) = %v, want ErrNotBuilt", err)
	}
	left, err := filepath.Glob(filepath.Join(p.cache, buildPrefix+"*"))
	if err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}

	t.Setenv("BROKEN", "nothing")
	stale := filepath.Join(p.cache, buildPrefix+"killed", "kwok")
	write(t, stale, "half")
	build(t)
	if _, err := os.Stat(filepath.Dir(stale)); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("folder of a killed build: %v, want it gone", err)
	}
}

func TestBuild_WaitsForAnotherBuildAndCanBeStopped(t *testing.T) {
	fakeCheckout(t)
	p, err := readPins()
	if err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(p.cache, ".lock"), "")
	unlock, err := lock(t.Context(), &bytes.Buffer{}, filepath.Join(p.cache, ".lock"))
	if err != nil {
		t.Fatal(err)
	}
	defer unlock()
	ctx, cancel := context.WithTimeout(t.Context(), lockNotice+500*time.Millisecond)
	defer cancel()
	var progress bytes.Buffer
	if err := Build(ctx, &progress); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("Build beside another = %v, want the deadline", err)
	}
	if !strings.Contains(progress.String(), "waiting for another build") {
		t.Errorf("told %q, want what it waits for", progress.String())
	}
}

func TestBuild_OfThisCheckoutIsANoOpOnceBuilt(t *testing.T) {
	p, err := readPins()
	if err != nil {
		t.Fatal(err)
	}
	if todo, err := p.missing(); err != nil || len(todo) > 0 {
		if testing.Short() {
			t.Skip("the control plane is not built")
		}
		t.Fatalf("%d executables: %v", len(todo), ErrNotBuilt)
	}
	if got := build(t); strings.Count(got, "\n") != 1 {
		t.Errorf("told %q, want one line", got)
	}
}

func TestBuild_OutsideACheckout(t *testing.T) {
	t.Chdir(t.TempDir())
	if err := Build(t.Context(), &bytes.Buffer{}); err == nil ||
		!strings.Contains(err.Error(), "find checkout") {
		t.Errorf("Build = %v, want what is missing", err)
	}
}
