// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package printers

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/podwatch/kubectl-podwatch/pkg/apis/podwatch/v1alpha1"
)

// bundle is all findings with one key and one cause.
type bundle struct {
	key, cause string
	// severity is the worst of them.
	severity v1alpha1.Severity
	// pods and workloads are distinct.
	pods, workloads int
	// since is the earliest that is known.
	since     *metav1.Time
	precision v1alpha1.SincePrecision
	message   string
}

// keyHeader is the header of the key column.
func (v *reportView) keyHeader() string {
	switch v.GroupBy {
	case GroupByNamespace:
		return "NAMESPACE"
	case GroupByNode:
		return "NODE"
	case GroupByWorkload, GroupByPod, GroupByCause:
	}
	return "CAUSE"
}

// byKey has one row per key and cause.
func (v *reportView) byKey() *table {
	type line = bundle
	specs := []spec[line]{field(v.keyHeader(), func(l line) string { return l.key })}
	specs = append(specs, severityColumn(v, func(l line) v1alpha1.Severity { return l.severity }))
	if v.GroupBy != GroupByCause {
		specs = append(specs, field("CAUSE", func(l line) string { return l.cause }))
	}
	specs = append(
		specs,
		field("PODS", func(l line) string { return strconv.Itoa(l.pods) }),
		field("WORKLOADS", func(l line) string { return strconv.Itoa(l.workloads) }),
		folding("SINCE", v.fold(foldSince), func(l line) string { return sinceText(l.since, l.precision, v.now) }),
		folding("MESSAGE", foldWhole, func(l line) string { return l.message }),
	)
	return tableOf(specs, bundles(v.GroupBy, v.findings()), nil)
}

// bundles folds findings by key and cause. The key with the worst finding
// comes first, then the one with more pods; so do the causes within a key.
func bundles(by GroupBy, findings []podFinding) []bundle {
	type id struct{ key, cause string }
	members := map[id][]podFinding{}
	for _, f := range findings {
		k := id{keyOf(by, f), causeText(f.Cause, f.SubCause)}
		members[k] = append(members[k], f)
	}
	out := make([]bundle, 0, len(members))
	worst := map[string]bundle{}
	for k, fs := range members {
		b := newBundle(k.key, k.cause, fs)
		out = append(out, b)
		if w, ok := worst[k.key]; !ok || compareBundles(b, w) < 0 {
			worst[k.key] = b
		}
	}
	slices.SortFunc(out, func(a, b bundle) int {
		if a.key != b.key {
			return compareBundles(worst[a.key], worst[b.key])
		}
		return compareBundles(a, b)
	})
	return out
}

func keyOf(by GroupBy, f podFinding) string {
	switch by {
	case GroupByNamespace:
		return f.pod.Namespace
	case GroupByNode:
		return or(f.pod.Node, none)
	case GroupByPod:
		return f.pod.Namespace + "/" + f.pod.Name
	case GroupByWorkload:
		return f.pod.Workload.Namespace + "/" + workloadText(f.pod.Workload)
	case GroupByCause:
	}
	return causeText(f.Cause, f.SubCause)
}

func compareBundles(a, b bundle) int {
	return cmp.Or(
		severityRank(a.severity)-severityRank(b.severity),
		b.pods-a.pods,
		cmp.Compare(a.key, b.key),
		cmp.Compare(a.cause, b.cause),
	)
}

// newBundle sums up findings, of which there is at least one.
func newBundle(key, cause string, findings []podFinding) bundle {
	b := bundle{key: key, cause: cause, precision: v1alpha1.SinceUnknown}
	pods, workloads := map[*v1alpha1.Pod]bool{}, map[v1alpha1.Workload]bool{}
	for i, f := range findings {
		pods[f.pod] = true
		workloads[f.pod.Workload] = true
		if i == 0 || severityRank(f.Severity) < severityRank(b.severity) {
			b.severity = f.Severity
		}
		if f.Since != nil && (b.since == nil || f.Since.Before(b.since)) {
			b.since, b.precision = f.Since, f.SincePrecision
		}
	}
	b.pods, b.workloads = len(pods), len(workloads)
	b.message = commonMessage(findings)
	return b
}

// commonMessage is the message of all findings if they differ in nothing but
// the name of their pod, else the most frequent one and the number of others.
func commonMessage(findings []podFinding) string {
	counts, first := map[string]int{}, map[string]string{}
	var order []string
	for _, f := range findings {
		shape := strings.ReplaceAll(f.Message, or(f.pod.Name, "\x00"), "")
		if counts[shape] == 0 {
			order = append(order, shape)
			first[shape] = f.Message
		}
		counts[shape]++
	}
	best := slices.MaxFunc(order, func(a, b string) int { return counts[a] - counts[b] })
	if len(order) == 1 {
		return first[best]
	}
	return fmt.Sprintf("%s (%d variants)", first[best], len(order))
}
