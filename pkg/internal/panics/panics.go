// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

// Package panics makes errors of panics, so that a run ends in order: the terminal is
// given back, what is in hand is finished, and the fault is reported with its place.
package panics

import (
	"fmt"
	"runtime/debug"
)

// Error is a panic that was caught.
type Error struct {
	// Value is what was panicked with.
	Value any
	stack []byte
}

// Error implements error.
func (e *Error) Error() string { return fmt.Sprintf("panic: %v", e.Value) }

// Trace is the stack of the goroutine.
func (e *Error) Trace() []byte { return e.stack }

// Catch calls f and returns its panic, nil if there was none. What f has locked
// without defer stays locked.
func Catch(f func()) (caught *Error) {
	defer func() {
		if value := recover(); value != nil {
			caught = &Error{value, debug.Stack()}
		}
	}()
	f()
	return nil
}
