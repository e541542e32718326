// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package policy

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// module is the import path of the product.
const module = "github.com/podwatch/kubectl-podwatch"

// A rule says what the packages at or below a path never reach, be it through
// others. Paths that begin with pkg/, cmd/ or test/ are the product's own.
type rule struct {
	from    string
	never   []string
	because string
}

func rules() []rule {
	commandLine := []string{"github.com/spf13/cobra", "github.com/spf13/pflag", "k8s.io/cli-runtime", "pkg/cmd"}
	looks := []string{"github.com/fatih/color", "github.com/olekukonko/tablewriter", "pkg/printers"}
	cluster := []string{"k8s.io/client-go/rest", "k8s.io/client-go/kubernetes", "k8s.io/client-go/tools/cache"}
	return []rule{
		{"pkg/apis", []string{"k8s.io/client-go", "k8s.io/cli-runtime", "pkg/diagnose"}, "programs that read our output import the types and nothing else"},
		{"pkg/internal/plaintext", []string{"k8s.io", "pkg/apis"}, "it works on strings"},
		{"pkg/projection", slices.Concat(cluster, commandLine, looks, []string{"pkg/diagnose"}), "what is kept of a pod knows neither where it comes from nor what it is for"},
		{"pkg/diagnose", slices.Concat(cluster, commandLine, looks, []string{"pkg/reconcile", "pkg/related"}), "a verdict is a pure function"},
		{"pkg/related", slices.Concat(commandLine, looks, []string{"k8s.io/client-go/tools/cache", "pkg/reconcile"}), "what stands around a pod is read without an engine"},
		{"pkg/logs", slices.Concat(commandLine, looks, []string{"k8s.io/client-go/tools/cache", "pkg/reconcile", "pkg/report"}), "the last lines of a log are read without an engine"},
		{"pkg/offline", slices.Concat(commandLine, looks, []string{"k8s.io/client-go/kubernetes", "k8s.io/client-go/tools/cache"}), "files need no cluster"},
		{"pkg/report", slices.Concat(commandLine, looks, []string{"k8s.io/client-go/tools/cache", "pkg/reconcile"}), "a report is made of verdicts, wherever they come from"},
		{"pkg/reconcile", slices.Concat(commandLine, looks, []string{"pkg/report", "pkg/clean", "pkg/transition", "pkg/related"}), "the engine knows no command and no output"},
		{"pkg/reconcile/stream", []string{"pkg/diagnose"}, "a source delivers pods and judges none"},
		{"pkg/transition", slices.Concat(commandLine, looks, []string{"pkg/report", "pkg/clean"}), "what is worth telling does not depend on how it is told"},
		{"pkg/clean", slices.Concat(commandLine, looks, []string{"pkg/report", "pkg/transition"}), "what may be deleted does not depend on how it is asked for"},
		{"pkg/printers", slices.Concat(cluster, []string{"github.com/spf13/cobra", "pkg/cmd", "pkg/reconcile", "pkg/diagnose"}), "printers see reports and events, never the cluster or the engine"},
		{"pkg/live", slices.Concat(cluster, []string{
			"github.com/spf13/cobra", "pkg/cmd", "pkg/reconcile", "pkg/diagnose", "pkg/projection", "pkg/report", "pkg/transition", "pkg/clean",
		}), "the live view sees a board, never the cluster or the engine"},
		{"pkg/cmd/report", []string{"pkg/cmd/watch", "pkg/cmd/clean"}, "commands never import each other"},
		{"pkg/cmd/watch", []string{"pkg/cmd/report", "pkg/cmd/clean"}, "commands never import each other"},
		{"pkg/cmd/clean", []string{"pkg/cmd/report", "pkg/cmd/watch"}, "commands never import each other"},
		{"pkg/cmd/internal", []string{"pkg/cmd/report", "pkg/cmd/watch", "pkg/cmd/clean"}, "what commands have in common knows none of them"},
		{"cmd", []string{"test/controlplane", "github.com/rogpeppe/go-internal", "github.com/google/go-cmp"}, "the product carries nothing of its tests"},
	}
}

func TestImportDirections(t *testing.T) {
	t.Parallel()
	imports := graph(t)
	for _, r := range rules() {
		starts := matching(imports, r.from)
		if len(starts) == 0 {
			t.Errorf("stale rule: no package at or below %s", r.from)
		}
		reached := reach(imports, starts)
		for _, banned := range r.never {
			if len(matching(imports, banned)) == 0 {
				t.Errorf("stale rule of %s: no package at or below %s", r.from, banned)
			}
			for _, pkg := range matching(reached, banned) {
				t.Errorf("%s: %s", trail(reached, pkg), r.because)
				break // one trail tells enough
			}
		}
	}
}

// graph maps every package that the module or its tests reach to its imports.
// Imports of tests are left out of the values: they obey no direction.
func graph(t *testing.T) map[string][]string {
	t.Helper()
	var stderr bytes.Buffer
	cmd := exec.CommandContext(t.Context(), "go", "list", "-e", "-deps", "-test", "-json=ImportPath,ForTest,Imports", "./...")
	cmd.Dir = root
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list: %v\n%s", err, stderr.Bytes())
	}
	imports := map[string][]string{}
	for d := json.NewDecoder(bytes.NewReader(out)); ; {
		var p struct {
			ImportPath, ForTest string
			Imports             []string
		}
		err := d.Decode(&p)
		if errors.Is(err, io.EOF) {
			return imports
		}
		if err != nil {
			t.Fatal(err)
		}
		if p.ForTest == "" && !strings.HasSuffix(p.ImportPath, ".test") {
			imports[p.ImportPath] = p.Imports
		}
	}
}

// reach returns the packages that starts reach, each with the one that leads to
// it; those of starts lead to themselves.
func reach(imports map[string][]string, starts []string) map[string]string {
	via := map[string]string{}
	for _, s := range starts {
		via[s] = s
	}
	for queue := slices.Clone(starts); len(queue) > 0; queue = queue[1:] {
		for _, next := range imports[queue[0]] {
			if _, known := via[next]; !known {
				via[next] = queue[0]
				queue = append(queue, next)
			}
		}
	}
	return via
}

// trail spells how pkg is reached.
func trail(via map[string]string, pkg string) string {
	path := []string{pkg}
	for via[pkg] != pkg {
		pkg = via[pkg]
		path = append(path, pkg)
	}
	slices.Reverse(path)
	return strings.Join(path, " -> ")
}

// matching returns the keys of packages at or below path, sorted.
func matching[V any](packages map[string]V, path string) []string {
	switch top, _, _ := strings.Cut(path, "/"); top {
	case "pkg", "cmd", "test":
		path = module + "/" + path
	}
	var out []string
	for p := range packages {
		if p == path || strings.HasPrefix(p, path+"/") {
			out = append(out, p)
		}
	}
	slices.Sort(out)
	return out
}
