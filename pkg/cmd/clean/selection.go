// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package clean

import (
	"fmt"

	"github.com/spf13/pflag"

	"github.com/podwatch/kubectl-podwatch/pkg/apis/podwatch/v1alpha1"
	"github.com/podwatch/kubectl-podwatch/pkg/clean"
	"github.com/podwatch/kubectl-podwatch/pkg/cmd/internal/removal"
	"github.com/podwatch/kubectl-podwatch/pkg/cmd/internal/scope"
)

// selection are the flags that become clean.Rules.
type selection struct {
	set *pflag.FlagSet

	categories, reasons, excludeNamespaces          []string
	ownerKinds, excludeOwnerKinds, allowCustomOwner []string
	exitCodes                                       []int32
	olderThan, bare                                 string
	minRestarts                                     int32
	keepLast, maxPerOwner                           int
	allowFinalizers, controllerManaged              bool
}

func (s *selection) addTo(set *pflag.FlagSet) {
	s.set = set
	var defaults []string
	for _, c := range clean.DefaultCategories() {
		defaults = append(defaults, string(c))
	}
	set.StringSliceVar(&s.categories, "category", defaults, "what to remove: evicted, shutdown, rejected, failed, succeeded, crashloop, imagepull")
	set.StringVar(&s.olderThan, "older-than", "5m", "leave pods alone that ended less than this ago: 90s, 5m, 12h, 1d, 2w; 0s for any. Living ones: that were ready less than this ago, 30m unless it is given")
	set.StringSliceVar(&s.reasons, "reason", nil, "only pods with this reason, or a container with it, as in Evicted, OOMKilled, OutOf*; repeatable")
	set.Int32SliceVar(&s.exitCodes, "exit-code", nil, "only pods with a container that ended with this `code`; repeatable")
	set.Lookup("exit-code").DefValue = "" // else it reads (default [])
	set.Int32Var(&s.minRestarts, "min-restarts", removal.MinRestarts, "of crash-looping pods only those with a container that was restarted this often")
	set.StringSliceVar(&s.excludeNamespaces, "exclude-namespace", nil, "namespace to leave alone, or a pattern of some (*, ?), with -A beside kube-system, kube-public and kube-node-lease; repeatable, or a,b")
	set.StringSliceVar(&s.ownerKinds, "owner-kind", nil, "only pods of controllers of this kind, as in Job or Workflow.argoproj.io; repeatable")
	set.StringSliceVar(&s.excludeOwnerKinds, "exclude-owner-kind", nil, "no pods of controllers of this kind; repeatable")
	set.StringSliceVar(&s.allowCustomOwner, "allow-custom-owner", nil, "also pods of controllers of this kind that is not built in, as in Workflow.argoproj.io; repeatable")
	set.StringVar(&s.bare, "bare", string(clean.BareTerminal), "which pods without a controller: never, terminal (those that have ended), all")
	set.IntVar(&s.keepLast, "keep-last", 0, "keep this many ended pods of each controller, the newest")
	set.IntVar(&s.maxPerOwner, "max-per-owner", 1, "evict at most this many pods of one controller in a run")
	set.BoolVar(&s.allowFinalizers, "allow-finalizers", false, "also pods with finalizers: they stay, terminating, until those are done")
	set.BoolVar(&s.controllerManaged, "include-controller-managed", false, "also pods of StatefulSets and DaemonSets")
}

// rules checks the flags.
func (s *selection) rules(in scope.Scope) (clean.Rules, error) {
	r := clean.Rules{
		ExitCodes: s.exitCodes, MinRestarts: s.minRestarts, KeepLast: s.keepLast, MaxPerOwner: s.maxPerOwner,
		Bare: clean.Bare(s.bare), AllowFinalizers: s.allowFinalizers, ControllerManaged: s.controllerManaged,
		ExcludeNamespaces: s.excludeNamespaces,
	}
	if err := s.check(r.Bare); err != nil {
		return r, err
	}
	if in.All || len(in.Files) > 0 && len(in.Namespaces) == 0 {
		r.ExcludeNamespaces = append(removal.SystemNamespaces(), s.excludeNamespaces...)
	}
	var err error
	if r.OlderThan, err = clean.ParseAge(s.olderThan); err != nil {
		return r, fmt.Errorf("flag --older-than: %w", err)
	}
	r.UnreadyFor = removal.UnreadyFor
	if s.set.Changed("older-than") {
		r.UnreadyFor = r.OlderThan
	}
	if r.Categories, err = parseEach(s.categories, "category", clean.ParseCategory); err != nil {
		return r, err
	}
	if r.Reasons, err = parseEach(s.reasons, "reason", clean.ParseReason); err != nil {
		return r, err
	}
	return r, s.owners(&r)
}

func (s *selection) owners(r *clean.Rules) error {
	var err error
	if r.OwnerKinds, err = parseEach(s.ownerKinds, "owner-kind", clean.ParseOwnerKind); err != nil {
		return err
	}
	if r.ExcludeOwnerKinds, err = parseEach(s.excludeOwnerKinds, "exclude-owner-kind", clean.ParseOwnerKind); err != nil {
		return err
	}
	r.AllowCustomOwners, err = parseEach(s.allowCustomOwner, "allow-custom-owner", clean.ParseCustomOwner)
	return err
}

func (s *selection) check(bare clean.Bare) error {
	for name, values := range map[string][]string{
		"category": s.categories, "reason": s.reasons, "exclude-namespace": s.excludeNamespaces, "owner-kind": s.ownerKinds,
		"exclude-owner-kind": s.excludeOwnerKinds, "allow-custom-owner": s.allowCustomOwner,
	} {
		if err := notEmpty(s.set, name, values); err != nil {
			return err
		}
	}
	if err := scope.CheckNamespacePatterns("exclude-namespace", s.excludeNamespaces); err != nil {
		return err
	}
	switch {
	case bare != clean.BareNever && bare != clean.BareTerminal && bare != clean.BareAll:
		return fmt.Errorf("flag --bare %q: want never, terminal or all", bare)
	case s.minRestarts < 0:
		return fmt.Errorf("flag --min-restarts %d: want no negative number", s.minRestarts)
	case s.keepLast < 0:
		return fmt.Errorf("flag --keep-last %d: want no negative number", s.keepLast)
	case s.maxPerOwner < 1:
		return fmt.Errorf("flag --max-per-owner %d: want at least 1", s.maxPerOwner)
	}
	return nil
}

// parseEach returns nil only for no values.
func parseEach[T v1alpha1.Category | string | clean.OwnerKind](values []string, flag string, parse func(string) (T, error)) ([]T, error) {
	var out []T
	for _, v := range values {
		parsed, err := parse(v)
		if err != nil {
			return nil, fmt.Errorf("flag --%s: %w", flag, err)
		}
		out = append(out, parsed)
	}
	return out, nil
}
