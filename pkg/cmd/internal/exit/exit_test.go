// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package exit_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"strings"
	"syscall"
	"testing"

	"github.com/podwatch/kubectl-podwatch/pkg/cmd/internal/exit"
)

// closedStdout is what a write to a closed standard output returns.
func closedStdout() error { return &fs.PathError{Op: "write", Path: "/dev/stdout", Err: syscall.EPIPE} }

func TestCode(t *testing.T) {
	t.Parallel()
	cause := errors.New("no")
	for name, test := range map[string]struct {
		err  error
		want int
	}{
		"nothing wrong":               {nil, 0},
		"could not do it":             {cause, 1},
		"a gate did not hold":         {fmt.Errorf("report: %w", exit.Gate(cause)), 2},
		"done in part":                {exit.Incomplete(cause), 3},
		"the gate wins over the part": {exit.Gate(exit.Incomplete(cause)), 2},
		"ctrl-c":                      {fmt.Errorf("watch: %w", exit.SignalError{Signal: syscall.SIGINT}), 130},
		"kill":                        {exit.SignalError{Signal: syscall.SIGTERM}, 143},
		"the terminal has gone":       {exit.SignalError{Signal: syscall.SIGHUP}, 143},
		"the reader went away":        {fmt.Errorf("print: %w", closedStdout()), 0},
		"the server went away":        {fmt.Errorf("list pods: %w", &net.OpError{Op: "write", Net: "tcp", Err: syscall.EPIPE}), 1},
		"a hint changes nothing":      {exit.Hint(exit.Gate(cause), "look"), 2},
		"a deadline is no signal":     {context.DeadlineExceeded, 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := exit.Code(test.err); got != test.want {
				t.Errorf("Code(%v) = %d, want %d", test.err, got, test.want)
			}
		})
	}
}

func TestPrint(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		err  error
		want string
	}{
		"nothing":            {nil, ""},
		"one line":           {errors.New("list pods: refused"), "error: list pods: refused\n"},
		"many lines are one": {errors.New("a\nb"), "error: a | b\n"},
		"with a hint":        {exit.Hint(errors.New("a"), "kubectl b"), "error: a\nhint: kubectl b\n"},
		"nobody reads":       {closedStdout(), ""},
		"no escape sequence": {errors.New("a\x1b[31mb"), "error: a[31mb\n"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var out strings.Builder
			exit.Print(&out, test.err)
			if out.String() != test.want {
				t.Errorf("Print(%v) = %q, want %q", test.err, out.String(), test.want)
			}
		})
	}
}
