// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package clean

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	authorizationv1 "k8s.io/api/authorization/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/kubernetes/fake"
	clienttesting "k8s.io/client-go/testing"

	"github.com/podwatch/kubectl-podwatch/pkg/apis/podwatch/v1alpha1"
	"github.com/podwatch/kubectl-podwatch/pkg/clean"
	"github.com/podwatch/kubectl-podwatch/pkg/cmd/internal/exit"
)

// held makes a failed pod that stays, terminating, until it is released.
func (b *bench) held(name string) *corev1.Pod {
	b.t.Helper()
	b.options.Yes, b.options.Rules.AllowFinalizers = true, true
	pod := b.failed(name, func(p *corev1.Pod) { p.Finalizers = []string{"example.com/hold"} })
	b.t.Cleanup(func() { b.release(name) })
	return pod
}

// release takes the finalizers off a pod, if it is there.
func (b *bench) release(name string) {
	patch := []byte(`{"metadata":{"finalizers":null}}`)
	// The test may have ended.
	ctx := context.WithoutCancel(b.t.Context())
	_, err := b.server.Client().CoreV1().Pods(b.namespace).Patch(ctx, name, types.MergePatchType, patch, metav1.PatchOptions{})
	if err != nil && !strings.Contains(err.Error(), "not found") {
		b.t.Error(err)
	}
}

// whileWaiting calls act when the wait is about to open its watch: that is the
// first after a removal.
func (b *bench) whileWaiting(act func()) {
	removed, acted := false, false
	b.before = func(r *http.Request) {
		b.mu.Lock()
		removed = removed || r.Method == http.MethodDelete || strings.HasSuffix(r.URL.Path, "/eviction")
		now := removed && !acted && r.URL.Query().Get("watch") != ""
		acted = acted || now
		b.mu.Unlock()
		if now {
			act()
		}
	}
}

func TestWaitUntilAFinalizerIsDone(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	held := b.held("held")
	b.failed("free", nil)
	b.options.Wait = time.Minute
	b.whileWaiting(func() { b.release("held") })
	r, err := b.run(t.Context())
	if err != nil || r.Summary.Deleted != 2 || r.Summary.Terminating != 0 || len(b.names()) != 0 {
		t.Errorf("run = %v, summary %+v, left %v; want both deleted; stderr %s", err, r.Summary, b.names(), b.err)
	}
	_, results := journalOf(t, b.options.Archive)
	if results[string(held.UID)].Result != v1alpha1.ResultDeleted {
		t.Errorf("journal = %+v, want that the held pod is gone", results)
	}
}

func TestWaitUntilAnEvictedPodHasStopped(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	pod := b.looping("web", nil)
	b.disrupt()
	b.options.Wait = time.Minute
	pods := b.server.Client().CoreV1().Pods(b.namespace)
	b.whileWaiting(func() {
		// What the kubelet does when the containers have stopped.
		options := metav1.DeleteOptions{GracePeriodSeconds: new(int64), Preconditions: &metav1.Preconditions{UID: &pod.UID}}
		if err := pods.Delete(t.Context(), pod.Name, options); err != nil {
			t.Error(err)
		}
	})
	r, err := b.run(t.Context())
	if err != nil || r.Summary.Deleted != 1 || len(b.names()) != 0 {
		t.Errorf("run = %v, summary %+v, want one deleted", err, r.Summary)
	}
}

func TestWaitEndsAtItsTimeout(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.held("held")
	b.failed("free", nil)
	b.options.Wait = 500 * time.Millisecond
	r, err := b.run(t.Context())
	if exit.Code(err) != 3 || r.Summary.Deleted != 1 || r.Summary.Terminating != 1 {
		t.Errorf("run = %v, summary %+v, want exit code 3 and one terminating", err, r.Summary)
	}
	if want := "wait for pods to be gone: 1 of 2 are still terminating after 500ms"; err == nil || err.Error() != want {
		t.Errorf("error = %v, want %q", err, want)
	}
	// Without --wait nothing is wrong.
	b.options.Wait = 0
	if r, err := b.run(t.Context()); err != nil || r.Summary.SkippedByReason["already-terminating"] != 1 {
		t.Errorf("run = %v, summary %+v", err, r.Summary)
	}
}

func TestS50_AnInterruptEndsTheWait(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.held("held")
	b.options.Wait = time.Minute
	ctx, stop := context.WithCancelCause(t.Context())
	b.whileWaiting(func() { stop(exit.SignalError{Signal: syscall.SIGINT}) })
	r, err := b.run(ctx)
	if exit.Code(err) != 130 || r.Summary.Terminating != 1 {
		t.Errorf("run = %v, summary %+v, want exit code 130 and the report", err, r.Summary)
	}
	decisions, results := journalOf(t, b.options.Archive)
	if len(decisions) != 1 || len(results) != 1 {
		t.Errorf("%d decisions and %d results in the journal", len(decisions), len(results))
	}
}

func TestADryRunDoesNotWait(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.held("held")
	b.options.Wait, b.options.DryRun = time.Minute, v1alpha1.DryRunServer
	if r, err := b.run(t.Context()); err != nil || r.Summary.WouldDelete != 1 || strings.Contains(b.err.String(), "Waiting") {
		t.Errorf("run = %v, summary %+v, stderr %s", err, r.Summary, b.err)
	}
}

// denied has the server say that the user may not do what is listed, with
// anything else being allowed, and notes what it was asked.
func (b *bench) denied(access ...clean.Access) *[]string {
	asked := &[]string{}
	reviews := fake.NewClientset()
	reviews.PrependReactor("create", "selfsubjectaccessreviews", func(a clienttesting.Action) (bool, runtime.Object, error) {
		create, ok := a.(clienttesting.CreateAction)
		if !ok {
			return false, nil, nil
		}
		review, ok := create.GetObject().(*authorizationv1.SelfSubjectAccessReview)
		if !ok {
			return false, nil, nil
		}
		what := review.Spec.ResourceAttributes
		text := strings.TrimSuffix(what.Verb+" "+what.Resource+"/"+what.Subresource, "/")
		*asked = append(*asked, text)
		review.Status.Allowed = !slices.Contains(access, clean.Access(text))
		return true, review, nil
	})
	b.options.Reviews = reviews.AuthorizationV1()
	return asked
}

func TestAWaitThatCanSeeNothingIsRefusedBeforeTheQuestion(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		wait   time.Duration
		denied []clean.Access
		asked  []string
		code   int
	}{
		"without a wait nothing of it is asked": {
			denied: []clean.Access{clean.AccessWatch, clean.AccessGet}, asked: []string{"delete pods"},
		},
		"may watch": {wait: time.Minute, denied: []clean.Access{clean.AccessGet}, asked: []string{"delete pods", "watch pods"}},
		"may get": {
			wait: time.Minute, denied: []clean.Access{clean.AccessWatch}, asked: []string{"delete pods", "watch pods", "get pods"},
		},
		"may neither": {
			wait: time.Minute, denied: []clean.Access{clean.AccessWatch, clean.AccessGet},
			asked: []string{"delete pods", "watch pods", "get pods"}, code: 1,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			b.failed("evicted", nil)
			b.options.Yes, b.options.Wait = true, test.wait
			asked := b.denied(test.denied...)
			_, err := b.run(t.Context())
			if exit.Code(err) != test.code || len(b.mutating) != 1-test.code {
				t.Errorf("run = %v after %v, want exit code %d", err, b.mutating, test.code)
			}
			if diff := cmp.Diff(test.asked, *asked); diff != "" {
				t.Errorf("asked (-want +got):\n%s", diff)
			}
		})
	}
}
