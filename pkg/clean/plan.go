// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package clean

import (
	"cmp"
	"fmt"
	"iter"
	"slices"
	"time"

	"github.com/podwatch/kubectl-podwatch/pkg/apis/podwatch/v1alpha1"
	"github.com/podwatch/kubectl-podwatch/pkg/diagnose"
	"github.com/podwatch/kubectl-podwatch/pkg/projection"
)

// Plan is what a clean will do, fixed at one instant. It is not changed by
// anything in this package once it is made, and readers must not change it.
type Plan struct {
	// Now is the instant of all its decisions and ages.
	Now time.Time
	// Items are the planned pods, followed by the skipped pods that are listed.
	// Both parts are in plan order: by category, oldest first, unknown ages
	// last, then by namespace, name and UID.
	Items []v1alpha1.CleanItem
	// Scanned is the number of pods decided on: the planned ones and the sum
	// of Skipped.
	Scanned int
	// Skipped counts the pods that are not planned, listed or not.
	Skipped map[SkipReason]int

	rules   Rules
	planned int
}

// Listing says which skipped pods a plan lists. Others are only counted, so
// that a plan for a large cluster stays small.
type Listing string

// The listings.
const (
	ListCandidates Listing = "candidates" // those with a category
	ListAll        Listing = "all"
)

// Make plans at the instant now. The pods must be different ones; their order
// makes no difference.
func Make(pods iter.Seq2[*projection.Pod, diagnose.Verdict], now time.Time, r Rules, l Listing) *Plan {
	plan := &Plan{Now: now, Items: []v1alpha1.CleanItem{}, Skipped: map[SkipReason]int{}, rules: r}
	for p, v := range pods {
		d := Decide(p, v, now, r)
		plan.Scanned++
		if d.Planned() {
			plan.planned++
		} else {
			plan.Skipped[d.Skip]++
		}
		if d.Category != "" || l == ListAll {
			plan.Items = append(plan.Items, newItem(p, asFailed(p, v, now), d))
		}
	}
	slices.SortFunc(plan.Items, compareItems)
	return plan
}

// Planned returns the pods to remove.
func (p *Plan) Planned() []v1alpha1.CleanItem { return p.Items[:p.planned] }

// Check returns a *LimitError if more than limit pods are planned.
func (p *Plan) Check(limit int) error {
	if p.planned > limit {
		return &LimitError{Planned: p.planned, Limit: limit}
	}
	return nil
}

// LimitError says that a plan is too big to be carried out.
type LimitError struct {
	Planned, Limit int
}

// Error implements error.
func (e *LimitError) Error() string {
	return fmt.Sprintf("clean pods: %d planned, more than the limit of %d", e.Planned, e.Limit)
}

func newItem(p *projection.Pod, v diagnose.Verdict, d Decision) v1alpha1.CleanItem {
	item := v1alpha1.CleanItem{
		Namespace:  p.Namespace,
		Name:       p.Name,
		UID:        string(p.UID),
		Node:       p.NodeName,
		Category:   d.Category,
		Decision:   v1alpha1.DecisionSkipped,
		SkipReason: string(d.Skip),
		DryRun:     v1alpha1.DryRunNone,
	}
	if d.Category != "" {
		item.Reason = reasonOf(p, v)
	}
	if d.Age.Known() {
		seconds := int64(d.Age.Duration / time.Second)
		item.AgeSeconds, item.AgeBasis = &seconds, string(d.Age.Basis)
	}
	if p.Controller != nil {
		item.Owner = &v1alpha1.OwnerReference{Kind: p.Controller.Kind, Name: p.Controller.Name}
	}
	if d.Planned() {
		item.Decision, item.Action = v1alpha1.DecisionPlanned, v1alpha1.ActionDelete
	}
	return item
}

// reasonOf returns the server's word for why p failed: the pod's reason, else
// that of the container at fault.
func reasonOf(p *projection.Pod, v diagnose.Verdict) string {
	if p.Reason != "" {
		return p.Reason
	}
	worst := v.Primary()
	if worst == nil {
		return ""
	}
	for i := range p.Containers {
		c := &p.Containers[i]
		if c.Name == worst.Container && c.Terminated != nil && c.Terminated.Reason != "" {
			return c.Terminated.Reason
		}
	}
	return worst.SubCause
}

func compareItems(a, b v1alpha1.CleanItem) int {
	return cmp.Or(
		cmp.Compare(a.Decision, b.Decision), // "planned" sorts before "skipped"
		cmp.Compare(categoryRank(a.Category), categoryRank(b.Category)),
		-cmp.Compare(ageRank(a), ageRank(b)),
		cmp.Compare(a.Namespace, b.Namespace),
		cmp.Compare(a.Name, b.Name),
		cmp.Compare(a.UID, b.UID),
	)
}

func categoryRank(c v1alpha1.Category) int {
	switch c {
	case v1alpha1.CategoryEvicted:
		return 0
	case v1alpha1.CategoryShutdown:
		return 1
	case v1alpha1.CategoryRejected:
		return 2
	case v1alpha1.CategoryFailed:
		return 3
	default:
		return 4
	}
}

func ageRank(item v1alpha1.CleanItem) int64 {
	if item.AgeSeconds == nil {
		return -1
	}
	return *item.AgeSeconds
}
