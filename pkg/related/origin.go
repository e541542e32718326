// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package related

import (
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"

	"github.com/podwatch/kubectl-podwatch/pkg/apis/podwatch/v1alpha1"
	"github.com/podwatch/kubectl-podwatch/pkg/projection"
)

const kindPod = "Pod"

// Origin is what a pod says about its owner. Origins are comparable: the pods
// of one ReplicaSet have equal ones.
type Origin struct {
	namespace string
	group     string
	kind      string
	name      string
	uid       types.UID
	hash      string
}

// OriginOf returns the origin of p. A pod without a controller is its own
// origin. So is a mirror pod: its controller is the Node, but what failed is
// Pod/kube-apiserver-cp1, and a Node would fold all static pods of it into one.
func OriginOf(p *projection.Pod) Origin {
	c := p.Controller
	if c == nil || p.Mirror || c.Kind == "" || c.Name == "" {
		return Origin{namespace: p.Namespace, kind: kindPod, name: p.Name}
	}
	o := Origin{namespace: p.Namespace, group: group(c.APIVersion), kind: c.Kind, name: c.Name, uid: c.UID}
	if o.resource() == replicaSets {
		o.hash = p.TemplateHash
	}
	return o
}

// Bare is true for a pod that is its own workload.
func (o Origin) Bare() bool { return o.kind == kindPod && o.group == "" }

// group returns the API group of an apiVersion. One that does not parse is a
// group of its own.
func group(apiVersion string) string {
	gv, err := schema.ParseGroupVersion(apiVersion)
	if err != nil {
		return apiVersion
	}
	return gv.Group
}

// resource is what has to be read in order to know the owner, "" if the pod has
// none or one of a kind that is not read.
func (o Origin) resource() resource { return ownerResource(o.group, o.kind) }

// Read reports whether Read looks for the owner: one of a kind that it knows.
func (o Origin) Read() bool { return o.resource() != "" && o.uid != "" }

// Unread reports whether one of limitations is why the owner is not known, and
// may be gone when it is asked for again. What is forbidden stays so.
func (o Origin) Unread(limitations []v1alpha1.Limitation) bool {
	return slices.ContainsFunc(limitations, func(l v1alpha1.Limitation) bool {
		passes := l.Reason != reasonForbidden && l.Reason != reasonNotFound
		return passes && l.Resource == string(o.resource()) && (l.Namespace == "" || l.Namespace == o.namespace)
	})
}

// deployment is the Deployment that a ReplicaSet's name tells: the Deployment
// controller names a ReplicaSet after its Deployment and the pod-template-hash
// (pkg/controller/deployment/sync.go, v1.37.2). ok is false for a ReplicaSet
// that is not named so.
func (o Origin) deployment() (name string, ok bool) {
	if o.hash == "" {
		return "", false
	}
	name, ok = strings.CutSuffix(o.name, "-"+o.hash)
	return name, ok && name != ""
}
