// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package reconcile

import (
	"cmp"
	"context"
	"errors"
	"time"

	"k8s.io/utils/clock"

	"github.com/podwatch/kubectl-podwatch/pkg/diagnose"
	"github.com/podwatch/kubectl-podwatch/pkg/projection"
	"github.com/podwatch/kubectl-podwatch/pkg/reconcile/stream"
)

// Until says when Run is done.
type Until string

// The three ways to run the engine.
const (
	// UntilSynced ends at Synced. Pods are judged on the goroutine that decodes
	// them and nothing is kept, so Event.From is always nil: report.
	UntilSynced Until = "Synced"
	// UntilSettled ends when Actor is done with every key of Plan: clean.
	UntilSettled Until = "Settled"
	// UntilStopped ends with its context: watch.
	UntilStopped Until = "Stopped"
)

// Source is one list+watch.
type Source struct {
	// Context and Namespace name the source in events and keys; an empty
	// Namespace means all of them.
	Context   string
	Namespace string
	// Run delivers pods to the handler until ctx ends, and must then return
	// soon. It is (*stream.Stream).Run except in tests.
	Run func(ctx context.Context, h stream.Handler) error
}

// Actor changes the cluster. A dry run is an Actor that does not.
type Actor interface {
	// Act handles one key of the plan. An error means that it shall be called
	// again after the back-off, or after what a method RetryAfter of the error
	// returns; nil settles the key, whatever became of it.
	// It is called by several workers at once, never for the same key.
	// Act must end soon after ctx, which outlives the run by Config.Grace.
	Act(ctx context.Context, t Target) error
}

// Target is a pod to act on, as it is known at the moment of acting.
type Target struct {
	Key Key
	// Attempt counts from 1.
	Attempt int
	// Pod is nil if it is gone.
	Pod *projection.Pod
	// Successor is the pod that has taken the name of a pod that is gone, if
	// there is one.
	Successor *projection.Pod
	// Verdict is made for this call.
	Verdict diagnose.Verdict
	// Stale is true if the source of the pod has not heard from the server for
	// too long to trust Pod, or may not read it any more.
	Stale bool
	// Live is true if the source of the pod is live and has missed nothing that
	// a list under way has still to bring.
	Live bool
}

// Config says what to run. The zero values of numbers and durations stand for
// the defaults named here.
type Config struct {
	// Sources are at least one, with different contexts or namespaces.
	Sources []Source
	Until   Until
	// Thresholds are the clocks of the verdict; they have no zero default.
	Thresholds diagnose.Thresholds
	// Clock must not be nil. A replay brings its own.
	Clock clock.WithTicker
	// AsOf is the instant of all verdicts. Zero is the time of the pod's server when
	// its frame was taken in: Clock's, and what Status.Skew says of the source.
	AsOf time.Time
	// Workers judge and act: 2. UntilSynced has none.
	Workers int
	// SummaryEvery is the distance of Tick events; 0 means none.
	SummaryEvery time.Duration
	// Grace bounds the drain at the end: 10s.
	Grace time.Duration
	// Plan is asked once, after Synced was emitted, for the keys to act on. It
	// runs beside the stream and may take as long as a person needs to answer.
	// Its error ends the run. Only with UntilSettled.
	Plan func(ctx context.Context) ([]Key, error)
	// Actor acts on what Plan returned, and UntilStopped on what Engine.ActOn is
	// told; then it has Workers of its own.
	Actor Actor
	// Surveyor reads what stands above pods with findings; nil if nobody does,
	// then verdicts are about the pods alone. Only with UntilStopped. A replay
	// needs one where the run had one.
	Surveyor Surveyor
	// Named, if not nil, reads the workloads that the run was asked for by name in
	// the namespace of a source: every two seconds from the first sync on, whatever
	// is the matter with their pods. It ends soon after ctx; calls for one source
	// never overlap. What has changed since the last call is a Read event whose
	// Surroundings are Named. Only with UntilStopped; a replay makes no calls.
	Named func(ctx context.Context, of Source) Surroundings
	// Tap, if not nil, sees all that the sources deliver, in the order of the
	// output. It is called with a lock held: it must return soon and call
	// nothing of the engine.
	Tap func(Delivery)
}

func (c Config) validate() error {
	switch {
	case len(c.Sources) == 0:
		return errors.New("reconcile: no sources")
	case c.Clock == nil:
		return errors.New("reconcile: no clock")
	case c.Until == UntilSettled && (c.Plan == nil || c.Actor == nil):
		return errors.New("reconcile: nothing to settle without a plan and an actor")
	case c.Until != UntilStopped && (c.Surveyor != nil || c.Named != nil):
		return errors.New("reconcile: a surveyor needs a run that lasts")
	}
	return nil
}

func (c Config) withDefaults() Config {
	c.Workers = cmp.Or(c.Workers, 2)
	c.Grace = cmp.Or(c.Grace, 10*time.Second)
	return c
}
