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

	"github.com/podwatch/kubectl-podwatch/pkg/cmd/internal/terminal"
)

// RefusalError ends a run before anything was deleted.
type RefusalError struct{ Text string }

// Error implements error.
func (r *RefusalError) Error() string { return r.Text }

// Ask puts the question, to which only one of the answers is a yes; the case
// makes no difference to a word of one letter or three. What was typed before it
// stood there is no answer, and neither is a line without its end.
func Ask(ctx context.Context, s genericiooptions.IOStreams, question string, yes ...string) error {
	if err := terminal.Discard(s.In); err != nil {
		return &RefusalError{Text: "ask: " + err.Error() + "; nothing was deleted"}
	}
	if _, err := io.WriteString(s.ErrOut, question); err != nil {
		return &RefusalError{Text: "ask: " + err.Error() + "; nothing was deleted"}
	}
	answer := make(chan string, 1)
	go func() {
		// The read cannot be interrupted; it ends with the process.
		line, err := bufio.NewReader(s.In).ReadString('\n')
		if err != nil {
			line = ""
		}
		answer <- strings.TrimSpace(line)
	}()
	select {
	case <-ctx.Done():
		return fmt.Errorf("clean pods: %w; nothing was deleted", context.Cause(ctx))
	case a := <-answer:
		if slices.Contains(yes, a) || slices.Contains(yes, "y") && slices.Contains(yes, strings.ToLower(a)) {
			return nil
		}
		return &RefusalError{Text: "clean pods: not confirmed; nothing was deleted"}
	}
}
