// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package clean

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/podwatch/kubectl-podwatch/pkg/apis/podwatch/v1alpha1"
	"github.com/podwatch/kubectl-podwatch/pkg/clean"
	"github.com/podwatch/kubectl-podwatch/pkg/cmd/internal/exit"
	"github.com/podwatch/kubectl-podwatch/pkg/printers"
)

// restore shows what the archive holds and makes pods anew if that is wanted.
func restore(ctx context.Context, o Options) error {
	s := newSession(o)
	items, err := clean.Archived(o.Restore, s.origin(), o.wants)
	if err != nil {
		return err
	}
	r := s.restoreReport(items, o.Clock.Now())
	planned := r.Items[:r.Summary.Planned]
	if len(planned) > o.Limits.Ended {
		return fmt.Errorf("restore pods: %d planned, more than the limit of %d; nothing was created", len(planned), o.Limits.Ended)
	}
	if len(planned) > 0 && o.DryRun == v1alpha1.DryRunNone {
		if err := s.confirm(ctx, r); err != nil {
			return err
		}
	}
	for i := range planned {
		if ctx.Err() != nil {
			err = context.Cause(ctx)
			break
		}
		planned[i] = clean.Restore(ctx, o.Cluster.Core, planned[i], o.DryRun)
	}
	return s.finishRestore(s.restoreReport(r.Items, r.ObservedAt.Time), err)
}

func (s *session) restoreReport(items []v1alpha1.CleanItem, now time.Time) *v1alpha1.CleanReport {
	r := clean.RestoreReport(items, now, s.DryRun)
	r.Context, r.Server, r.Scope = s.Cluster.Context, s.origin().Server, s.Scope.API()
	return r
}

// wants narrows an archive down to what -n and the arguments name.
func (o *Options) wants(namespace, name string) bool {
	if len(o.Scope.Namespaces) > 0 && !slices.Contains(o.Scope.Namespaces, namespace) {
		return false
	}
	if len(o.Scope.Targets) == 0 {
		return true
	}
	for _, target := range o.Scope.Targets {
		if target.Kind == "Pod" && target.Name == name {
			return true
		}
	}
	return false
}

func (s *session) finishRestore(r *v1alpha1.CleanReport, err error) error {
	if printErr := s.printRestore(r); printErr != nil && !exit.ClosedPipe(printErr) {
		err = errors.Join(err, printErr)
	}
	failed := clean.Failures(r.Summary)
	switch {
	case err != nil:
		return err
	case s.FailIfFound && r.Summary.Planned > 0:
		return exit.Gate(fmt.Errorf("gate --fail-if-found: pods to restore: %d", r.Summary.Planned))
	case failed > 0:
		return exit.Incomplete(fmt.Errorf("restore pods: %d of %d could not be created", failed, r.Summary.Planned))
	}
	return nil
}

func (s *session) printRestore(r *v1alpha1.CleanReport) error {
	return s.printWith(r, printers.RestoreSummary(r))
}
