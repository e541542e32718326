// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package live

import "github.com/podwatch/kubectl-podwatch/pkg/apis/podwatch/v1alpha1"

// class is a kind of rows that one key shows or hides. Every row is in one.
type class int

const (
	critical class = iota
	warning
	// moving pods have no problem and are not at rest: starting, ending, unknown.
	moving
	settled
	classes
)

func (r *Row) class() class {
	switch r.severity() {
	case v1alpha1.SeverityCritical:
		return critical
	case v1alpha1.SeverityWarning:
		return warning
	case v1alpha1.SeverityInfo:
	}
	switch r.State {
	case v1alpha1.StateProgressing, v1alpha1.StateTerminating, v1alpha1.StateUnknown:
		return moving
	case v1alpha1.StateHealthy, v1alpha1.StateCompleted, v1alpha1.StateFailed, v1alpha1.StateDegraded, v1alpha1.StateFailing:
	}
	return settled
}

// selection says which classes are shown. The zero value shows problems only.
type selection struct {
	// changed holds what differs from that.
	changed [classes]bool
}

func (s selection) shows(c class) bool { return (c <= warning) != s.changed[c] }

// toggled shows c if it is hidden, and hides it if it is shown.
func (s selection) toggled(c class) selection {
	s.changed[c] = !s.changed[c]
	return s
}

// next shows all, or problems only if all are shown.
func (s selection) next() selection {
	everything := selection{changed: [classes]bool{moving: true, settled: true}}
	if s == everything {
		return selection{}
	}
	return everything
}
