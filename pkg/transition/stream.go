// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package transition

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/podwatch/kubectl-podwatch/pkg/apis/podwatch/v1alpha1"
	"github.com/podwatch/kubectl-podwatch/pkg/reconcile"
	"github.com/podwatch/kubectl-podwatch/pkg/reconcile/stream"
)

// remindEvery is how often it is told again at most that credentials are rejected:
// nothing but the user mends that.
const remindEvery = 30 * time.Second

// seen is what the Teller remembers of a source.
type seen struct {
	stream.Status
	// blind is when the source was last live, zero while it is.
	blind time.Time
	// told is the state that was told last, "" for none, and since when.
	told   stream.State
	toldAt time.Time
	// failed is true once the source has ended without ever having been read.
	failed bool
}

// streamEvents tells how fresh a source is, whenever that has changed.
func (t *Teller) streamEvents(ev reconcile.Event) []v1alpha1.PodWatchEvent {
	s := t.streams[sourceKey(ev.Source)]
	was, now := s.Status, ev.Status
	s.Status = now
	var events []v1alpha1.PodWatchEvent
	if now.Notice != "" {
		events = append(events, streamEvent(v1alpha1.EventStreamNotice, v1alpha1.SeverityInfo, ev, now.Notice))
	}
	if text := stream.SkewNotice(now.Skew); text != "" && (now.Skew-t.skews[ev.Source.Context]).Abs() > stream.NoteworthySkew {
		t.skews[ev.Source.Context] = now.Skew // all sources of a context have one server
		events = append(events, streamEvent(v1alpha1.EventStreamNotice, v1alpha1.SeverityInfo, ev, text))
	}
	if now.Relists > was.Relists {
		events = append(events, streamEvent(v1alpha1.EventStreamRelisted, v1alpha1.SeverityInfo, ev,
			"listed anew; changes in between may be missing"))
	}
	if now.State != stream.Live && s.blind.IsZero() {
		s.blind = ev.Time.Round(0)
		if was.State == stream.Live && !now.LastFrame.IsZero() {
			s.blind = now.LastFrame
		}
	}
	if t.synced { // baseline tells what is not live at the first sync
		events = append(events, t.tellState(&s, ev)...)
	}
	if now.State == stream.Live {
		s.blind, s.told = time.Time{}, ""
	}
	t.streams[sourceKey(ev.Source)] = s
	return events
}

// blindFor is how long the source has not been live at the instant now, in whole
// seconds.
func (s *seen) blindFor(now time.Time) time.Duration {
	return max(0, now.Sub(s.blind).Round(time.Second))
}

// tellState tells the state of s unless that is no news.
func (t *Teller) tellState(s *seen, ev reconcile.Event) []v1alpha1.PodWatchEvent {
	kind, severity, text := v1alpha1.EventType(""), v1alpha1.SeverityWarning, reason(s.Status)
	switch s.State {
	case stream.Connecting: // heard of, and not read yet: that is told when it was
		return nil
	case stream.Live:
		// The first sync is told by the summary.
		if s.told == "" {
			return nil
		}
		kind, severity = v1alpha1.EventStreamLive, v1alpha1.SeverityInfo
		text = "live again, blind for " + s.blindFor(ev.Time).String()
	case stream.Lagging:
		kind = v1alpha1.EventStreamLagging
	case stream.Stale:
		kind = v1alpha1.EventStreamStale
	case stream.Forbidden:
		kind = v1alpha1.EventStreamForbidden
	case stream.CredentialsRejected:
		kind = v1alpha1.EventStreamUnauthorized
		text = fmt.Sprintf("credentials rejected, blind for %s: %s", s.blindFor(ev.Time), text)
	}
	again := s.State == stream.CredentialsRejected && ev.Time.Sub(s.toldAt) >= remindEvery
	if s.State == s.told && !again {
		return nil
	}
	s.told, s.toldAt = s.State, ev.Time.Round(0)
	return []v1alpha1.PodWatchEvent{streamEvent(kind, severity, ev, text)}
}

// unseen tells at the first sync which sources cannot be reached, but for those that
// have failed: that is told already.
func (t *Teller) unseen(ev reconcile.Event) []v1alpha1.PodWatchEvent {
	var events []v1alpha1.PodWatchEvent
	for _, key := range slices.SortedFunc(maps.Keys(t.streams), compareSources) {
		s := t.streams[key]
		if s.failed {
			continue
		}
		at := reconcile.Event{Time: ev.Time, Source: reconcile.Source{Context: key[0], Namespace: key[1]}}
		events = append(events, t.tellState(&s, at)...)
		t.streams[key] = s
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

// sourceFailed tells that a part of the scope cannot be read, unless its status has
// said so.
func (t *Teller) sourceFailed(ev reconcile.Event) []v1alpha1.PodWatchEvent {
	s := t.streams[sourceKey(ev.Source)]
	if s.blind.IsZero() {
		s.blind = ev.Time.Round(0)
	}
	kind, state := v1alpha1.EventStreamFailed, s.State
	if connect := new(stream.ConnectError); errors.As(ev.Err, &connect) && connect.Kind == stream.Denied {
		kind, state = v1alpha1.EventStreamForbidden, stream.Forbidden
	}
	known := kind == v1alpha1.EventStreamForbidden && s.told == stream.Forbidden
	s.failed, s.State = true, state
	t.streams[sourceKey(ev.Source)] = s
	if known {
		return nil
	}
	return []v1alpha1.PodWatchEvent{streamEvent(kind, v1alpha1.SeverityWarning, ev, ev.Err.Error())}
}

func streamEvent(kind v1alpha1.EventType, s v1alpha1.Severity, ev reconcile.Event, message string) v1alpha1.PodWatchEvent {
	return v1alpha1.PodWatchEvent{
		TypeMeta: v1alpha1.TypeMeta("PodWatchEvent"), Type: kind, Time: metav1.NewMicroTime(ev.Time.UTC()),
		Context: ev.Source.Context, Namespace: ev.Source.Namespace, Severity: s, Message: message,
	}
}

func sourceKey(s reconcile.Source) [2]string { return [2]string{s.Context, s.Namespace} }
