// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package watch

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"time"

	"k8s.io/apimachinery/pkg/types"

	"github.com/podwatch/kubectl-podwatch/pkg/apis/podwatch/v1alpha1"
	"github.com/podwatch/kubectl-podwatch/pkg/cmd/internal/exit"
	"github.com/podwatch/kubectl-podwatch/pkg/cmd/internal/failure"
	"github.com/podwatch/kubectl-podwatch/pkg/gate"
	"github.com/podwatch/kubectl-podwatch/pkg/reconcile"
	"github.com/podwatch/kubectl-podwatch/pkg/reconcile/stream"
)

// listedUnmet bounds the pods that are named when a gate does not hold.
const listedUnmet = 20

// decidedError ends the engine when the gate is decided.
type decidedError struct{ gate.Decision }

// Error implements error.
func (e decidedError) Error() string { return e.Reason }

// decide asks the gate what it makes of ev.
func (s *session) decide(ev reconcile.Event) error {
	if s.gate == nil {
		return nil
	}
	d := s.gate.Take(ev)
	if d.Outcome != gate.Pending {
		s.over = ev.Time
		return decidedError{d}
	}
	s.gateNext = d.Next
	return nil
}

// gateOutcome turns the end of the engine into that of the gate.
func (s *session) gateOutcome(ctx context.Context, err error) error {
	decided, isDecided := errors.AsType[decidedError](err)
	gone, isGone := errors.AsType[goneError](err)
	signal, isSignal := errors.AsType[exit.SignalError](err)
	switch {
	case isDecided:
		return s.decided(ctx, decided.Decision)
	case isGone:
		return exit.Gate(fmt.Errorf("wait for %s: %w", s.Gate, gone))
	case isSignal:
		return signal
	case exit.ClosedPipe(err):
		return fmt.Errorf("wait for %s: nobody reads the output any more", s.Gate)
	case err == nil:
		return exit.Gate(fmt.Errorf("wait for %s: the recording ends before", s.Gate))
	}
	return failure.Explain(err)
}

func (s *session) decided(ctx context.Context, d gate.Decision) error {
	switch d.Outcome {
	case gate.Failed:
		return exit.Gate(fmt.Errorf("wait for %s: %s", s.Gate, d.Reason))
	case gate.TimedOut:
		if err := s.unreachable(); err != nil {
			return failure.Explain(err)
		}
		return exit.Gate(fmt.Errorf("wait for %s: timed out after %s: %s%s", s.Gate, s.Gate.Timeout, d.Reason, s.nowhere(ctx)))
	case gate.GaveUp:
		return exit.Incomplete(fmt.Errorf("wait for %s: gave up after %s: %s", s.Gate, s.Gate.MaxStale, d.Reason))
	case gate.Held, gate.Pending:
	}
	if s.unread > 0 {
		return exit.Incomplete(failure.Unread(s.unread, len(s.sources)))
	}
	return s.missed()
}

// unreachable is why nothing was ever read, if waiting longer would not have helped:
// then there was no gate to hold. It is nil otherwise.
func (s *session) unreachable() error {
	if s.synced || s.blinded == nil {
		return nil
	}
	switch s.blinded.Kind {
	case stream.Unauthorized, stream.Refused, stream.DNS, stream.TLS:
		e := *s.blinded
		e.Err = fmt.Errorf("timed out after %s: %w", s.Gate.Timeout, e.Err)
		return &e
	case stream.Denied, stream.Rejected, stream.Timeout, stream.Other:
	}
	return nil
}

// printUnmet names the pods because of which the gate has not held.
func (s *session) printUnmet(ctx context.Context, at time.Time, err error) error {
	if s.gate == nil || err == nil {
		return nil
	}
	unmet, recorded := s.gate.Unmet(), s.recorded()
	for i, u := range unmet[:min(len(unmet), listedUnmet)] {
		e, ok := s.teller.About(v1alpha1.EventGateUnmet, at, u.Key, u.Finding)
		if !ok {
			continue
		}
		if err := s.print(&e); err != nil {
			return err
		}
		if i >= readUnmet {
			continue
		}
		found := slices.Values(recorded[u.Key])
		if s.crashes != nil {
			found = s.crashes.unmet(ctx, u.Pod, &e)
		}
		if err := s.followUnmet(found, at); err != nil {
			return err
		}
	}
	return nil
}

// followUnmet prints and keeps what was read after the end.
func (s *session) followUnmet(found iter.Seq[*v1alpha1.PodWatchEvent], at time.Time) error {
	for a := range found {
		if s.record != nil {
			s.record(reconcile.Delivery{At: at, Context: a.Context, Namespace: a.Namespace, Aftermath: a})
		}
		if err := s.follow(a); err != nil {
			return err
		}
	}
	return nil
}

// recorded is what a replayed run has read after its end, by pod.
func (s *session) recorded() map[reconcile.Key][]*v1alpha1.PodWatchEvent {
	if s.last == nil {
		return nil
	}
	byPod := map[reconcile.Key][]*v1alpha1.PodWatchEvent{}
	for _, a := range s.last() {
		key := reconcile.Key{Context: a.Context, Namespace: a.Namespace, Name: a.Name, UID: types.UID(a.UID)}
		byPod[key] = append(byPod[key], a)
	}
	return byPod
}
