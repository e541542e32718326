// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package clean

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"

	"github.com/podwatch/kubectl-podwatch/pkg/apis/podwatch/v1alpha1"
	"github.com/podwatch/kubectl-podwatch/pkg/cmd/internal/exit"
	"github.com/podwatch/kubectl-podwatch/pkg/cmd/internal/scope"
)

// restoring runs clean --restore.
func (b *bench) restoring(paths ...string) (*v1alpha1.CleanReport, error) {
	b.t.Helper()
	b.out.Reset()
	b.options.Restore = paths
	err := restore(b.t.Context(), b.options)
	r := &v1alpha1.CleanReport{}
	if b.out.Len() > 0 {
		if err := json.Unmarshal(b.out.Bytes(), r); err != nil {
			b.t.Fatalf("output %q: %v", b.out, err)
		}
	}
	return r, err
}

// archived makes pods, cleans them and forgets what was sent.
func archived(t *testing.T) *bench {
	t.Helper()
	b := newBench(t)
	b.failed("bare", func(p *corev1.Pod) {
		p.Labels = map[string]string{"app": "one"}
		p.Spec.Containers[0].Env = []corev1.EnvVar{{Name: "PASSWORD", Value: "hunter2"}}
	})
	b.failed("owned", func(p *corev1.Pod) {
		ofJob("import", "5d8d8d8d-0000-4000-8000-000000000000")(p)
		p.OwnerReferences[0].APIVersion, p.OwnerReferences[0].Kind = "apps/v1", "ReplicaSet"
	})
	b.options.Yes = true
	if r, err := b.run(t.Context()); err != nil || r.Summary.Deleted != 2 {
		t.Fatalf("run = %v, summary %+v", err, r.Summary)
	}
	b.mutating = nil
	b.err.Reset()
	return b
}

func TestRestoreMakesPodsWithoutAControllerAnew(t *testing.T) {
	t.Parallel()
	b := archived(t)
	b.options.DryRun = v1alpha1.DryRunClient
	r, err := b.restoring(b.options.Archive)
	if err != nil || r.Summary.WouldCreate != 1 || r.Summary.SkippedByReason["has-controller"] != 1 || len(b.mutating) != 0 {
		t.Errorf("client dry run = %v, summary %+v, requests %v", err, r.Summary, b.mutating)
	}
	b.options.DryRun = v1alpha1.DryRunServer
	if r, err = b.restoring(b.options.Archive); err != nil || r.Summary.WouldCreate != 1 || len(b.names()) != 0 {
		t.Errorf("server dry run = %v, summary %+v, pods %v", err, r.Summary, b.names())
	}
	b.options.DryRun = v1alpha1.DryRunNone
	r, err = b.restoring(b.options.Archive)
	if err != nil || r.Summary.Created != 1 || strings.Contains(b.out.String()+b.err.String(), "hunter2") {
		t.Errorf("restore = %v, summary %+v, output %s%s", err, r.Summary, b.out, b.err)
	}
	pod := b.get("bare")
	if pod.Spec.NodeName != "" || pod.Status.Phase != corev1.PodPending || pod.Labels["app"] != "one" || pod.Spec.Containers[0].Env[0].Value != "hunter2" {
		t.Errorf("restored %+v", pod)
	}
	// Never over a pod that is there.
	if r, err = b.restoring(b.options.Archive); err != nil || r.Summary.Exists != 1 || b.get("bare").UID != pod.UID {
		t.Errorf("second restore = %v, summary %+v", err, r.Summary)
	}
}

func TestRestoreAsks(t *testing.T) {
	t.Parallel()
	b := archived(t)
	b.options.Yes = false
	if _, err := b.restoring(b.options.Archive); exit.Code(err) != 1 || len(b.mutating) != 0 {
		t.Errorf("without a terminal: %v, requests %v", err, b.mutating)
	}
	b.options.Interactive, b.options.In = true, strings.NewReader("n\n")
	if _, err := b.restoring(b.options.Archive); exit.Code(err) != 1 || len(b.mutating) != 0 {
		t.Errorf("no: %v, requests %v", err, b.mutating)
	}
	b.options.In = strings.NewReader("y\n")
	if r, err := b.restoring(b.options.Archive); err != nil || r.Summary.Created != 1 || !strings.Contains(b.err.String(), "Create 1 pod in context") {
		t.Errorf("yes: %v, summary %+v, stderr %s", err, r.Summary, b.err)
	}
}

func TestRestoreLeavesPodsOfOtherClustersAlone(t *testing.T) {
	t.Parallel()
	b := archived(t)
	b.options.DryRun = v1alpha1.DryRunClient
	journals, err := filepath.Glob(filepath.Join(b.options.Archive, "journal", "*.jsonl"))
	if err != nil || len(journals) != 1 {
		t.Fatalf("journals %q, %v", journals, err)
	}
	data, err := os.ReadFile(journals[0])
	if err != nil {
		t.Fatal(err)
	}
	host := strings.TrimPrefix(b.server.Config().Host, "https://")
	write := func(text string) {
		if err := os.WriteFile(journals[0], []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for name, test := range map[string]struct {
		journal string
		skipped int
	}{
		"this cluster":            {string(data), 0},
		"another one":             {strings.Replace(string(data), host, "prod.example.com", 1), 2},
		"a broken line":           {"{\n" + strings.Replace(string(data), host, "prod.example.com", 1), 2},
		"a journal of an old run": {string(data)[strings.Index(string(data), "\n")+1:], 0},
	} {
		write(test.journal)
		r, err := b.restoring(b.options.Archive)
		if err != nil || r.Summary.SkippedByReason["other-cluster"] != test.skipped || r.Summary.WouldCreate != min(1, 2-test.skipped) {
			t.Errorf("%s: %v, summary %+v, want %d of another cluster", name, err, r.Summary, test.skipped)
		}
	}
	// A file by itself, next to its journal, is no way round.
	write(strings.Replace(string(data), host, "prod.example.com", 1))
	files, err := filepath.Glob(filepath.Join(b.options.Archive, "*.json"))
	if err != nil {
		t.Fatal(err)
	}
	if r, err := b.restoring(files...); err != nil || r.Summary.SkippedByReason["other-cluster"] != 2 {
		t.Errorf("files: %v, summary %+v", err, r.Summary)
	}
}

func TestRestoreNarrowsDown(t *testing.T) {
	t.Parallel()
	b := archived(t)
	b.options.DryRun = v1alpha1.DryRunClient
	files, err := filepath.Glob(filepath.Join(b.options.Archive, "*_bare_*.json"))
	if err != nil || len(files) != 1 {
		t.Fatalf("archive = %v, %v", files, err)
	}
	pod := func(name string) []scope.Target { return []scope.Target{{Kind: "Pod", Name: name}} }
	for name, tt := range map[string]struct {
		path    string
		context string
		scope   scope.Scope
		want    int
		err     string
		said    string
	}{
		"the context's namespace":         {path: b.options.Archive, context: b.namespace, want: 2},
		"the context has another":         {path: b.options.Archive, context: "other", said: "Pods of other namespaces than other are passed over: 2; -A takes them all.\n"},
		"all namespaces":                  {path: b.options.Archive, scope: scope.Scope{All: true}, want: 2},
		"a file, whatever the context is": {path: files[0], context: "other", want: 1},
		"the namespace":                   {path: b.options.Archive, context: b.namespace, scope: scope.Scope{Namespaces: []string{b.namespace}}, want: 2},
		"another one":                     {path: b.options.Archive, context: "typo", scope: scope.Scope{Namespaces: []string{"typo"}}, err: `find pods of namespace "typo"`},
		"a file of another one":           {path: files[0], context: "typo", scope: scope.Scope{Namespaces: []string{"typo"}}, err: `find pods of namespace "typo"`},
		"a pod":                           {path: b.options.Archive, context: b.namespace, scope: scope.Scope{Targets: pod("owned")}, want: 1},
		"a pod that is not there":         {path: b.options.Archive, context: b.namespace, scope: scope.Scope{Targets: pod("nosuch")}, err: `find pod "nosuch"`},
	} {
		b.err.Reset()
		b.options.Scope, b.options.Cluster.Namespaces = tt.scope, []string{tt.context}
		r, err := b.restoring(tt.path)
		if tt.err != "" {
			if exit.Code(err) != 1 || !strings.Contains(err.Error(), tt.err) {
				t.Errorf("%s: %v, want %q", name, err, tt.err)
			}
			continue
		}
		if err != nil || r.Summary.Scanned != tt.want || !strings.Contains(b.err.String(), tt.said) {
			t.Errorf("%s: %v, scanned %d, want %d; stderr %q", name, err, r.Summary.Scanned, tt.want, b.err)
		}
	}
}

func TestRestoreShowsWhatIsKnown(t *testing.T) {
	t.Parallel()
	b := archived(t)
	b.options.DryRun = v1alpha1.DryRunClient
	r, err := b.restoring(b.options.Archive)
	if err != nil || len(r.Items) != 2 {
		t.Fatalf("restore = %v, %+v", err, r)
	}
	for _, i := range r.Items {
		if i.Category != v1alpha1.CategoryEvicted || i.Reason != "Evicted" || i.CreatedAt == nil || i.Node != "n1" || i.UID == "" ||
			len(i.Images) != 1 || !filepath.IsAbs(i.ArchivePath) {
			t.Errorf("item %+v", i)
		}
	}
}

func TestRestoreIntoANamespaceThatIsNotThere(t *testing.T) {
	t.Parallel()
	b := archived(t)
	files, err := filepath.Glob(filepath.Join(b.options.Archive, "*_bare_*.json"))
	if err != nil || len(files) != 1 {
		t.Fatalf("archive = %v, %v", files, err)
	}
	whole, err := os.ReadFile(files[0])
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(files[0], []byte(strings.ReplaceAll(string(whole), b.namespace, "not-there")), 0o600); err != nil {
		t.Fatal(err)
	}
	r, err := b.restoring(files[0])
	if exit.Code(err) != 3 || len(r.Items) != 1 || !strings.HasSuffix(r.Items[0].Error, "make it first: kubectl create namespace not-there") {
		t.Errorf("restore = %v, items %+v", err, r.Items)
	}
}

func TestRestoreOfWhatIsNoArchive(t *testing.T) {
	t.Parallel()
	b := archived(t)
	files, err := filepath.Glob(filepath.Join(b.options.Archive, "*_bare_*.json"))
	if err != nil || len(files) != 1 {
		t.Fatalf("archive = %v, %v", files, err)
	}
	whole, err := os.ReadFile(files[0])
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	write := func(name string, data []byte) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	for name, path := range map[string]string{
		"missing":        filepath.Join(dir, "missing.json"),
		"cut off":        write("cut.json", whole[:len(whole)/2]),
		"empty":          write("empty.json", nil),
		"no pod":         write("service.json", []byte(`{"apiVersion":"v1","kind":"Service","metadata":{"name":"x"}}`)),
		"a list":         write("list.json", []byte(`{"apiVersion":"v1","kind":"PodList","items":[]}`)),
		"without a name": write("nameless.json", []byte(`{"apiVersion":"v1","kind":"Pod","metadata":{"namespace":"x"}}`)),
		"too large":      write("large.json", append(whole, make([]byte, 9<<20)...)),
		"a forged name":  write("forged.json", []byte(`{"apiVersion":"v1","kind":"Pod","metadata":{"namespace":"x","name":"a\npod/b","uid":"u"}}`)),
		"the folder":     dir,
	} {
		_, err := b.restoring(path)
		if exit.Code(err) != 1 || len(b.mutating) != 0 || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%s: restore = %v with requests %v", name, err, b.mutating)
		}
	}
	// An empty folder holds nothing, and that is no error.
	if r, err := b.restoring(t.TempDir()); err != nil || r.Summary.Scanned != 0 {
		t.Errorf("empty folder: %v", err)
	}
}

func TestRestoreTakesTheNewestOfAName(t *testing.T) {
	t.Parallel()
	b := archived(t)
	b.failed("bare", nil)
	if r, err := b.run(t.Context()); err != nil || r.Summary.Deleted != 1 {
		t.Fatalf("run = %v, summary %+v", err, r.Summary)
	}
	r, err := b.restoring(b.options.Archive)
	if err != nil || r.Summary.Created < 1 || r.Summary.Created+r.Summary.Exists+r.Summary.SkippedByReason["superseded"] != 2 {
		t.Errorf("restore = %v, summary %+v", err, r.Summary)
	}
	if diff := cmp.Diff([]string{"bare"}, b.names()); diff != "" {
		t.Errorf("pods (-want +got):\n%s", diff)
	}
}
