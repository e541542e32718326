// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package projection

import (
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/podwatch/kubectl-podwatch/pkg/internal/plaintext"
)

// Event is what is kept of an event about a pod or its owner.
type Event struct {
	// Object is the UID of the object that the event is about. For a mirror pod
	// it is the hash that Pod.EventUID returns.
	Object types.UID
	// Reason is a CamelCase word such as Unhealthy.
	Reason string
	// Warning is true for type Warning. Some of the most telling events are of
	// type Normal, so it is shown and never filtered by.
	Warning bool
	Message string
	// Container is the container that the event is about, empty if it is about
	// the whole object.
	Container string
	// Count is how often it happened as far as the recorder tells: events are
	// dropped and aggregated (client-go, tools/record), so it is no rate. At
	// least 1.
	Count int32
	// First and Last are when it happened for the first and the last time, zero
	// if the event does not tell. First is never after Last.
	First, Last time.Time
}

// FromEvent returns the projection of e. It shares nothing with e but strings.
//
// Recorders fill in different times, and any of them can be null: the last time
// is series.lastObservedTime, else lastTimestamp, eventTime, firstTimestamp or
// the creation, whichever comes first in this order.
func FromEvent(e *corev1.Event) Event {
	out := Event{
		Object:    types.UID(plaintext.Clean(string(e.InvolvedObject.UID))),
		Reason:    shared(e.Reason),
		Warning:   e.Type == corev1.EventTypeWarning,
		Message:   containerText(e.Message),
		Container: containerOf(e.InvolvedObject.FieldPath),
		Count:     max(e.Count, 1),
		First:     firstKnown(e.FirstTimestamp.Time, e.EventTime.Time, e.CreationTimestamp.Time),
		Last:      firstKnown(e.LastTimestamp.Time, e.EventTime.Time, e.FirstTimestamp.Time, e.CreationTimestamp.Time),
	}
	if s := e.Series; s != nil {
		out.Count = max(out.Count, s.Count)
		out.Last = firstKnown(s.LastObservedTime.Time, out.Last)
	}
	if out.First.After(out.Last) {
		out.First = out.Last
	}
	return out
}

// containerOf reads the name from spec.containers{NAME}, as the kubelet writes
// it for the containers of every list of the spec.
func containerOf(fieldPath string) string {
	_, rest, ok := strings.Cut(fieldPath, "ontainers{")
	if !ok {
		return ""
	}
	name, _, ok := strings.Cut(rest, "}")
	if !ok {
		return ""
	}
	return plaintext.Clean(name)
}

func firstKnown(times ...time.Time) time.Time {
	for _, t := range times {
		if t.Unix() > 0 {
			return t.UTC()
		}
	}
	return time.Time{}
}
