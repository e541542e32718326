// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package stream_test

import (
	"net/http"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/podwatch/kubectl-podwatch/pkg/reconcile/stream"
	"github.com/podwatch/kubectl-podwatch/pkg/reconcile/stream/frametest"
	"github.com/podwatch/kubectl-podwatch/pkg/reconcile/stream/streamtest"
)

// situation is a row of the table of watch situations. The server has the pods
// "same" (UID 1), "gone" (UID 2) and "warm" (UID 0).
type situation struct {
	name string
	// idle is Config.IdleTimeout, 50 times shorter than in life if zero.
	idle time.Duration
	// before sets up the server, after acts once the stream has synced.
	before func(*frametest.Server)
	after  func(*frametest.Server, *streamtest.Recorder)
	// want is delivered after Synced, in any order.
	want []string
	// states must have been told after Synced, in this order among others.
	states []stream.State
	// never must not have been told, "" for none.
	never stream.State
	// relists is wanted at the end.
	relists int
}

func change(srv *frametest.Server) {
	srv.Remove("ns", "gone")
	srv.Put(streamtest.Pod("new", "3"))
}

func situations() []situation {
	live := []string{"delete gone 2", "upsert new 3"}
	missed := []string{"delete gone 2 gap", "upsert new 3 gap"}
	lost := []stream.State{stream.Stale, stream.Live}
	return []situation{{
		name: "F02 410 in the stream",
		after: func(srv *frametest.Server, _ *streamtest.Recorder) {
			streamtest.Unseen(srv, func() { change(srv) })
		},
		want: missed, relists: 1,
	}, {
		name: "F03 410 when the watch is opened",
		after: func(srv *frametest.Server, _ *streamtest.Recorder) {
			srv.Hold()
			change(srv)
			srv.Refuse()
			srv.Compact()
			srv.Release()
			srv.Listen()
		},
		want: missed, relists: 1,
	}, {
		name: "F04 resourceVersion too large",
		after: func(srv *frametest.Server, _ *streamtest.Recorder) {
			srv.Next(frametest.TooLarge())
			srv.CloseWatches()
			srv.Await(2, func(frametest.Request) bool { return true })
			change(srv)
		},
		want: missed, relists: 1,
	}, {
		name: "F01 refused after a restart",
		after: func(srv *frametest.Server, r *streamtest.Recorder) {
			srv.Refuse()
			r.AwaitStatus("stale", func(s stream.Status) bool { return s.State == stream.Stale })
			change(srv)
			srv.Listen()
		},
		want: live, states: lost,
	}, {
		name: "F05 401 once while watching",
		after: func(srv *frametest.Server, _ *streamtest.Recorder) {
			srv.Next(frametest.Status(http.StatusUnauthorized, metav1.StatusReasonUnauthorized))
			srv.CloseWatches()
			srv.Await(2, func(frametest.Request) bool { return true })
			change(srv)
		},
		want: live, states: []stream.State{stream.Lagging, stream.Live},
	}, {
		name: "F05 401 twice while watching",
		after: func(srv *frametest.Server, _ *streamtest.Recorder) {
			no := frametest.Status(http.StatusUnauthorized, metav1.StatusReasonUnauthorized)
			srv.Next(no, no)
			srv.CloseWatches()
			srv.Await(3, func(frametest.Request) bool { return true })
			change(srv)
		},
		want: live, states: []stream.State{stream.Lagging, stream.Live}, never: stream.CredentialsRejected,
	}, {
		name: "F06 401 until the credentials are mended",
		after: func(srv *frametest.Server, r *streamtest.Recorder) {
			no := frametest.Status(http.StatusUnauthorized, metav1.StatusReasonUnauthorized)
			srv.Next(no, no, no)
			srv.CloseWatches()
			r.AwaitStatus("rejected", func(s stream.Status) bool { return s.State == stream.CredentialsRejected })
			change(srv)
		},
		want: live, states: []stream.State{stream.Lagging, stream.CredentialsRejected, stream.Live},
	}, {
		name: "F05 401 once at the start",
		before: func(srv *frametest.Server) {
			srv.Next(frametest.Status(http.StatusUnauthorized, metav1.StatusReasonUnauthorized))
		},
		after: func(srv *frametest.Server, _ *streamtest.Recorder) { change(srv) },
		want:  live,
	}, {
		name: "F07 403 while watching",
		after: func(srv *frametest.Server, r *streamtest.Recorder) {
			no := frametest.Status(http.StatusForbidden, metav1.StatusReasonForbidden)
			srv.Next(no, no, no)
			srv.CloseWatches()
			r.AwaitStatus("forbidden", func(s stream.Status) bool { return s.State == stream.Forbidden })
			change(srv)
		},
		want: missed, states: []stream.State{stream.Forbidden, stream.Live}, relists: 1,
	}, {
		name: "F09 half-open connection",
		idle: 2 * time.Second,
		after: func(srv *frametest.Server, r *streamtest.Recorder) {
			srv.Silence()
			change(srv)
			r.AwaitStatus("stale", func(s stream.Status) bool { return s.State == stream.Stale })
			srv.Answer()
		},
		want: live, states: []stream.State{stream.Lagging, stream.Stale, stream.Live},
	}, {
		name: "F11 hole while the watch is opened",
		idle: 2 * time.Second,
		after: func(srv *frametest.Server, _ *streamtest.Recorder) {
			srv.Next(frametest.Hang())
			srv.CloseWatches()
			srv.Await(2, func(frametest.Request) bool { return true })
			change(srv)
		},
		want: live, states: lost,
	}, {
		name: "F13 429 with Retry-After three times, hidden in rest.Request",
		after: func(srv *frametest.Server, r *streamtest.Recorder) {
			later := frametest.RetryAfter(time.Second)
			srv.Next(later, later, later)
			srv.CloseWatches()
			r.AwaitStatus("lagging", func(s stream.Status) bool { return s.State == stream.Lagging && s.Attempts == 3 })
			change(srv)
		},
		want: live, states: []stream.State{stream.Lagging, stream.Live},
	}, {
		name: "F14 500 in the stream",
		after: func(srv *frametest.Server, r *streamtest.Recorder) {
			srv.Fail(http.StatusInternalServerError, metav1.StatusReasonUnknown)
			r.AwaitStatus("lagging", func(s stream.Status) bool { return s.State == stream.Lagging })
			srv.Await(2, frametest.Request.Streaming)
			change(srv)
		},
		want: live, states: []stream.State{stream.Lagging, stream.Live}, relists: 1,
	}, {
		name: "F16 garbage frame",
		after: func(srv *frametest.Server, r *streamtest.Recorder) {
			srv.Send("{\"type\":\"MODIFIED\",\"object\":{\"kind\":")
			srv.Send("}}}} no JSON")
			r.AwaitStatus("lagging", func(s stream.Status) bool { return s.State == stream.Lagging })
			srv.Await(2, frametest.Request.Streaming)
			change(srv)
		},
		want: live, states: []stream.State{stream.Lagging, stream.Live}, relists: 1,
	}, {
		name: "F16 truncated JSON",
		after: func(srv *frametest.Server, _ *streamtest.Recorder) {
			srv.Send("{\"type\":\"MODIFIED\",\"object\":{\"kind\":\"Pod\",")
			srv.CloseWatches()
			srv.Await(2, func(frametest.Request) bool { return true })
			change(srv)
		},
		want: live,
	}, {
		name: "F16 unknown event type",
		after: func(srv *frametest.Server, r *streamtest.Recorder) {
			srv.Send("{\"type\":\"EXPLODED\",\"object\":{}}")
			r.AwaitStatus("lagging", func(s stream.Status) bool { return s.State == stream.Lagging })
			srv.Await(2, frametest.Request.Streaming)
			change(srv)
		},
		want: live, states: []stream.State{stream.Lagging, stream.Live}, relists: 1,
	}, {
		name: "ADDED again after a closed watch",
		after: func(srv *frametest.Server, _ *streamtest.Recorder) {
			srv.Next(frametest.Raw(
				"{\"type\":\"ADDED\",\"object\":{\"apiVersion\":\"v1\",\"kind\":\"Pod\",\"metadata\":{"+
					"\"namespace\":\"ns\",\"name\":\"same\",\"uid\":\"1\",\"resourceVersion\":\"101\"}}}",
				"{\"type\":\"MODIFIED\",\"object\":{\"apiVersion\":\"v1\",\"kind\":\"Pod\",\"metadata\":{"+
					"\"namespace\":\"ns\",\"name\":\"same\",\"uid\":\"1\",\"resourceVersion\":\"100\"}}}"))
			srv.CloseWatches()
			srv.Await(2, func(frametest.Request) bool { return true })
			change(srv)
		},
		want: live,
	}, {
		name: "R15 deleted while disconnected, found by the relist",
		after: func(srv *frametest.Server, r *streamtest.Recorder) {
			srv.Refuse()
			r.AwaitStatus("stale", func(s stream.Status) bool { return s.State == stream.Stale })
			srv.Remove("ns", "gone")
			srv.Compact()
			srv.Listen()
		},
		want: []string{"delete gone 2 gap"}, states: lost, relists: 1,
	}, {
		name: "the history of the server goes back",
		after: func(srv *frametest.Server, _ *streamtest.Recorder) {
			srv.Refuse()
			srv.Rewind(50)
			srv.Put(streamtest.Pod("same", "1"))
			srv.Listen()
		},
		want: []string{"upsert same 1 gap", "delete gone 2 gap", "delete warm 0 gap"}, relists: 1,
	}}
}
