// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package diagnose

import (
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/podwatch/kubectl-podwatch/pkg/apis/podwatch/v1alpha1"
	"github.com/podwatch/kubectl-podwatch/pkg/projection"
)

// containers judges each container of a pod that the kubelet has taken. Init
// containers run one after the other: behind the first that is not through, a
// container that was never tried waits for its turn and has nothing wrong.
func (in *input) containers() {
	if !in.acknowledged() {
		return
	}
	in.initialized = in.isInitialized()
	blocked := false
	var untried []*projection.Container
	for i := range in.pod.Containers {
		c := &in.pod.Containers[i]
		switch {
		case c.Type == v1alpha1.ContainerEphemeral:
			in.ephemeral(c)
		case in.removed(c):
		case !waits(c):
			in.container(c)
		case !blocked && in.owed(c):
			untried = append(untried, c)
		}
		blocked = blocked || in.holdsUp(c)
	}
	in.creating(untried)
}

// container judges one that runs or was tried before.
func (in *input) container(c *projection.Container) {
	switch {
	case initDone(c):
		in.recent(c)
	case in.crashLoop(c):
	case c.Waiting != nil:
		in.waiting(c)
	case c.Terminated != nil:
		in.ended(c)
	case c.Running == nil:
		in.stateless(c)
	case in.holdsUp(c):
		in.recent(c)
		in.initializing(c)
	default:
		in.recent(c)
		in.notReady(c)
	}
}

// isInitialized is true once the init containers are through. Afterwards what
// their statuses say may be of an earlier life of the sandbox.
func (in *input) isInitialized() bool {
	if c := in.pod.Condition(corev1.PodInitialized); c != nil && c.Status == corev1.ConditionTrue {
		return true
	}
	for i := range in.pod.Containers {
		c := &in.pod.Containers[i]
		if c.Type == v1alpha1.ContainerApp && (c.Running != nil || c.Terminated != nil) {
			return true
		}
	}
	return false
}

// holdsUp is true for an init container that is not through: the ones behind
// it must wait.
func (in *input) holdsUp(c *projection.Container) bool {
	if in.initialized {
		return false
	}
	switch c.Type {
	case v1alpha1.ContainerInit:
		return !initDone(c)
	case v1alpha1.ContainerSidecar:
		return c.Running == nil || !c.Started
	case v1alpha1.ContainerApp, v1alpha1.ContainerEphemeral:
	}
	return false
}

// removed is true for an init container that has been through and that the
// runtime does not know any more: older kubelets then say that it waits for its
// turn, although nothing waits for it.
func (in *input) removed(c *projection.Container) bool {
	return in.initialized && isInit(c) && c.Running == nil && c.Terminated == nil &&
		(c.Waiting == nil || c.Waiting.Reason == "" || c.Waiting.Reason == reasonCreating || c.Waiting.Reason == reasonInitializing)
}

// initDone is true for an init container that ended well. The kubelet counts
// an OOM kill as a failure whatever the exit code (kuberuntime, v1.37).
func initDone(c *projection.Container) bool {
	return c.Type == v1alpha1.ContainerInit && c.Terminated != nil &&
		c.Terminated.ExitCode == 0 && c.Terminated.Reason != reasonOOMKilled
}

// waits is true for a container that was never tried.
func waits(c *projection.Container) bool {
	if c.LastTerminated != nil || c.RestartCount > 0 {
		return false
	}
	return !c.Reported || c.Waiting != nil && (c.Waiting.Reason == reasonCreating || c.Waiting.Reason == reasonInitializing)
}

// owed is true if a container that was never tried should be there by now. A
// container that the status does not name counts while the pod is Pending;
// later it is one that the kubelet has not yet written.
func (in *input) owed(c *projection.Container) bool {
	return c.Reported || in.pod.Phase == corev1.PodPending
}

// acknowledged is true once the kubelet has said anything about the pod.
func (in *input) acknowledged() bool {
	if !in.pod.StartTime.IsZero() {
		return true
	}
	for i := range in.pod.Containers {
		if in.pod.Containers[i].Reported {
			return true
		}
	}
	return false
}

// begun is when the pod began to be started: the kubelet's acknowledgement,
// else the binding, else the creation.
func (in *input) begun() time.Time {
	if !in.pod.StartTime.IsZero() {
		return in.pod.StartTime
	}
	if c := in.pod.Condition(corev1.PodScheduled); c != nil && c.Status == corev1.ConditionTrue && !c.LastTransitionTime.IsZero() {
		return c.LastTransitionTime
	}
	return in.pod.CreationTimestamp.Time
}

// down is since when a container that does not run is not running: the end of
// its last run, else the beginning of the pod's start, else the moment at which
// the pod stopped being ready, whichever is the latest.
func (in *input) down(c *projection.Container) time.Time {
	t := in.begun()
	if last := lastExit(c); last != nil && last.FinishedAt.After(t) {
		t = last.FinishedAt
	}
	if ready := in.pod.Condition(corev1.PodReady); ready != nil && ready.Status == corev1.ConditionFalse &&
		ready.LastTransitionTime.After(t) {
		t = ready.LastTransitionTime
	}
	return t
}
