// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package removal

import (
	"bytes"
	"context"
	"io"
	"strings"
	"syscall"
	"testing"

	"k8s.io/cli-runtime/pkg/genericiooptions"

	"github.com/podwatch/kubectl-podwatch/pkg/cmd/internal/exit"
)

func TestAsk(t *testing.T) {
	t.Parallel()
	interrupted, stop := context.WithCancelCause(t.Context())
	stop(exit.SignalError{Signal: syscall.SIGINT})
	contexts := map[bool]context.Context{false: t.Context(), true: interrupted}
	never, _ := io.Pipe()
	for name, tt := range map[string]struct {
		signal     bool
		in         io.Reader
		err, shown string
	}{
		"yes":             {false, strings.NewReader("Y\n"), "", "Sure? "},
		"no":              {false, strings.NewReader("n\n"), "restore pods: not confirmed; nothing was created", "Sure? "},
		"an empty line":   {false, strings.NewReader("\n"), "restore pods: not confirmed; nothing was created", "Sure? "},
		"end of input":    {false, strings.NewReader(""), "restore pods: not confirmed; nothing was created", "Sure? \n"},
		"a line cut off":  {false, strings.NewReader("y"), "restore pods: not confirmed; nothing was created", "Sure? \n"},
		"an interruption": {true, never, "restore pods: interrupted; nothing was created", "Sure? \n"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var shown bytes.Buffer
			text := ""
			if err := Restoring().Ask(contexts[tt.signal], genericiooptions.IOStreams{In: tt.in, ErrOut: &shown}, "Sure? ", "y", "yes"); err != nil {
				text = err.Error()
			}
			if text != tt.err || shown.String() != tt.shown {
				t.Errorf("Ask() = %q with %q, want %q with %q", text, &shown, tt.err, tt.shown)
			}
		})
	}
}
