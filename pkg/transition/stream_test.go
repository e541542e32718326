// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package transition_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/podwatch/kubectl-podwatch/pkg/reconcile"
	"github.com/podwatch/kubectl-podwatch/pkg/reconcile/stream"
	"github.com/podwatch/kubectl-podwatch/pkg/transition"
)

func TestStreamsAreToldWhenTheirFreshnessChanges(t *testing.T) {
	t.Parallel()
	w := newWorld(t, transition.Options{})
	refused := errors.New("connection refused")
	status := func(s stream.Status) { w.tell(reconcile.Event{Type: reconcile.Stream, Status: s}) }
	status(stream.Status{State: stream.Stale, Err: refused})
	status(stream.Status{State: stream.Connecting})
	w.expect()
	w.synced()
	status(stream.Status{State: stream.Live})
	w.expect("summary initial") // it tells that
	status(stream.Status{State: stream.Stale, Err: refused})
	status(stream.Status{State: stream.Stale, Err: refused, Attempts: 2})
	status(stream.Status{State: stream.Live, Relists: 1})
	status(stream.Status{State: stream.Live, Relists: 1, Notice: "using list and watch"})
	w.expect("stream.stale", "stream.relisted", "stream.live", "stream.notice")
}

// A list that is denied is a status, and the end of its source.
func TestASourceThatIsDeniedIsToldOnce(t *testing.T) {
	t.Parallel()
	denied := &stream.ConnectError{Kind: stream.Denied, Err: errors.New("no")}
	w := newWorld(t, transition.Options{})
	forbidden := func(namespace string) {
		of := reconcile.Source{Namespace: namespace}
		w.tell(reconcile.Event{Type: reconcile.Stream, Source: of, Status: stream.Status{State: stream.Forbidden, Err: denied}})
		w.tell(reconcile.Event{Type: reconcile.SourceFailed, Source: of, Err: denied})
	}
	forbidden("early")
	w.expect("stream.forbidden")
	w.synced()
	w.expect("summary initial")
	forbidden("late")
	w.expect("stream.forbidden")
	w.tell(reconcile.Event{Type: reconcile.SourceFailed, Source: reconcile.Source{Namespace: "slow"}, Err: &stream.ConnectError{Kind: stream.Timeout, Err: errors.New("no")}})
	w.expect("stream.failed")
}

// F06: what only the user can mend is told again, with the time that is missing.
func TestF06_RejectedCredentialsAreToldEvery30Seconds(t *testing.T) {
	t.Parallel()
	w := newWorld(t, transition.Options{})
	w.synced()
	status := func(after time.Duration, s stream.Status) {
		w.now = w.now.Add(after)
		w.tell(reconcile.Event{Type: reconcile.Stream, Status: s})
	}
	heard := w.now
	status(0, stream.Status{State: stream.Live, LastFrame: heard})
	w.told = nil
	no := errors.New("Unauthorized")
	status(10*time.Second, stream.Status{State: stream.Lagging, Err: no, Attempts: 1, LastFrame: heard})
	for n := range 40 {
		status(2*time.Second, stream.Status{State: stream.CredentialsRejected, Err: no, Attempts: n + 2, LastFrame: heard})
	}
	status(time.Second, stream.Status{State: stream.Connecting})
	status(time.Second, stream.Status{State: stream.Live, LastFrame: w.now})
	status(time.Second, stream.Status{State: stream.CredentialsRejected, Err: no, LastFrame: w.now})
	var got []string
	for _, e := range w.told {
		got = append(got, fmt.Sprintf("%s %s: %s", e.Time.Sub(heard), e.Type, e.Message))
	}
	want := []string{
		"10s stream.lagging: Unauthorized",
		"12s stream.unauthorized: credentials rejected, blind for 12s: Unauthorized",
		"42s stream.unauthorized: credentials rejected, blind for 42s: Unauthorized",
		"1m12s stream.unauthorized: credentials rejected, blind for 1m12s: Unauthorized",
		"1m32s stream.live: live again, blind for 1m32s",
		"1m33s stream.unauthorized: credentials rejected, blind for 1s: Unauthorized",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("told (-want +got):\n%s", diff)
	}
}

// F21: sources that the first summary has not waited for.
func TestF21_SourcesThatAreNotReadYetAreToldAfterTheSummary(t *testing.T) {
	t.Parallel()
	w := newWorld(t, transition.Options{})
	status := func(context string, s stream.Status) {
		w.tell(reconcile.Event{Type: reconcile.Stream, Source: reconcile.Source{Context: context}, Status: s})
	}
	status("silent", stream.Status{State: stream.Lagging})
	status("down", stream.Status{State: stream.Stale, Err: errors.New("refused")})
	status("rejected", stream.Status{State: stream.CredentialsRejected, Err: errors.New("Unauthorized")})
	status("slow", stream.Status{State: stream.Connecting})
	w.synced()
	w.expect("summary initial", "stream.stale", "stream.unauthorized", "stream.lagging")
	for _, context := range []string{"silent", "down", "rejected", "slow"} {
		status(context, stream.Status{State: stream.Connecting})
		status(context, stream.Status{State: stream.Live})
	}
	w.expect("stream.live", "stream.live", "stream.live")
}
