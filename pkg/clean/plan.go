// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package clean

import (
	"cmp"
	"iter"
	"maps"
	"slices"
	"time"

	"k8s.io/apimachinery/pkg/types"

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
	known   Known
	planned int
	// kept are, by the UID of a planned pod, the pods of its controller that
	// Rules.KeepLast keeps.
	kept map[string][]types.UID
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
func Make(pods iter.Seq2[*projection.Pod, diagnose.Verdict], now time.Time, r Rules, k Known, l Listing) *Plan {
	plan := &Plan{Now: now, Items: []v1alpha1.CleanItem{}, Skipped: map[SkipReason]int{}, rules: r, known: k, kept: map[string][]types.UID{}}
	controllers := map[string]types.UID{}
	for p, v := range pods {
		d := Decide(p, v, now, r, k)
		plan.Scanned++
		if !d.Planned() {
			plan.Skipped[d.Skip]++
		}
		if d.Category == "" && l != ListAll {
			continue
		}
		plan.Items = append(plan.Items, newItem(p, asEnded(p, v, now), d))
		if p.Controller != nil {
			controllers[string(p.UID)] = p.Controller.UID
		}
	}
	slices.SortFunc(plan.Items, compareItems)
	plan.keepLast(controllers)
	plan.spread(controllers)
	plan.order()
	return plan
}

// order brings the items into plan order again after decisions have changed.
func (p *Plan) order() {
	slices.SortFunc(p.Items, compareItems)
	p.planned = 0
	for i := range p.Items {
		if p.Items[i].Decision == v1alpha1.DecisionPlanned {
			p.planned++
		}
	}
}

// skip takes an item off the plan while the plan is being made.
func (p *Plan) skip(item *v1alpha1.CleanItem, reason SkipReason) {
	item.Decision, item.Action, item.Warnings = v1alpha1.DecisionSkipped, "", nil
	item.SkipReason = string(reason)
	p.Skipped[reason]++
}

// Without returns a plan in which the planned pods that drop picks are skipped
// for the given reason.
func (p *Plan) Without(reason SkipReason, drop func(v1alpha1.CleanItem) bool) *Plan {
	out := *p
	out.Items, out.Skipped = slices.Clone(p.Items), maps.Clone(p.Skipped)
	for i := range out.Items[:out.planned] {
		if drop(out.Items[i]) {
			out.skip(&out.Items[i], reason)
		}
	}
	out.order()
	return &out
}

// Planned returns the pods to remove.
func (p *Plan) Planned() []v1alpha1.CleanItem { return p.Items[:p.planned] }

func newItem(p *projection.Pod, v diagnose.Verdict, d Decision) v1alpha1.CleanItem {
	item := v1alpha1.CleanItem{
		Namespace:  p.Namespace,
		Name:       p.Name,
		UID:        string(p.UID),
		Node:       p.NodeName,
		Phase:      string(p.Phase),
		Finalizers: p.Finalizers,
		Category:   d.Category,
		Restarts:   maxRestarts(p),
		Decision:   v1alpha1.DecisionSkipped,
		SkipReason: string(d.Skip),
		DryRun:     v1alpha1.DryRunNone,
	}
	if d.Category != "" {
		item.Reason, item.ExitCode, item.Container = reasonOf(p, v)
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
		if Living(d.Category) {
			item.Action, item.Warnings = v1alpha1.ActionEvict, warnings(p)
		}
	}
	return item
}

func warnings(p *projection.Pod) []v1alpha1.Warning {
	var out []v1alpha1.Warning
	if p.LocalData {
		out = append(out, v1alpha1.WarningLocalData)
	}
	if p.Claims {
		out = append(out, v1alpha1.WarningVolumeClaim)
	}
	return out
}

// reasonOf returns the server's word for why p failed, and the exit code and the
// container that came with it: the pod's reason, else that of the container at
// fault, as it ended the last time.
func reasonOf(p *projection.Pod, v diagnose.Verdict) (reason string, code *int32, container string) {
	worst := finding(v, causeCrashLoop, causeImagePull, causeImageName)
	if worst == nil {
		worst = v.Primary()
	}
	if worst == nil {
		return p.Reason, nil, ""
	}
	for i := range p.Containers {
		c := &p.Containers[i]
		if c.Name != worst.Container {
			continue
		}
		container = c.Name
		if end := cmp.Or(c.Terminated, c.LastTerminated); end != nil {
			exit := end.ExitCode
			reason, code = end.Reason, &exit
		} else if c.Waiting != nil {
			reason = c.Waiting.Reason
		}
	}
	return cmp.Or(p.Reason, reason, worst.SubCause), code, container
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

// categoryRank puts pods without a category last.
func categoryRank(c v1alpha1.Category) int {
	all := Categories()
	if i := slices.Index(all, c); i >= 0 {
		return i
	}
	return len(all)
}

func ageRank(item v1alpha1.CleanItem) int64 {
	if item.AgeSeconds == nil {
		return -1
	}
	return *item.AgeSeconds
}
