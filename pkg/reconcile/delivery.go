// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package reconcile

import (
	"time"

	"github.com/podwatch/kubectl-podwatch/pkg/apis/podwatch/v1alpha1"
	"github.com/podwatch/kubectl-podwatch/pkg/projection"
	"github.com/podwatch/kubectl-podwatch/pkg/reconcile/stream"
)

// Delivery is one thing that a source or the Surveyor has delivered, with the time at which the
// engine took it in. All deliveries of a run, in their order, are that run: see
// Engine.Replay. At most one of Pod, Synced, Status, Err, Aftermath and Around is set;
// none is in the first and the last, which mark when the run began and ended.
type Delivery struct {
	At time.Time
	// Context and Namespace name the source; of a pod and of surroundings they are
	// their own.
	Context, Namespace string
	// Pod is there, or gone.
	Pod          *projection.Pod
	Gone         bool
	Initial, Gap bool
	// Synced ends the initial list of the source.
	Synced bool
	// Status is how fresh the source is. Its Skew counts for all that comes behind.
	Status *stream.Status
	// Err is why the source failed before its first sync.
	Err error
	// Aftermath is what Engine.AddAftermath was given; no source delivers it.
	Aftermath *v1alpha1.PodWatchEvent
	// Around is what was read above the pods of the namespace.
	Around *Surroundings
}
