// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package aftermath_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/kubernetes/fake"
	corev1client "k8s.io/client-go/kubernetes/typed/core/v1"
	"k8s.io/client-go/rest"
	clienttesting "k8s.io/client-go/testing"

	"github.com/podwatch/kubectl-podwatch/pkg/aftermath"
	"github.com/podwatch/kubectl-podwatch/pkg/logs"
	"github.com/podwatch/kubectl-podwatch/pkg/projection"
)

// tailer is a log in memory.
type tailer func(ctx context.Context, container string, previous bool) ([]string, error)

func (f tailer) Tail(ctx context.Context, _, _, container string, previous bool, _ int) ([]string, error) {
	return f(ctx, container, previous)
}

func TestLinesAreCleanBoundedAndTheLastOnes(t *testing.T) {
	t.Parallel()
	tail := tailer(func(_ context.Context, container string, _ bool) ([]string, error) {
		return []string{"old", "\x1b[31mpanic\x1b[0m: \xff", "password=hunter2 " + container, strings.Repeat("é", 5000)}, nil
	})
	r := aftermath.NewReader(tail, fake.NewClientset().CoreV1(), 3, 0)
	got, err := r.Tail(t.Context(), aftermath.Crash{Container: "app"})
	if err != nil || len(got) != 3 {
		t.Fatalf("%d lines, error %v", len(got), err)
	}
	if len(got[2]) > 1024 || !strings.HasSuffix(got[2], "…") {
		t.Errorf("a line of %d bytes", len(got[2]))
	}
	if text := strings.Join(got, "\n"); strings.Contains(text, "\x1b") || strings.Contains(text, "[31m") || !utf8.ValidString(text) || strings.Contains(text, "hunter2") || strings.Contains(text, "old") {
		t.Errorf("lines %q", text)
	}
}

func TestWhichRunHasCrashed(t *testing.T) {
	t.Parallel()
	ended := &projection.Terminated{ExitCode: 1}
	for name, test := range map[string]struct {
		container projection.Container
		previous  bool
	}{
		"it waits to be started again": {projection.Container{Name: "app", Waiting: &projection.Waiting{}, LastTerminated: ended}, true},
		"it runs again":                {projection.Container{Name: "app", Running: &projection.Running{}, LastTerminated: ended}, true},
		"it has ended for good":        {projection.Container{Name: "app", Terminated: ended, LastTerminated: ended}, false},
		"it never ran":                 {projection.Container{Name: "app", Waiting: &projection.Waiting{}}, false},
	} {
		if got := aftermath.CrashOf(&projection.Pod{Containers: []projection.Container{test.container}}, "app"); got.Previous != test.previous {
			t.Errorf("%s: previous %t, want %t", name, got.Previous, test.previous)
		}
	}
}

func TestTheLastEventsOfThePodAlone(t *testing.T) {
	t.Parallel()
	at := func(s int) metav1.Time { return metav1.NewTime(time.Date(2026, 11, 20, 12, 0, s, 0, time.UTC)) }
	client := fake.NewClientset()
	var asked string
	client.PrependReactor("list", "events", func(a clienttesting.Action) (bool, runtime.Object, error) {
		list, _ := a.(clienttesting.ListAction)
		asked = list.GetListRestrictions().Fields.String()
		return true, &corev1.EventList{Items: []corev1.Event{
			{Reason: "BackOff", Message: "token=abc", Type: "Warning", Count: 4, LastTimestamp: at(3)},
			{Reason: "Pulled", Type: "Normal", LastTimestamp: at(1)},
			{Reason: "Started", Type: "Normal", LastTimestamp: at(2)},
		}}, nil
	})
	r := aftermath.NewReader(nil, client.CoreV1(), 0, 2)
	events, err := r.About(t.Context(), aftermath.Crash{Namespace: "shop", Events: "u1"})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, e := range events {
		got = append(got, e.Reason+" "+e.Message)
	}
	if diff := cmp.Diff([]string{"Started ", "BackOff token=[REDACTED]"}, got); diff != "" || asked != "involvedObject.uid=u1" {
		t.Errorf("asked for %q (-want +got):\n%s", asked, diff)
	}
}

func TestNothingIsAskedForThatIsNotWanted(t *testing.T) {
	t.Parallel()
	r := aftermath.NewReader(nil, nil, 0, 0)
	lines, err := r.Tail(t.Context(), aftermath.Crash{Container: "app"})
	events, err2 := r.About(t.Context(), aftermath.Crash{Events: "u"})
	if lines != nil || events != nil || err != nil || err2 != nil {
		t.Errorf("read %v, %v, %v, %v", lines, events, err, err2)
	}
}

func TestAKubeletThatNeverAnswersCostsFiveSeconds(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := aftermath.NewReader(tailer(func(ctx context.Context, _ string, _ bool) ([]string, error) {
			<-ctx.Done()
			return nil, ctx.Err()
		}), nil, 5, 0)
		start := time.Now()
		_, err := r.Tail(t.Context(), aftermath.Crash{Container: "app"})
		if took := time.Since(start); took != 5*time.Second || !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("ended after %v with %v", took, err)
		}
	})
}

func TestTheQueueIsBounded(t *testing.T) {
	t.Parallel()
	r := aftermath.NewReader(nil, nil, 5, 0)
	n, release := 0, func() {}
	for {
		free, ok := r.Reserve()
		if !ok {
			break
		}
		n, release = n+1, free
	}
	if n != 68 {
		t.Errorf("%d places, want four readers and a queue of 64", n)
	}
	release()
	if _, ok := r.Reserve(); !ok {
		t.Error("a place that was given back is not free")
	}
}

func TestALogOfEndlessLinesIsReadInBoundedMemory(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Query().Get("previous") != "true" || r.URL.Query().Get("tailLines") != "2" {
			t.Errorf("asked for %s", r.URL)
		}
		_, _ = io.WriteString(w, "first\n"+strings.Repeat("x", 1<<20)+"\nlast")
	}))
	defer server.Close()
	client, err := corev1client.NewForConfig(&rest.Config{Host: server.URL})
	if err != nil {
		t.Fatal(err)
	}
	r := aftermath.NewReader(logs.FromCluster(client), client, 2, 0)
	got, err := r.Tail(t.Context(), aftermath.Crash{Namespace: "shop", Pod: "web", Container: "app", Previous: true})
	if err != nil || len(got) != 2 || got[1] != "last" || len(got[0]) > 1024 {
		t.Errorf("%d lines, error %v", len(got), err)
	}
}
