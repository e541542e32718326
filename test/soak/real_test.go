// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package soak

import (
	"context"
	"fmt"
	"runtime"
	"slices"
	"sync"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/podwatch/kubectl-podwatch/pkg/apis/podwatch/v1alpha1"
	"github.com/podwatch/kubectl-podwatch/test/controlplane"
)

const (
	// writers is how many requests are under way at once: on two CPUs more gain
	// nothing.
	writers = 16
	// real is the number of pods.
	real = 320
)

// beat is what update number n writes: each makes the pod ready, or not any more.
func beat(n int) []byte {
	status := ready
	if n%2 == 1 {
		status = notReady
	}
	return fmt.Appendf(nil, `{"status":{%s}}`, fmt.Sprintf(status, time.Now().UTC().Format(time.RFC3339)))
}

// writing updates the pods of the namespace as fast as the server takes it, until ctx
// ends, and returns how often each was updated.
func writing(ctx context.Context, t *testing.T, server *controlplane.Server, namespace string, when *sent) (updates [real]int) {
	t.Helper()
	api := server.Client().CoreV1().Pods(namespace)
	var wg sync.WaitGroup
	for w := range writers {
		wg.Go(func() {
			for n := 1; ; n++ {
				for pod := w; pod < real; pod += writers {
					if ctx.Err() != nil {
						return
					}
					when.put(name(pod))
					// The request under way is finished: what is written is counted.
					_, err := api.Patch(context.WithoutCancel(ctx), name(pod), types.MergePatchType, beat(n), metav1.PatchOptions{}, "status")
					if err != nil {
						t.Errorf("update pod %s: %v", name(pod), err)
						return
					}
					updates[pod] = n
				}
			}
		})
	}
	wg.Wait()
	return updates
}

// The rate that a real API server reaches on this machine, beside the 2,000 a second of
// the scripted one: each update changes the state of a pod, so each makes one line.
func TestTheRateOfARealServer(t *testing.T) {
	server := controlplane.New(t, controlplane.Options{})
	namespace, d := server.Namespace(t), duration(t)
	for i := range real {
		_, err := server.CreatePod(t.Context(), &corev1.Pod{
			ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: name(i)},
			Spec:       corev1.PodSpec{NodeName: "n1", Containers: []corev1.Container{{Name: "app", Image: "app:1"}}},
		})
		if err != nil {
			t.Fatal(err)
		}
		_, err = server.Client().CoreV1().Pods(namespace).Patch(t.Context(), name(i), types.MergePatchType, beat(0), metav1.PatchOptions{}, "status")
		if err != nil {
			t.Fatal(err)
		}
	}
	p, when := watching(t, server.Kubeconfig(), namespace), &sent{times: map[string][]time.Time{}}
	if !p.out.Scan() {
		t.Fatal("no summary")
	}
	ctx, cancel := context.WithTimeout(t.Context(), d)
	defer cancel()
	begin := time.Now()
	var updates [real]int
	var took time.Duration
	done := make(chan struct{})
	go func() {
		defer close(done)
		updates = writing(ctx, t, server, namespace, when)
		took = time.Since(begin)
		end := &corev1.Pod{
			ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: "the-end"},
			Spec:       corev1.PodSpec{NodeName: "n1", Containers: []corev1.Container{{Name: "app", Image: "app:1"}}},
		}
		if _, err := server.CreatePod(context.WithoutCancel(ctx), end); err != nil {
			t.Error(err)
		}
	}()
	var latencies []time.Duration
	var memory []int
	states, looked := map[string]v1alpha1.State{}, time.Now()
	for e := p.next(t); e.Name != "the-end"; e = p.next(t) {
		at, ok := when.take(e.Name)
		if !ok || e.Gap {
			t.Fatalf("an event without an update: %+v", e)
		}
		latencies = append(latencies, time.Since(at))
		states[e.Name] = e.To
		if time.Since(looked) > d/30 {
			memory, looked = append(memory, p.resident()), time.Now()
		}
	}
	<-done
	total := 0
	for i, n := range updates {
		total += n
		if healthy := states[name(i)] == v1alpha1.StateHealthy; healthy != (n%2 == 0) {
			t.Errorf("pod %s was last told as %s, after %d updates", name(i), states[name(i)], n)
		}
	}
	if total != len(latencies) {
		t.Errorf("%d updates were written, %d told", total, len(latencies))
	}
	slices.Sort(latencies)
	third := max(len(memory)/3, 1)
	first, last := mean(memory[:third]), mean(memory[len(memory)-third:])
	t.Logf("a real server: %d updates in %v (%.0f/s), all told; write to output p50 %v, p99 %v, max %v; resident %d MB at first, %d MB at last, %d CPUs",
		total, took.Round(time.Millisecond), float64(total)/took.Seconds(),
		latencies[len(latencies)/2], latencies[len(latencies)*99/100], latencies[len(latencies)-1], first>>20, last>>20, runtime.NumCPU())
	if d >= time.Minute && float64(last) > maxGrowth*float64(first) {
		t.Errorf("resident memory grew from %d to %d MB", first>>20, last>>20)
	}
}
