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
	// Judged is false if nothing waited for the key, because an earlier
	// reconciliation has taken it all. Then the key keeps its time.
	Judged bool
	// Acted is true if the actor was called.
	Acted bool
	// RequeueAfter is 0 if only a new frame can change anything. It counts from
	// the frame that was judged last, at At.
	RequeueAfter time.Duration
	At           time.Time
}

// work reconciles keys until the queue is shut down and empty.
func (e *Engine) work(live, acting context.Context) {
	for {
		key, shutdown := e.queue.Get()
		if shutdown {
			return
		}
		result, err := e.reconcile(live, acting, key)
		if result.Acted {
			e.retry(key, err)
		}
		if result.Judged {
			// Before Done: from then on another worker may have the key, and its
			// word is newer.
			e.schedule.set(appointment{pace, key}, result.next())
		}
		e.queue.Done(key)
	}
}

// next is when to look again, the zero time for not before the next frame.
func (r Result) next() time.Time {
	if r.RequeueAfter == 0 {
		return time.Time{}
	}
	return r.At.Add(r.RequeueAfter)
}

// retry enqueues key again after the back-off if err is not nil, no earlier than
// the server has asked for and no later than the error lets it wait. A frame that
// comes meanwhile is judged and not acted on.
func (e *Engine) retry(key Key, err error) {
	if err == nil {
		e.backOff.Forget(key)
		return
	}
	wait := e.backOff.When(key)
	var later interface{ RetryAfter() time.Duration }
	if errors.As(err, &later) {
		wait = max(wait, later.RetryAfter())
	}
	var sooner interface{ RetryWithin() time.Duration }
	if errors.As(err, &sooner) && sooner.RetryWithin() > 0 {
		wait = min(wait, sooner.RetryWithin())
	}
	e.postpone(key, e.cfg.Clock.Now().Add(wait))
	e.acts.AddAfter(key, wait)
}

// reconcile judges all that waits for key and then acts, if the plan says so.
// The error is the act's: a verdict has none, and its events are out already.
func (e *Engine) reconcile(live, acting context.Context, key Key) (Result, error) {
	result := e.judgeWaiting(key)
	if e.cfg.Until != UntilSettled {
		return result, nil
	}
	select {
	case <-live.Done():
		return result, nil
	default:
	}
	target, ok := e.target(key)
	if !ok {
		return result, nil
	}
	result.Acted = true
	return result, e.act(acting, target)
}

// judgeWaiting judges the frames of key in their order.
func (e *Engine) judgeWaiting(key Key) Result {
	var result Result
	for _, f := range e.intake.take(key) {
		e.reconciliations.Add(1)
		var ev *Event
		ev, result = e.judge(key, f)
		result.Judged, result.At = true, f.at
		e.out.put(f.seq, ev)
		e.out.wait()
	}
	return result
}

// judgeInPlace is a whole reconciliation on the goroutine that takes frames in.
func (e *Engine) judgeInPlace(key Key) {
	result := e.judgeWaiting(key)
	if result.Judged && e.cfg.Until != UntilSynced {
		e.schedule.set(appointment{pace, key}, result.next())
	}
}

// judgeLeft judges what was taken in too late for a worker, so that the output
// has no hole.
func (e *Engine) judgeLeft() {
	for _, key := range e.intake.left() {
		e.judgeWaiting(key)
	}
}

// judge makes the verdict on one frame and returns what there is to tell, nil
// if a tick has changed nothing about a pod without findings. One with findings
// is told at every look, so that a reader can see it outlast a time of his own.
func (e *Engine) judge(key Key, f frame) (*Event, Result) {
	was := e.recall(key)
	ev := &Event{
		Type: Judged, Time: f.at, Skew: f.skew, Key: key, Pod: f.pod,
		From: was.verdict, Initial: f.initial, Gap: f.gap,
	}
	if f.gone {
		e.forget(key)
		e.survey.drop(key)
		ev.Type = Gone
		return ev, Result{}
	}
	if f.pod == nil {
		if was.pod == nil {
			return nil, Result{}
		}
		ev.Pod, ev.Aged = was.pod, true
	}
	verdict := diagnose.Judge(ev.Pod, f.around.of(ev.Pod), f.asOf(), e.cfg.Thresholds)
	ev.To = &verdict
	ev.Doubtful = e.doubts(key, f, ev.Pod, was.verdict, &verdict)
	e.remember(key, known{pod: ev.Pod, verdict: &verdict})
	result := Result{RequeueAfter: requeueAfter(ev.Pod, verdict, f.asOf())}
	if ev.Doubtful {
		result.RequeueAfter = min(result.RequeueAfter, patience)
	}
	if ev.Aged && !f.asked && len(verdict.Findings) == 0 && same(was.verdict, &verdict) {
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
// tracked (R12), except where an actor may be called for it.
func (e *Engine) remember(key Key, k known) {
	if e.cfg.Until == UntilSynced {
		return
	}
	if k.verdict.State == v1alpha1.StateCompleted && e.cfg.Actor == nil {
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
	delete(e.doubtful, key)
}
