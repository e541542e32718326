// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package transition_test

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/podwatch/kubectl-podwatch/pkg/apis/podwatch/v1alpha1"
	"github.com/podwatch/kubectl-podwatch/pkg/reconcile"
	"github.com/podwatch/kubectl-podwatch/pkg/reconcile/stream"
	"github.com/podwatch/kubectl-podwatch/pkg/transition"
)

func TestASummarySaysWhatIsNotSeen(t *testing.T) {
	t.Parallel()
	w := newWorld(t, transition.Options{})
	no := errors.New("no")
	status := func(namespace string, state stream.State) {
		s := stream.Status{State: state, LastFrame: w.now.Add(-20 * time.Second)}
		if state != stream.Live && state != stream.Connecting {
			s.Err = no
		}
		w.tell(reconcile.Event{Type: reconcile.Stream, Source: reconcile.Source{Namespace: namespace}, Status: s})
	}
	// summary is what the next summary says, after d.
	summary := func(d time.Duration) []v1alpha1.SummaryStream {
		w.now = w.now.Add(d)
		return w.teller.Summary(w.now, 1).Summary.Streams
	}
	for _, namespace := range []string{"d", "c", "b", "a"} {
		status(namespace, stream.Connecting)
	}
	status("d", stream.Lagging)
	w.tell(reconcile.Event{Type: reconcile.SourceFailed, Source: reconcile.Source{Namespace: "d"}, Err: no})
	w.synced()
	for _, namespace := range []string{"a", "b", "c"} {
		status(namespace, stream.Live)
	}
	failed := func(seconds int64) v1alpha1.SummaryStream {
		return v1alpha1.SummaryStream{Namespace: "d", State: v1alpha1.StreamFailed, BlindSeconds: seconds}
	}
	if diff := cmp.Diff([]v1alpha1.SummaryStream{failed(10)}, summary(10*time.Second)); diff != "" {
		t.Errorf("three of four are live (-want +got):\n%s", diff)
	}
	status("a", stream.Stale)
	status("b", stream.Forbidden)
	status("c", stream.CredentialsRejected)
	want := []v1alpha1.SummaryStream{
		{Namespace: "a", State: v1alpha1.StreamStale, BlindSeconds: 80},
		{Namespace: "b", State: v1alpha1.StreamForbidden, BlindSeconds: 80},
		{Namespace: "c", State: v1alpha1.StreamUnauthorized, BlindSeconds: 80},
		failed(70),
	}
	if diff := cmp.Diff(want, summary(time.Minute)); diff != "" {
		t.Errorf("none is live (-want +got):\n%s", diff)
	}
	end := w.teller.End(w.now, 1, 3, "")
	if diff := cmp.Diff(want, end.Summary.Streams); diff != "" {
		t.Errorf("the end (-want +got):\n%s", diff)
	}
	status("a", stream.Live)
	status("b", stream.Lagging)
	status("c", stream.Connecting)
	want = []v1alpha1.SummaryStream{
		{Namespace: "b", State: v1alpha1.StreamLagging, BlindSeconds: 81},
		{Namespace: "c", State: v1alpha1.StreamConnecting, BlindSeconds: 81},
		failed(71),
	}
	if diff := cmp.Diff(want, summary(time.Second)); diff != "" {
		t.Errorf("one is live again (-want +got):\n%s", diff)
	}
}

// A list that says nothing of streams says that all of them are live.
func TestASummaryOfLiveStreamsHasAnEmptyList(t *testing.T) {
	t.Parallel()
	w := newWorld(t, transition.Options{})
	w.synced()
	if got := w.told[0].Summary.Streams; got == nil || len(got) != 0 {
		t.Errorf("streams = %#v, want an empty list", got)
	}
}

func TestASummaryNamesTheContextIfThereAreSeveral(t *testing.T) {
	t.Parallel()
	for name, several := range map[string]bool{"one": false, "several": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			want := ""
			if several {
				want = "eu"
			}
			w := newWorld(t, transition.Options{SeveralContexts: several})
			w.see(w.loop(w.pod("m"), 5), func(ev *reconcile.Event) { ev.Key.Context = "eu" })
			w.tell(reconcile.Event{Type: reconcile.Stream, Source: reconcile.Source{Context: "eu"}, Status: stream.Status{State: stream.Stale}})
			w.tell(reconcile.Event{Type: reconcile.Synced})
			got := w.teller.Summary(w.now, 1).Summary
			if got.Listed[0].Context != want || got.Streams[0].Context != want {
				t.Errorf("contexts %q and %q, want %q", got.Listed[0].Context, got.Streams[0].Context, want)
			}
		})
	}
}
