// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package projection

import (
	"fmt"
	"strconv"
	"time"

	corev1 "k8s.io/api/core/v1"
)

// columns computes what `kubectl get pods` v1.37 prints, quirks included. The
// rules, as the API server's printer (pkg/printers/internalversion) has them:
//
//   - STATUS starts as the phase, then status.reason, then SchedulingGated.
//   - The first init container that is neither done nor a started sidecar
//     replaces it by Init:…, and unless the pod was initialized before, that
//     is all.
//   - Otherwise the first-listed waiting or terminated app container names it.
//     Completed is then corrected by what the other containers do.
//   - A deletion shows as Terminating, but only while the phase is not terminal.
//   - READY and RESTARTS count sidecars; RESTARTS counts the other init
//     containers only until the app containers have their turn.
func columns(pod *corev1.Pod) Kubectl {
	side := newSidecars(pod.Spec.InitContainers)
	c := Kubectl{
		Status: baseStatus(pod),
		Total:  int32(min(len(pod.Spec.Containers)+side.count, 1<<30)),
	}

	init := c.initContainers(pod, side)
	if !init.blocked || initialized(pod.Status.Conditions) {
		c.Restarts, c.LastRestart = init.sidecarRestarts, init.sidecarLast
		c.appContainers(pod)
	} else {
		c.Restarts, c.LastRestart = init.restarts, init.last
	}
	if pod.DeletionTimestamp != nil {
		switch {
		case pod.Status.Reason == "NodeLost":
			c.Status = "Unknown"
		case pod.Status.Phase != corev1.PodSucceeded && pod.Status.Phase != corev1.PodFailed:
			c.Status = "Terminating"
		}
	}
	if c.Restarts == 0 {
		c.LastRestart = time.Time{}
	}
	c.Status = shared(c.Status)
	return c
}

func baseStatus(pod *corev1.Pod) string {
	for i := range pod.Status.Conditions {
		cond := &pod.Status.Conditions[i]
		if cond.Type == corev1.PodScheduled && cond.Reason == corev1.PodReasonSchedulingGated {
			return corev1.PodReasonSchedulingGated
		}
	}
	if pod.Status.Reason != "" {
		return pod.Status.Reason
	}
	return string(pod.Status.Phase)
}

// initPart is what the init containers contribute.
type initPart struct {
	blocked                   bool
	restarts, sidecarRestarts int64
	last, sidecarLast         time.Time
}

// initContainers walks the init statuses up to the first that holds the pod
// up; those behind it count for nothing.
func (c *Kubectl) initContainers(pod *corev1.Pod, side sidecars) initPart {
	var part initPart
	for i := range pod.Status.InitContainerStatuses {
		s := &pod.Status.InitContainerStatuses[i]
		isSidecar := side.has(s.Name)
		part.restarts += int64(s.RestartCount)
		part.last = later(part.last, s)
		if isSidecar {
			part.sidecarRestarts += int64(s.RestartCount)
			part.sidecarLast = later(part.sidecarLast, s)
		}
		done := s.State.Terminated != nil && s.State.Terminated.ExitCode == 0
		if done {
			continue
		}
		if isSidecar && s.Started != nil && *s.Started {
			if s.Ready {
				c.Ready++
			}
			continue
		}
		part.blocked = true
		c.Status = initStatus(s, i, len(pod.Spec.InitContainers))
		break
	}
	return part
}

func initStatus(s *corev1.ContainerStatus, i, total int) string {
	if t := s.State.Terminated; t != nil {
		return "Init:" + terminatedStatus(t)
	}
	if w := s.State.Waiting; w != nil && w.Reason != "" && w.Reason != "PodInitializing" {
		return "Init:" + w.Reason
	}
	return fmt.Sprintf("Init:%d/%d", i, total)
}

// appContainers lets the containers speak from the last to the first, so that
// the first-listed one has the last word.
func (c *Kubectl) appContainers(pod *corev1.Pod) {
	running, failed := false, ""
	for i := len(pod.Status.ContainerStatuses) - 1; i >= 0; i-- {
		s := &pod.Status.ContainerStatuses[i]
		c.Restarts += int64(s.RestartCount)
		c.LastRestart = later(c.LastRestart, s)
		waiting, terminated := s.State.Waiting, s.State.Terminated
		switch {
		case waiting != nil && waiting.Reason != "":
			c.Status = waiting.Reason
		case terminated != nil:
			c.Status = terminatedStatus(terminated)
			if terminated.ExitCode != 0 {
				failed = c.Status
			}
		case s.Ready && s.State.Running != nil:
			running = true
			c.Ready++
		}
	}
	if c.Status != "Completed" {
		return
	}
	switch {
	case running && ready(pod.Status.Conditions):
		c.Status = "Running"
	case failed != "":
		c.Status = failed
	case running:
		c.Status = "NotReady"
	}
}

func terminatedStatus(t *corev1.ContainerStateTerminated) string {
	switch {
	case t.Reason != "":
		return t.Reason
	case t.Signal != 0:
		return "Signal:" + strconv.Itoa(int(t.Signal))
	default:
		return "ExitCode:" + strconv.Itoa(int(t.ExitCode))
	}
}

func later(t time.Time, s *corev1.ContainerStatus) time.Time {
	last := s.LastTerminationState.Terminated
	if last == nil || !last.FinishedAt.After(t) {
		return t
	}
	return last.FinishedAt.UTC()
}

// initialized looks at the first condition of its type, as kubectl does.
func initialized(conditions []corev1.PodCondition) bool {
	for i := range conditions {
		if conditions[i].Type == corev1.PodInitialized {
			return conditions[i].Status == corev1.ConditionTrue
		}
	}
	return false
}

// ready is true if any condition of its type is.
func ready(conditions []corev1.PodCondition) bool {
	for i := range conditions {
		if conditions[i].Type == corev1.PodReady && conditions[i].Status == corev1.ConditionTrue {
			return true
		}
	}
	return false
}

// sidecars answers whether a status is a sidecar's. Of containers with the
// same name the last one decides.
type sidecars struct {
	containers []corev1.Container
	byName     map[string]bool
	count      int
}

// manyContainers is where a map beats looking through the list.
const manyContainers = 32

func newSidecars(containers []corev1.Container) sidecars {
	s := sidecars{containers: containers}
	if len(containers) > manyContainers {
		s.byName = make(map[string]bool, len(containers))
	}
	for i := range containers {
		is := sidecar(&containers[i])
		if is {
			s.count++
		}
		if s.byName != nil {
			s.byName[containers[i].Name] = is
		}
	}
	return s
}

func (s sidecars) has(name string) bool {
	if s.byName != nil {
		return s.byName[name]
	}
	for i := len(s.containers) - 1; i >= 0; i-- {
		if s.containers[i].Name == name {
			return sidecar(&s.containers[i])
		}
	}
	return false
}
