// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package diagnose

import (
	"slices"
	"strings"
	"time"

	"github.com/podwatch/kubectl-podwatch/pkg/apis/podwatch/v1alpha1"
	"github.com/podwatch/kubectl-podwatch/pkg/internal/plaintext"
	"github.com/podwatch/kubectl-podwatch/pkg/projection"
)

// eventSlack is by how much an event may seem older than the state that it
// explains: the times of a status have whole seconds, and the probe that turns a
// condition is written down before the condition is.
const eventSlack = 5 * time.Second

// combined begins the message of an event that stands for many
// (client-go, tools/record, v0.37).
const combined = "(combined from similar events): "

// newestEvent returns the newest event about the pod that is not older than the
// state since t and that counts, nil if there is none. An event without a time
// explains a state without a time only.
func (in *input) newestEvent(t time.Time, counts func(*projection.Event) bool) *projection.Event {
	for i := len(in.related.Events) - 1; i >= 0; i-- {
		e := &in.related.Events[i]
		if notOlder(e, t) && counts(e) {
			return e
		}
	}
	return nil
}

func notOlder(e *projection.Event, t time.Time) bool {
	return t.IsZero() || !e.Last.Before(t.Add(-eventSlack))
}

// withReason counts events of one of the given reasons.
func withReason(reasons ...string) func(*projection.Event) bool {
	return func(e *projection.Event) bool {
		return slices.Contains(reasons, e.Reason)
	}
}

// eventText is the message of an event as its source wrote it.
func eventText(e *projection.Event) string {
	return strings.TrimSpace(strings.TrimPrefix(e.Message, combined))
}

// eventFact is one piece of evidence from an event.
func eventFact(e *projection.Event) v1alpha1.Evidence {
	return v1alpha1.Evidence{
		Source: "Event",
		Path:   e.Reason,
		Value:  plaintext.Cut(plaintext.Redact(e.Message), maxEvidence),
		Time:   timestamp(e.Last),
	}
}

// maxFacts is how many facts stand behind one finding.
const maxFacts = 3

// support adds a fact, unless there are enough.
func (f *finding) support(e v1alpha1.Evidence) {
	if len(f.evidence) < maxFacts {
		f.evidence = append(f.evidence, e)
	}
}
