// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package transition

import (
	"cmp"
	"errors"
	"maps"
	"slices"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/podwatch/kubectl-podwatch/pkg/apis/podwatch/v1alpha1"
	"github.com/podwatch/kubectl-podwatch/pkg/reconcile"
	"github.com/podwatch/kubectl-podwatch/pkg/reconcile/stream"
)

// streamEvents tells how fresh a source is, whenever that has changed.
func (t *Teller) streamEvents(ev reconcile.Event) []v1alpha1.PodWatchEvent {
	was, now := t.streams[sourceKey(ev.Source)], ev.Status
	t.streams[sourceKey(ev.Source)] = now
	var events []v1alpha1.PodWatchEvent
	if now.Notice != "" {
		events = append(events, streamEvent(v1alpha1.EventStreamNotice, v1alpha1.SeverityInfo, ev, now.Notice))
	}
	if now.Relists > was.Relists {
		events = append(events, streamEvent(v1alpha1.EventStreamRelisted, v1alpha1.SeverityInfo, ev,
			"listed anew; changes in between may be missing"))
	}
	if now.State == was.State || !t.synced {
		return events // baseline tells what is not live at the first sync
	}
	switch now.State {
	case stream.Connecting:
	case stream.Live:
		// The first sync is told by the summary.
		if was.State != "" && was.State != stream.Connecting {
			events = append(events, streamEvent(v1alpha1.EventStreamLive, v1alpha1.SeverityInfo, ev, "live again"))
		}
	case stream.Lagging:
		events = append(events, streamEvent(v1alpha1.EventStreamLagging, v1alpha1.SeverityWarning, ev, reason(now)))
	case stream.Stale:
		events = append(events, streamEvent(v1alpha1.EventStreamStale, v1alpha1.SeverityWarning, ev, reason(now)))
	case stream.Forbidden:
		events = append(events, streamEvent(v1alpha1.EventStreamForbidden, v1alpha1.SeverityWarning, ev, reason(now)))
	}
	return events
}

// unseen tells at the first sync which sources cannot be reached. A list that is
// denied makes its source fail, which is told anyway.
func (t *Teller) unseen(ev reconcile.Event) []v1alpha1.PodWatchEvent {
	var events []v1alpha1.PodWatchEvent
	for _, key := range slices.SortedFunc(maps.Keys(t.streams), compareSources) {
		if s := t.streams[key]; s.State == stream.Stale {
			at := reconcile.Event{Time: ev.Time, Source: reconcile.Source{Context: key[0], Namespace: key[1]}}
			events = append(events, streamEvent(v1alpha1.EventStreamStale, v1alpha1.SeverityWarning, at, reason(s)))
		}
	}
	return events
}

func compareSources(a, b [2]string) int {
	return cmp.Or(cmp.Compare(a[0], b[0]), cmp.Compare(a[1], b[1]))
}

// reason says why a stream is not live.
func reason(s stream.Status) string {
	if s.Err != nil {
		return s.Err.Error()
	}
	return "nothing heard from the server"
}

// sourceFailed tells that a part of the scope cannot be read.
func sourceFailed(ev reconcile.Event) v1alpha1.PodWatchEvent {
	kind := v1alpha1.EventStreamFailed
	if connect := new(stream.ConnectError); errors.As(ev.Err, &connect) && connect.Kind == stream.Denied {
		kind = v1alpha1.EventStreamForbidden
	}
	return streamEvent(kind, v1alpha1.SeverityWarning, ev, ev.Err.Error())
}

func streamEvent(kind v1alpha1.EventType, s v1alpha1.Severity, ev reconcile.Event, message string) v1alpha1.PodWatchEvent {
	return v1alpha1.PodWatchEvent{
		TypeMeta: v1alpha1.TypeMeta("PodWatchEvent"), Type: kind, Time: metav1.NewMicroTime(ev.Time.UTC()),
		Context: ev.Source.Context, Namespace: ev.Source.Namespace, Severity: s, Message: message,
	}
}

func sourceKey(s reconcile.Source) [2]string { return [2]string{s.Context, s.Namespace} }
