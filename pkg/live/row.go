// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package live

import (
	"cmp"
	"context"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/podwatch/kubectl-podwatch/pkg/apis/podwatch/v1alpha1"
)

// ID names one pod for good.
type ID struct{ Context, Namespace, Name, UID string }

func (id ID) compare(other ID) int {
	return cmp.Or(
		cmp.Compare(id.Context, other.Context), cmp.Compare(id.Namespace, other.Namespace),
		cmp.Compare(id.Name, other.Name), cmp.Compare(id.UID, other.UID),
	)
}

// Row is what is known of one pod at a time. It is immutable once it is on a
// board, and so is all that it points to.
type Row struct {
	ID
	// Node is empty until the pod is bound; Owner is KIND/NAME, empty without one.
	Node, Owner string
	State       v1alpha1.State
	// Status, Ready and Restarts are kubectl's columns.
	Status   string
	Ready    v1alpha1.Ready
	Restarts int64
	// Created is zero if the server gave no time; Observed is when the pod was
	// judged.
	Created, Observed time.Time
	// Primary is the worst finding, nil if there is none.
	Primary *v1alpha1.Finding
	// Subject knows more about the pod.
	Subject Subject
}

// severity is that of the primary finding, empty if there is none.
func (r *Row) severity() v1alpha1.Severity {
	if r.Primary == nil {
		return ""
	}
	return r.Primary.Severity
}

// since is when the primary finding began, nil if that is unknown.
func (r *Row) since() *metav1.Time {
	if r.Primary == nil {
		return nil
	}
	return r.Primary.Since
}

// Subject is one pod that the user wants to know more about.
type Subject interface {
	// Describe returns all that is known of the pod, with ages as of now, by the
	// server's clock. It does not wait for anything.
	Describe(now time.Time) Detail
	// Read asks for what is not known yet. It is called on a goroutine of its own
	// and returns when ctx ends, or earlier.
	Read(ctx context.Context) Reading
}

// Detail is what is known of one pod.
type Detail struct {
	// Report is about the pod alone, named as its target.
	Report     *v1alpha1.PodReport
	Conditions []Condition
}

// Condition is one condition of a pod.
type Condition struct {
	Type, Status, Reason, Message string
	// Since is zero if the server gave no time.
	Since time.Time
}

// Reading is what had to be asked for.
type Reading struct {
	Logs []v1alpha1.LogTail
	// Events are the last ones about the pod, the oldest first.
	Events []v1alpha1.PodEvent
	// Errors say what could not be read.
	Errors []error
}

// rank orders severities; "" is the lowest.
func rank(s v1alpha1.Severity) int {
	switch s {
	case v1alpha1.SeverityCritical:
		return 3
	case v1alpha1.SeverityWarning:
		return 2
	case v1alpha1.SeverityInfo:
		return 1
	}
	return 0
}
