// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package report

import (
	"cmp"
	"slices"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/podwatch/kubectl-podwatch/pkg/apis/podwatch/v1alpha1"
	"github.com/podwatch/kubectl-podwatch/pkg/projection"
)

// fold sorts findings into groups. Pods must be added in the order of the
// report, and owners after them.
type fold struct {
	cluster, hintContext string
	known                knownOwners
	// all are the findings in the order in which they were added, members the
	// same by group.
	all     []member
	members map[groupKey][]member
	// totals counts the pods of each workload, with and without findings.
	totals map[v1alpha1.Workload]int
}

// groupKey is what the findings of a group have in common.
type groupKey struct {
	cluster         string
	workload        v1alpha1.Workload
	cause, subCause string
	container       string
	containerType   v1alpha1.ContainerType
	// root is true for the group of an object that several workloads suffer from.
	root bool
}

// member is one finding of a group: that of a pod, or that of an owner.
type member struct {
	workload v1alpha1.Workload
	pod      *projection.Pod
	owner    *projection.Owner
	finding  v1alpha1.Finding
	// container is the one at fault, nil if none is.
	container *projection.Container
}

// folded is a group, and what it was made of.
type folded struct {
	v1alpha1.Group

	key     groupKey
	members []member
}

func newFold(cluster, hintContext string, known knownOwners) *fold {
	return &fold{
		cluster: cluster, hintContext: hintContext, known: known,
		members: map[groupKey][]member{}, totals: map[v1alpha1.Workload]int{},
	}
}

// addPod adds a finding on p and returns the ID of its group.
func (fo *fold) addPod(w v1alpha1.Workload, p *projection.Pod, f v1alpha1.Finding) string {
	return fo.add(member{workload: w, pod: p, finding: f, container: containerAtFault(p, f)})
}

// addOwner adds a finding on o.
func (fo *fold) addOwner(o *projection.Owner, f v1alpha1.Finding) {
	fo.add(member{workload: workloadOf(o), owner: o, finding: f})
}

func (fo *fold) add(m member) string {
	f := m.finding
	k := groupKey{
		cluster: fo.cluster, workload: m.workload,
		cause: f.Cause, subCause: f.SubCause, container: f.Container, containerType: f.ContainerType,
	}
	fo.all = append(fo.all, m)
	fo.members[k] = append(fo.members[k], m)
	return k.id()
}

func containerAtFault(p *projection.Pod, f v1alpha1.Finding) *projection.Container {
	for i := range p.Containers {
		if c := &p.Containers[i]; c.Name == f.Container && c.Type == f.ContainerType {
			return c
		}
	}
	return nil
}

// groups returns the groups, worst first.
func (fo *fold) groups() []v1alpha1.Group {
	made := make([]*folded, 0, len(fo.members))
	for k, members := range fo.members {
		made = append(made, fo.group(k, members))
	}
	made = append(made, fo.roots(made)...)
	explainConsequences(made)
	groups := make([]v1alpha1.Group, len(made))
	for i := range made {
		groups[i] = made[i].Group
	}
	slices.SortFunc(groups, compareGroups)
	return groups
}

// compareGroups puts the worst first, and what explains others before what it
// explains if they are equally bad. The last keys identify a group, so no two are
// equal.
func compareGroups(a, b v1alpha1.Group) int {
	return cmp.Or(
		cmp.Compare(rank(a.Severity), rank(b.Severity)),
		cmp.Compare(b.AffectedPods, a.AffectedPods),
		compareSince(a.Since, b.Since),
		compareExplained(a, b),
		cmp.Compare(a.Cluster, b.Cluster),
		cmp.Compare(a.Workload.Namespace, b.Workload.Namespace),
		cmp.Compare(a.Workload.Kind, b.Workload.Kind),
		cmp.Compare(a.Workload.Name, b.Workload.Name),
		cmp.Compare(a.Cause, b.Cause),
		cmp.Compare(a.SubCause, b.SubCause),
		cmp.Compare(a.Container, b.Container),
		cmp.Compare(a.ContainerType, b.ContainerType),
		cmp.Compare(a.ID, b.ID),
	)
}

func compareExplained(a, b v1alpha1.Group) int {
	switch {
	case a.RootCause == "" && b.RootCause != "":
		return -1
	case a.RootCause != "" && b.RootCause == "":
		return 1
	default:
		return 0
	}
}

// compareSince puts the earlier first and an unknown beginning last.
func compareSince(a, b *metav1.Time) int {
	switch {
	case a == nil && b == nil:
		return 0
	case a == nil:
		return 1
	case b == nil:
		return -1
	default:
		return a.Compare(b.Time)
	}
}

func rank(s v1alpha1.Severity) int {
	return slices.Index([]v1alpha1.Severity{v1alpha1.SeverityCritical, v1alpha1.SeverityWarning, v1alpha1.SeverityInfo}, s)
}
