// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package clean

import (
	"cmp"
	"fmt"
	"slices"

	"k8s.io/apimachinery/pkg/types"

	"github.com/podwatch/kubectl-podwatch/pkg/apis/podwatch/v1alpha1"
)

// Limits bound what one run removes.
type Limits struct {
	// Ended is the number of ended pods, Living that of living ones.
	Ended, Living int
}

// LimitError says that a plan is too big to be carried out.
type LimitError struct {
	Planned, Limit int
	// Living is true if it is about living pods.
	Living bool
}

// Error implements error.
func (e *LimitError) Error() string {
	kind := ""
	if e.Living {
		kind = " of living pods"
	}
	return fmt.Sprintf("clean pods: %d planned, more than the limit%s of %d", e.Planned, kind, e.Limit)
}

// Check returns a *LimitError if more pods are planned than l allows.
func (p *Plan) Check(l Limits) error {
	living := 0
	for _, item := range p.Planned() {
		if Living(item.Category) {
			living++
		}
	}
	if ended := p.planned - living; ended > l.Ended {
		return &LimitError{Planned: ended, Limit: l.Ended}
	}
	if living > l.Living {
		return &LimitError{Planned: living, Limit: l.Living, Living: true}
	}
	return nil
}

// Truncate returns the plan for the oldest pods that l allows. Pods of unknown
// age count as the newest.
func (p *Plan) Truncate(l Limits) *Plan {
	oldest := slices.Clone(p.Planned())
	slices.SortStableFunc(oldest, func(a, b v1alpha1.CleanItem) int { return -cmp.Compare(ageRank(a), ageRank(b)) })
	keep := map[string]bool{}
	left := l
	for _, item := range oldest {
		room := &left.Ended
		if Living(item.Category) {
			room = &left.Living
		}
		if *room > 0 {
			*room--
			keep[item.UID] = true
		}
	}
	return p.Without(SkipLimit, func(item v1alpha1.CleanItem) bool { return !keep[item.UID] })
}

// keepLast takes the newest Rules.KeepLast ended pods of each controller off
// the plan. Pods that are too young or otherwise skipped count among them; those
// on their way out do not.
func (p *Plan) keepLast(controllers map[string]types.UID) {
	if p.rules.KeepLast == 0 {
		return
	}
	byController := map[types.UID][]*v1alpha1.CleanItem{}
	for i := range p.Items {
		item := &p.Items[i]
		owner, owned := controllers[item.UID]
		leaves := SkipReason(item.SkipReason) == SkipAlreadyTerminating
		if owned && item.Category != "" && !Living(item.Category) && !leaves {
			byController[owner] = append(byController[owner], item)
		}
	}
	for _, pods := range byController {
		slices.SortStableFunc(pods, func(a, b *v1alpha1.CleanItem) int {
			return cmp.Or(cmp.Compare(ageRank(*a), ageRank(*b)), cmp.Compare(a.Name, b.Name))
		})
		newest := min(p.rules.KeepLast, len(pods))
		var kept []types.UID
		for _, item := range pods[:newest] {
			if item.Decision == v1alpha1.DecisionPlanned {
				p.skip(item, SkipKeptLast)
			}
			kept = append(kept, uidOf(*item))
		}
		for _, item := range pods[newest:] {
			p.kept[item.UID] = kept
		}
	}
}

// spread leaves of the living pods of each controller no more than
// Rules.MaxPerOwner on the plan, the oldest, so that no workload is emptied at
// once.
func (p *Plan) spread(controllers map[string]types.UID) {
	most := cmp.Or(p.rules.MaxPerOwner, 1)
	taken := map[types.UID]int{}
	for i := range p.Items {
		item := &p.Items[i]
		owner, owned := controllers[item.UID]
		if !owned || item.Decision != v1alpha1.DecisionPlanned || !Living(item.Category) {
			continue
		}
		if taken[owner]++; taken[owner] > most {
			p.skip(item, SkipLimit)
		}
	}
}
