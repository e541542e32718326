// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package gate

import (
	"fmt"
	"slices"
	"strings"

	"github.com/podwatch/kubectl-podwatch/pkg/apis/podwatch/v1alpha1"
	"github.com/podwatch/kubectl-podwatch/pkg/diagnose"
	"github.com/podwatch/kubectl-podwatch/pkg/projection"
	"github.com/podwatch/kubectl-podwatch/pkg/reconcile"
)

// Unmet is a pod that keeps the gate from holding.
type Unmet struct {
	Key     reconcile.Key
	Pod     *projection.Pod
	Verdict *diagnose.Verdict
	// Finding is why, nil if the pod has no finding.
	Finding *v1alpha1.Finding
}

// Unmet returns the pods that do not meet the conditions: those that cannot any
// more, else all. They come in the order of their keys, those that cannot heal
// first.
func (g *Gate) Unmet() []Unmet {
	var out []Unmet
	for _, m := range g.members {
		if m.met || g.failed[m.key] != nil && g.replaced(m) {
			continue
		}
		u := Unmet{Key: m.key, Pod: m.pod, Verdict: m.verdict, Finding: m.verdict.Primary()}
		if g.lost[m.key] != nil {
			u.Finding = m.hopeless
		}
		out = append(out, u)
	}
	slices.SortFunc(out, func(a, b Unmet) int {
		if lostA, lostB := g.lost[a.Key] != nil, g.lost[b.Key] != nil; lostA != lostB {
			if lostA {
				return -1
			}
			return 1
		}
		return a.Key.Compare(b.Key)
	})
	return out
}

// firstLost returns the first pod, by key, that cannot heal and is not on its
// way out, nil if there is none.
func (g *Gate) firstLost() *member {
	var first *member
	for _, m := range g.lost {
		if (first == nil || m.key.Compare(first.key) < 0) && !g.superseded(m) {
			first = m
		}
	}
	return first
}

// naming appends the pod to text that is worst among those that keep the gate from
// holding, if there is any.
func (g *Gate) naming(text, separator string) string {
	unmet := g.Unmet()
	if len(unmet) == 0 {
		return text
	}
	worst := unmet[0]
	for _, u := range unmet[1:] {
		if g.lost[worst.Key] == nil && rank(u.Finding) > rank(worst.Finding) {
			worst = u
		}
	}
	return text + separator + g.members[worst.Key].describe(worst.Finding)
}

// rank orders findings by their severity; nil is the least.
func rank(f *v1alpha1.Finding) int {
	if f == nil {
		return -1
	}
	return slices.Index([]v1alpha1.Severity{v1alpha1.SeverityInfo, v1alpha1.SeverityWarning, v1alpha1.SeverityCritical}, f.Severity)
}

// describe names the pod, the container, the cause and the message; without a
// finding, what kubectl calls its status.
func (m *member) describe(f *v1alpha1.Finding) string {
	text := fmt.Sprintf("pod %q", m.key.Namespace+"/"+m.key.Name)
	if f == nil {
		return text + ": " + m.pod.Kubectl.Status
	}
	if f.Container != "" {
		text += fmt.Sprintf(" container %q", f.Container)
	}
	cause := f.Cause
	if f.SubCause != "" {
		cause += "/" + f.SubCause
	}
	return strings.TrimSuffix(text+": "+cause+": "+f.Message, ": ")
}
