// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package watch

import (
	"context"
	"errors"
	"fmt"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/podwatch/kubectl-podwatch/pkg/apis/podwatch/v1alpha1"
	"github.com/podwatch/kubectl-podwatch/pkg/cmd/internal/exit"
	"github.com/podwatch/kubectl-podwatch/pkg/cmd/internal/failure"
	"github.com/podwatch/kubectl-podwatch/pkg/internal/plaintext"
	"github.com/podwatch/kubectl-podwatch/pkg/reconcile"
	"github.com/podwatch/kubectl-podwatch/pkg/transition"
)

func run(ctx context.Context, o Options) error {
	var sources []reconcile.Source
	for _, cluster := range o.Clusters {
		more, err := o.Scope.Sources(cluster, o.Stream)
		if err != nil {
			return err
		}
		sources = append(sources, more...)
	}
	engine, err := reconcile.New(reconcile.Config{
		Sources: sources, Until: reconcile.UntilStopped, Thresholds: o.Thresholds, Clock: o.Clock,
		Workers: o.Workers, SummaryEvery: o.SummaryEvery,
	})
	if err != nil {
		return err
	}
	s := session{Options: o, teller: transition.New(o.Tell), sources: len(sources)}
	runErr := engine.Run(ctx, s.emit)
	if errors.Is(runErr, reconcile.ErrLate) {
		return runErr // the reader has stopped: there is nobody to tell the end
	}
	err = s.outcome(runErr)
	if exit.ClosedPipe(err) || !s.synced && !s.Machine {
		return err
	}
	end := s.teller.End(o.Clock.Now(), engine.Reconciliations(), exit.Code(err), endText(err))
	if printErr := o.Printer.PrintObj(&end, o.Out); printErr != nil {
		return errors.Join(err, printErr)
	}
	return err
}

// session is one run of watch.
type session struct {
	Options
	teller *transition.Teller
	synced bool
	// waiting is true once the user was told of that.
	waiting bool
	// early is what was told before the first sync. It is printed after the
	// summary that comes first, or never: then the error says it all.
	early []v1alpha1.PodWatchEvent
	// unread counts the sources that could not be read, of so many.
	unread, sources int
}

// emit prints what the engine's event gives reason to say.
func (s *session) emit(ev reconcile.Event) error {
	switch ev.Type {
	case reconcile.Synced:
		s.synced = true
	case reconcile.SourceFailed:
		s.unread++
	case reconcile.Judged, reconcile.Gone, reconcile.Stream, reconcile.Tick:
	}
	told := s.teller.Tell(ev)
	if !s.synced {
		s.wait(ev)
		s.early = append(s.early, told...)
		return nil
	}
	told, s.early = append(told, s.early...), nil
	for i := range told {
		if err := s.Printer.PrintObj(&told[i], s.Out); err != nil {
			return err
		}
	}
	return nil
}

// wait says once that the server cannot be reached yet, and why. What the server
// itself answers is told as the error that it leads to.
func (s *session) wait(ev reconcile.Event) {
	silent := apierrors.ReasonForError(ev.Status.Err) == metav1.StatusReasonUnknown
	if ev.Type == reconcile.Stream && ev.Status.Err != nil && silent && !s.waiting {
		s.waiting = true
		_, _ = fmt.Fprintf(s.ErrOut, "waiting for the API server: %s\n", plaintext.Line(ev.Status.Err.Error()))
	}
}

// outcome turns the end of the engine into that of the command. A signal is
// how a watch is meant to end.
func (s *session) outcome(err error) error {
	var signal exit.SignalError
	switch {
	case errors.As(err, &signal) && s.unread == 0:
		return nil
	case errors.As(err, &signal):
		return exit.Incomplete(failure.Unread(s.unread, s.sources))
	default:
		return failure.Explain(err)
	}
}

// endText says why the run ended.
func endText(err error) string {
	if err == nil {
		return "stopped"
	}
	return err.Error()
}
