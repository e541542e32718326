// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package report

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/podwatch/kubectl-podwatch/pkg/apis/podwatch/v1alpha1"
	"github.com/podwatch/kubectl-podwatch/pkg/diagnose"
	"github.com/podwatch/kubectl-podwatch/pkg/projection"
)

// group makes one group of its members, which stand in the order of the report.
func (fo *fold) group(k groupKey, members []member) *folded {
	worst := slices.MinFunc(members, compareMembers)
	g := &folded{key: k, members: members, Group: v1alpha1.Group{
		ID:             k.id(),
		Cluster:        k.cluster,
		Severity:       worst.finding.Severity,
		SeverityReason: append([]string{}, worst.finding.SeverityReason...),
		Confidence:     worst.finding.Confidence,
		Category:       worst.finding.Category,
		Cause:          k.cause,
		SubCause:       k.subCause,
		Workload:       fo.known.complete(k.workload),
		OwnerChain:     []v1alpha1.Owner{},
		Container:      k.container,
		ContainerType:  k.containerType,
		SincePrecision: v1alpha1.SinceUnknown,
		Message:        commonMessage(members, worst),
	}}
	if worst.pod != nil {
		g.ExamplePod, g.ExampleNamespace = worst.pod.Name, worst.pod.Namespace
		g.Hints = diagnose.Hints(worst.pod, worst.finding, fo.hintContext)
	} else {
		g.Hints = diagnose.OwnerHints(worst.owner, worst.finding, fo.hintContext)
	}
	if !k.root {
		g.OwnerChain = fo.known.chain(worst)
	}
	for i := range members {
		earlier(&g.Group, members[i].finding)
	}
	fo.count(g)
	gather(g)
	return g
}

// count counts the pods of each workload of g once. Where no pod has the
// finding it is about the pods that the owner has and should have.
func (fo *fold) count(g *folded) {
	pods := map[*projection.Pod]bool{}
	owners := map[v1alpha1.Workload]*projection.Owner{}
	withPods := map[v1alpha1.Workload]bool{}
	for i := range g.members {
		m := &g.members[i]
		if m.pod != nil {
			pods[m.pod], withPods[m.workload] = true, true
			continue
		}
		// The workload itself knows better than one of its ReplicaSets.
		if have := owners[m.workload]; have == nil || m.owner.Kind == m.workload.Kind || have.Kind != m.workload.Kind && m.owner.Desired > have.Desired {
			owners[m.workload] = m.owner
		}
	}
	g.AffectedPods = len(pods)
	for w := range withPods {
		g.TotalPods += fo.totals[w]
	}
	for w, o := range owners {
		if !withPods[w] {
			g.AffectedPods += int(o.Created)
			g.TotalPods += int(o.Desired)
		}
	}
}

// gather collects where the pods of g are and what the containers at fault have
// gone through, each of them once.
func gather(g *folded) {
	nodes, images := map[string]bool{}, map[string]bool{}
	counted := map[*projection.Container]bool{}
	lastCrash := time.Time{}
	for i := range g.members {
		m := &g.members[i]
		if m.pod == nil {
			continue
		}
		nodes[m.pod.NodeName] = true
		for _, c := range m.containers() {
			images[c.Image] = true
		}
		if m.container != nil && !counted[m.container] {
			counted[m.container] = true
			g.Restarts.Total += int64(m.container.RestartCount)
			lastCrash = later(lastCrash, crash(m.container))
		}
	}
	g.Nodes, g.Images = sortedNames(nodes), sortedNames(images)
	g.Restarts.LastAt = timestamp(lastCrash)
}

// id digests what identifies a group over restarts, rollouts and runs: the
// workload or the object, the container and the cause, and the cluster if there
// are several, but no pod, UID or message.
func (k groupKey) id() string {
	parts := []string{
		k.workload.Namespace, k.workload.Kind, k.workload.Name, k.container, string(k.containerType), k.cause, k.subCause,
	}
	if k.root {
		parts = append(parts, "root")
	}
	if k.cluster != "" {
		parts = append(parts, "cluster", k.cluster)
	}
	return "g-" + digest(parts...)
}

// digest returns twelve hexadecimal digits for parts.
func digest(parts ...string) string {
	sum := sha256.Sum256([]byte(strings.Join(parts, "\x00")))
	return hex.EncodeToString(sum[:6])
}

// compareMembers puts the worst first: severity, restarts, age. Equal members
// stay in the order of the pods.
func compareMembers(a, b member) int {
	return cmp.Or(
		cmp.Compare(rank(a.finding.Severity), rank(b.finding.Severity)),
		cmp.Compare(b.restarts(), a.restarts()),
		compareSince(a.finding.Since, b.finding.Since),
	)
}

// restarts are those of the container at fault, else kubectl's number; an owner
// has none.
func (m *member) restarts() int64 {
	switch {
	case m.container != nil:
		return int64(m.container.RestartCount)
	case m.pod != nil:
		return m.pod.Kubectl.Restarts
	}
	return 0
}

// containers returns the container at fault, else all.
func (m *member) containers() []projection.Container {
	if m.container != nil {
		return []projection.Container{*m.container}
	}
	return m.pod.Containers
}

// earlier lets a group begin with the earliest of its findings. Of two that
// begin at the same time the one that may have begun before wins.
func earlier(g *v1alpha1.Group, f v1alpha1.Finding) {
	order := cmp.Or(compareSince(f.Since, g.Since), cmp.Compare(vagueness(f.SincePrecision), vagueness(g.SincePrecision)))
	if f.Since != nil && order < 0 {
		g.Since, g.SincePrecision = f.Since, f.SincePrecision
	}
}

func vagueness(p v1alpha1.SincePrecision) int {
	return slices.Index([]v1alpha1.SincePrecision{
		v1alpha1.SinceAtLeast, v1alpha1.SinceExact, v1alpha1.SinceAtMost, v1alpha1.SinceUnknown,
	}, p)
}

// crash is the newest known end of a run of c that was no success. While c is
// down that is the present state, not lastState.
func crash(c *projection.Container) time.Time {
	var newest time.Time
	if t := c.LastTerminated; t != nil {
		newest = t.FinishedAt
	}
	if t := c.Terminated; t != nil && (t.ExitCode != 0 || c.RestartCount > 0) {
		newest = later(newest, t.FinishedAt)
	}
	return newest
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

// sortedNames returns the set without the empty name; never nil.
func sortedNames(set map[string]bool) []string {
	delete(set, "")
	return append([]string{}, slices.Sorted(maps.Keys(set))...)
}
