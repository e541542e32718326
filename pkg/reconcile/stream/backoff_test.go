// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package stream_test

import (
	"context"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/client-go/kubernetes/fake"
	clienttesting "k8s.io/client-go/testing"

	"github.com/podwatch/kubectl-podwatch/pkg/reconcile/stream"
	"github.com/podwatch/kubectl-podwatch/pkg/reconcile/stream/streamtest"
)

// asked are the instants at which requests have come.
type asked struct {
	mu    sync.Mutex
	times []time.Time
}

func (a *asked) now() int {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.times = append(a.times, time.Now())
	return len(a.times)
}

// within is the most requests in any span of the given length.
func (a *asked) within(span time.Duration) int {
	a.mu.Lock()
	defer a.mu.Unlock()
	most := 0
	for i, begin := range a.times {
		end, _ := slices.BinarySearchFunc(a.times, begin.Add(span), time.Time.Compare)
		most = max(most, end-i)
	}
	return most
}

// runFor runs a stream over client for so long.
func runFor(t *testing.T, d time.Duration, client *fake.Clientset) *streamtest.Recorder {
	t.Helper()
	s, err := stream.New(stream.Config{Keep: stream.KeepProjections, Client: client})
	if err != nil {
		t.Fatal(err)
	}
	r := streamtest.NewRecorder(t)
	ctx, cancel := context.WithTimeout(t.Context(), d)
	defer cancel()
	if err := s.Run(ctx, r); err != nil {
		t.Errorf("Run = %v, want nil", err)
	}
	return r
}

// F15: a server, or a proxy before it, that ends each watch after one frame.
func TestF15_TwentyShortWatchesTakeMinutes(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		client, watches := fake.NewClientset(streamtest.Pod("a", "1")), &asked{}
		client.PrependWatchReactor("pods", func(clienttesting.Action) (bool, watch.Interface, error) {
			watches.now()
			w := watch.NewFakeWithOptions(watch.FakeOptions{ChannelSize: 1})
			w.Action(watch.Bookmark, &corev1.Pod{ObjectMeta: metav1.ObjectMeta{ResourceVersion: "9"}})
			w.Stop()
			return true, w, nil
		})
		runFor(t, 10*time.Minute, client)
		if n := len(watches.times); n < 20 {
			t.Errorf("%d watches in ten minutes, want at least 20", n)
		}
		if n := watches.within(time.Minute); n > 9 {
			t.Errorf("%d watches within a minute", n)
		}
	})
}

// F07: what is denied is asked for again, from 0.8 s to 30 s apart.
func TestF07_ADeniedScopeIsNoHotLoop(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		client, lists := fake.NewClientset(streamtest.Pod("a", "1")), &asked{}
		denied := apierrors.NewForbidden(corev1.Resource("pods"), "", nil)
		client.PrependReactor("list", "pods", func(clienttesting.Action) (bool, runtime.Object, error) {
			if lists.now() == 1 {
				return false, nil, nil
			}
			return true, nil, denied
		})
		client.PrependWatchReactor("pods", func(clienttesting.Action) (bool, watch.Interface, error) {
			return true, nil, denied
		})
		r := runFor(t, 10*time.Minute, client)
		if n := len(lists.times); n < 10 {
			t.Errorf("asked %d times in ten minutes: given up", n)
		}
		if n := lists.within(time.Minute); n > 9 {
			t.Errorf("asked %d times within a minute", n)
		}
		if last := r.Statuses()[len(r.Statuses())-1]; last.State != stream.Forbidden {
			t.Errorf("at last %+v", last)
		}
	})
}
