// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package report

import (
	"github.com/podwatch/kubectl-podwatch/pkg/apis/podwatch/v1alpha1"
)

// rootKey is what workloads have in common that suffer from one object.
type rootKey struct {
	object          v1alpha1.ObjectReference
	cause, subCause string
}

func (m *member) root() rootKey {
	if m.finding.Object == nil {
		return rootKey{}
	}
	return rootKey{object: *m.finding.Object, cause: m.finding.Cause, subCause: m.finding.SubCause}
}

// group returns the key of the group of a root: its workload is the object.
func (k rootKey) group(cluster string) groupKey {
	o := k.object
	return groupKey{
		cluster: cluster, root: true, cause: k.cause, subCause: k.subCause,
		workload: v1alpha1.Workload{Kind: o.Kind, Namespace: o.Namespace, Name: o.Name},
	}
}

// roots returns a group for each object that two or more workloads suffer from,
// and lets it explain the groups all of whose findings are in such groups. One
// that is partly in several names the one that holds most of it.
func (fo *fold) roots(groups []*folded) []*folded {
	var order []rootKey
	members := map[rootKey][]member{}
	for _, m := range fo.all {
		k := m.root()
		if k.object.Name == "" {
			continue
		}
		if members[k] == nil {
			order = append(order, k)
		}
		members[k] = append(members[k], m)
	}
	var roots []*folded
	ids := map[rootKey]string{}
	for _, k := range order {
		if workloads(members[k]) < 2 {
			continue
		}
		root := fo.group(k.group(fo.cluster), members[k])
		ids[k] = root.ID
		roots = append(roots, root)
	}
	for _, g := range groups {
		g.RootCause = explanation(g.members, ids)
	}
	return roots
}

func workloads(members []member) int {
	distinct := map[v1alpha1.Workload]bool{}
	for i := range members {
		distinct[members[i].workload] = true
	}
	return len(distinct)
}

// explanation returns the root that holds most of the members, the first one of
// several, and "" if not every member is in one.
func explanation(members []member, ids map[rootKey]string) string {
	counts := map[string]int{}
	best := ""
	for i := range members {
		id, ok := ids[members[i].root()]
		if !ok {
			return ""
		}
		counts[id]++
		if counts[id] > counts[best] {
			best = id
		}
	}
	return best
}
