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

// group makes one group of its members, which stand in the order of the pods.
func (fo *fold) group(k groupKey, members []member) v1alpha1.Group {
	worst := slices.MinFunc(members, compareMembers)
	g := v1alpha1.Group{
		ID:             k.id(),
		Severity:       worst.finding.Severity,
		Category:       worst.finding.Category,
		Cause:          k.cause,
		SubCause:       k.subCause,
		Workload:       k.workload,
		Container:      k.container,
		ContainerType:  k.containerType,
		TotalPods:      fo.totals[k.workload],
		SincePrecision: v1alpha1.SinceUnknown,
		Message:        commonMessage(members, worst),
		ExamplePod:     worst.pod.Name,
		Hints:          diagnose.Hints(worst.pod, worst.finding, fo.hintContext),
	}
	nodes, images := map[string]bool{}, map[string]bool{}
	lastCrash := time.Time{}
	for i, m := range members {
		earlier(&g, m.finding)
		if i > 0 && members[i-1].pod == m.pod {
			// Two findings of one pod in one group are one affected pod.
			continue
		}
		g.AffectedPods++
		nodes[m.pod.NodeName] = true
		for _, c := range m.containers() {
			images[c.Image] = true
		}
		if m.container != nil {
			g.Restarts.Total += int64(m.container.RestartCount)
			lastCrash = later(lastCrash, crash(m.container))
		}
	}
	g.Nodes, g.Images = sortedNames(nodes), sortedNames(images)
	g.Restarts.LastAt = timestamp(lastCrash)
	return g
}

// id digests what identifies a group over restarts, rollouts and runs: the
// workload, the container and the cause, but no pod, node, UID or message.
func (k groupKey) id() string {
	sum := sha256.Sum256([]byte(strings.Join([]string{
		k.workload.Namespace, k.workload.Kind, k.workload.Name, k.container, string(k.containerType), k.cause, k.subCause,
	}, "\x00")))
	return "g-" + hex.EncodeToString(sum[:6])
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

// restarts are those of the container at fault, else kubectl's number.
func (m *member) restarts() int64 {
	if m.container != nil {
		return int64(m.container.RestartCount)
	}
	return m.pod.Kubectl.Restarts
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
