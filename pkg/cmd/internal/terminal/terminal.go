// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

// Package terminal answers what a stream is connected to. It is the one place
// that asks.
package terminal

import (
	"os"

	"golang.org/x/term"
)

// Is reports whether stream, a reader or a writer, is a terminal. Anything that
// is no *os.File is none.
func Is(stream any) bool {
	f, ok := stream.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}

// Width returns the number of columns of the terminal behind stream, and 0 if
// it is none or does not say.
func Width(stream any) int {
	f, ok := stream.(*os.File)
	if !ok {
		return 0
	}
	width, _, err := term.GetSize(int(f.Fd()))
	if err != nil {
		return 0
	}
	return width
}

// Discard drops what was typed on the terminal behind stream and not read yet,
// so that the next line is an answer to what stands on the screen. A stream that
// is no terminal is left alone.
func Discard(stream any) error {
	f, ok := stream.(*os.File)
	if !ok || !Is(stream) {
		return nil
	}
	return flush(f.Fd())
}
