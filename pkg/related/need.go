// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package related

import (
	"maps"
	"slices"

	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"

	"github.com/podwatch/kubectl-podwatch/pkg/apis/podwatch/v1alpha1"
)

// resource is the plural name of a kind whose owner is the workload.
type resource string

const (
	replicaSets resource = "replicasets"
	jobs        resource = "jobs"
)

func (r resource) version() schema.GroupVersionResource {
	group := "apps"
	if r == jobs {
		group = "batch"
	}
	return schema.GroupVersionResource{Group: group, Version: "v1", Resource: string(r)}
}

// limitation says what it means that owners of a resource are not known.
func (r resource) limitation(namespace, reason string) v1alpha1.Limitation {
	effect := "a Deployment whose name its pods do not tell is shown as its ReplicaSets"
	if r == jobs {
		effect = "the pods of a CronJob are shown under its Jobs"
	}
	return v1alpha1.Limitation{Resource: string(r), Namespace: namespace, Reason: reason, Effect: effect}
}

// Need is the set of owners that are worth reading. The zero value is empty
// and ready for use; it is not safe for concurrent writes.
type Need struct {
	owners map[types.UID]Origin
}

// Add adds the owner of a pod with origin o, unless the origin is the workload
// itself.
func (n *Need) Add(o Origin) {
	if o.resource() == "" || o.uid == "" {
		return
	}
	if n.owners == nil {
		n.owners = map[types.UID]Origin{}
	}
	n.owners[o.uid] = o
}

// Missing returns one limitation per resource of which an owner is not in x
// and the pods do not tell the workload either. It is for input that cannot be
// asked again; what Read could not read it says itself.
func (n Need) Missing(x Index) []v1alpha1.Limitation {
	missing := map[resource]bool{}
	for uid, o := range n.owners {
		_, read := x.owners[uid]
		if _, told := o.deployment(); !read && !told {
			missing[o.resource()] = true
		}
	}
	out := []v1alpha1.Limitation{}
	for _, r := range slices.Sorted(maps.Keys(missing)) {
		out = append(out, r.limitation("", "Offline"))
	}
	return out
}

// namespaces returns, sorted, where owners of the given resource are.
func (n Need) namespaces(r resource) []string {
	found := map[string]bool{}
	for _, o := range n.owners {
		if o.resource() == r {
			found[o.namespace] = true
		}
	}
	return slices.Sorted(maps.Keys(found))
}
