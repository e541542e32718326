// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package clean

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"strings"

	"github.com/podwatch/kubectl-podwatch/pkg/apis/podwatch/v1alpha1"
	"github.com/podwatch/kubectl-podwatch/pkg/cmd/internal/exit"
	"github.com/podwatch/kubectl-podwatch/pkg/cmd/internal/terminal"
	"github.com/podwatch/kubectl-podwatch/pkg/printers"
)

// refusal ends a run before anything was deleted.
type refusal struct{ text string }

func (r *refusal) Error() string { return r.text }

// confirm shows the plan and returns nil only if the user wants it carried out.
// A "y" that comes through a pipe is no answer: nobody has read the plan.
func (s *session) confirm(ctx context.Context, r *v1alpha1.CleanReport) error {
	if !s.Yes && !s.Interactive {
		return exit.Hint(&refusal{"clean pods: there is no terminal to ask on; nothing was deleted"},
			"pass --yes to delete without asking, or --dry-run=client to see the plan")
	}
	if err := s.show(r); err != nil {
		// Not as the closed pipe that it may be: then nothing was deleted, and
		// that is no success.
		return &refusal{"show plan: " + err.Error() + "; nothing was deleted"}
	}
	if s.Yes {
		return nil
	}
	return s.ask(ctx, r)
}

// ask puts the question. What was typed before it stood there is no answer, and
// neither is a line without its end.
func (s *session) ask(ctx context.Context, r *v1alpha1.CleanReport) error {
	if err := terminal.Discard(s.In); err != nil {
		return &refusal{"ask: " + err.Error() + "; nothing was deleted"}
	}
	if _, err := io.WriteString(s.ErrOut, printers.CleanQuestion(r)); err != nil {
		return &refusal{"ask: " + err.Error() + "; nothing was deleted"}
	}
	answer := make(chan string, 1)
	go func() {
		// The read cannot be interrupted; it ends with the process.
		line, err := bufio.NewReader(s.In).ReadString('\n')
		if err != nil {
			line = ""
		}
		answer <- strings.ToLower(strings.TrimSpace(line))
	}()
	select {
	case <-ctx.Done():
		return fmt.Errorf("clean pods: %w; nothing was deleted", context.Cause(ctx))
	case a := <-answer:
		if a == "y" || a == "yes" {
			return nil
		}
		return &refusal{"clean pods: not confirmed; nothing was deleted"}
	}
}

// show prints the plan before it is carried out: as a table on standard error,
// unless a program reads the report and nobody is to be asked.
func (s *session) show(r *v1alpha1.CleanReport) error {
	machine := s.Format != "table" && s.Format != "wide"
	if machine && s.Yes {
		return nil
	}
	format := s.Format
	if machine {
		format = "table"
	}
	p, err := printers.NewClean(format, printers.CleanOptions{Palette: s.Palette})
	if err != nil {
		return err
	}
	s.shown = !machine
	return p.PrintObj(r, s.ErrOut)
}
