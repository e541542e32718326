// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package watch

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	cliprinters "k8s.io/cli-runtime/pkg/printers"

	"github.com/podwatch/kubectl-podwatch/pkg/apis/podwatch/v1alpha1"
	"github.com/podwatch/kubectl-podwatch/pkg/cmd/internal/exit"
	"github.com/podwatch/kubectl-podwatch/pkg/cmd/internal/failure"
	"github.com/podwatch/kubectl-podwatch/pkg/gate"
	"github.com/podwatch/kubectl-podwatch/pkg/internal/plaintext"
	"github.com/podwatch/kubectl-podwatch/pkg/reconcile"
	"github.com/podwatch/kubectl-podwatch/pkg/reconcile/stream"
	"github.com/podwatch/kubectl-podwatch/pkg/recording"
	"github.com/podwatch/kubectl-podwatch/pkg/transition"
)

// session is one run of watch, live or replayed. All of it but print runs in the
// engine's emit, one event after another.
type session struct {
	Options
	// printing is held while something is printed; unprintable is the first error of that.
	printing    sync.Mutex
	unprintable error
	// crashes is nil in a replay.
	crashes *crashes
	// cleaning is nil if nothing is removed.
	cleaning *cleaning
	// record keeps what is read after the end of the engine; nil without a recording.
	record func(reconcile.Delivery)
	// last is what a recording holds of that; nil but in a replay.
	last   func() []*v1alpha1.PodWatchEvent
	engine *reconcile.Engine
	teller *transition.Teller
	// folder is nil where every event counts: in documents and in the live view.
	folder *transition.Folder
	// gate is nil without one.
	gate *gate.Gate
	// deadline is when the gate gives up, zero for never.
	deadline time.Time
	// gateNext is when the gate wants a look, zero for never.
	gateNext time.Time
	// namespaces is nil in a replay.
	namespaces *namespaces
	synced     bool
	// waiting is true once the user was told of that.
	waiting bool
	// blinded is why nothing was read yet, nil if the server was heard of since.
	blinded *stream.ConnectError
	// early is what was told before the first sync. It is printed after the
	// summary that comes first, or never: then the error says it all.
	early []v1alpha1.PodWatchEvent
	// unread counts the sources that could not be read.
	unread int
	// limitations are what could not be read above the pods of a namespace last, or
	// of the workloads that the gate waits for.
	limitations map[place][]v1alpha1.Limitation
	sources     []recording.Source
	printer     cliprinters.ResourcePrinter
	// view is nil while there is none.
	view *view
	// over is when the gate was decided, zero if it was not.
	over time.Time
}

func newSession(o Options, engine *reconcile.Engine, h recording.Header) *session {
	contexts := map[string]bool{}
	for _, source := range h.Sources {
		contexts[source.Context] = true
	}
	o.Tell.SeveralContexts = len(contexts) > 1
	s := &session{
		Options: o, engine: engine, teller: transition.New(o.Tell), sources: h.Sources, printer: o.Printer(len(contexts)),
		limitations: map[place][]v1alpha1.Limitation{},
	}
	if len(o.Gate.Conditions) > 0 {
		o.Gate.Sources = len(h.Sources)
		s.gate = gate.New(o.Gate, h.Started)
		// What ends by time alone ends without any event, too.
		s.gateNext = o.Gate.Earliest(h.Started)
		if o.Gate.Timeout > 0 {
			s.deadline = h.Started.Add(o.Gate.Timeout)
		}
	}
	if !o.Machine && o.Live == nil {
		s.folder = &transition.Folder{}
	}
	s.lookNext()
	return s
}

// lookNext asks for an event at the next instant at which time alone changes
// something.
func (s *session) lookNext() {
	next := s.gateNext
	if s.folder != nil {
		if due := s.folder.Due(); next.IsZero() || !due.IsZero() && due.Before(next) {
			next = due
		}
	}
	s.engine.LookAt(reconcile.Key{}, next)
}

// emit prints what the engine's event gives reason to say.
func (s *session) emit(ev reconcile.Event) error {
	switch ev.Type {
	case reconcile.Synced:
		s.synced = true
	case reconcile.SourceFailed:
		s.unread++
	case reconcile.Aftermath:
		return s.follow(ev.Aftermath)
	case reconcile.Read:
		s.limitations[place{ev.Source.Context, ev.Source.Namespace, ev.Surroundings.Named}] = ev.Surroundings.Limitations
	case reconcile.Judged, reconcile.Gone, reconcile.Stream, reconcile.Tick, reconcile.Look:
	}
	if s.view != nil {
		s.view.take(ev)
	}
	if err := s.tell(ev); err != nil {
		return err
	}
	if s.namespaces != nil {
		s.namespaces.take(ev)
	}
	s.lookAgain(ev)
	if err := s.decide(ev); err != nil {
		return err
	}
	s.lookNext()
	return nil
}

// lookAgain asks for the next look at the pod of ev: it has recovered then, or is
// to be removed.
func (s *session) lookAgain(ev reconcile.Event) {
	var due time.Time
	if s.cleaning != nil {
		due = s.cleaning.take(ev, s.synced)
	}
	if ev.Type != reconcile.Judged {
		return
	}
	if recovers := s.teller.Due(ev.Key); due.IsZero() || !recovers.IsZero() && recovers.Before(due) {
		due = recovers
	}
	if !due.IsZero() {
		s.engine.LookAt(ev.Key, due)
	}
}

// tell prints the transitions of ev.
func (s *session) tell(ev reconcile.Event) error {
	told := s.teller.Tell(ev)
	if !s.synced {
		s.wait(ev)
		s.early = append(s.early, told...)
		return nil
	}
	told, s.early = append(told, s.early...), nil
	told = s.folded(told, ev.Time)
	for i := range told {
		if err := s.print(&told[i]); err != nil {
			return err
		}
		if s.crashes != nil && s.view == nil {
			s.crashes.follow(ev, &told[i])
		}
	}
	return nil
}

// follow prints what was read about a crash, unless a replay is asked not to. The live
// view reads on its own.
func (s *session) follow(a *v1alpha1.PodWatchEvent) error {
	unwanted := a.Type == v1alpha1.EventContainerLogs && s.Logs == 0 || a.Type == v1alpha1.EventPodEvents && s.Events == 0
	if unwanted || s.view != nil && a.Type != v1alpha1.EventStreamNotice {
		return nil
	}
	return s.print(a)
}

// folded is what is to be printed at the instant now, when told was told.
func (s *session) folded(told []v1alpha1.PodWatchEvent, now time.Time) []v1alpha1.PodWatchEvent {
	if s.folder == nil {
		return told
	}
	out := s.folder.Release(now)
	for i := range told {
		out = append(out, s.folder.Take(told[i], now)...)
	}
	return out
}

func (s *session) printAll(events []v1alpha1.PodWatchEvent) error {
	for i := range events {
		if err := s.print(&events[i]); err != nil {
			return err
		}
	}
	return nil
}

// print prints one event. It is safe for concurrent use.
func (s *session) print(e *v1alpha1.PodWatchEvent) error {
	s.printing.Lock()
	defer s.printing.Unlock()
	if e.Summary != nil && s.cleaning != nil {
		e.Summary.Cleaned = int(s.cleaning.removed.Load())
	}
	err := s.printer.PrintObj(e, s.Out)
	if s.unprintable == nil {
		s.unprintable = err
	}
	return err
}

// wait notes why the pods cannot be read yet, and says so once.
func (s *session) wait(ev reconcile.Event) {
	if ev.Type != reconcile.Stream {
		return
	}
	err := ev.Status.Err
	s.blinded = nil
	if err != nil {
		s.blinded = &stream.ConnectError{Kind: stream.KindOf(err), Namespace: ev.Source.Namespace, Err: err}
	}
	switch {
	case s.waiting || s.view != nil:
		return
	case err == nil && ev.Status.State == stream.Lagging:
		err = errors.New("no answer yet")
	case err == nil || passing(ev.Status):
		return
	}
	s.waiting = true
	_, _ = fmt.Fprintf(s.ErrOut, "waiting for the API server: %s\n", plaintext.Line(err.Error()))
}

// passing reports whether the error of st is an answer of the server that is not worth
// a word: the first one, such as a 401 before credentials are renewed, or one that is
// told as the end that it leads to.
func passing(st stream.Status) bool {
	if apierrors.ReasonForError(st.Err) == metav1.StatusReasonUnknown {
		return false
	}
	kind := stream.KindOf(st.Err)
	return st.Attempts < 2 || kind == stream.Denied || kind == stream.Rejected
}

// end tells how the run has ended and returns the end of the command.
func (s *session) end(ctx context.Context, runErr error) error {
	if errors.Is(runErr, reconcile.ErrLate) {
		return runErr // the reader has stopped: there is nobody to tell the end
	}
	if s.crashes != nil {
		s.crashes.end()
	}
	err := s.outcome(ctx, runErr)
	if exit.ClosedPipe(runErr) || !s.synced && !s.Machine {
		return err
	}
	at := s.over
	if at.IsZero() {
		at = s.engine.Ended()
	}
	printErr := s.unprintable
	if printErr == nil {
		printErr = s.printEnd(ctx, at, err)
	}
	if err != nil && (exit.ClosedPipe(printErr) || errors.Is(err, printErr)) {
		return err // that nobody reads it changes nothing about the outcome
	}
	return errors.Join(err, printErr)
}

// printEnd prints the last words about a run that has ended with err.
func (s *session) printEnd(ctx context.Context, at time.Time, err error) error {
	rest := s.teller.Rest()
	if s.folder != nil {
		rest = append(rest, s.folder.Rest()...)
	}
	if err := s.printAll(rest); err != nil {
		return err
	}
	if err := s.printUnmet(ctx, at, err); err != nil {
		return err
	}
	end := s.teller.End(at, s.engine.Reconciliations(), exit.Code(err), s.endText(err))
	if s.Live != nil { // the pods have gone with the screen
		end.Summary.Listed = s.teller.Summary(at, s.engine.Reconciliations()).Summary.Listed
	}
	return s.print(&end)
}

// outcome turns the end of the engine into that of the command. A signal is how
// a watch without a gate is meant to end, unless a pod that was to be removed is
// left.
func (s *session) outcome(ctx context.Context, err error) error {
	if s.gate != nil {
		return s.gateOutcome(ctx, err)
	}
	left, removed := 0, int64(0)
	if s.cleaning != nil {
		left, removed = s.cleaning.sweeper.Left(), s.cleaning.removed.Load()
	}
	_, signal := errors.AsType[exit.SignalError](err)
	switch {
	case signal && left > 0:
		return err
	case err != nil && !signal && removed > 0 && !exit.ClosedPipe(err):
		return exit.Incomplete(failure.Explain(err))
	case err != nil && !signal:
		return failure.Explain(err)
	}
	if s.unread > 0 {
		return exit.Incomplete(failure.Unread(s.unread, len(s.sources)))
	}
	return s.missed()
}

// endText says why the run ended.
func (s *session) endText(err error) string {
	switch {
	case err != nil:
		return err.Error()
	case s.gate != nil:
		return s.Gate.String()
	}
	return "stopped"
}
