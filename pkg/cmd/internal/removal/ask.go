// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package removal

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"slices"
	"strings"

	"k8s.io/cli-runtime/pkg/genericiooptions"

	"github.com/podwatch/kubectl-podwatch/pkg/cmd/internal/exit"
	"github.com/podwatch/kubectl-podwatch/pkg/cmd/internal/scope"
	"github.com/podwatch/kubectl-podwatch/pkg/cmd/internal/terminal"
)

// RefusalError ends a run before anything was deleted.
type RefusalError struct{ Text string }

// Error implements error.
func (r *RefusalError) Error() string { return r.Text }

// Deed is what is asked for, in the words of an error.
type Deed struct{ operation, verb, done string }

// Removal is the deed of a command that removes pods.
func Removal() Deed { return Deed{"clean pods", "delete", "deleted"} }

// Restoring is the deed of making pods anew.
func Restoring() Deed { return Deed{"restore pods", "create", "created"} }

// Refuse returns the error of a deed that was not begun, and why.
func (d Deed) Refuse(why string) error {
	return &RefusalError{Text: fmt.Sprintf("%s: %s; nothing was %s", d.operation, why, d.done)}
}

// NobodyToAsk returns the error of a run without a terminal.
func (d Deed) NobodyToAsk() error {
	return exit.Hint(d.Refuse("there is no terminal to ask on"), fmt.Sprintf("pass --yes to %s without asking, or --dry-run=client to see the plan", d.verb))
}

// NotConfirmed returns the error of a run in c that --yes is not enough for.
func (d Deed) NotConfirmed(c scope.Cluster) error {
	return exit.Hint(d.Refuse(fmt.Sprintf("in %s: %s need more than --yes", Where(c), delicate)), fmt.Sprintf("pass --confirm-context %q", Name(c)))
}

// Ask puts the question, to which only one of the answers is a yes; the case
// makes no difference to a word of one letter or three. What was typed before it
// stood there is no answer, and neither is a line without its end.
func (d Deed) Ask(ctx context.Context, s genericiooptions.IOStreams, question string, yes ...string) error {
	if err := terminal.Discard(s.In); err != nil {
		return d.Refuse("ask: " + err.Error())
	}
	if _, err := io.WriteString(s.ErrOut, question); err != nil {
		return d.Refuse("ask: " + err.Error())
	}
	answer := make(chan string, 1)
	go func() {
		// The read cannot be interrupted; it ends with the process.
		line, err := bufio.NewReader(s.In).ReadString('\n')
		if err != nil {
			line = ""
		}
		answer <- line
	}()
	select {
	case <-ctx.Done():
		newline(s.ErrOut)
		return fmt.Errorf("%s: %w; nothing was %s", d.operation, context.Cause(ctx), d.done)
	case line := <-answer:
		if line == "" {
			newline(s.ErrOut)
		}
		a := strings.TrimSpace(line)
		if slices.Contains(yes, a) || slices.Contains(yes, "y") && slices.Contains(yes, strings.ToLower(a)) {
			return nil
		}
		return d.Refuse("not confirmed")
	}
}

// newline ends the line of a question that got no line for an answer. What
// follows says what is wrong, also if this cannot be written.
func newline(w io.Writer) { _, _ = io.WriteString(w, "\n") }
