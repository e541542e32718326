// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package controlplane

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
)

// program is one executable of the control plane and the pinned module that it is built from.
type program struct {
	// name is the file name in the cache folder.
	name string
	// module is the folder below hack/tools whose go.mod pins the version.
	module string
	// pkg is the import path of its main package.
	pkg string
	// requires is the module path whose version in go.mod is the version of the program.
	requires string
}

// programs lists all executables, the quick builds first.
func programs() []program {
	const kubernetes = "k8s.io/kubernetes"
	return []program{
		{"etcd", "etcd", "go.etcd.io/etcd/server/v3", "go.etcd.io/etcd/server/v3"},
		{"kwok", "kwok", "sigs.k8s.io/kwok/cmd/kwok", "sigs.k8s.io/kwok"},
		{"kubectl", "kubernetes", kubernetes + "/cmd/kubectl", kubernetes},
		{"kube-apiserver", "kubernetes", kubernetes + "/cmd/kube-apiserver", kubernetes},
		{
			"kube-controller-manager", "kubernetes",
			kubernetes + "/cmd/kube-controller-manager", kubernetes,
		},
	}
}

// pins are the tool modules of one checkout and the cache folder that belongs to them.
type pins struct {
	// tools is the absolute path of hack/tools.
	tools string
	// cache is the folder of the executables.
	cache string
	// versions maps the name of each program to the version that its go.mod pins.
	versions map[string]string
}

// readPins finds the checkout around the working directory and derives the cache folder from what
// its tool modules pin: the Kubernetes version, readable, and a hash of every pinned version and
// checksum, so that checkouts with the same pins share one folder and a changed pin gets its own.
func readPins() (pins, error) {
	tools, err := findTools()
	if err != nil {
		return pins{}, err
	}
	p := pins{tools: tools, versions: map[string]string{}}
	var pinned bytes.Buffer
	seen := map[string]string{}
	for _, prog := range programs() {
		gomod, ok := seen[prog.module]
		if !ok {
			for _, file := range []string{"go.mod", "go.sum"} {
				text, err := os.ReadFile(filepath.Join(tools, prog.module, file))
				if err != nil {
					return pins{}, fmt.Errorf("read pins of %s: %w", prog.module, err)
				}
				fmt.Fprintf(&pinned, "%s/%s %d\n%s", prog.module, file, len(text), text)
				if file == "go.mod" {
					gomod = string(text)
				}
			}
			seen[prog.module] = gomod
		}
		version, err := requiredVersion(gomod, prog.requires)
		if err != nil {
			return pins{}, fmt.Errorf("read pins of %s: %w", prog.module, err)
		}
		p.versions[prog.name] = version
		// The recipe is a pin too: other build flags make another executable.
		fmt.Fprintln(&pinned, prog.name, buildArgs(prog, version))
	}
	base, err := cacheHome()
	if err != nil {
		return pins{}, err
	}
	sum := sha256.Sum256(pinned.Bytes())
	p.cache = filepath.Join(base, "kubectl-podwatch", p.versions["kube-apiserver"]+"-"+hex.EncodeToString(sum[:4]))
	return p, nil
}

// findTools walks up from the working directory to the folder that holds the tool modules. Go runs
// a test in the folder of its package and `go run` in the caller's, so this needs no go command and,
// unlike the file names that runtime.Caller gives, also holds under -trimpath.
func findTools() (string, error) {
	start, err := os.Getwd()
	if err != nil {
		return "", fmt.Errorf("find checkout: %w", err)
	}
	for dir := start; ; dir = filepath.Dir(dir) {
		tools := filepath.Join(dir, "hack", "tools")
		if _, err := os.Stat(filepath.Join(tools, "kubernetes", "go.mod")); err == nil {
			return tools, nil
		}
		if dir == filepath.Dir(dir) {
			return "", fmt.Errorf("find checkout: no hack/tools/kubernetes/go.mod above %q", start)
		}
	}
}

// requiredVersion returns the version that a go.mod file requires of a module.
func requiredVersion(gomod, module string) (string, error) {
	for line := range strings.Lines(gomod) {
		fields := strings.Fields(strings.TrimPrefix(strings.TrimSpace(line), "require "))
		if len(fields) >= 2 && fields[0] == module && strings.HasPrefix(fields[1], "v") {
			return fields[1], nil
		}
	}
	return "", fmt.Errorf("go.mod does not require %q", module)
}

// cacheHome is $XDG_CACHE_HOME, or ~/.cache on every system, so that one line of documentation
// names the folder. A relative value is ignored, as the XDG specification asks.
func cacheHome() (string, error) {
	if dir := os.Getenv("XDG_CACHE_HOME"); filepath.IsAbs(dir) {
		return dir, nil
	}
	home, err := os.UserHomeDir()
	if err != nil {
		return "", fmt.Errorf("find cache folder: %w", err)
	}
	return filepath.Join(home, ".cache"), nil
}

// path is where the executable lies once it is built.
func (p pins) path(name string) string {
	if runtime.GOOS == "windows" {
		name += ".exe"
	}
	return filepath.Join(p.cache, name)
}

// missing returns the programs that the cache folder does not hold yet.
func (p pins) missing() ([]program, error) {
	var out []program
	for _, prog := range programs() {
		_, err := os.Stat(p.path(prog.name))
		switch {
		case errors.Is(err, fs.ErrNotExist):
			out = append(out, prog)
		case err != nil:
			return nil, fmt.Errorf("look for %s: %w", prog.name, err)
		}
	}
	return out, nil
}

// ErrNotBuilt reports that an executable of the control plane is not in the cache folder.
var ErrNotBuilt = errors.New("not built (hint: run make control-plane)")

// Binary returns the path of a built executable: etcd, kube-apiserver, kube-controller-manager,
// kubectl or kwok. The error is [ErrNotBuilt] when `make control-plane` has not run for the pins of
// this checkout.
func Binary(name string) (string, error) {
	p, err := readPins()
	if err != nil {
		return "", err
	}
	if _, err := os.Stat(p.path(name)); err != nil {
		return "", fmt.Errorf("find %s in %s: %w", name, p.cache, ErrNotBuilt)
	}
	return p.path(name), nil
}
