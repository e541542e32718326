// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package watch

import (
	"cmp"
	"context"
	"maps"
	"slices"

	"github.com/podwatch/kubectl-podwatch/pkg/apis/podwatch/v1alpha1"
	"github.com/podwatch/kubectl-podwatch/pkg/cmd/internal/failure"
	"github.com/podwatch/kubectl-podwatch/pkg/projection"
	"github.com/podwatch/kubectl-podwatch/pkg/reconcile"
	"github.com/podwatch/kubectl-podwatch/pkg/related"
)

// surveyor reads the owners and namespaces of pods, as report reads them.
type surveyor struct {
	// clients are by context; there are none in a replay.
	clients map[string]related.Client
	policy  related.Policy
}

var _ reconcile.Surveyor = surveyor{}

// ownersOnly is the policy that reads owners as mode says, and nothing else.
func ownersOnly(mode related.Mode) related.Policy {
	return related.Policy{Events: related.Never, Nodes: related.Never, Owners: mode}
}

// newSurveyor returns nil if owners are not wanted.
func newSurveyor(o Options) reconcile.Surveyor {
	if o.Owners == related.Never {
		return nil
	}
	s := surveyor{clients: map[string]related.Client{}, policy: ownersOnly(o.Owners)}
	for _, c := range o.Clusters {
		s.clients[c.Context] = c.Related
	}
	return s
}

// Concerns implements reconcile.Surveyor.
func (surveyor) Concerns(p *projection.Pod) bool {
	return p.DeletionTimestamp != nil || related.OriginOf(p).Read()
}

// Read implements reconcile.Surveyor.
func (s surveyor) Read(ctx context.Context, name string, pods []*projection.Pod) map[string]reconcile.Surroundings {
	var need related.Need
	for _, p := range pods {
		need.AddAbove(p)
	}
	index, limitations := related.Read(ctx, s.clients[name], need, s.policy)
	found := map[string]reconcile.Surroundings{}
	for _, p := range pods {
		around, ok := found[p.Namespace]
		if !ok {
			for _, l := range limitations {
				if l.Namespace == "" || l.Namespace == p.Namespace {
					around.Limitations = append(around.Limitations, l)
				}
			}
		}
		of := index.Of(p)
		around.Asked = around.Asked || p.DeletionTimestamp != nil
		around.Terminating = around.Terminating || of.NamespaceTerminating
		if len(of.Owners) == 0 && p.Controller != nil && !related.OriginOf(p).Unread(limitations) {
			around.Absent = append(around.Absent, p.Controller.UID)
		}
		found[p.Namespace] = around
	}
	for _, owner := range index.Owners() {
		if around, ok := found[owner.Namespace]; ok {
			around.Owners = append(around.Owners, owner)
			found[owner.Namespace] = around
		}
	}
	return found
}

// place is a namespace of a context. What is read of named workloads has one of its
// own.
type place struct {
	context, namespace string
	named              bool
}

// missed returns an error if owners are required and those of some pods could not
// be read when they were asked for last.
func (s *session) missed() error {
	var all []v1alpha1.Limitation
	for _, at := range slices.SortedFunc(maps.Keys(s.limitations), func(a, b place) int {
		return cmp.Or(cmp.Compare(a.context, b.context), cmp.Compare(a.namespace, b.namespace))
	}) {
		for _, l := range s.limitations[at] {
			if !slices.Contains(all, l) {
				all = append(all, l)
			}
		}
	}
	return failure.Required(ownersOnly(s.Owners), all)
}
