// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package workload

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/podwatch/kubectl-podwatch/pkg/apis/podwatch/v1alpha1"
	"github.com/podwatch/kubectl-podwatch/pkg/internal/plaintext"
)

// Index knows the controllers of the owners that were read. The zero value is
// empty and ready for use. It is not safe for concurrent writes.
type Index struct {
	// controllers maps an owner's UID to its controller, whose Kind is empty
	// if the owner was read and has none.
	controllers map[types.UID]v1alpha1.OwnerReference
}

// Add remembers the controller of an owner, a ReplicaSet or a Job. An object
// without a UID is ignored: nothing can refer to it.
func (x *Index) Add(owner metav1.Object) {
	if owner.GetUID() == "" {
		return
	}
	if x.controllers == nil {
		x.controllers = map[types.UID]v1alpha1.OwnerReference{}
	}
	entry := v1alpha1.OwnerReference{}
	if c := metav1.GetControllerOfNoCopy(owner); c != nil {
		entry = v1alpha1.OwnerReference{Kind: plaintext.Clean(c.Kind), Name: plaintext.Clean(c.Name)}
	}
	x.controllers[owner.GetUID()] = entry
}

// Of returns the workload of a pod with origin o. Owners are matched by UID: a
// ReplicaSet of the same name may be another one. What was not read is taken
// from the pod: the pod-template-hash tells the Deployment of a ReplicaSet, and
// a Job stands for itself. Controllers of other kinds are taken as they are.
func (x Index) Of(o Origin) v1alpha1.Workload {
	w := v1alpha1.Workload{Kind: o.kind, Namespace: o.namespace, Name: o.name}
	if o.resource() == "" {
		return w
	}
	controller, read := x.controllers[o.uid]
	switch {
	case read && controller.Kind != "":
		w.Kind, w.Name = controller.Kind, controller.Name
	case read:
	default:
		if name, ok := o.deployment(); ok {
			w.Kind, w.Name = "Deployment", name
		}
	}
	return w
}
