// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package clean

import (
	"bufio"
	"context"
	"io"
	"strings"

	"github.com/podwatch/kubectl-podwatch/pkg/apis/podwatch/v1alpha1"
	"github.com/podwatch/kubectl-podwatch/pkg/cmd/internal/exit"
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
	if err := s.show(r); err != nil || s.Yes {
		return err
	}
	if _, err := io.WriteString(s.ErrOut, printers.CleanQuestion(r)); err != nil {
		return err
	}
	answer := make(chan string, 1)
	go func() {
		// Nothing but a whole line is an answer. The read cannot be interrupted;
		// it ends with the process.
		line, _ := bufio.NewReader(s.In).ReadString('\n')
		answer <- strings.ToLower(strings.TrimSpace(line))
	}()
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
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
