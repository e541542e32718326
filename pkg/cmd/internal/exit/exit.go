// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

// Package exit is the only place where an error becomes text and an exit code.
//
// Commands return errors; what kind of end an error is, they say with the
// constructors of this package. Nothing else in podwatch knows the numbers.
package exit

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"
	"syscall"

	"github.com/podwatch/kubectl-podwatch/pkg/internal/plaintext"
)

// The exit codes of every command.
const (
	ok          = 0
	failed      = 1
	gate        = 2
	incomplete  = 3
	interrupted = 130
	terminated  = 143
)

// Table explains the exit codes, for --help and the README.
const Table = `  0    done; the gate passed; nothing to do
  1    could not do it: usage, configuration, connection, authentication, or
       refused; nothing was changed
  2    a gate did not hold: --fail-on, --fail-if-found, --until, --for
  3    incomplete: a part could not be read or done, or --max-stale; 2 wins over 3
  130  interrupted (SIGINT) while a gate or a planned deletion was left
  143  terminated (SIGTERM, SIGHUP) likewise`

// outcome is an error that knows its exit code.
type outcome struct {
	code int
	err  error
}

func (o *outcome) Error() string { return o.err.Error() }
func (o *outcome) Unwrap() error { return o.err }

// Gate marks err as a gate that the user asked for and that did not hold.
func Gate(err error) error { return &outcome{gate, err} }

// Incomplete marks err as work that was done in part.
func Incomplete(err error) error { return &outcome{incomplete, err} }

// hinted is an error with the one act that helps.
type hinted struct {
	err  error
	hint string
}

func (h *hinted) Error() string { return h.err.Error() }
func (h *hinted) Unwrap() error { return h.err }

// Hint adds to err the one thing that the user can do about it, best a
// command.
func Hint(err error, hint string) error { return &hinted{err, hint} }

// SignalError is the cause of a context that a signal has cancelled.
type SignalError struct{ os.Signal }

// Error implements error.
func (s SignalError) Error() string {
	if s.terminates() {
		return "terminated"
	}
	return "interrupted"
}

// terminates reports whether it was no interrupt. A terminal that has gone terminates.
func (s SignalError) terminates() bool {
	return s.Signal == syscall.SIGTERM || s.Signal == syscall.SIGHUP
}

// Code returns the exit code that err stands for; nil is 0.
func Code(err error) int {
	var o *outcome
	var s SignalError
	switch {
	case err == nil, ClosedPipe(err):
		return ok
	case errors.As(err, &o):
		return o.code
	case errors.As(err, &s):
		if s.terminates() {
			return terminated
		}
		return interrupted
	default:
		return failed
	}
}

// ClosedPipe reports whether err says that nobody reads the output any more,
// as after `| head -1`. That is the reader's decision and no failure. Only the
// error of a file counts: a connection to a server that breaks is EPIPE, too.
func ClosedPipe(err error) bool {
	file, ok := errors.AsType[*fs.PathError](err)
	return ok && errors.Is(file, syscall.EPIPE)
}

// Print tells the user about err in one line, and in a second one what can be
// done about it; before them the stack, if a panic has ended the command. A closed
// pipe and nil print nothing.
func Print(w io.Writer, err error) {
	if err == nil || ClosedPipe(err) {
		return
	}
	if fault, ok := errors.AsType[interface {
		error
		Trace() []byte
	}](err); ok {
		_, _ = w.Write(fault.Trace())
	}
	text := plaintext.Line(strings.TrimSpace(err.Error()))
	// A writer that fails leaves nobody to tell.
	_, _ = fmt.Fprintf(w, "error: %s\n", text)
	if h, ok := errors.AsType[*hinted](err); ok {
		_, _ = fmt.Fprintf(w, "hint: %s\n", h.hint)
	}
}
