// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package reconcile

import (
	"time"

	"github.com/podwatch/kubectl-podwatch/pkg/apis/podwatch/v1alpha1"
)

// punctual is how late a look may come and still count as in time: then its
// event carries the time that was asked for, so that a run and its replay tell
// the same. After the machine has slept, or its clock was set, it is now, not then.
const punctual = time.Second

// LookAt asks for an event at the given instant: for the key of a pod that is
// there Judged, with Aged, whatever it shows; for the zero Key an event of type
// Look. There is one such time per key and the latest word counts; the zero
// time takes it back. A pod that is gone is not looked at. It may be called at
// any time, from emit too.
func (e *Engine) LookAt(key Key, at time.Time) {
	e.schedule.set(appointment{asked, key}, at)
}

// AddAftermath gives what was read about a crash beside the run its place among the
// events, so that a replay tells it at the same place. It may be called at any time,
// does not wait, and keeps a; after the end of the run it does nothing.
func (e *Engine) AddAftermath(a *v1alpha1.PodWatchEvent) {
	e.say(Event{Type: Aftermath, Aftermath: a}, &Delivery{Context: a.Context, Namespace: a.Namespace, Aftermath: a})
}

// fireDue takes in all that is due. Whoever takes in something else calls it
// first, so that the order of things is that of their times.
func (e *Engine) fireDue() {
	e.firing.Lock()
	defer e.firing.Unlock()
	now := e.cfg.Clock.Now()
	for {
		a, at, ok := e.schedule.due(now)
		if !ok {
			return
		}
		// By the wall: it was set if it disagrees, and verdicts go by it.
		if now.Round(0).Sub(at.Round(0)).Abs() > punctual {
			at = now
		}
		e.fire(a, at)
	}
}

// fire takes in one appointment at its time.
func (e *Engine) fire(a appointment, at time.Time) {
	switch {
	case a.purpose == tick:
		e.place(at, Event{Type: Tick}, nil)
		e.schedule.set(a, at.Add(e.cfg.SummaryEvery))
	case a.purpose == asked && a.key == Key{}:
		e.place(at, Event{Type: Look}, nil)
	default:
		e.enqueue(a.key, frame{at: at, asked: a.purpose == asked})
	}
}

// say emits an event that is about no pod, because of what a source has
// delivered.
func (e *Engine) say(ev Event, d *Delivery) {
	e.fireDue()
	e.place(time.Time{}, ev, d)
}

// place puts an event that is about no pod into the output.
func (e *Engine) place(at time.Time, ev Event, d *Delivery) {
	seq, at, ok := e.intake.place(at, ev.Type, d)
	if !ok {
		return
	}
	ev.Time = at
	e.out.put(seq, &ev)
}
