// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package report

import (
	"cmp"
	"maps"
	"slices"
	"strconv"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/podwatch/kubectl-podwatch/pkg/apis/podwatch/v1alpha1"
	"github.com/podwatch/kubectl-podwatch/pkg/diagnose"
	"github.com/podwatch/kubectl-podwatch/pkg/related"
)

// Build returns the report on the pods that are in. around holds the related
// objects that could be read, limitations says what could not. No list in the
// report is nil. The collector can be used further; the report shares nothing
// with it that changes.
func (c *Collector) Build(around related.Index, limitations []v1alpha1.Limitation) *v1alpha1.PodReport {
	o := c.options
	r := &v1alpha1.PodReport{
		TypeMeta:         v1alpha1.TypeMeta("PodReport"),
		GeneratedAt:      metav1.Time{Time: o.GeneratedAt.UTC()},
		ObservedAt:       metav1.Time{Time: o.Now.UTC()},
		ObservedAtSource: o.ObservedAtSource,
		Tool:             v1alpha1.Tool{Name: "kubectl-podwatch", Version: o.Version},
		Source:           o.Source,
		Scope:            o.Scope,
		Selection:        o.Selection.published(),
		Pods:             make([]v1alpha1.Pod, 0, len(c.shown)),
		Limitations:      append([]v1alpha1.Limitation{}, limitations...),
	}
	r.Scope.Namespaces = append([]string{}, o.Scope.Namespaces...)
	r.Scope.Targets = append([]string{}, o.Scope.Targets...)
	slices.Sort(r.Scope.Namespaces)
	for i := range r.Limitations {
		r.Limitations[i].Cluster = o.Cluster
	}
	slices.SortStableFunc(r.Limitations, compareLimitations)
	for _, s := range c.stubs {
		r.Summary.Pods.Count(s.state)
	}
	owners := c.sortedOwners()
	fold := newFold(o.Cluster, o.HintContext, newKnownOwners(around, owners))
	for _, k := range c.sorted() {
		r.Pods = append(r.Pods, c.pod(k, around, fold))
	}
	for i := range c.origins {
		if n := c.origins[i].pods; n > 0 {
			fold.totals[around.Workload(c.origins[i].Origin)] += n
		}
	}
	for _, j := range owners {
		for i := range j.findings {
			fold.addOwner(j.owner, published(j.findings[i]))
		}
	}
	r.Groups = fold.groups()
	r.Summary.Findings = count(r.Groups)
	r.Summary.Workloads = c.workloads(around, fold.all)
	r.Summary.ByCause = byCause(fold.all)
	return r
}

// pod returns what the report says of the pod k and adds its findings to fold.
func (c *Collector) pod(k key, around related.Index, fold *fold) v1alpha1.Pod {
	j := c.shown[k]
	from := related.OriginOf(j.pod)
	w := around.Workload(from)
	if from.Bare() {
		fold.totals[w]++
	}
	pod := podOf(j.pod, w, c.stubs[k].state)
	pod.Cluster = c.options.Cluster
	pod.Timeline = timelineOf(j, around.Of(j.pod), c.options.Now)
	inGroup := map[string]int{} // two findings of a pod can be in the same one
	for i := range j.findings {
		f := published(j.findings[i])
		f.Group = fold.addPod(w, j.pod, f)
		f.ID = "f-" + digest(j.pod.Namespace, j.pod.Name, string(j.pod.UID), f.Group, strconv.Itoa(inGroup[f.Group]))
		inGroup[f.Group]++
		f.Primary = i == 0
		f.Hints = diagnose.Hints(j.pod, f, fold.hintContext)
		pod.Findings = append(pod.Findings, f)
	}
	return pod
}

// sorted returns the keys of the pods to print by namespace, name and UID.
// Everything else follows this order, so ties break the same way every time.
func (c *Collector) sorted() []key {
	return slices.SortedFunc(maps.Keys(c.shown), func(a, b key) int {
		p, q := c.shown[a].pod, c.shown[b].pod
		return cmp.Or(
			cmp.Compare(p.Namespace, q.Namespace),
			cmp.Compare(p.Name, q.Name),
			cmp.Compare(p.UID, q.UID),
			slices.Compare(a[:], b[:]),
		)
	})
}

func compareLimitations(a, b v1alpha1.Limitation) int {
	return cmp.Or(cmp.Compare(a.Resource, b.Resource), cmp.Compare(a.Namespace, b.Namespace), cmp.Compare(a.Reason, b.Reason))
}

// published returns f without nil lists and with its times in UTC.
func published(f v1alpha1.Finding) v1alpha1.Finding {
	if f.Since != nil {
		f.Since = timestamp(f.Since.Time)
	}
	f.SeverityReason = append([]string{}, f.SeverityReason...)
	f.Evidence = append([]v1alpha1.Evidence{}, f.Evidence...)
	f.Hints = append([]v1alpha1.Hint{}, f.Hints...)
	return f
}

// timestamp returns nil for the zero time, which the API leaves out.
func timestamp(t time.Time) *metav1.Time {
	if t.IsZero() {
		return nil
	}
	return &metav1.Time{Time: t.UTC()}
}
