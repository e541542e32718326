// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package clean

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/podwatch/kubectl-podwatch/pkg/apis/podwatch/v1alpha1"
	"github.com/podwatch/kubectl-podwatch/pkg/clean"
	"github.com/podwatch/kubectl-podwatch/pkg/cmd/internal/exit"
	"github.com/podwatch/kubectl-podwatch/pkg/printers"
)

// restore shows what the archive holds and makes pods anew if that is wanted.
func restore(ctx context.Context, o Options) error {
	s := newSession(o)
	archived, err := clean.ReadArchived(o.Restore, s.origin(), o.Clock.Now(), o.wants)
	if err != nil {
		return err
	}
	if err := o.absent(archived.Items); err != nil {
		return err
	}
	if n := archived.PassedOver; n > 0 && len(o.Scope.Targets)+len(o.Scope.Namespaces) == 0 {
		s.warn(fmt.Sprintf("Pods of other namespaces than %s are passed over: %d; -A takes them all.\n", strings.Join(o.Cluster.Namespaces, ", "), n))
	}
	r := s.restoreReport(archived.Items, o.Clock.Now())
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
		planned[i] = archived.Restore(ctx, o.Cluster.Core, planned[i], o.DryRun)
	}
	return s.finishRestore(s.restoreReport(r.Items, r.ObservedAt.Time), err)
}

func (s *session) restoreReport(items []v1alpha1.CleanItem, now time.Time) *v1alpha1.CleanReport {
	r := clean.RestoreReport(items, now, s.DryRun)
	r.Context, r.Server, r.Scope = s.Cluster.Context, s.origin().Server, s.Scope.API()
	return r
}

// wants narrows an archive down: to what -n and the arguments name or, without
// -n and -A, to the namespace that every other command would look at. A file
// that is named is wanted wherever its pod was.
func (o *Options) wants(namespace, name string, named bool) bool {
	all := o.Scope.All || named && len(o.Scope.Namespaces) == 0
	if !all && !slices.Contains(o.Cluster.Namespaces, namespace) {
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

// absent returns an error if what was named is not among the archived pods.
func (o *Options) absent(items []v1alpha1.CleanItem) error {
	for _, target := range o.Scope.Targets {
		if !slices.ContainsFunc(items, func(i v1alpha1.CleanItem) bool { return i.Name == target.Name }) {
			return fmt.Errorf("find pod %q: the archive has none in scope; nothing was created", target.Name)
		}
	}
	for _, namespace := range o.Scope.Namespaces {
		if !slices.ContainsFunc(items, func(i v1alpha1.CleanItem) bool { return i.Namespace == namespace }) {
			return fmt.Errorf("find pods of namespace %q: the archive has none in scope; nothing was created", namespace)
		}
	}
	return nil
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
