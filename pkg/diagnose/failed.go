// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package diagnose

import (
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/podwatch/kubectl-podwatch/pkg/apis/podwatch/v1alpha1"
	"github.com/podwatch/kubectl-podwatch/pkg/projection"
)

func failedRules() []Rule {
	return []Rule{
		{
			Cause: "NodeShutdown", Category: string(categoryNode),
			Severity: "Warning if a controller replaces the pod, else critical.",
			Trigger:  "Phase Failed with reason Terminated, NodeShutdown or Shutdown.",
			Doc:      "The node was shut down: the pod was ended, or refused because it came too late.",
		},
		{
			Cause: "ActiveDeadline", Category: string(categoryLifetime),
			Severity: "Critical.",
			Trigger:  "Phase Failed with reason DeadlineExceeded.",
			Doc:      "The pod ran longer than its own activeDeadlineSeconds.",
		},
		{
			Cause: "Failed", Category: string(categoryOther), SubCauses: []string{"<reason>"},
			Severity: "Warning if a controller replaces the pod, else critical.",
			Trigger:  "Phase Failed, and nothing else explains it.",
			Doc:      "The pod failed for a reason that podwatch does not know, or that the status does not give.",
		},
	}
}

// failed judges a pod of phase Failed: its containers are gone. The reason of
// the pod says more than the exit codes, which the end itself brought about.
func (in *input) failed() {
	reason := in.pod.Reason
	switch reason {
	case "Evicted":
		in.evicted()
	case "Terminated", "NodeShutdown", "Shutdown":
		in.fromOutside(finding{category: categoryNode, cause: "NodeShutdown", object: in.nodeObject()})
	case "Preempting":
		in.fromOutside(finding{category: categoryDisruption, cause: "Preempted", subCause: "Kubelet"})
	case "DeadlineExceeded":
		f := finding{category: categoryLifetime, cause: "ActiveDeadline"}
		in.end(f, v1alpha1.SeverityCritical)
	case reasonNodeLost:
		in.fromOutside(finding{category: categoryNode, cause: "NodeNotReady", subCause: reasonNodeLost, object: in.nodeObject()})
	default:
		if kind := rejection(reason, in.pod.Message); kind != "" {
			in.rejected(kind)
			return
		}
		in.failedOtherwise()
	}
}

// failedOtherwise judges a Failed pod by its condition, else by its containers
// and by a reason that is not known.
func (in *input) failedOtherwise() {
	if c := in.disruptionTarget(); c != nil {
		f := disruptionFinding(c)
		f.severity = in.forced()
		in.add(f)
		return
	}
	if in.failedContainers() && in.pod.Reason == "" {
		return
	}
	in.fromOutside(finding{category: categoryOther, cause: "Failed", subCause: word(in.pod.Reason)})
}

// failedContainers adds a finding for each container that ended in error, and
// reports whether there is one. A sidecar does not make a pod fail, unless
// nothing else explains it.
func (in *input) failedContainers() bool {
	count := len(in.found)
	for _, sidecars := range [...]bool{false, true} {
		for i := range in.pod.Containers {
			c := &in.pod.Containers[i]
			if c.Type != v1alpha1.ContainerEphemeral && (c.Type == v1alpha1.ContainerSidecar) == sidecars {
				in.failedContainer(c)
			}
		}
		if len(in.found) > count {
			return true
		}
	}
	return false
}

func (in *input) failedContainer(c *projection.Container) {
	t := c.Terminated
	if t == nil || exitKind(t) == exitZero {
		return
	}
	f := in.endFinding(c, t)
	f.container = c
	f.severity = v1alpha1.SeverityCritical
	if !isOwn(exitKind(t)) {
		f.severity = in.forced()
	}
	f.since = exactly(t.FinishedAt)
	if t.FinishedAt.IsZero() {
		f.since = in.failedSince()
	}
	in.add(f)
}

// fromOutside adds the finding of an end that was forced on the pod.
func (in *input) fromOutside(f finding) { in.end(f, in.forced()) }

// end fills in what is the same for every end that the pod itself reports.
func (in *input) end(f finding, severity v1alpha1.Severity) {
	f.severity = severity
	f.since = in.failedSince()
	f.message = orElse(in.pod.Message, orElse(in.pod.Reason, "the pod failed and the status does not say why"))
	f.message = strings.TrimPrefix(f.message, rejectedPrefix)
	f.evidence = append(facts(
		fact("status.reason", reasonAndMessage(in.pod.Reason, in.pod.Message), time.Time{})), f.evidence...)
	in.add(f)
}

// failedSince is when the pod failed: the end of its last container, else the
// moment at which its conditions turned, else not before it was started. A pod
// without container statuses never ran, so it failed when it was taken.
func (in *input) failedSince() since {
	var last time.Time
	reported := false
	for i := range in.pod.Containers {
		c := &in.pod.Containers[i]
		if c.Type == v1alpha1.ContainerEphemeral {
			continue
		}
		reported = reported || c.Reported
		if c.Terminated != nil && c.Terminated.FinishedAt.After(last) {
			last = c.Terminated.FinishedAt
		}
	}
	if !last.IsZero() {
		return exactly(last)
	}
	for _, t := range [...]corev1.PodConditionType{corev1.DisruptionTarget, corev1.PodReady} {
		if c := in.pod.Condition(t); c != nil && !c.LastTransitionTime.IsZero() {
			return exactly(c.LastTransitionTime)
		}
	}
	if !in.pod.StartTime.IsZero() && !reported && strings.HasPrefix(in.pod.Message, rejectedPrefix) {
		return exactly(in.pod.StartTime)
	}
	return atMost(in.begun())
}
