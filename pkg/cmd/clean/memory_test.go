// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package clean

import (
	"bytes"
	"encoding/json"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"

	corev1 "k8s.io/api/core/v1"
	cliprinters "k8s.io/cli-runtime/pkg/printers"
	"k8s.io/client-go/tools/clientcmd"

	"github.com/podwatch/kubectl-podwatch/pkg/apis/podwatch/v1alpha1"
)

// measuredRun is a measurement as JSON in the process that is measured: the heap
// of this one belongs to all tests.
const measuredRun = "PODWATCH_TEST_MEASURED_RUN"

// measurement is a clean of several namespaces, one after the other.
type measurement struct {
	Kubeconfig, Archive, Result string
	// Pods is the number of pods by namespace, Namespaces their order.
	Namespaces []string
	Pods       map[string]int
}

// measured is what a clean of one namespace took.
type measured struct {
	Error   string
	Summary v1alpha1.CleanSummary
	// Requests counts the different requests that could change something.
	Requests int
	// Heap is what is in use, in bytes, when the first pod is about to go: all are
	// planned and spooled. How far the watch lags behind later is up to the load.
	Heap int64
}

// TestS54_TwoThousandFailedPods compares with a quarter of them: what is kept of
// a planned pod is a small part of its manifest.
func TestS54_TwoThousandFailedPods(t *testing.T) {
	if args := os.Getenv(measuredRun); args != "" {
		measure(t, args)
		return
	}
	t.Parallel()
	if testing.Short() {
		t.Skip("makes some thousand pods")
	}
	const few, many, filler = 500, 2000, 16 << 10
	m := measurement{Pods: map[string]int{}, Archive: filepath.Join(t.TempDir(), "archive"), Result: filepath.Join(t.TempDir(), "result")}
	benches := map[string]*bench{}
	for _, pods := range []int{few, many} {
		b := newBench(t)
		b.manyLike(pods, func(p *corev1.Pod) {
			p.Annotations = map[string]string{"example.com/filler": strings.Repeat("x", filler)}
		})
		m.Kubeconfig, m.Pods[b.namespace], benches[b.namespace] = b.server.Kubeconfig(), pods, b
		m.Namespaces = append(m.Namespaces, b.namespace)
	}
	got := m.run(t)
	for namespace, pods := range m.Pods {
		r := got[namespace]
		if r.Error != "" || r.Summary.Deleted != pods || r.Summary.Scanned != pods || r.Requests != pods {
			t.Errorf("run = %s, %d requests, summary %+v, want %d deleted with one request each", r.Error, r.Requests, r.Summary, pods)
		}
		if left := len(benches[namespace].names()); left != 0 {
			t.Errorf("%d pods left", left)
		}
	}
	small, large := got[m.Namespaces[0]].Heap, got[m.Namespaces[1]].Heap
	perPod := float64(large-small) / (many - few)
	t.Logf("%d pods %d KB, %d pods %d KB: %.0f bytes per pod", few, small>>10, many, large>>10, perPod)
	if perPod > filler/2 {
		t.Errorf("the heap grows by %.0f bytes per pod, want less than half of a manifest of %d bytes", perPod, filler)
	}
}

// run measures in another process.
func (m *measurement) run(t *testing.T) map[string]measured {
	t.Helper()
	args, err := json.Marshal(m)
	if err != nil {
		t.Fatal(err)
	}
	child := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestS54_TwoThousandFailedPods$")
	child.Env = append(os.Environ(), measuredRun+"="+string(args))
	if out, err := child.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	got := map[string]measured{}
	data, err := os.ReadFile(m.Result)
	if err == nil {
		err = json.Unmarshal(data, &got)
	}
	if err != nil {
		t.Fatal(err)
	}
	return got
}

func measure(t *testing.T, args string) {
	t.Helper()
	var m measurement
	if err := json.Unmarshal([]byte(args), &m); err != nil {
		t.Fatal(err)
	}
	results := map[string]measured{}
	for _, namespace := range m.Namespaces {
		results[namespace] = m.clean(t, namespace)
	}
	data, err := json.Marshal(results)
	if err == nil {
		err = os.WriteFile(m.Result, data, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
}

func (m *measurement) clean(t *testing.T, namespace string) measured {
	t.Helper()
	config, err := clientcmd.BuildConfigFromFlags("", m.Kubeconfig)
	if err != nil {
		t.Fatal(err)
	}
	config.QPS = -1
	var got measured
	var mu sync.Mutex
	requests, deletes := map[string]bool{}, 0
	config.Wrap(func(next http.RoundTripper) http.RoundTripper {
		return roundTripper(func(r *http.Request) (*http.Response, error) {
			if r.Method == http.MethodDelete {
				mu.Lock()
				requests[r.URL.Path] = true
				if deletes++; deletes == 1 {
					got.Heap = heapInUse()
				}
				mu.Unlock()
			}
			return next.RoundTrip(r)
		})
	})
	var out bytes.Buffer
	o := inAnotherProcess(t, config, namespace, m.Archive)
	o.Out, o.Format, o.Printer, o.Concurrency, o.Limits.Ended = &out, "json", &cliprinters.JSONPrinter{}, 8, m.Pods[namespace]
	if err := run(t.Context(), o); err != nil {
		got.Error = err.Error()
	}
	var report v1alpha1.CleanReport
	if err := json.Unmarshal(out.Bytes(), &report); err != nil {
		t.Fatalf("output of a run that ended with %q: %v", got.Error, err)
	}
	got.Summary, got.Requests = report.Summary, len(requests)
	return got
}

func heapInUse() int64 {
	// The second collection takes what finalizers have held.
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}
