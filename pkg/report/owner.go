// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package report

import (
	"cmp"
	"slices"
	"strings"

	"github.com/podwatch/kubectl-podwatch/pkg/apis/podwatch/v1alpha1"
	"github.com/podwatch/kubectl-podwatch/pkg/projection"
	"github.com/podwatch/kubectl-podwatch/pkg/related"
)

// isConsequence reports whether a cause is what becomes of a workload because
// something else is wrong with it, most often with its pods.
func isConsequence(cause string) bool {
	return cause == "ProgressDeadlineExceeded" || cause == "JobFailed"
}

// workloadOf returns the workload that o belongs to, by the rules of
// related.Index.Workload: the controllers of ReplicaSets and Jobs are the
// workload, every other owner stands for itself.
func workloadOf(o *projection.Owner) v1alpha1.Workload {
	w := v1alpha1.Workload{Kind: o.Kind, Namespace: o.Namespace, Name: o.Name}
	if o.Controller != nil && (o.Kind == projection.KindReplicaSet || o.Kind == projection.KindJob) {
		w.Kind, w.Name = o.Controller.Kind, o.Controller.Name
	}
	return w
}

// sortedOwners returns the judged owners by namespace, kind, name and UID.
func (c *Collector) sortedOwners() []judgedOwner {
	out := make([]judgedOwner, 0, len(c.owners))
	for _, j := range c.owners {
		out = append(out, j)
	}
	slices.SortFunc(out, func(a, b judgedOwner) int { return compareOwners(a.owner, b.owner) })
	return out
}

func compareOwners(a, b *projection.Owner) int {
	return cmp.Or(
		cmp.Compare(a.Namespace, b.Namespace), cmp.Compare(a.Kind, b.Kind),
		cmp.Compare(a.Name, b.Name), cmp.Compare(a.UID, b.UID),
	)
}

// knownOwners are the owners that were read, by what names them. Of two with
// one name, one of which is gone, the younger is the one.
type knownOwners map[v1alpha1.Workload]*projection.Owner

func newKnownOwners(around related.Index, added []judgedOwner) knownOwners {
	known := knownOwners{}
	list := around.Owners()
	for _, j := range added {
		list = append(list, j.owner)
	}
	for _, o := range list {
		name := v1alpha1.Workload{Kind: o.Kind, Namespace: o.Namespace, Name: o.Name}
		if have := known[name]; o.Kind != "" && (have == nil || !o.CreationTimestamp.Before(have.CreationTimestamp)) {
			known[name] = o
		}
	}
	return known
}

// complete adds to w what was read of it.
func (known knownOwners) complete(w v1alpha1.Workload) v1alpha1.Workload {
	if o := known[w]; o != nil {
		w.APIVersion, w.Desired, w.Available = o.APIVersion, new(o.Desired), new(o.Available)
	}
	return w
}

// chain returns what stands between a workload and one of its pods, or what
// has the finding if no pod has it.
func (known knownOwners) chain(m member) []v1alpha1.Owner {
	chain := []v1alpha1.Owner{}
	link := v1alpha1.Owner{}
	switch {
	case m.owner != nil:
		link = v1alpha1.Owner{Kind: m.owner.Kind, Name: m.owner.Name}
	case m.pod.Controller != nil && !m.pod.Mirror:
		link = v1alpha1.Owner{Kind: m.pod.Controller.Kind, Name: m.pod.Controller.Name}
	}
	if link.Name == "" || link.Kind == m.workload.Kind && link.Name == m.workload.Name {
		return chain
	}
	if o := known[v1alpha1.Workload{Kind: link.Kind, Namespace: m.workload.Namespace, Name: link.Name}]; o != nil {
		link.Revision = o.Revision
	}
	return append(chain, link)
}

// explainConsequences makes the worst other group of its workload the reason for
// every rollout that does not get on and every Job that has failed. A group is
// never explained by a milder one, because the milder one may be all that is
// shown.
func explainConsequences(groups []*folded) {
	for _, g := range groups {
		if !isConsequence(g.Cause) {
			continue
		}
		reason := worstBeside(g, groups)
		if reason == nil {
			continue
		}
		g.Message = strings.TrimSuffix(g.Message, ".") + ": " + reason.headline()
		if rank(reason.Severity) <= rank(g.Severity) {
			g.RootCause = reason.ID
		}
	}
}

// worstBeside returns the worst problem of g's workload that is another one,
// nil if there is none. What is mere information is no reason.
func worstBeside(g *folded, groups []*folded) *folded {
	var worst *folded
	for _, other := range groups {
		if other.key.workload != g.key.workload || isConsequence(other.Cause) || other.Severity == v1alpha1.SeverityInfo {
			continue
		}
		if worst == nil || compareGroups(other.Group, worst.Group) < 0 {
			worst = other
		}
	}
	return worst
}

// headline says in a few words what a group is about.
func (g *folded) headline() string {
	cause := g.Cause
	if g.SubCause != "" {
		cause += "/" + g.SubCause
	}
	if g.ExamplePod == "" {
		return cause
	}
	return "pod " + g.ExamplePod + ": " + cause
}
