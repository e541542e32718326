// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package clean

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/podwatch/kubectl-podwatch/pkg/apis/podwatch/v1alpha1"
	"github.com/podwatch/kubectl-podwatch/pkg/clean"
	"github.com/podwatch/kubectl-podwatch/pkg/cmd/internal/exit"
	"github.com/podwatch/kubectl-podwatch/pkg/cmd/internal/failure"
	"github.com/podwatch/kubectl-podwatch/pkg/printers"
	"github.com/podwatch/kubectl-podwatch/pkg/reconcile"
)

// finish prints what became of the plan, however the run has ended.
func (s *session) finish(err error) error {
	plan, cleaner := s.planned()
	if plan == nil {
		return failure.Explain(err)
	}
	r := s.report(plan, cleaner.Items())
	_, tooMany := errors.AsType[*clean.LimitError](err)
	preview := tooMany && s.DryRun != v1alpha1.DryRunNone
	if err != nil && clean.Undone(r.Summary) == r.Summary.Planned && !preview {
		return begun(r, err) // there is no result to print
	}
	if printErr := s.print(r); printErr != nil && !exit.ClosedPipe(printErr) {
		return begun(r, errors.Join(err, printErr))
	}
	if preview && s.FailIfFound {
		return exit.Gate(fmt.Errorf("gate --fail-if-found: pods to clean: %d: %w", found(r.Summary), err))
	}
	if err != nil && clean.Undone(r.Summary)+cleaner.Waiting() > 0 {
		return begun(r, err)
	}
	if s.interrupted != nil {
		return s.interrupted
	}
	return s.outcome(r)
}

// outcome says what is wrong with a run that came to its end.
func (s *session) outcome(r *v1alpha1.CleanReport) error {
	forbidden := r.Summary.SkippedByReason[string(clean.SkipForbidden)]
	unknown := unknownNamespaces(r)
	switch {
	case s.FailIfFound && found(r.Summary) > 0:
		return exit.Gate(fmt.Errorf("gate --fail-if-found: pods to clean: %d", found(r.Summary)))
	case r.Summary.ArchiveFailed > 0:
		return exit.Incomplete(fmt.Errorf("clean pods: %d of %d could not be deleted, %d of them because they could not be archived in %q",
			clean.Failures(r.Summary), r.Summary.Planned, r.Summary.ArchiveFailed, s.Archive))
	case clean.Failures(r.Summary) > 0:
		return exit.Incomplete(fmt.Errorf("clean pods: %d of %d could not be deleted", clean.Failures(r.Summary), r.Summary.Planned))
	case s.waits() && r.Summary.Terminating > 0:
		return exit.Incomplete(fmt.Errorf("wait for pods to be gone: %d of %d are still terminating after %s",
			r.Summary.Terminating, r.Summary.Planned, s.Wait))
	case len(unknown) > 0:
		return exit.Incomplete(exit.Hint(fmt.Errorf("clean pods: left alone because their namespace could not be read: pods of %s",
			strings.Join(unknown, ", ")), s.mayIRead(r, unknown[0])))
	case forbidden > 0 && r.Summary.Planned == 0:
		return exit.Hint(fmt.Errorf("clean pods: forbidden for all %d; nothing was deleted", forbidden), s.mayI(r))
	case forbidden > 0:
		return exit.Incomplete(exit.Hint(fmt.Errorf("clean pods: forbidden for %d", forbidden), s.mayI(r)))
	case s.partial != nil:
		return exit.Incomplete(s.partial)
	case s.unread > 0:
		return exit.Incomplete(failure.Unread(s.unread, len(s.Cluster.Namespaces)))
	}
	return nil
}

// found is how many pods there are to clean, whoever may do that and when.
func found(s v1alpha1.CleanSummary) int {
	return s.Planned + s.SkippedByReason[string(clean.SkipForbidden)] + s.SkippedByReason[string(clean.SkipLimit)]
}

// unknownNamespaces returns the sorted namespaces of pods that were left alone
// for nothing but that their namespace could not be read.
func unknownNamespaces(r *v1alpha1.CleanReport) []string {
	names := map[string]bool{}
	for i := range r.Items {
		if r.Items[i].SkipReason == string(clean.SkipNamespaceUnknown) {
			names[r.Items[i].Namespace] = true
		}
	}
	return slices.Sorted(maps.Keys(names))
}

// begun marks an error, except for an interrupt, as one that came when
// something was deleted already, or may have been: exit code 1 promises that
// nothing was.
func begun(r *v1alpha1.CleanReport, err error) error {
	_, signal := errors.AsType[exit.SignalError](err)
	nothing := r.Summary.Deleted+r.Summary.Terminating == 0 && !errors.Is(err, reconcile.ErrLate)
	if signal || nothing {
		return err
	}
	return exit.Incomplete(err)
}

// report is the plan with results, nil for none.
func (s *session) report(plan *clean.Plan, results []v1alpha1.CleanItem) *v1alpha1.CleanReport {
	r := clean.Report(plan, results, s.DryRun)
	r.Context, r.Server, r.Scope = s.Cluster.Context, s.origin().Server, s.Scope.API()
	r.Summary.ClockSkewSeconds = int64(s.clock.Skew() / time.Second)
	switch {
	case len(s.Scope.Files) > 0:
		r.Scope.AllNamespaces = len(s.Scope.Namespaces) == 0
	case !s.Scope.All:
		r.Scope.Namespaces = s.Cluster.Namespaces
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	r.Limitations = append(r.Limitations, s.limitations...)
	return r
}

// print writes the report to standard output and its summary to standard error.
func (s *session) print(r *v1alpha1.CleanReport) error {
	summary := printers.CleanSummary(r)
	if r.Summary.Deleted+r.Summary.Terminating > 0 && s.archive != nil {
		summary += fmt.Sprintf("Their manifests are in %s.\n", s.Archive)
	}
	return s.printWith(r, summary)
}

// printWith writes the report to standard output and the summary to standard
// error. A table that was shown with the question is followed by plain results.
func (s *session) printWith(r *v1alpha1.CleanReport, summary string) error {
	switch {
	case s.Quiet && !machine(s.Format):
	case !s.shown:
		if err := s.Printer.PrintObj(r, s.Out); err != nil {
			return err
		}
	default:
		for i := range r.Items[:r.Summary.Planned] {
			if _, err := io.WriteString(s.Out, printers.CleanResult(&r.Items[i], s.Palette)); err != nil {
				return err
			}
		}
	}
	if s.Quiet {
		summary = s.failures(r)
	}
	if _, err := io.WriteString(s.ErrOut, summary); err != nil {
		return err
	}
	return s.tellLimitations(r)
}

// failures has a line for each planned pod that has an error.
func (s *session) failures(r *v1alpha1.CleanReport) string {
	var b strings.Builder
	for i := range r.Items[:r.Summary.Planned] {
		if item := &r.Items[i]; item.Error != "" {
			b.WriteString(printers.CleanResult(item, s.Palette))
		}
	}
	return b.String()
}

// tellLimitations says what could not be read and was not told yet. Of that,
// -q hides what no pod was left alone for.
func (s *session) tellLimitations(r *v1alpha1.CleanReport) error {
	s.mu.Lock()
	untold := slices.Clone(s.limitations[s.told:])
	s.told = len(s.limitations)
	s.mu.Unlock()
	if s.Quiet {
		untold = slices.DeleteFunc(untold, func(l v1alpha1.Limitation) bool {
			return !slices.ContainsFunc(r.Items, func(i v1alpha1.CleanItem) bool { return i.SkipReason != "" && i.SkipReason == protects(l) })
		})
	}
	_, err := io.WriteString(s.ErrOut, printers.CleanLimitations(untold))
	return err
}

// protects is the skip reason of pods that are left alone for want of what l
// says was not read, empty for none.
func protects(l v1alpha1.Limitation) string {
	switch l.Resource {
	case "namespaces":
		return string(clean.SkipNamespaceUnknown)
	case "jobs":
		return string(clean.SkipOwnerUnknown)
	}
	return ""
}

// machine reports whether a program reads the format.
func machine(format string) bool { return format != "table" && format != "wide" }
