// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package clean

import (
	"bytes"
	"io"
	"net/http"
	"os"
	"strconv"
	"sync"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes/scheme"

	"github.com/podwatch/kubectl-podwatch/pkg/cmd/internal/exit"
)

// churnRounds is how often TestChurn cleans; `make soak` asks for more.
const churnRounds = "PODWATCH_CHURN_ROUNDS"

// preconditions notes the UIDs that DELETE requests are bound to.
type preconditions struct {
	t    *testing.T
	mu   sync.Mutex
	uids map[string]bool
}

func (p *preconditions) note(r *http.Request) {
	if r.Method != http.MethodDelete {
		return
	}
	data, err := io.ReadAll(r.Body)
	if err != nil {
		p.t.Error(err)
	}
	r.Body = io.NopCloser(bytes.NewReader(data))
	var options metav1.DeleteOptions
	if _, _, err := scheme.Codecs.UniversalDeserializer().Decode(data, nil, &options); err != nil {
		p.t.Errorf("body of %s %s: %v", r.Method, r.URL, err)
		return
	}
	if options.Preconditions == nil || options.Preconditions.UID == nil {
		p.t.Errorf("%s %s: no UID in %s", r.Method, r.URL, data)
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.uids[string(*options.Preconditions.UID)] = true
}

// TestChurn cleans again and again while the pods of a StatefulSet fail and are
// made anew under the same names. Only pods that have failed may end.
func TestChurn(t *testing.T) {
	t.Parallel()
	rounds := 50
	if text := os.Getenv(churnRounds); text != "" {
		var err error
		if rounds, err = strconv.Atoi(text); err != nil {
			t.Fatal(err)
		}
	}
	b := newControllerBench(t)
	const replicas = 3
	b.statefulSet("db", replicas)
	ended := b.watchEnds()
	b.options.Yes = true
	b.options.Rules.ControllerManaged = true
	bound := &preconditions{t: t, uids: map[string]bool{}}
	b.before = bound.note
	failed, planned, removed, replaced := map[string]bool{}, map[string]bool{}, 0, 0
	for range rounds {
		pods := b.podsOf("db", replicas)
		var group sync.WaitGroup
		for i := range pods {
			failed[string(pods[i].UID)] = true
			group.Go(func() { b.failThis(&pods[i]) })
		}
		r, err := b.run(t.Context())
		group.Wait()
		if err != nil {
			t.Fatalf("run = %v (exit code %d), summary %+v", err, exit.Code(err), r.Summary)
		}
		for _, item := range r.Items[:r.Summary.Planned] {
			planned[item.UID] = true
		}
		removed += r.Summary.Deleted
		replaced += r.Summary.Replaced + r.Summary.Gone
	}
	for uid := range bound.uids {
		if !planned[uid] {
			t.Errorf("a DELETE was bound to %s, which was in no plan", uid)
		}
	}
	for uid, phase := range ended() {
		if !failed[uid] || phase != corev1.PodFailed {
			t.Errorf("pod %s was deleted in phase %s; failed by the test: %t", uid, phase, failed[uid])
		}
	}
	t.Logf("%d rounds: %d planned, %d deleted, %d gone or replaced", rounds, len(planned), removed, replaced)
	if len(planned) == 0 {
		t.Error("nothing was ever planned: the test shows nothing")
	}
}

// failThis has the pod end with an error, and not one that has taken its name.
func (b *bench) failThis(pod *corev1.Pod) {
	status := pod.DeepCopy()
	status.Status = corev1.PodStatus{Phase: corev1.PodFailed, Reason: "Evicted"}
	// A conflict means that the controller was faster.
	_, _ = b.server.Client().CoreV1().Pods(b.namespace).UpdateStatus(b.t.Context(), status, metav1.UpdateOptions{})
}

// watchEnds notes the pods of the namespace that end from now on. The function
// returns their phases by UID.
func (b *bench) watchEnds() func() map[string]corev1.PodPhase {
	b.t.Helper()
	w, err := b.server.Client().CoreV1().Pods(b.namespace).Watch(b.t.Context(), metav1.ListOptions{})
	if err != nil {
		b.t.Fatal(err)
	}
	var mu sync.Mutex
	uids, done := map[string]corev1.PodPhase{}, make(chan struct{})
	go func() {
		defer close(done)
		for ev := range w.ResultChan() {
			if pod, ok := ev.Object.(*corev1.Pod); ok && ev.Type == "DELETED" {
				mu.Lock()
				uids[string(pod.UID)] = pod.Status.Phase
				mu.Unlock()
			}
		}
	}()
	return func() map[string]corev1.PodPhase {
		w.Stop()
		<-done
		return uids
	}
}
