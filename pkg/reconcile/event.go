// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package reconcile

import (
	"cmp"
	"time"

	"k8s.io/apimachinery/pkg/types"

	"github.com/podwatch/kubectl-podwatch/pkg/apis/podwatch/v1alpha1"
	"github.com/podwatch/kubectl-podwatch/pkg/diagnose"
	"github.com/podwatch/kubectl-podwatch/pkg/projection"
	"github.com/podwatch/kubectl-podwatch/pkg/reconcile/stream"
)

// Key names one pod for good: a pod that is created again under the same name
// has another UID and therefore another key.
type Key struct {
	// Context is the Source's, empty with a single cluster or in-cluster.
	Context   string
	Namespace string
	Name      string
	UID       types.UID
}

// Compare orders keys by context, namespace, name and UID.
func (k Key) Compare(other Key) int {
	return cmp.Or(
		cmp.Compare(k.Context, other.Context),
		cmp.Compare(k.Namespace, other.Namespace),
		cmp.Compare(k.Name, other.Name),
		cmp.Compare(k.UID, other.UID),
	)
}

// Type says what an Event is about.
type Type string

// The types of events.
const (
	// Judged is the verdict on one pod. From is nil the first time.
	Judged Type = "Judged"
	// Gone says that a pod was deleted or no longer matches its source's
	// selectors. To is nil; Pod is what was last seen of it.
	Gone Type = "Gone"
	// Stream says that the freshness of one source has changed.
	Stream Type = "Stream"
	// SourceFailed says that a source ended, or was refused, before its first
	// sync; Err says why.
	SourceFailed Type = "SourceFailed"
	// Synced comes once, after the last verdict of the initial lists. UntilStopped
	// does not wait for sources that cannot be reached, or do not answer soon, once
	// another was read:
	// their pods come later, still marked Initial.
	Synced Type = "Synced"
	// Tick comes every Config.SummaryEvery.
	Tick Type = "Tick"
	// Read says what was read above the pods of a namespace, which Source names, or
	// of the workloads that the run was asked for.
	Read Type = "Read"
	// Look comes at the time that Engine.LookAt was given with no key.
	Look Type = "Look"
	// Aftermath is what Engine.AddAftermath was given.
	Aftermath Type = "Aftermath"
)

// Event is one thing that the engine has to tell. It is immutable, and so is
// all that it points to.
type Event struct {
	Type Type
	// Time is when the frame behind the event was taken in, or the instant that
	// a look was due at, by Config.Clock. Differences between times of events are
	// exact, and so are those between AsOf and what the server wrote.
	Time time.Time
	// Skew is what the clock of the pod's server is ahead of Time. It is set on
	// Judged and Gone.
	Skew time.Duration
	// Key and Pod are set on Judged and Gone.
	Key Key
	Pod *projection.Pod
	// From and To are the verdicts before and after.
	From, To *diagnose.Verdict
	// Initial marks the pods of the initial list, Gap what only a re-list
	// could find. Aged marks a verdict on a pod that has not changed: it is told
	// if the verdict has, while there are findings, and if LookAt has asked.
	Initial, Gap, Aged bool
	// Doubtful marks a verdict that is news and may turn out to be milder: what
	// stands above the pod is being read. A Judged event on the pod without the
	// mark follows within seconds, unless the pod goes or the run ends.
	Doubtful bool
	// Source is set on Stream, SourceFailed and Read, Status on Stream, Err on
	// SourceFailed, Surroundings on Read.
	Source       Source
	Status       stream.Status
	Err          error
	Surroundings *Surroundings
	// Aftermath is set on Aftermath.
	Aftermath *v1alpha1.PodWatchEvent
	// Reconciliations counts those whose events stand before this one, and its
	// own.
	Reconciliations int64
}

// AsOf is the instant of the verdict, by the clock of the pod's server.
func (e *Event) AsOf() time.Time { return e.Time.Add(e.Skew) }
