// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package printers

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/podwatch/kubectl-podwatch/pkg/apis/podwatch/v1alpha1"
)

// bundle is all findings with one key and one cause.
type bundle struct {
	key   bundleKey
	cause string
	// standing counts the restarts of each container once; namespace and node
	// are the first ones by name.
	standing
	// workloads are distinct, as are the pods.
	workloads int
	precision v1alpha1.SincePrecision
	message   string
}

// bundleKey is what findings are grouped by. cluster is set if there are
// several and the name means something else in each.
type bundleKey struct{ cluster, name string }

// byKey has one row per key and cause.
func (v *reportView) byKey() *table {
	type line = bundle
	var specs []spec[line]
	if v.keyedByCluster() {
		specs = append(specs, field("CLUSTER", func(l line) string { return l.key.cluster }))
	}
	specs = append(
		specs,
		field(strings.ToUpper(string(v.GroupBy)), func(l line) string { return l.key.name }),
		severityColumn(v, func(l line) v1alpha1.Severity { return l.severity }),
	)
	if v.GroupBy != GroupByCause {
		specs = append(specs, field("CAUSE", func(l line) string { return l.cause }))
	}
	specs = append(
		specs,
		field("PODS", func(l line) string { return strconv.Itoa(l.pods) }),
		field("WORKLOADS", func(l line) string { return strconv.Itoa(l.workloads) }),
		folding("SINCE", foldSince, func(l line) string { return sinceText(l.since, l.precision, v.now) }),
	)
	if v.columns == wide {
		specs = append(specs, folding("RESTARTS", foldRestarts, func(l line) string { return strconv.FormatInt(l.restarts, 10) }))
	}
	specs = append(specs, messageColumn(v.columns, func(l line) string { return l.message }))
	return tableOf(specs, limited(v.Limit, v.bundles(v.findings())), nil)
}

// bundles folds findings by key and cause. The key with the first row comes
// first, then the one with more pods; so do the causes within a key.
func (v *reportView) bundles(findings []podFinding) []bundle {
	type id struct {
		key   bundleKey
		cause string
	}
	members := map[id][]podFinding{}
	for _, f := range findings {
		k := id{bundleKey{name: v.keyOf(f)}, causeText(f.Cause, f.SubCause)}
		if v.keyedByCluster() {
			k.key.cluster = f.pod.Cluster
		}
		members[k] = append(members[k], f)
	}
	out := make([]bundle, 0, len(members))
	first := map[bundleKey]bundle{}
	for k, fs := range members {
		b := newBundle(k.key, k.cause, fs)
		out = append(out, b)
		if w, ok := first[k.key]; !ok || v.compareBundles(b, w) < 0 {
			first[k.key] = b
		}
	}
	slices.SortFunc(out, func(a, b bundle) int {
		if a.key != b.key {
			return v.compareBundles(first[a.key], first[b.key])
		}
		return v.compareBundles(a, b)
	})
	return out
}

// keyedByCluster reports whether what rows are about is an object of one of
// several clusters.
func (v *reportView) keyedByCluster() bool {
	return v.manyClusters() && (v.GroupBy == GroupByNamespace || v.GroupBy == GroupByNode)
}

// keyOf returns what f is grouped by.
func (v *reportView) keyOf(f podFinding) string {
	switch v.GroupBy {
	case GroupByNamespace:
		return or(f.pod.Namespace, none)
	case GroupByNode:
		return or(f.pod.Node, none)
	case GroupByCategory:
		return or(f.Category, none)
	case GroupByImage:
		return or(imageOf(f), none)
	case GroupByRegistry:
		return or(registryOf(f), none)
	case GroupByContainer:
		return containerText(f.Container, f.ContainerType)
	case GroupByCluster:
		return or(f.pod.Cluster, or(v.report.Source.Context, none))
	case GroupByWorkload, GroupByPod, GroupByNone, GroupByCause:
	}
	return causeText(f.Cause, f.SubCause)
}

// registryOf is the host that the image of the container at fault comes from,
// "" if no container is. An image without a host is one of Docker Hub.
func registryOf(f podFinding) string {
	if f.Object != nil && f.Object.Kind == "Registry" {
		return f.Object.Name
	}
	image := imageOf(f)
	if image == "" {
		return ""
	}
	host, _, found := strings.Cut(image, "/")
	if found && (strings.ContainsAny(host, ".:") || host == "localhost") {
		return host
	}
	return "docker.io"
}

func (v *reportView) compareBundles(a, b bundle) int {
	return cmp.Or(
		v.SortBy.compare(a.standing, b.standing),
		severityRank(a.severity)-severityRank(b.severity),
		b.pods-a.pods,
		cmp.Compare(a.key.cluster, b.key.cluster),
		cmp.Compare(a.key.name, b.key.name),
		cmp.Compare(a.cause, b.cause),
	)
}

// newBundle sums up findings, of which there is at least one.
func newBundle(key bundleKey, cause string, findings []podFinding) bundle {
	b := bundle{key: key, cause: cause, precision: v1alpha1.SinceUnknown, standing: findings[0].standing()}
	b.since, b.restarts = nil, 0
	type workload struct {
		cluster string
		v1alpha1.Workload
	}
	pods, workloads := map[*v1alpha1.Pod]bool{}, map[workload]bool{}
	containers := map[*v1alpha1.Container]bool{}
	for _, f := range findings {
		if !f.podless {
			pods[f.pod] = true
		}
		workloads[workload{f.pod.Cluster, identity(f.pod.Workload)}] = true
		if c := containerOf(f.pod, f.Container); c != nil && !containers[c] {
			containers[c] = true
			b.restarts += int64(c.RestartCount)
		}
		if severityRank(f.Severity) < severityRank(b.severity) {
			b.severity = f.Severity
		}
		if f.Since != nil && (b.since == nil || f.Since.Before(b.since)) {
			b.since, b.precision = f.Since, f.SincePrecision
		}
		b.namespace, b.node = earlierName(b.namespace, f.pod.Namespace), earlierName(b.node, f.pod.Node)
	}
	b.pods, b.workloads = len(pods), len(workloads)
	b.message = commonMessage(findings)
	return b
}

// earlierName is the first of two names by the alphabet; "" is none.
func earlierName(a, b string) string {
	if a == "" || b == "" {
		return a + b
	}
	return min(a, b)
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
