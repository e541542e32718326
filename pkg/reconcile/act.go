// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package reconcile

import (
	"context"
	"time"

	"github.com/podwatch/kubectl-podwatch/pkg/diagnose"
	"github.com/podwatch/kubectl-podwatch/pkg/projection"
	"github.com/podwatch/kubectl-podwatch/pkg/reconcile/stream"
)

// planned is a key that is still to be acted on.
type planned struct {
	attempts int
	// notBefore is the end of the back-off after a failure.
	notBefore time.Time
}

// postpone keeps key from being acted on before at.
func (e *Engine) postpone(key Key, at time.Time) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if p, ok := e.plan[key]; ok {
		p.notBefore = at
		e.plan[key] = p
	}
}

// makePlan asks for the plan once everything is synced, and enqueues its keys.
func (e *Engine) makePlan(ctx context.Context) {
	select {
	case <-ctx.Done():
		return
	case <-e.synced:
	}
	keys, err := e.cfg.Plan(ctx)
	if err != nil {
		e.finish(err)
		return
	}
	e.mu.Lock()
	for _, key := range keys {
		e.plan[key] = planned{}
	}
	none := len(e.plan) == 0
	e.mu.Unlock()
	if none {
		close(e.settled)
		return
	}
	for _, key := range keys {
		e.queue.Add(key)
	}
}

// act acts on a planned pod. ctx outlives the run: an act that has begun is
// finished.
func (e *Engine) act(ctx context.Context, target Target) error {
	if err := e.cfg.Actor.Act(ctx, target); err != nil {
		return err
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	delete(e.plan, target.Key)
	if len(e.plan) == 0 && e.cfg.Until == UntilSettled {
		close(e.settled)
	}
	return nil
}

// ActOn adds key to the plan of a run UntilStopped, which has an actor then: it
// is called for key on workers of its own, so that no act holds up a verdict. It
// may be called at any time, from emit too. A key that is in the plan, in hand
// or waiting for another attempt, stays as it is.
func (e *Engine) ActOn(key Key) {
	e.mu.Lock()
	_, ok := e.plan[key]
	if !ok {
		e.plan[key] = planned{}
	}
	e.mu.Unlock()
	if !ok {
		e.acts.Add(key)
	}
}

// workActs acts on keys until the queue is shut down. What has not begun when
// live ends is left.
func (e *Engine) workActs(live, acting context.Context) {
	for {
		key, shutdown := e.acts.Get()
		if shutdown {
			return
		}
		if live.Err() == nil {
			if target, ok := e.target(key); ok {
				e.retry(key, e.act(acting, target))
			}
		}
		e.acts.Done(key)
	}
}

// target describes key as it is now; false if it is not to be acted on.
func (e *Engine) target(key Key) (Target, bool) {
	now, asOf := e.intake.now(key)
	e.mu.Lock()
	p, ok := e.plan[key]
	if !ok || now.Before(p.notBefore) {
		e.mu.Unlock()
		return Target{}, false
	}
	p.attempts++
	e.plan[key] = p
	t := Target{Key: key, Attempt: p.attempts, Pod: e.known[key].pod}
	t.Live, t.Stale = e.trust(key)
	if t.Pod == nil {
		t.Successor = e.successor(key)
	}
	e.mu.Unlock()
	if t.Pod != nil {
		t.Verdict = diagnose.Judge(t.Pod, diagnose.Related{}, asOf, e.cfg.Thresholds)
	}
	return t, true
}

// trust reports whether all sources that cover key are live, and whether any is
// stale.
func (e *Engine) trust(key Key) (live, stale bool) {
	known := 0
	live = true
	for _, namespace := range []string{key.Namespace, ""} {
		s, ok := e.status[[2]string{key.Context, namespace}]
		if !ok {
			continue
		}
		known++
		live = live && s.State == stream.Live && !s.Relisting
		stale = stale || s.State == stream.Stale || s.State == stream.Forbidden
	}
	return live && known > 0, stale
}

// successor finds the pod that has taken the name of key. It walks all pods,
// which is worth no index: it is asked for planned pods that have vanished.
func (e *Engine) successor(key Key) *projection.Pod {
	for k, known := range e.known {
		if k.UID != key.UID && k.Context == key.Context && k.Namespace == key.Namespace && k.Name == key.Name {
			return known.pod
		}
	}
	return nil
}
