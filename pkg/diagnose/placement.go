// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package diagnose

import (
	"cmp"
	"maps"
	"slices"
	"strconv"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"

	"github.com/podwatch/kubectl-podwatch/pkg/apis/podwatch/v1alpha1"
	"github.com/podwatch/kubectl-podwatch/pkg/projection"
)

// maxNamed is how many objects a message names; the rest is counted.
const maxNamed = 3

// placement says of a pod that no node takes what the scheduler leaves out: which
// taint, which node, which claim.
func (in *input) placement(f *finding) {
	switch f.subCause {
	case "Taint":
		in.taints(f)
	case "Cordoned":
		in.cordoned(f)
	case "Resources":
		in.largest(f)
	case "PVC":
		in.claim(f)
	}
}

// taints names the first untolerated taint of each node, which is what the
// scheduler refuses it for, the most frequent first. Cordoned nodes have a taint
// too, but it refuses them for being cordoned.
func (in *input) taints(f *finding) {
	count := map[string]int{}
	for _, n := range in.related.Nodes {
		if t := in.untolerated(n); t != nil && !n.Unschedulable {
			count[taintText(t)]++
		}
	}
	if len(count) == 0 {
		return
	}
	names := slices.SortedFunc(maps.Keys(count), func(a, b string) int {
		return cmp.Or(cmp.Compare(count[b], count[a]), cmp.Compare(a, b))
	})
	for i, name := range names {
		names[i] = name + " on " + counted(count[name], "node")
	}
	text := named(names)
	f.message += "; not tolerated: " + text
	f.support(v1alpha1.Evidence{Source: kindNode, Path: "spec.taints", Value: text})
}

// untolerated is the first taint that keeps the pod from node n, nil if none does.
func (in *input) untolerated(n *projection.Node) *projection.Taint {
	for i := range n.Taints {
		t := &n.Taints[i]
		if (t.Effect == corev1.TaintEffectNoSchedule || t.Effect == corev1.TaintEffectNoExecute) && !in.tolerates(t) {
			return t
		}
	}
	return nil
}

func (in *input) tolerates(t *projection.Taint) bool {
	return in.pod.Waits != nil && slices.ContainsFunc(in.pod.Waits.Tolerations, func(o corev1.Toleration) bool { return tolerates(&o, t) })
}

// tolerates follows Toleration.ToleratesTaint of k8s.io/api, v0.37: what is empty
// matches everything, and no operator means Equal.
func tolerates(o *corev1.Toleration, t *projection.Taint) bool {
	if o.Effect != "" && o.Effect != t.Effect || o.Key != "" && o.Key != t.Key {
		return false
	}
	switch o.Operator {
	case "", corev1.TolerationOpEqual:
		return o.Value == t.Value
	case corev1.TolerationOpExists:
		return true
	case corev1.TolerationOpLt, corev1.TolerationOpGt:
		limit, err := strconv.ParseInt(o.Value, 10, 64)
		if err != nil {
			return false
		}
		value, err := strconv.ParseInt(t.Value, 10, 64)
		return err == nil && (value < limit == (o.Operator == corev1.TolerationOpLt)) && value != limit
	default:
		return false
	}
}

func taintText(t *projection.Taint) string {
	text := t.Key
	if t.Value != "" {
		text += "=" + t.Value
	}
	return text + ":" + string(t.Effect)
}

func (in *input) cordoned(f *finding) {
	var names []string
	for _, n := range in.related.Nodes {
		if n.Unschedulable {
			names = append(names, n.Name)
		}
	}
	if len(names) == 0 {
		return
	}
	text := named(names)
	f.message += "; cordoned: " + text
	f.support(v1alpha1.Evidence{Source: kindNode, Path: "spec.unschedulable", Value: text})
}

// largest says what the largest node offers of what lacks. What of it is free is
// not known: that would take all pods of the cluster.
func (in *input) largest(f *finding) {
	var cpu, memory *projection.Node
	for _, n := range in.related.Nodes {
		if cpu == nil || n.CPU > cpu.CPU {
			cpu = n
		}
		if memory == nil || n.Memory > memory.Memory {
			memory = n
		}
	}
	if cpu == nil {
		return
	}
	var offers []string
	if strings.Contains(f.message, "Insufficient cpu") && cpu.CPU > 0 {
		offers = append(offers, resource.NewMilliQuantity(cpu.CPU, resource.DecimalSI).String()+" cpu ("+cpu.Name+")")
	}
	if strings.Contains(f.message, "Insufficient memory") && memory.Memory > 0 {
		offers = append(offers, resource.NewQuantity(memory.Memory, resource.BinarySI).String()+" memory ("+memory.Name+")")
	}
	if len(offers) == 0 {
		return
	}
	text := strings.Join(offers, ", ")
	f.message += "; the largest node has, used or not, " + text
	f.support(v1alpha1.Evidence{Source: kindNode, Path: "status.allocatable", Value: text})
}

// named joins the first names and counts the others.
func named(names []string) string {
	if len(names) <= maxNamed {
		return strings.Join(names, ", ")
	}
	return strings.Join(names[:maxNamed], ", ") + " +" + strconv.Itoa(len(names)-maxNamed)
}

func counted(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return strconv.Itoa(n) + " " + noun + "s"
}
