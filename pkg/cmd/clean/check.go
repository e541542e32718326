// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package clean

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/pflag"

	"github.com/podwatch/kubectl-podwatch/pkg/apis/podwatch/v1alpha1"
	"github.com/podwatch/kubectl-podwatch/pkg/cmd/internal/scope"
)

// maxSavedLines bounds --save-logs: the lines of all pods that are removed at
// once are in memory at once.
const maxSavedLines = 1000

func (f *flags) check(o *Options) error {
	if err := f.clocks.Check(); err != nil {
		return err
	}
	if err := f.checkRestore(o.Scope.Targets); err != nil {
		return err
	}
	o.DryRun = v1alpha1.DryRun(f.dryRun)
	switch {
	case !slices.Contains([]v1alpha1.DryRun{v1alpha1.DryRunNone, v1alpha1.DryRunClient, v1alpha1.DryRunServer}, o.DryRun):
		return fmt.Errorf("flag --dry-run %q: want none, client or server", f.dryRun)
	case len(o.Scope.Contexts) > 1:
		return errors.New("flag --context: clean works on one cluster at a time")
	}
	if err := f.checkNumbers(); err != nil {
		return err
	}
	for name, values := range map[string][]string{
		"restore": f.restore, "archive": {f.archive}, "confirm-context": {f.confirmContext}, "now": {f.now},
	} {
		if err := notEmpty(f.set, name, values); err != nil {
			return err
		}
	}
	return nil
}

func (f *flags) checkNumbers() error {
	switch {
	case f.limits.Ended < 0:
		return fmt.Errorf("flag --max %d: want no negative number", f.limits.Ended)
	case f.limits.Living < 0:
		return fmt.Errorf("flag --max-disrupt %d: want no negative number", f.limits.Living)
	case f.concurrency < 1:
		return fmt.Errorf("flag --concurrency %d: want at least 1", f.concurrency)
	case f.pdbTimeout < 0:
		return fmt.Errorf("flag --pdb-timeout %v: want no negative value", f.pdbTimeout)
	case f.saveLogs < 0 || f.saveLogs > maxSavedLines:
		return fmt.Errorf("flag --save-logs %d: want 0 to %d lines", f.saveLogs, maxSavedLines)
	case f.timeout <= 0:
		return fmt.Errorf("flag --timeout %v: want more than 0s", f.timeout)
	case f.set.Changed("timeout") && !f.wait:
		return errors.New("flag --timeout: it goes with --wait")
	case f.gracePeriod < 1 && f.gracePeriod != -1:
		// With 0 the server forgets a pod whose containers may still run.
		return fmt.Errorf("flag --grace-period %d: want at least 1, or -1 for the pod's own", f.gracePeriod)
	}
	return nil
}

// checkRestore refuses what does not narrow an archive down: taking it for
// nothing would restore too much.
func (f *flags) checkRestore(targets []scope.Target) error {
	if len(f.restore) == 0 {
		return nil
	}
	for _, name := range []string{
		"selector", "field-selector", "managed-by", "node", "category", "older-than", "reason", "exit-code", "min-restarts",
		"exclude-namespace", "owner-kind", "exclude-owner-kind", "allow-custom-owner", "bare", "keep-last", "max-per-owner",
		"allow-finalizers", "include-controller-managed", "max-disrupt", "truncate", "archive", "explain",
		"wait", "timeout", "save-logs", "now",
	} {
		if f.set.Changed(name) {
			return fmt.Errorf("flags --restore and --%s exclude each other", name)
		}
	}
	for _, target := range targets {
		if target.Kind != "Pod" {
			return fmt.Errorf("argument %q: --restore knows pods by their name only", target)
		}
	}
	return nil
}

// notEmpty refuses a flag that was given without a value: that is an unset
// variable of a shell.
func notEmpty(set *pflag.FlagSet, name string, values []string) error {
	empty := func(v string) bool { return strings.TrimSpace(v) == "" }
	if set.Changed(name) && (len(values) == 0 || slices.ContainsFunc(values, empty)) {
		return fmt.Errorf("flag --%s: the value is empty", name)
	}
	return nil
}
