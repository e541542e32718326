// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package diagnose

import (
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/podwatch/kubectl-podwatch/pkg/projection"
)

// Waiting reasons of a container that the kubelet has not tried yet.
const (
	reasonCreating     = "ContainerCreating"
	reasonInitializing = "PodInitializing"
)

func creatingRules() []Rule {
	return []Rule{
		{
			Cause: "Creating", Category: string(categoryCreation), SubCauses: []string{"Sandbox", "Image"},
			Severity: "Info at first, warning after --warn-after, critical after --critical-after.",
			Trigger: "A container waits with ContainerCreating or PodInitializing, or has no status. The newest warning about the pod that can " +
				"be the reason is the message, word for word.",
			Doc: "The containers are not created yet. Sandbox: volumes, devices, the sandbox or its network are not ready. " +
				"Image: the sandbox is ready, so an image is being pulled or the runtime hangs. The reason is in the events only.",
		},
		{
			Cause: "Initializing", Category: string(categoryInit), SubCauses: []string{"Sidecar"},
			Severity: "Info at first, warning after --warn-after, critical after --critical-after.",
			Trigger:  "An init container runs, or a sidecar has not started.",
			Doc:      "An init container runs and the pod waits for it. Sidecar: it is a sidecar that has not started.",
		},
		{
			Cause: "ContainerStateUnknown", Category: string(categoryNode),
			Severity: "Info at first, warning after --warn-after, critical after --critical-after.",
			Trigger:  "A container status without a state, or waiting without a reason.",
			Doc:      "The kubelet gives no state and no reason for a container: trouble of the kubelet or the runtime on the node.",
		},
	}
}

// creating judges the containers that should be there and were never tried. If
// there is one, it is named; several are held up by something that they share.
func (in *input) creating(untried []*projection.Container) {
	if len(untried) == 0 {
		return
	}
	c, t := untried[0], in.down(untried[0])
	f := finding{
		severity: in.wait(t),
		category: categoryCreation,
		cause:    "Creating",
		since:    exactly(t),
		message:  "the containers are being created",
	}
	if c.Waiting != nil {
		f.evidence = facts(waitingFact(c))
	} else {
		f.evidence = facts(fact(c.StatusPath("state"), "not reported", time.Time{}))
	}
	// The condition reads False again on pods that have run; it is of use only
	// before (GA in v1.37, older kubelets do not write it).
	if cond := in.pod.Condition(corev1.PodReadyToStartContainers); cond != nil && in.pod.Phase == corev1.PodPending {
		f.evidence = append(f.evidence, conditionFact(cond))
		switch cond.Status {
		case corev1.ConditionFalse:
			f.subCause = "Sandbox"
			f.message = "volumes, devices, sandbox or network are not ready" + behind(cond.Message)
		case corev1.ConditionTrue:
			f.subCause = "Image"
			f.message = "the sandbox is ready, but the container was not created: the image is being pulled, or the runtime hangs"
		case corev1.ConditionUnknown:
		}
	}
	in.heldUp(&f, t)
	if len(untried) > 1 {
		in.add(f)
		return
	}
	in.blame(c, f)
}

// behind puts a server's text behind our own.
func behind(text string) string {
	if text == "" {
		return ""
	}
	return ": " + text
}

// initializing judges the running init container that the pod waits for.
func (in *input) initializing(c *projection.Container) {
	t := in.begun()
	f := finding{
		severity: in.wait(t),
		category: categoryInit,
		cause:    "Initializing",
		since:    exactly(t),
		message:  "init container " + c.Name + " is still running",
		evidence: facts(fact(c.StatusPath("state.running"), "running", c.Running.StartedAt)),
	}
	if !isInit(c) {
		f.subCause = "Sidecar"
		f.message = "sidecar " + c.Name + " has not started yet"
	}
	in.blame(c, f)
}

// stateless judges a container that the status names without any state.
func (in *input) stateless(c *projection.Container) {
	t := in.down(c)
	in.blame(c, finding{
		severity: in.wait(t),
		category: categoryNode,
		cause:    "ContainerStateUnknown",
		since:    atMost(t),
		message:  "the kubelet gives neither a state nor a reason for container " + c.Name,
		evidence: facts(fact(c.StatusPath("state"), "", t)),
	})
}
