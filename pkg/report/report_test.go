// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package report_test

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/podwatch/kubectl-podwatch/pkg/apis/podwatch/v1alpha1"
	"github.com/podwatch/kubectl-podwatch/pkg/diagnose"
	"github.com/podwatch/kubectl-podwatch/pkg/offline"
	"github.com/podwatch/kubectl-podwatch/pkg/projection"
	"github.com/podwatch/kubectl-podwatch/pkg/related"
	"github.com/podwatch/kubectl-podwatch/pkg/report"
)

var update = flag.Bool("update", false, "write the golden files")

// corpus returns the report on the corpus and the owners that are missing.
func corpus(t *testing.T) *v1alpha1.PodReport {
	t.Helper()
	paths, err := filepath.Glob("../../testdata/corpus/*.yaml")
	if err != nil {
		t.Fatal(err)
	}
	c := report.NewCollector(report.Options{
		Now: now(), GeneratedAt: now().Add(time.Hour), ObservedAtSource: "Flag",
		Source: v1alpha1.Source{Type: "File", File: "testdata/corpus"},
		Scope:  v1alpha1.Scope{AllNamespaces: true}, ShowHealthy: true,
	})
	s, err := offline.Read(offline.Open(paths, nil), func(pod *corev1.Pod) error {
		p := projection.From(pod)
		c.Add(p, diagnose.Judge(p, diagnose.Related{}, now(), diagnose.Defaults()))
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return c.Build(s.Related, c.Need().Missing(s.Related, related.Policy{}))
}

func TestCorpusReport(t *testing.T) {
	t.Parallel()
	r := corpus(t)
	got, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	got = append(got, '\n')
	golden := filepath.Join("testdata", "TestCorpusReport", "report.json.golden")
	if *update {
		if err := os.MkdirAll(filepath.Dir(golden), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(golden, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("report (-want +got); run with -update if that is meant:\n%s", diff)
	}
	if r.Summary.Pods.Total != 35 || len(r.Pods) != 35 {
		t.Errorf("%d pods, %d of them in the list, want 35", r.Summary.Pods.Total, len(r.Pods))
	}
}

// Machine output has no null anywhere, also where nothing was put in.
func TestReportHasNoNulls(t *testing.T) {
	t.Parallel()
	c := report.NewCollector(report.Options{ShowHealthy: true})
	c.Add(&projection.Pod{Containers: []projection.Container{{Name: "c"}}},
		diagnose.Verdict{State: v1alpha1.StateFailing, Findings: []v1alpha1.Finding{{Severity: v1alpha1.SeverityCritical, Cause: "X"}}})
	c.Add(&projection.Pod{ObjectMeta: metav1.ObjectMeta{Name: "p"}}, diagnose.Verdict{})
	for name, r := range map[string]*v1alpha1.PodReport{
		"empty":  report.NewCollector(report.Options{}).Build(related.Index{}, nil),
		"bare":   c.Build(related.Index{}, nil),
		"corpus": corpus(t),
	} {
		data, err := json.Marshal(r)
		if err != nil {
			t.Fatal(err)
		}
		var tree any
		if err := json.Unmarshal(data, &tree); err != nil {
			t.Fatal(err)
		}
		for _, list := range []string{"groups", "pods", "limitations"} {
			if root, ok := tree.(map[string]any); !ok || root[list] == nil {
				t.Errorf("%s: %s is missing", name, list)
			}
		}
		// Zero times of GeneratedAt and ObservedAt are null; commands set both.
		if name == "corpus" {
			noNulls(t, name, tree)
		}
		noNulls(t, name+".groups", member(tree, "groups"))
		noNulls(t, name+".pods", member(tree, "pods"))
		noNulls(t, name+".scope", member(tree, "scope"))
	}
}

func member(tree any, name string) any {
	if m, ok := tree.(map[string]any); ok {
		return m[name]
	}
	return nil
}

func noNulls(t *testing.T, path string, node any) {
	t.Helper()
	switch node := node.(type) {
	case nil:
		t.Errorf("%s is null", path)
	case []any:
		for i, child := range node {
			noNulls(t, fmt.Sprintf("%s[%d]", path, i), child)
		}
	case map[string]any:
		for name, child := range node {
			noNulls(t, path+"."+name, child)
		}
	}
}

func TestPodShowsItsContainers(t *testing.T) {
	t.Parallel()
	c := report.NewCollector(report.Options{ShowHealthy: true})
	east := time.FixedZone("east", 3600)
	c.Add(&projection.Pod{Containers: []projection.Container{
		{
			Name: "waits", Type: v1alpha1.ContainerApp, Waiting: &projection.Waiting{Reason: "CrashLoopBackOff", Message: "back-off"},
			LastTerminated: &projection.Terminated{Reason: "OOMKilled", ExitCode: 137, StartedAt: ago(3).In(east), FinishedAt: ago(2).Time},
		},
		{Name: "runs", Type: v1alpha1.ContainerSidecar, Image: "i", Ready: true, RestartCount: 1, Running: &projection.Running{StartedAt: ago(1).Time}},
		{
			Name: "ended", Type: v1alpha1.ContainerInit, Terminated: &projection.Terminated{Reason: "Error", Message: "bye", ExitCode: 1, StartedAt: ago(5).Time},
			LastTerminated: &projection.Terminated{ExitCode: 2},
		},
		{Name: "unseen", Type: v1alpha1.ContainerEphemeral},
	}}, healthy())
	want := []v1alpha1.Container{
		{
			Name: "waits", Type: v1alpha1.ContainerApp, State: "Waiting", Reason: "CrashLoopBackOff", Message: "back-off",
			LastTermination: &v1alpha1.Termination{Reason: "OOMKilled", ExitCode: 137, Signal: "SIGKILL", StartedAt: ago(3), FinishedAt: ago(2)},
		},
		{Name: "runs", Type: v1alpha1.ContainerSidecar, Image: "i", State: "Running", Ready: true, RestartCount: 1, StartedAt: ago(1)},
		{
			Name: "ended", Type: v1alpha1.ContainerInit, State: "Terminated", Reason: "Error", Message: "bye", StartedAt: ago(5),
			LastTermination: &v1alpha1.Termination{Reason: "Error", Message: "bye", ExitCode: 1, StartedAt: ago(5)},
		},
		{Name: "unseen", Type: v1alpha1.ContainerEphemeral},
	}
	if diff := cmp.Diff(want, build(c).Pods[0].Containers); diff != "" {
		t.Errorf("containers (-want +got):\n%s", diff)
	}
}

// 50,000 healthy pods, ten to a ReplicaSet, must cost next to nothing.
func TestHealthyPodsStaySmall(t *testing.T) {
	const pods, limit = 50_000, 160
	before := heap()
	c := collector()
	fill(c, pods)
	perPod := (heap() - before) / pods
	t.Logf("%d bytes per healthy pod", perPod)
	if perPod > limit {
		t.Errorf("%d bytes per healthy pod, want at most %d", perPod, limit)
	}
	if got := build(c).Summary.Pods.Healthy; got != pods {
		t.Errorf("healthy = %d, want %d", got, pods)
	}
}

func fill(c *report.Collector, pods int) {
	for i := range pods {
		rs := fmt.Sprintf("web-%06d-5d9c7b6f44", i/10)
		c.Add(&projection.Pod{
			ObjectMeta:   metav1.ObjectMeta{Namespace: "shop", Name: fmt.Sprintf("%s-%05d", rs, i), UID: types.UID(fmt.Sprintf("0b5b8d0e-1111-4222-8333-%012d", i))},
			TemplateHash: strings.Clone("5d9c7b6f44"),
			Controller:   &projection.Controller{APIVersion: "apps/v1", Kind: "ReplicaSet", Name: rs, UID: types.UID(fmt.Sprintf("0b5b8d0e-2222-4222-8333-%012d", i/10))},
		}, healthy())
	}
}

func heap() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

func BenchmarkCollector(b *testing.B) {
	b.Run("50000 healthy pods", func(b *testing.B) {
		for b.Loop() {
			before := heap()
			c := collector()
			fill(c, 50_000)
			b.ReportMetric(float64(heap()-before)/50_000, "bytes/pod")
			build(c)
		}
	})
	b.Run("5000 failing pods of one workload", func(b *testing.B) {
		for b.Loop() {
			c := collector()
			for i := range 5000 {
				c.Add(replica("web", i, 3), bad(v1alpha1.StateFailing, crashLoop(ago(3), fmt.Sprintf("exit 137, %d restarts", i))))
			}
			build(c)
		}
	})
}

func TestNextStartIsReadFromTheBackOff(t *testing.T) {
	t.Parallel()
	ended := &projection.Terminated{ExitCode: 1, FinishedAt: ago(4).Time}
	for name, tt := range map[string]struct {
		container projection.Container
		want      *metav1.Time
	}{
		"in back-off":       {projection.Container{Waiting: &projection.Waiting{Message: "back-off 5m0s restarting failed container=app pod=web_shop(1)"}, LastTerminated: ended}, ago(-1)},
		"a capital letter":  {projection.Container{Waiting: &projection.Waiting{Message: "Back-off 2m0s restarting failed container app in pod web"}, LastTerminated: ended}, ago(2)},
		"pulling an image":  {projection.Container{Waiting: &projection.Waiting{Message: `Back-off pulling image "x"`}, LastTerminated: ended}, nil},
		"no last run":       {projection.Container{Waiting: &projection.Waiting{Message: "back-off 5m0s restarting failed container"}}, nil},
		"no duration":       {projection.Container{Waiting: &projection.Waiting{Message: "back-off soon restarting failed container"}, LastTerminated: ended}, nil},
		"a negative one":    {projection.Container{Waiting: &projection.Waiting{Message: "back-off -5m0s restarting failed container"}, LastTerminated: ended}, nil},
		"running, not down": {projection.Container{Running: &projection.Running{}, LastTerminated: ended}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := report.NewCollector(report.Options{ShowHealthy: true})
			c.Add(&projection.Pod{Containers: []projection.Container{tt.container}}, healthy())
			if got := build(c).Pods[0].Containers[0].NextStartAt; !got.Equal(tt.want) {
				t.Errorf("next start = %v, want %v", got, tt.want)
			}
		})
	}
}
