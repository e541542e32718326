// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package related

import (
	"maps"
	"slices"

	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/types"

	"github.com/podwatch/kubectl-podwatch/pkg/apis/podwatch/v1alpha1"
	"github.com/podwatch/kubectl-podwatch/pkg/diagnose"
	"github.com/podwatch/kubectl-podwatch/pkg/projection"
)

// Need is the set of objects that are worth reading. The zero value is empty
// and ready for use; it is not safe for concurrent writes.
type Need struct {
	// Search adds the workloads that have no pods to show for themselves.
	Search Search

	// pods are those with findings, by the UID that their events carry.
	pods   map[types.UID]bool
	owners map[types.UID]Origin
	// namespaces are where pods with findings are, dying those of them with pods
	// that are being deleted: nothing else dies with its namespace.
	namespaces, dying map[string]bool
	// nodes are the names of nodes that a finding may be about, "" stands for
	// all of them.
	nodes  map[string]bool
	claims map[types.NamespacedName]bool
}

// Search says where workloads are looked for that cannot create a single pod,
// and so leave no pod to judge. The zero value looks nowhere.
type Search struct {
	// Namespaces are where to look; metav1.NamespaceAll alone means everywhere.
	Namespaces []string
	// Selector has to match the labels that a workload gives its pods; nil
	// matches all.
	Selector labels.Selector
	// Covers narrows the search down to some workloads; nil means all.
	Covers func(*projection.Owner) bool
}

// Add adds what the verdict v on p may depend on. A verdict without findings
// needs nothing.
func (n *Need) Add(p *projection.Pod, v diagnose.Verdict) {
	if len(v.Findings) == 0 {
		return
	}
	put(&n.namespaces, p.Namespace, true)
	if p.EventUID != "" {
		put(&n.pods, p.EventUID, true)
	}
	n.AddAbove(p)
	if slices.ContainsFunc(v.Findings, aboutNode) {
		put(&n.nodes, p.NodeName, true)
	}
	if p.NodeName == "" && p.Waits != nil {
		for _, name := range p.Waits.Claims {
			put(&n.claims, types.NamespacedName{Namespace: p.Namespace, Name: name}, true)
		}
	}
}

// AddAbove adds what stands above p and nothing else: its owners, and the
// namespace of a pod that is being deleted.
func (n *Need) AddAbove(p *projection.Pod) {
	if p.DeletionTimestamp != nil {
		put(&n.dying, p.Namespace, true)
	}
	if o := OriginOf(p); o.Read() {
		put(&n.owners, o.uid, o)
	}
}

// aboutNode is true for a finding that the node may explain or refute. What is
// normal, such as a deletion within its grace period, needs no explanation.
func aboutNode(f v1alpha1.Finding) bool {
	return f.Severity != v1alpha1.SeverityInfo &&
		slices.Contains([]string{"Node", "Disruption", "Scheduling", "Deletion", "Creation"}, f.Category)
}

// Missing returns one limitation per resource of which x lacks something that
// is needed, sorted; never nil. It is for input that cannot be asked again;
// what Read could not read it says itself.
func (n Need) Missing(x Index, p Policy) []v1alpha1.Limitation {
	missing := map[resource]bool{
		events: len(x.events) == 0 && !x.allEvents && (len(n.pods) > 0 || len(n.Search.Namespaces) > 0 && p.searches()),
		nodes: slices.ContainsFunc(slices.Collect(maps.Keys(n.nodes)), func(name string) bool {
			return x.nodes[name] == nil && !x.allNodes
		}),
		claims: slices.ContainsFunc(slices.Collect(maps.Keys(n.claims)), func(name types.NamespacedName) bool {
			return x.claims[name] == nil && !x.allClaims[name.Namespace]
		}),
	}
	for uid, o := range n.owners {
		missing[x.lacks(uid, o)] = true
	}
	out := []v1alpha1.Limitation{}
	for _, r := range slices.Sorted(maps.Keys(missing)) {
		if missing[r] && r != "" && p.reads(r) {
			out = append(out, r.limitation("", "Offline"))
		}
	}
	return out
}

// lacks returns the resource of which an owner is missing, "" if none is.
func (x Index) lacks(uid types.UID, o Origin) resource {
	owner := x.owners[uid]
	switch {
	case owner == nil:
		return o.resource()
	case owner.Controller == nil || x.owners[owner.Controller.UID] != nil:
		return ""
	default:
		return ownerResource(group(owner.Controller.APIVersion), owner.Controller.Kind)
	}
}

// needs returns, sorted, the namespaces where owners of r are needed.
func (n Need) needs(r resource) []string {
	found := map[string]bool{}
	for _, o := range n.owners {
		// Whose ReplicaSet it is nobody knows before it was read.
		if o.resource() == r || r == deployments && o.resource() == replicaSets {
			found[o.namespace] = true
		}
	}
	return sorted(found)
}

// claimed returns, sorted, the namespaces of the needed claims.
func (n Need) claimed() []string {
	found := map[string]bool{}
	for name := range n.claims {
		found[name.Namespace] = true
	}
	return sorted(found)
}

func sorted(set map[string]bool) []string { return slices.Sorted(maps.Keys(set)) }
