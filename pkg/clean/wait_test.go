// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package clean

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/client-go/kubernetes/fake"
	clienttesting "k8s.io/client-go/testing"
	"k8s.io/utils/clock"

	"github.com/podwatch/kubectl-podwatch/pkg/apis/podwatch/v1alpha1"
)

// waiter is a Cleaner whose planned pods are all terminating, and what it waits
// with.
type waiter struct {
	*Cleaner
	archive *Archive
	client  *fake.Clientset
}

func newWaiter(t *testing.T, pods ...*corev1.Pod) *waiter {
	t.Helper()
	w := &waiter{Cleaner: New(planOfAnyAge(pods...), ClientDryRun(), clock.RealClock{}), archive: openArchive(t)}
	var objects []runtime.Object
	for _, pod := range pods {
		objects = append(objects, pod)
	}
	w.client = fake.NewClientset(objects...)
	for i := range w.items {
		w.items[i].Result = v1alpha1.ResultTerminating
	}
	return w
}

// refuseWatch has the server refuse each watch.
func (w *waiter) refuseWatch() {
	w.client.PrependWatchReactor("pods", func(clienttesting.Action) (bool, watch.Interface, error) {
		return true, nil, apierrors.NewMethodNotSupported(corev1.Resource("pods"), "watch")
	})
}

// leaves has the pod go when the time has passed; a successor takes its name.
func (w *waiter) leaves(t *testing.T, pod *corev1.Pod, after time.Duration, successor *corev1.Pod) {
	t.Helper()
	tracker, resource := w.client.Tracker(), corev1.SchemeGroupVersion.WithResource("pods")
	time.AfterFunc(after, func() {
		if err := tracker.Delete(resource, pod.Namespace, pod.Name); err != nil {
			t.Error(err)
		}
		if successor != nil {
			if err := tracker.Create(resource, successor, pod.Namespace); err != nil {
				t.Error(err)
			}
		}
	})
}

func (w *waiter) wait(ctx context.Context, limit time.Duration) (time.Duration, error) {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	begun := time.Now()
	err := w.Wait(ctx, w.client.CoreV1(), w.archive)
	return time.Since(begun), err
}

func TestWaitSeesPodsGo(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		// polls is true if the server refuses to be watched.
		polls bool
		// most is when the last pod must be known to be gone.
		most time.Duration
	}{
		"with a watch":              {most: 20 * time.Second},
		"of a server without watch": {polls: true, most: 20*time.Second + pollEvery},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				gone, replaced, other := failedPod("a", "gone"), failedPod("a", "replaced"), failedPod("b", "other")
				w := newWaiter(t, gone, replaced, other)
				if test.polls {
					w.refuseWatch()
				}
				w.leaves(t, gone, 3*time.Second, nil)
				w.leaves(t, replaced, 10*time.Second, failedPod("a", "replaced", func(p *corev1.Pod) { p.UID = "uid-of-the-next" }))
				w.leaves(t, other, 20*time.Second, nil)
				took, err := w.wait(t.Context(), time.Minute)
				if err != nil || took > test.most {
					t.Errorf("Wait = %v after %s, want no error by %s", err, took, test.most)
				}
				want := map[string]v1alpha1.Result{
					"gone": v1alpha1.ResultDeleted, "replaced": v1alpha1.ResultDeleted, "other": v1alpha1.ResultDeleted,
				}
				if diff := cmp.Diff(want, results(w.Items())); diff != "" {
					t.Errorf("results (-want +got):\n%s", diff)
				}
				if n := len(readJournal(t, w.archive.dir)); n != 3 {
					t.Errorf("%d records in the journal, want a result of each pod", n)
				}
				if err := w.archive.Close(); err != nil {
					t.Error(err)
				}
			})
		})
	}
}

func TestWaitLeavesTheResultOfAPodThatStays(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		gone, held := failedPod("a", "gone"), failedPod("a", "held")
		w := newWaiter(t, gone, held)
		w.leaves(t, gone, time.Second, nil)
		took, err := w.wait(t.Context(), time.Minute)
		if !errors.Is(err, context.DeadlineExceeded) || took != time.Minute {
			t.Errorf("Wait = %v after %s, want the end of the time", err, took)
		}
		want := map[string]v1alpha1.Result{"gone": v1alpha1.ResultDeleted, "held": v1alpha1.ResultTerminating}
		if diff := cmp.Diff(want, results(w.Items())); diff != "" {
			t.Errorf("results (-want +got):\n%s", diff)
		}
		if err := w.archive.Close(); err != nil {
			t.Error(err)
		}
	})
}

func TestWaitDoesNotHammerTheServer(t *testing.T) {
	t.Parallel()
	for name, answer := range map[string]func() (watch.Interface, error){
		"which ends each watch at once": func() (watch.Interface, error) {
			w := watch.NewFake()
			w.Stop()
			return w, nil
		},
		"which answers a watch with an error": func() (watch.Interface, error) {
			w := watch.NewFakeWithChanSize(1, false)
			w.Error(&apierrors.NewResourceExpired("too old").ErrStatus)
			return w, nil
		},
		"whose watch is silent": func() (watch.Interface, error) { return watch.NewFake(), nil },
		"which refuses":         func() (watch.Interface, error) { return nil, errors.New("refused") },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				held := failedPod("a", "held")
				w := newWaiter(t, held)
				w.client.PrependWatchReactor("pods", func(clienttesting.Action) (bool, watch.Interface, error) {
					got, err := answer()
					return true, got, err
				})
				w.leaves(t, held, 50*time.Second, nil)
				took, err := w.wait(t.Context(), time.Hour)
				if err != nil || took > 50*time.Second+watchFor {
					t.Errorf("Wait = %v after %s, want it to look by itself", err, took)
				}
				// A list, a watch and a get for each look.
				if n, most := len(w.client.Actions()), 3*(1+int(took/pollEvery)); n > most {
					t.Errorf("%d requests in %s, want at most %d", n, took, most)
				}
				if err := w.archive.Close(); err != nil {
					t.Error(err)
				}
			})
		})
	}
}

func TestWaitForNothingAsksNothing(t *testing.T) {
	t.Parallel()
	w := newWaiter(t, failedPod("a", "p"))
	w.items[0].Result = v1alpha1.ResultDeleted
	if _, err := w.wait(t.Context(), time.Minute); err != nil || len(w.client.Actions()) > 0 {
		t.Errorf("Wait = %v after %v", err, w.client.Actions())
	}
}
