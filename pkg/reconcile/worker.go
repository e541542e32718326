// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package reconcile

import (
	"context"
	"errors"
	"time"

	"github.com/podwatch/kubectl-podwatch/pkg/apis/podwatch/v1alpha1"
	"github.com/podwatch/kubectl-podwatch/pkg/diagnose"
	"github.com/podwatch/kubectl-podwatch/pkg/projection"
)

// known is what the engine remembers of a pod: its last projection and the
// verdict on it.
type known struct {
	pod     *projection.Pod
	verdict *diagnose.Verdict
}

// Result says when a key wants to be reconciled again.
type Result struct {
	// RequeueAfter is 0 if only a new frame can change anything.
	RequeueAfter time.Duration
}

// work reconciles keys until the queue is shut down and empty.
func (e *Engine) work(live, acting context.Context) {
	for {
		key, shutdown := e.queue.Get()
		if shutdown {
			return
		}
		result, err := e.reconcile(live, acting, key)
		e.retry(key, err)
		e.queue.Done(key)
		var at time.Time
		if result.RequeueAfter > 0 {
			at = e.cfg.Clock.Now().Add(result.RequeueAfter)
		}
		e.schedule.set(key, at)
	}
}

// retry enqueues key again after the back-off if err is not nil, and no earlier
// than the server has asked for.
func (e *Engine) retry(key Key, err error) {
	var later interface{ RetryAfter() time.Duration }
	switch {
	case err == nil:
		e.queue.Forget(key)
	case errors.As(err, &later) && later.RetryAfter() > 0:
		e.queue.AddAfter(key, later.RetryAfter())
	default:
		e.queue.AddRateLimited(key)
	}
}

// reconcile judges all that waits for key and then acts, if the plan says so.
// The error is the act's: a verdict has none, and its events are out already.
func (e *Engine) reconcile(live, acting context.Context, key Key) (Result, error) {
	result := e.judgeWaiting(key)
	return result, e.act(live, acting, key)
}

// judgeWaiting judges the frames of key in their order.
func (e *Engine) judgeWaiting(key Key) Result {
	var result Result
	for _, f := range e.intake.take(key) {
		e.reconciliations.Add(1)
		var ev *Event
		ev, result = e.judge(key, f)
		e.out.put(f.seq, ev)
	}
	return result
}

// judgeLeft judges what was taken in too late for a worker, so that the output
// has no hole.
func (e *Engine) judgeLeft() {
	for _, key := range e.intake.left() {
		e.judgeWaiting(key)
	}
}

// judge makes the verdict on one frame and returns what there is to tell, nil
// if a tick has changed nothing.
func (e *Engine) judge(key Key, f frame) (*Event, Result) {
	was := e.recall(key)
	ev := &Event{
		Type: Judged, Time: f.at, Key: key, Pod: f.pod,
		From: was.verdict, Was: was.pod, Initial: f.initial, Gap: f.gap,
	}
	if f.gone {
		e.forget(key)
		ev.Type = Gone
		return ev, Result{}
	}
	if f.pod == nil {
		if was.pod == nil {
			return nil, Result{}
		}
		ev.Pod, ev.Aged = was.pod, true
	}
	verdict := diagnose.Judge(ev.Pod, diagnose.Related{}, f.at, e.cfg.Thresholds)
	ev.To = &verdict
	e.remember(key, known{pod: ev.Pod, verdict: &verdict})
	result := Result{RequeueAfter: requeueAfter(ev.Pod, verdict, f.at)}
	if ev.Aged && same(was.verdict, &verdict) {
		return nil, result
	}
	return ev, result
}

// same reports whether two verdicts on an unchanged pod say the same.
func same(a, b *diagnose.Verdict) bool {
	if a == nil || a.State != b.State || len(a.Findings) != len(b.Findings) {
		return false
	}
	for i := range a.Findings {
		x, y := &a.Findings[i], &b.Findings[i]
		if x.Severity != y.Severity || x.Cause != y.Cause || x.SubCause != y.SubCause || x.Container != y.Container {
			return false
		}
	}
	return true
}

func (e *Engine) recall(key Key) known {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.known[key]
}

// remember keeps what is needed for the next verdict. A run that ends at the
// first sync has no next verdict; a pod that has succeeded is counted, not
// tracked (R12).
func (e *Engine) remember(key Key, k known) {
	if e.cfg.Until == UntilSynced {
		return
	}
	if k.verdict.State == v1alpha1.StateCompleted {
		k.pod = nil
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	e.known[key] = k
}

func (e *Engine) forget(key Key) {
	e.mu.Lock()
	defer e.mu.Unlock()
	delete(e.known, key)
}
