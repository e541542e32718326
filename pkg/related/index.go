// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package related

import (
	"cmp"
	"maps"
	"slices"

	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/podwatch/kubectl-podwatch/pkg/apis/podwatch/v1alpha1"
	"github.com/podwatch/kubectl-podwatch/pkg/diagnose"
	"github.com/podwatch/kubectl-podwatch/pkg/internal/plaintext"
	"github.com/podwatch/kubectl-podwatch/pkg/projection"
)

// maxEvents bounds the events that are kept of one object: the kubelet writes
// some twenty different ones about a pod in all its life.
const maxEvents = 64

// Index holds the projections of the objects that were read. The zero value is
// empty and ready for use. It is not safe for concurrent writes.
type Index struct {
	owners map[types.UID]*projection.Owner
	events map[types.UID][]projection.Event
	nodes  map[string]*projection.Node
	claims map[types.NamespacedName]*projection.Claim
	// terminating are the namespaces that are being deleted.
	terminating map[string]bool

	// allNodes and allClaims say of what a missing entry proves something.
	allEvents bool
	allNodes  bool
	allClaims map[string]bool
}

// Add remembers an object of a kind that matters to a verdict: an owner of
// pods, an event, a node, a claim or a namespace. It keeps the projection of it
// and nothing of the object itself. Other kinds are taken for owners of which
// only the metadata is known. What nothing can refer to is ignored: an owner or
// the object of an event without a UID.
func (x *Index) Add(obj metav1.Object) {
	switch o := obj.(type) {
	case *corev1.Event:
		x.addEvent(projection.FromEvent(o))
	case *corev1.Node:
		n := projection.FromNode(o)
		put(&x.nodes, n.Name, n)
	case *corev1.PersistentVolumeClaim:
		c := projection.FromClaim(o)
		put(&x.claims, types.NamespacedName{Namespace: c.Namespace, Name: c.Name}, c)
	case *corev1.Namespace:
		if o.DeletionTimestamp != nil || o.Status.Phase == corev1.NamespaceTerminating {
			put(&x.terminating, plaintext.Clean(o.Name), true)
		}
	default:
		if owner := ownerOf(obj); owner.UID != "" {
			put(&x.owners, owner.UID, owner)
		}
	}
}

func ownerOf(obj metav1.Object) *projection.Owner {
	switch o := obj.(type) {
	case *appsv1.ReplicaSet:
		return projection.FromReplicaSet(o)
	case *appsv1.Deployment:
		return projection.FromDeployment(o)
	case *appsv1.StatefulSet:
		return projection.FromStatefulSet(o)
	case *appsv1.DaemonSet:
		return projection.FromDaemonSet(o)
	case *batchv1.Job:
		return projection.FromJob(o)
	default:
		return projection.FromMetadata(obj)
	}
}

func put[K comparable, V any](m *map[K]V, key K, value V) {
	if *m == nil {
		*m = map[K]V{}
	}
	(*m)[key] = value
}

// addEvent keeps the events of an object by their last occurrence.
func (x *Index) addEvent(e projection.Event) {
	if e.Object == "" {
		return
	}
	list := x.events[e.Object]
	at, _ := slices.BinarySearchFunc(list, e, compareEvents)
	list = slices.Insert(list, at, e)
	if len(list) > maxEvents {
		list = list[1:]
	}
	put(&x.events, e.Object, list)
}

// compareEvents puts the oldest first. The rest only makes the order total.
func compareEvents(a, b projection.Event) int {
	return cmp.Or(
		a.Last.Compare(b.Last), a.First.Compare(b.First),
		cmp.Compare(a.Reason, b.Reason), cmp.Compare(a.Message, b.Message), cmp.Compare(a.Container, b.Container), cmp.Compare(a.Count, b.Count),
	)
}

// AllEvents says that the events were read, however few there are.
func (x *Index) AllEvents() { x.allEvents = true }

// AllNodes says that every node was added: from now on a node that is not in
// the index does not exist.
func (x *Index) AllNodes() { x.allNodes = true }

// AllClaims says the same of the claims of a namespace.
func (x *Index) AllClaims(namespace string) { put(&x.allClaims, namespace, true) }

// Of returns what is known of the objects around p. What was not read is not in
// it.
func (x Index) Of(p *projection.Pod) diagnose.Related {
	rel := diagnose.Related{
		Events:               x.events[p.EventUID],
		Node:                 x.node(p.NodeName),
		Owners:               x.ownersOf(p.Controller),
		NamespaceTerminating: x.terminating[p.Namespace],
	}
	if p.NodeName == "" {
		rel.Claims = x.claimsOf(p)
		if x.allNodes {
			rel.Nodes = x.sortedNodes()
		}
	}
	return rel
}

func (x Index) node(name string) *projection.Node {
	if n := x.nodes[name]; n != nil || name == "" || !x.allNodes {
		return n
	}
	return &projection.Node{Name: name, Missing: true}
}

func (x Index) sortedNodes() []*projection.Node {
	return slices.SortedFunc(maps.Values(x.nodes), func(a, b *projection.Node) int { return cmp.Compare(a.Name, b.Name) })
}

func (x Index) claimsOf(p *projection.Pod) []*projection.Claim {
	if p.Waits == nil {
		return nil
	}
	var out []*projection.Claim
	for _, name := range p.Waits.Claims {
		c := x.claims[types.NamespacedName{Namespace: p.Namespace, Name: name}]
		if c == nil && x.allClaims[p.Namespace] {
			c = &projection.Claim{Namespace: p.Namespace, Name: name, Missing: true}
		}
		if c != nil {
			out = append(out, c)
		}
	}
	return out
}

// ownersOf follows the controllers upwards. Owners are matched by UID: a
// ReplicaSet of the same name may be another one. The API does not forbid that
// owners own each other, so the chain has an end of its own.
func (x Index) ownersOf(c *projection.Controller) []*projection.Owner {
	const longest = 8
	var out []*projection.Owner
	for c != nil && len(out) < longest {
		o := x.owners[c.UID]
		if o == nil {
			return out
		}
		out = append(out, o)
		c = o.Controller
	}
	return out
}

// Workload returns the workload of a pod with origin o. What was not read is
// taken from the pod: the pod-template-hash tells the Deployment of a
// ReplicaSet, and a Job stands for itself. Controllers of other kinds are taken
// as they are.
func (x Index) Workload(o Origin) v1alpha1.Workload {
	w := v1alpha1.Workload{Kind: o.kind, Namespace: o.namespace, Name: o.name}
	if r := o.resource(); r != replicaSets && r != jobs {
		return w
	}
	owner := x.owners[o.uid]
	switch {
	case owner != nil && owner.Controller != nil:
		w.Kind, w.Name = owner.Controller.Kind, owner.Controller.Name
	case owner != nil:
	default:
		if name, ok := o.deployment(); ok {
			w.Kind, w.Name = projection.KindDeployment, name
		}
	}
	return w
}

// Owners returns the owners that were read, by namespace, kind, name and UID.
func (x Index) Owners() []*projection.Owner {
	return slices.SortedFunc(maps.Values(x.owners), func(a, b *projection.Owner) int {
		return cmp.Or(cmp.Compare(a.Namespace, b.Namespace), cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Name, b.Name), cmp.Compare(a.UID, b.UID))
	})
}

// Blocked returns, in the same order, those of the owners that have failed to
// create a pod as far as their events go back, or say so themselves: the API
// server has refused it. They may have no pod to show for it.
func (x Index) Blocked() []*projection.Owner {
	return slices.DeleteFunc(x.Owners(), func(o *projection.Owner) bool {
		return !saysBlocked(o) &&
			!slices.ContainsFunc(x.events[o.UID], func(e projection.Event) bool { return e.Reason == reasonFailedCreate })
	})
}

// saysBlocked is true for a ReplicaSet whose status says that it cannot create
// pods. Deployments repeat it, and other owners do not say it.
func saysBlocked(o *projection.Owner) bool {
	c := o.Condition(string(appsv1.ReplicaSetReplicaFailure))
	return o.Kind == projection.KindReplicaSet && c != nil && c.Status == corev1.ConditionTrue
}

// Events returns the events about the object with the given UID, the oldest
// first. The list must not be changed.
func (x Index) Events(uid types.UID) []projection.Event { return x.events[uid] }
