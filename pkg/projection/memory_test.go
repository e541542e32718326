// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package projection_test

import (
	"os"
	"runtime"
	"testing"

	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/yaml"

	"github.com/podwatch/kubectl-podwatch/pkg/projection"
)

// retained returns the heap that one projection keeps alive, in bytes.
func retained(tb testing.TB, manifest []byte) float64 {
	tb.Helper()
	pod := &corev1.Pod{}
	if err := yaml.Unmarshal(manifest, pod); err != nil {
		tb.Fatal(err)
	}
	wire, err := pod.Marshal()
	if err != nil {
		tb.Fatal(err)
	}
	const pods = 4000
	kept := make([]*projection.Pod, 0, pods)
	before := heap()
	for range pods {
		// Protobuf is what a live server sends; its decoder copies each string.
		decoded := &corev1.Pod{}
		if err := decoded.Unmarshal(wire); err != nil {
			tb.Fatal(err)
		}
		kept = append(kept, projection.From(decoded))
	}
	bytes := float64(heap()-before) / pods
	runtime.KeepAlive(kept)
	return bytes
}

func heap() uint64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

// Not parallel: it measures the heap of the process.
func TestAProjectionKeepsAtMost1536BytesAlive(t *testing.T) {
	data, err := os.ReadFile("testdata/two-containers.yaml")
	if err != nil {
		t.Fatal(err)
	}
	if got := retained(t, data); got > 1536 {
		t.Errorf("a projection of a pod with two containers keeps %.0f bytes alive, want at most 1536", got)
	}
}
