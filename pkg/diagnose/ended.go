// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package diagnose

import (
	"github.com/podwatch/kubectl-podwatch/pkg/apis/podwatch/v1alpha1"
	"github.com/podwatch/kubectl-podwatch/pkg/projection"
)

func endedRules() []Rule {
	return []Rule{
		{
			Cause: "ExitCode", Category: string(categoryCrash), SubCauses: []string{exitSigKilled, exitSeccomp, exitLiveness, exitStartup, exitSpecChanged, exitPostStart},
			Severity: "Critical.",
			Trigger:  "A container has ended with a code other than 0.",
			Doc:      "A container ended in error: the pod failed of it, or it is down at the moment, or it is not restarted while other containers run on.",
		},
		{
			Cause: "ExitedZero", Category: string(categoryCrash), SubCauses: []string{exitLiveness, exitStartup, exitSpecChanged, exitPostStart},
			Severity: "Info at first, warning after --warn-after, critical after --critical-after.",
			Trigger:  "A container of restartPolicy Always has ended with code 0.",
			Doc:      "A container that is to run forever (restartPolicy Always) ended with exit code 0: a wrong command, or a process that goes to the background.",
		},
		{
			Cause: "PartlyCompleted", Category: string(categoryLifetime),
			Severity: "Info at first, warning after --warn-after.",
			Trigger:  "A container that is not restarted has ended with code 0 while the pod runs.",
			Doc:      "A container has finished its work while others run on, so the pod is neither ready nor completed.",
		},
		{
			Cause: "RuntimeRestarted", Category: string(categoryNode),
			Severity: "Info at first, warning after --warn-after, critical after --critical-after. If the pod failed of it: warning if a " +
				"controller replaces the pod, else critical.",
			Trigger: "An end with reason Unknown: the runtime lost the container.",
			Doc:     "A container was lost over a restart of the node or of its container runtime.",
		},
		{
			Cause: "StatusLost", Category: string(categoryNode),
			Severity: "Info at first, warning after --warn-after, critical after --critical-after. If the pod failed of it: warning if a " +
				"controller replaces the pod, else critical.",
			Trigger: "An end with reason ContainerStatusUnknown.",
			Doc:     "The kubelet could not tell how a container ended (ContainerStatusUnknown). Its exit code 137 is made up.",
		},
		{
			Cause: "RestartingAll", Category: string(categoryCrash),
			Severity: "Info at first, warning after --warn-after, critical after --critical-after.",
			Trigger:  "Waiting or terminated reason RestartingAllContainers.",
			Doc:      "A restart rule of one container restarts all containers of the pod.",
		},
	}
}

// ended judges a container that has ended in a pod that goes on.
func (in *input) ended(c *projection.Container) {
	t := c.Terminated
	if c.Type == v1alpha1.ContainerSidecar && in.workDone() {
		// A sidecar is killed once the app containers are through.
		return
	}
	down := in.down(c)
	f := in.endFinding(c, t)
	f.since = exactly(t.FinishedAt)
	switch {
	case !isOwn(exitKind(t)):
		f.severity = in.wait(down)
	case exitKind(t) != exitZero:
		f.severity = v1alpha1.SeverityCritical
	case in.restartsAfter(c, t):
		f.severity = in.wait(down)
	default:
		f.category, f.cause, f.subCause = categoryLifetime, "PartlyCompleted", ""
		f.severity = in.mildWait(down)
		f.message = "container " + c.Name + " has completed, others run on"
	}
	in.blame(c, f)
}

// endFinding describes an end: cause, message and evidence. Severity, since
// and container are the caller's.
func (in *input) endFinding(c *projection.Container, t *projection.Terminated) finding {
	f := finding{category: categoryCrash, message: in.endText(c, t), evidence: facts(endFact(c, t))}
	switch kind := exitKind(t); kind {
	case exitContainerStart:
		f.category, f.cause, f.subCause = categoryStart, kind, startKind(t.Message)
	case exitRuntime, exitLost:
		f.category, f.cause = categoryNode, kind
	case exitSigKilled, exitSeccomp:
		f.cause, f.subCause = exitCode, kind
	default:
		f.cause = kind
	}
	in.killed(&f, c, t)
	return f
}

// workDone is true if all app containers have ended.
func (in *input) workDone() bool {
	apps := 0
	for i := range in.pod.Containers {
		c := &in.pod.Containers[i]
		if c.Type != v1alpha1.ContainerApp {
			continue
		}
		if c.Terminated == nil {
			return false
		}
		apps++
	}
	return apps > 0
}
