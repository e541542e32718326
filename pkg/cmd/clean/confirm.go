// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package clean

import (
	"context"
	"io"
	"slices"

	"github.com/podwatch/kubectl-podwatch/pkg/apis/podwatch/v1alpha1"
	"github.com/podwatch/kubectl-podwatch/pkg/cmd/internal/removal"
	"github.com/podwatch/kubectl-podwatch/pkg/printers"
)

// manyPods is the number of pods above which a "y" is too quickly typed.
const manyPods = 100

// confirm shows the plan and returns nil only if the user wants it carried out.
// A "y" that comes through a pipe is no answer: nobody has read the plan.
func (s *session) confirm(ctx context.Context, r *v1alpha1.CleanReport) error {
	name, where := s.contextName(), removal.Where(s.Cluster)
	delicate := s.Protected || disrupts(r)
	enough := s.Yes && (!delicate || s.ConfirmContext == name)
	if !s.Yes && !s.Interactive {
		return s.deed().NobodyToAsk()
	}
	// A program that reads the report, or nobody, has no use for the plan as well.
	if !enough || !s.Quiet && !machine(s.Format) {
		if err := s.show(r); err != nil {
			// Not as the closed pipe that it may be: then nothing was deleted, and
			// that is no success.
			return s.deed().Refuse("show plan: " + err.Error())
		}
	}
	switch {
	case enough:
		return s.announce(r, where)
	case s.Yes:
		return s.deed().NotConfirmed(s.Cluster)
	case s.ConfirmContext != name && (delicate || r.Summary.Planned > manyPods):
		return s.deed().Ask(ctx, s.IOStreams, printers.CleanContextQuestion(r, where, name), name)
	}
	return s.deed().Ask(ctx, s.IOStreams, printers.CleanQuestion(r, where), "y", "yes")
}

// announce says where the plan that was shown is carried out, if nobody is asked.
func (s *session) announce(r *v1alpha1.CleanReport, where string) error {
	if s.Quiet || machine(s.Format) {
		return nil
	}
	if _, err := io.WriteString(s.ErrOut, printers.CleanAnnouncement(r, where)); err != nil {
		return s.deed().Refuse("show plan: " + err.Error())
	}
	return nil
}

// deed is what is asked for.
func (s *session) deed() removal.Deed {
	if len(s.Restore) > 0 {
		return removal.Restoring()
	}
	return removal.Removal()
}

// disrupts reports whether a planned pod lives.
func disrupts(r *v1alpha1.CleanReport) bool {
	return slices.ContainsFunc(r.Items, func(i v1alpha1.CleanItem) bool { return i.Action == v1alpha1.ActionEvict })
}

// show prints the plan as a table on standard error.
func (s *session) show(r *v1alpha1.CleanReport) error {
	format := s.Format
	if machine(format) {
		format = "table"
	}
	p, err := printers.NewClean(format, printers.CleanOptions{Palette: s.Palette})
	if err != nil {
		return err
	}
	s.shown = !machine(s.Format)
	return p.PrintObj(r, s.ErrOut)
}
