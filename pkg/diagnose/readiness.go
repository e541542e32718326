// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package diagnose

import (
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/podwatch/kubectl-podwatch/pkg/apis/podwatch/v1alpha1"
	"github.com/podwatch/kubectl-podwatch/pkg/projection"
)

func readinessRules() []Rule {
	return []Rule{
		{
			Cause: "NotReady", Category: string(categoryProbe), SubCauses: []string{"ReadinessProbe", "NeverReady"},
			Severity: "Info at first, warning after --warn-after, critical after --critical-after.",
			Trigger:  "A container runs and ready is false. Events Unhealthy that are not older than the state tell what the probe got.",
			Doc:      "A container runs and is not ready. ReadinessProbe: it was ready in this run. NeverReady: it was not.",
		},
		{
			Cause: "Starting", Category: string(categoryProbe), SubCauses: []string{"StartupProbe"},
			Severity: "Info at first, warning after --warn-after, critical after --critical-after.",
			Trigger:  "A container runs, started is false, and it has a startup probe. Events Unhealthy tell what the probe got.",
			Doc:      "A container runs and its startup probe has not succeeded yet. The clocks hold whatever the probe allows.",
		},
		{
			Cause: "ReadinessGate", Category: string(categoryGate),
			Severity: "Info at first, warning after --warn-after, critical after --critical-after.",
			Trigger:  "Condition Ready is False, all containers are ready, and the condition of a readiness gate is not True.",
			Doc:      "All containers are ready, but a readiness gate does not hold: the controller that owns the condition has to act.",
		},
		{
			Cause: "PodNotReady", Category: string(categoryProbe),
			Severity: "Info at first, warning after --warn-after, critical after --critical-after.",
			Trigger:  "Condition Ready is not True and nothing else explains it.",
			Doc:      "The pod is not ready and neither a container nor a readiness gate explains it.",
		},
	}
}

// notReady judges a container that runs and is not ready.
func (in *input) notReady(c *projection.Container) {
	if c.Ready || isInit(c) {
		return
	}
	ready := in.pod.Condition(corev1.PodReady)
	t, precision := c.Running.StartedAt, exactly
	if ready != nil && ready.Status == corev1.ConditionFalse && !ready.LastTransitionTime.IsZero() {
		t = ready.LastTransitionTime
		if c.RestartCount > 0 {
			// The condition is armed again at each crash.
			precision = atLeast
		}
	}
	f := finding{
		severity: in.wait(t),
		category: categoryProbe,
		since:    precision(t),
		evidence: facts(fact(c.StatusPath("ready"), "false", time.Time{})),
	}
	switch {
	case !c.Started && c.Startup > 0:
		f.cause, f.subCause = "Starting", "StartupProbe"
		f.message = "the startup probe has not succeeded yet; it allows " + c.Startup.String()
	case t.After(c.Running.StartedAt) && c.Readiness > 0:
		f.cause, f.subCause = "NotReady", "ReadinessProbe"
		f.message = "running, but the readiness probe fails" + in.restartsText(c)
	default:
		f.cause, f.subCause = "NotReady", "NeverReady"
		f.message = "running, but not ready since it started" + in.restartsText(c)
	}
	if ready != nil {
		f.evidence = append(f.evidence, conditionFact(ready))
	}
	in.probed(&f, c)
	in.blame(c, f)
}

// readiness judges a pod that is not ready although its containers are.
func (in *input) readiness() {
	ready := in.pod.Condition(corev1.PodReady)
	if in.pod.Phase != corev1.PodRunning || ready == nil || ready.Status == corev1.ConditionTrue {
		return
	}
	if in.containersReady() {
		for _, gate := range in.pod.ReadinessGates {
			if !in.gateHolds(gate) {
				in.gate(gate, ready)
			}
		}
	}
	if in.worstOngoing() != "" {
		return
	}
	t := ready.LastTransitionTime
	in.add(finding{
		severity: in.wait(t),
		category: categoryProbe,
		cause:    "PodNotReady",
		since:    exactly(t),
		message:  orElse(reasonAndMessage(ready.Reason, ready.Message), "the pod is not ready and the status does not say why"),
		evidence: facts(conditionFact(ready)),
	})
}

// containersReady is true if every container that counts for readiness is ready.
func (in *input) containersReady() bool {
	for i := range in.pod.Containers {
		c := &in.pod.Containers[i]
		if (c.Type == v1alpha1.ContainerApp || c.Type == v1alpha1.ContainerSidecar) && !c.Ready {
			return false
		}
	}
	return true
}

func (in *input) gateHolds(gate string) bool {
	c := in.pod.Condition(corev1.PodConditionType(gate))
	return c != nil && c.Status == corev1.ConditionTrue
}

func (in *input) gate(gate string, ready *projection.Condition) {
	t := ready.LastTransitionTime
	f := finding{
		category: categoryGate,
		cause:    "ReadinessGate",
		message:  "readiness gate " + gate + " does not hold: its condition is missing",
		evidence: facts(conditionFact(ready)),
	}
	if c := in.pod.Condition(corev1.PodConditionType(gate)); c != nil {
		f.message = "readiness gate " + gate + " is " + string(c.Status) + behind(reasonAndMessage(c.Reason, c.Message))
		f.evidence = append(f.evidence, conditionFact(c))
		if c.LastTransitionTime.After(t) {
			t = c.LastTransitionTime
		}
	}
	f.severity, f.since = in.wait(t), exactly(t)
	in.add(f)
}
