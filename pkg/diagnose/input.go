// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package diagnose

import (
	"cmp"
	"slices"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/podwatch/kubectl-podwatch/pkg/apis/podwatch/v1alpha1"
	"github.com/podwatch/kubectl-podwatch/pkg/projection"
)

// input is what the rules see, and where they leave what they find. Rules are
// methods on it; they compare times through reached and in no other way.
type input struct {
	pod     *projection.Pod
	related Related
	now     time.Time
	limits  Thresholds

	// initialized is set by containers.
	initialized bool

	next  time.Time
	found []finding
}

// finding is what a rule hands in.
type finding struct {
	severity v1alpha1.Severity
	category category
	cause    string
	subCause string
	// container is the one at fault, nil if none is.
	container *projection.Container
	// object is what else is to blame, nil if nothing is.
	object *v1alpha1.ObjectReference
	// confidence is High if empty.
	confidence v1alpha1.Confidence
	// lowered is why the severity is milder than the cause's own.
	lowered  []string
	since    since
	message  string
	evidence []v1alpha1.Evidence
	// aside is set on what does not speak about the pod's present condition:
	// the past, a resize, a debug container. It does not enter the state.
	aside bool
}

// since is the beginning of a finding.
type since struct {
	at        time.Time
	precision v1alpha1.SincePrecision
}

func exactly(t time.Time) since { return since{t, v1alpha1.SinceExact} }
func atLeast(t time.Time) since { return since{t, v1alpha1.SinceAtLeast} }
func atMost(t time.Time) since  { return since{t, v1alpha1.SinceAtMost} }

// reached reports whether the instant t is now or in the past, and otherwise
// remembers it as one at which the verdict may change.
func (in *input) reached(t time.Time) bool {
	if !t.After(in.now) {
		return true
	}
	if in.next.IsZero() || t.Before(in.next) {
		in.next = t
	}
	return false
}

// wait is the severity of a wait that began at t: info, warning after
// WarnAfter, critical after CriticalAfter. A wait of unknown age is info: no
// clock can be held against it.
func (in *input) wait(t time.Time) v1alpha1.Severity {
	switch {
	case t.IsZero():
		return v1alpha1.SeverityInfo
	case in.reached(t.Add(in.limits.CriticalAfter)):
		return v1alpha1.SeverityCritical
	case in.reached(t.Add(in.limits.WarnAfter)):
		return v1alpha1.SeverityWarning
	default:
		return v1alpha1.SeverityInfo
	}
}

// lasting is the severity of an error that often heals within moments, because
// what it misses is being made: info, critical after WarnAfter.
func (in *input) lasting(t time.Time) v1alpha1.Severity {
	if t.IsZero() || !in.reached(t.Add(in.limits.WarnAfter)) {
		return v1alpha1.SeverityInfo
	}
	return v1alpha1.SeverityCritical
}

// mildWait is wait for what never gets critical.
func (in *input) mildWait(t time.Time) v1alpha1.Severity {
	if t.IsZero() || !in.reached(t.Add(in.limits.WarnAfter)) {
		return v1alpha1.SeverityInfo
	}
	return v1alpha1.SeverityWarning
}

// within reports whether the instant t is known and less than d in the past.
func (in *input) within(t time.Time, d time.Duration) bool {
	return !t.IsZero() && !in.reached(t.Add(d))
}

// forced is the severity of an end that came from outside: a controller makes
// up for it, a pod without one is gone for good.
func (in *input) forced() v1alpha1.Severity {
	if in.pod.Controller != nil {
		return v1alpha1.SeverityWarning
	}
	return v1alpha1.SeverityCritical
}

func (in *input) add(f finding) { in.found = append(in.found, f) }

// blame is add for a wait that a container is named for once it is more than
// a normal transition.
func (in *input) blame(c *projection.Container, f finding) {
	if f.severity != v1alpha1.SeverityInfo {
		f.container = c
	}
	in.add(f)
}

// worstOngoing is the worst severity that speaks about the present.
func (in *input) worstOngoing() v1alpha1.Severity {
	worst := v1alpha1.Severity("")
	for i := range in.found {
		f := &in.found[i]
		if !f.aside && severityRank(f.severity) < severityRank(worst) {
			worst = f.severity
		}
	}
	return worst
}

func severityRank(s v1alpha1.Severity) int {
	switch s {
	case v1alpha1.SeverityCritical:
		return 0
	case v1alpha1.SeverityWarning:
		return 1
	case v1alpha1.SeverityInfo:
		return 2
	default:
		return 3
	}
}

// sorted turns what was found into findings. Rules go through the containers
// in order, so a stable sort keeps that order.
func (in *input) sorted() []v1alpha1.Finding {
	if len(in.found) == 0 {
		return nil
	}
	slices.SortStableFunc(in.found, func(a, b finding) int {
		return cmp.Or(
			cmp.Compare(severityRank(a.severity), severityRank(b.severity)),
			cmp.Compare(a.category.rank(), b.category.rank()),
		)
	})
	out := make([]v1alpha1.Finding, len(in.found))
	for i := range in.found {
		out[i] = in.found[i].published()
	}
	return out
}

func (f *finding) published() v1alpha1.Finding {
	out := v1alpha1.Finding{
		Severity:       f.severity,
		SeverityReason: append([]string{}, f.lowered...),
		Confidence:     cmp.Or(f.confidence, v1alpha1.ConfidenceHigh),
		Object:         f.object,
		Category:       string(f.category),
		Cause:          f.cause,
		SubCause:       f.subCause,
		SincePrecision: v1alpha1.SinceUnknown,
		Message:        oneLine(f.message),
		Evidence:       f.evidence,
		Hints:          []v1alpha1.Hint{},
	}
	if out.Evidence == nil {
		out.Evidence = []v1alpha1.Evidence{}
	}
	if f.container != nil && f.container.Name != "" {
		out.Container, out.ContainerType = f.container.Name, f.container.Type
	}
	if !f.since.at.IsZero() {
		out.Since = timestamp(f.since.at)
		out.SincePrecision = f.since.precision
	}
	return out
}

// timestamp returns nil for the zero time, which the API leaves out.
func timestamp(t time.Time) *metav1.Time {
	if t.IsZero() {
		return nil
	}
	return &metav1.Time{Time: t}
}
