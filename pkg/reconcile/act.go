// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package reconcile

import (
	"context"

	"github.com/podwatch/kubectl-podwatch/pkg/diagnose"
	"github.com/podwatch/kubectl-podwatch/pkg/projection"
)

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
		e.plan[key] = 0
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

// act acts on key if the plan names it and the run goes on. An act that has
// begun is finished even if live ends meanwhile.
func (e *Engine) act(live, acting context.Context, key Key) error {
	target, ok := e.target(key)
	if !ok || live.Err() != nil {
		return nil
	}
	if err := e.cfg.Actor.Act(acting, target); err != nil {
		return err
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	delete(e.plan, key)
	if len(e.plan) == 0 {
		close(e.settled)
	}
	return nil
}

// target describes key as it is now; false if it is not to be acted on.
func (e *Engine) target(key Key) (Target, bool) {
	now := e.cfg.Clock.Now()
	e.mu.Lock()
	attempts, ok := e.plan[key]
	if !ok {
		e.mu.Unlock()
		return Target{}, false
	}
	e.plan[key] = attempts + 1
	t := Target{Key: key, Attempt: attempts + 1, Pod: e.known[key].pod, Stale: e.untrusted(key)}
	if t.Pod == nil {
		t.Successor = e.successor(key)
	}
	e.mu.Unlock()
	if t.Pod != nil {
		t.Verdict = diagnose.Judge(t.Pod, diagnose.Related{}, now, e.cfg.Thresholds)
	}
	return t, true
}

// untrusted reports whether any source that covers key is stale.
func (e *Engine) untrusted(key Key) bool {
	return e.stale[[2]string{key.Context, key.Namespace}] || e.stale[[2]string{key.Context, ""}]
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
