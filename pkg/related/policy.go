// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package related

import (
	"fmt"
	"slices"
	"strings"

	"github.com/podwatch/kubectl-podwatch/pkg/apis/podwatch/v1alpha1"
)

// Mode is how much the caller wants of a family of related objects.
type Mode string

// The modes. What Auto cannot read is a limitation and nothing else, what
// Require cannot read makes the result incomplete, and Never reads nothing:
// what the caller has switched off is no limitation, and no verdict concludes
// anything from what was not read.
const (
	Auto    Mode = "auto"
	Never   Mode = "never"
	Require Mode = "require"
)

// ParseMode reads one of the modes.
func ParseMode(s string) (Mode, error) {
	switch m := Mode(s); m {
	case Auto, Never, Require:
		return m, nil
	default:
		return "", fmt.Errorf("%q is none of %s, %s, %s", s, Auto, Never, Require)
	}
}

// Policy is what to read, and what of it must not be missing.
type Policy struct {
	// Events, Nodes and Owners are the families. Owners are the controllers of
	// pods and what these share a namespace with: claims, and the namespace
	// itself. The empty mode is Auto.
	Events, Nodes, Owners Mode
	// AllowPartial are the plural names of resources that may be missing whatever
	// the mode says. Pods are required unless they stand here.
	AllowPartial []string
}

// ParsePartial checks names for Policy.AllowPartial.
func ParsePartial(names []string) ([]string, error) {
	known := []string{podsName}
	for _, r := range resources() {
		known = append(known, string(r))
	}
	for _, name := range names {
		if !slices.Contains(known, name) {
			return nil, fmt.Errorf("%q is none of %s", name, strings.Join(known, ", "))
		}
	}
	return names, nil
}

// Required returns those of the limitations that make a result incomplete.
func (p Policy) Required(limitations []v1alpha1.Limitation) []v1alpha1.Limitation {
	var out []v1alpha1.Limitation
	for _, l := range limitations {
		required := l.Resource == podsName || p.mode(resource(l.Resource)) == Require
		if required && !slices.Contains(p.AllowPartial, l.Resource) {
			out = append(out, l)
		}
	}
	return out
}

func (p Policy) mode(r resource) Mode {
	switch r {
	case events:
		return p.Events
	case nodes:
		return p.Nodes
	case claims, namespaces, replicaSets, deployments, statefulSets, daemonSets, jobs:
	}
	return p.Owners
}

func (p Policy) reads(r resource) bool { return p.mode(r) != Never }

// searches is true if workloads without pods are to be found: that takes the
// event that says so and the workload itself.
func (p Policy) searches() bool { return p.Events != Never && p.Owners != Never }
