// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package report

import (
	"slices"

	corev1 "k8s.io/api/core/v1"

	"github.com/podwatch/kubectl-podwatch/pkg/apis/podwatch/v1alpha1"
	"github.com/podwatch/kubectl-podwatch/pkg/internal/wildcard"
	"github.com/podwatch/kubectl-podwatch/pkg/projection"
)

// Selection narrows down what a report is about. What is not in it counts
// nowhere. Empty fields do not narrow; the zero value is everything.
type Selection struct {
	// ExcludeNamespaces are patterns of namespaces that are left out. In a
	// pattern * stands for anything and ? for one character.
	ExcludeNamespaces []string
	// Containers are names and Images patterns: pods must have such a container,
	// and findings about the others are left out.
	Containers, Images []string
	// Owners are the objects that pods must belong to: their controller, or the
	// workload above it.
	Owners []v1alpha1.Owner
	// Owns reports whether a pod belongs to one of Owners. It must be set with
	// them: it takes the API to know that.
	Owns func(*projection.Pod) bool
	// QOSClasses are the classes that pods must be of.
	QOSClasses []corev1.PodQOSClass
}

// published returns s as a report repeats it: sorted, without nil lists.
func (s *Selection) published() v1alpha1.Selection {
	out := v1alpha1.Selection{
		ExcludeNamespaces: sortedList(s.ExcludeNamespaces),
		Images:            sortedList(s.Images),
		Containers:        sortedList(s.Containers),
		Owners:            []string{},
		QOSClasses:        []string{},
	}
	for _, o := range s.Owners {
		out.Owners = append(out.Owners, o.Kind+"/"+o.Name)
	}
	for _, class := range s.QOSClasses {
		out.QOSClasses = append(out.QOSClasses, string(class))
	}
	slices.Sort(out.Owners)
	slices.Sort(out.QOSClasses)
	return out
}

func sortedList(list []string) []string {
	list = append([]string{}, list...)
	slices.Sort(list)
	return list
}

// pod reports whether p is in the selection.
func (s *Selection) pod(p *projection.Pod) bool {
	return !s.excludes(p.Namespace) &&
		(len(s.Owners) == 0 || s.Owns(p)) &&
		(len(s.QOSClasses) == 0 || slices.Contains(s.QOSClasses, p.QOSClass)) &&
		(!s.byContainer() || slices.ContainsFunc(p.Containers, s.container))
}

// owner reports whether o of the workload w is in the selection. Of a pod that
// does not exist nobody knows containers and QoS class.
func (s *Selection) owner(o *projection.Owner, w v1alpha1.Workload) bool {
	if s.excludes(o.Namespace) || s.byContainer() || len(s.QOSClasses) > 0 {
		return false
	}
	return len(s.Owners) == 0 || slices.ContainsFunc(s.Owners, func(want v1alpha1.Owner) bool {
		return want.Name == o.Name && want.Kind == o.Kind || want.Name == w.Name && want.Kind == w.Kind
	})
}

// findings returns those of the findings on p that are in the selection. A
// finding about the whole pod always is.
func (s *Selection) findings(p *projection.Pod, findings []v1alpha1.Finding) []v1alpha1.Finding {
	if !s.byContainer() {
		return findings
	}
	var out []v1alpha1.Finding
	for _, f := range findings {
		c := containerAtFault(p, f)
		if f.Container == "" || c != nil && s.container(*c) {
			out = append(out, f)
		}
	}
	return out
}

func (s *Selection) byContainer() bool { return len(s.Containers) > 0 || len(s.Images) > 0 }

func (s *Selection) container(c projection.Container) bool {
	return (len(s.Containers) == 0 || slices.Contains(s.Containers, c.Name)) &&
		(len(s.Images) == 0 || wildcard.Any(s.Images, c.Image))
}

func (s *Selection) excludes(namespace string) bool {
	return wildcard.Any(s.ExcludeNamespaces, namespace)
}
