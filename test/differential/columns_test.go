// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package differential_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/kubernetes/pkg/api/legacyscheme"
	core "k8s.io/kubernetes/pkg/apis/core"
	_ "k8s.io/kubernetes/pkg/apis/core/install"
	"k8s.io/kubernetes/pkg/printers"
	printersinternal "k8s.io/kubernetes/pkg/printers/internalversion"
	"sigs.k8s.io/yaml"

	"github.com/podwatch/kubectl-podwatch/pkg/projection"
	"github.com/podwatch/kubectl-podwatch/pkg/projection/projectiontest"
)

// generated is how many random pods are compared.
const generated = 100_000

// theirs returns READY, STATUS and RESTARTS as the API server prints them; of
// the age of the last restart only whether there is one.
func theirs(t *testing.T, table *printers.HumanReadableGenerator, pod *corev1.Pod) string {
	t.Helper()
	internal := &core.Pod{}
	if err := legacyscheme.Scheme.Convert(pod, internal, nil); err != nil {
		t.Fatalf("convert pod: %v", err)
	}
	out, err := table.GenerateTable(internal, printers.GenerateOptions{})
	if err != nil {
		t.Fatalf("print pod: %v", err)
	}
	cells := out.Rows[0].Cells
	restarts := fmt.Sprint(cells[3])
	if count, _, ok := strings.Cut(restarts, " ("); ok {
		restarts = count + " (… ago)"
	}
	return fmt.Sprintf("%v %v %s", cells[1], cells[2], restarts)
}

func ours(pod *corev1.Pod) string {
	k := projection.From(pod).Kubectl
	restarts := strconv.Itoa(int(k.Restarts))
	if !k.LastRestart.IsZero() {
		restarts += " (… ago)"
	}
	return fmt.Sprintf("%d/%d %s %s", k.Ready, k.Total, k.Status, restarts)
}

func newTable() *printers.HumanReadableGenerator {
	return printers.NewTableGenerator().With(printersinternal.AddHandlers)
}

func TestColumnsOfRandomPodsEqualTheServersPrinter(t *testing.T) {
	t.Parallel()
	table := newTable()
	now := time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)
	seen, families := map[string]int{}, map[string]int{}
	for seed := range uint64(generated) {
		pod := projectiontest.Random(rand.New(rand.NewPCG(seed, 1)), now)
		want := theirs(t, table, pod)
		if got := ours(pod); got != want {
			data, _ := yaml.Marshal(pod)
			t.Fatalf("seed %d: columns = %q, want %q\n%s", seed, got, want, data)
		}
		seen[strings.Fields(want)[1]]++
		families[family(want)]++
	}
	// A generator that never leaves Pending would prove nothing.
	if len(seen) < 40 {
		t.Errorf("%d pods gave only %d different STATUS cells", generated, len(seen))
	}
	for _, branch := range branches() {
		if families[branch] < 20 {
			t.Errorf("%d pods have only %d cells of the kind %q", generated, families[branch], branch)
		}
	}
	t.Logf("%d pods, %d different STATUS cells, %v", generated, len(seen), families)
}

// branches are the kinds of STATUS and RESTARTS that the printer has a branch
// of its own for.
func branches() []string {
	return []string{
		"Init:reason", "Init:Signal:", "Init:ExitCode:", "Init:n/m", "Signal:", "ExitCode:", "Running", "NotReady", "Completed",
		"SchedulingGated", "Terminating", "Unknown", "reason", "(none)",
	}
}

// family is the branch of the printer that a row comes from.
func family(row string) string {
	status := strings.Fields(row)[1]
	rest, initializing := strings.CutPrefix(status, "Init:")
	for _, prefix := range []string{"Signal:", "ExitCode:"} {
		if strings.HasPrefix(rest, prefix) {
			return strings.TrimSuffix(status, strings.TrimPrefix(rest, prefix))
		}
	}
	switch {
	case strings.Contains(row, "  "):
		return "(none)"
	case initializing && strings.Contains(rest, "/"):
		return "Init:n/m"
	case initializing:
		return "Init:reason"
	case slices.Contains(branches(), status):
		return status
	default:
		return "reason"
	}
}

func TestColumnsOfLabelledPodsEqualTheServersPrinter(t *testing.T) {
	t.Parallel()
	files := []string{}
	for dir, want := range map[string]int{"matrix": 46, "corpus": 35} {
		found, err := filepath.Glob("../../testdata/" + dir + "/*.yaml")
		if err != nil || len(found) != want {
			t.Fatalf("glob %s: %d files, want %d, %v", dir, len(found), want, err)
		}
		files = append(files, found...)
	}
	table := newTable()
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		pod := &corev1.Pod{}
		if err := yaml.Unmarshal(data, pod); err != nil {
			t.Fatalf("decode %s: %v", file, err)
		}
		if got, want := ours(pod), theirs(t, table, pod); got != want {
			t.Errorf("%s: columns = %q, want %q", filepath.Base(file), got, want)
		}
	}
}

func TestAgeOfTheLastRestartIsTheServers(t *testing.T) {
	t.Parallel()
	at := metav1.NewTime(time.Now().Add(-26 * time.Hour))
	pod := &corev1.Pod{
		Spec: corev1.PodSpec{Containers: []corev1.Container{{Name: "c"}}},
		Status: corev1.PodStatus{Phase: corev1.PodRunning, ContainerStatuses: []corev1.ContainerStatus{{
			Name: "c", RestartCount: 2,
			LastTerminationState: corev1.ContainerState{Terminated: &corev1.ContainerStateTerminated{FinishedAt: at}},
		}}},
	}
	if got := projection.From(pod).Kubectl.LastRestart; !got.Equal(at.Time) {
		t.Errorf("LastRestart = %v, want %v", got, at)
	}
	internal := &core.Pod{}
	if err := legacyscheme.Scheme.Convert(pod, internal, nil); err != nil {
		t.Fatal(err)
	}
	out, err := newTable().GenerateTable(internal, printers.GenerateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if got := fmt.Sprint(out.Rows[0].Cells[3]); got != "2 (26h ago)" {
		t.Errorf("RESTARTS = %q, want %q", got, "2 (26h ago)")
	}
}
