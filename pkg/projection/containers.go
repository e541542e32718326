// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package projection

import (
	"math"
	"slices"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/podwatch/kubectl-podwatch/pkg/apis/podwatch/v1alpha1"
	"github.com/podwatch/kubectl-podwatch/pkg/internal/plaintext"
)

// containers joins the spec with the status, by name within each of the three
// lists. The n-th status of a name belongs to the n-th container of that name.
func containers(pod *corev1.Pod) []Container {
	spec, status := &pod.Spec, &pod.Status
	n := max(len(spec.InitContainers), len(status.InitContainerStatuses)) +
		max(len(spec.Containers), len(status.ContainerStatuses)) +
		max(len(spec.EphemeralContainers), len(status.EphemeralContainerStatuses))
	if n == 0 {
		return nil
	}
	out := make([]Container, 0, n)
	var strangers []Container

	j := joiner{statuses: status.InitContainerStatuses}
	for i := range spec.InitContainers {
		c := &spec.InitContainers[i]
		out = append(out, container(c, initType(c), j.take(c.Name)))
	}
	strangers = j.rest(strangers, v1alpha1.ContainerInit)

	j = joiner{statuses: status.ContainerStatuses}
	for i := range spec.Containers {
		c := &spec.Containers[i]
		out = append(out, container(c, v1alpha1.ContainerApp, j.take(c.Name)))
	}
	strangers = j.rest(strangers, v1alpha1.ContainerApp)

	j = joiner{statuses: status.EphemeralContainerStatuses}
	for i := range spec.EphemeralContainers {
		c := corev1.Container(spec.EphemeralContainers[i].EphemeralContainerCommon)
		out = append(out, container(&c, v1alpha1.ContainerEphemeral, j.take(c.Name)))
	}
	strangers = j.rest(strangers, v1alpha1.ContainerEphemeral)
	return append(out, strangers...)
}

// sidecar tells a native sidecar from an init container that runs to its end.
func sidecar(c *corev1.Container) bool {
	return c.RestartPolicy != nil && *c.RestartPolicy == corev1.ContainerRestartPolicyAlways
}

func initType(c *corev1.Container) v1alpha1.ContainerType {
	if sidecar(c) {
		return v1alpha1.ContainerSidecar
	}
	return v1alpha1.ContainerInit
}

// container projects one container; s is nil if the status does not name it.
func container(c *corev1.Container, t v1alpha1.ContainerType, s *corev1.ContainerStatus) Container {
	out := Container{
		Name:        shared(c.Name),
		Type:        t,
		Image:       shared(c.Image),
		MemoryLimit: memoryLimit(c.Resources.Limits),
		Startup:     budget(c.StartupProbe),
		Readiness:   budget(c.ReadinessProbe),
		Liveness:    c.LivenessProbe != nil,
	}
	if c.RestartPolicy != nil {
		out.Restart = &Restart{Policy: shared(*c.RestartPolicy), Rules: restartRules(c.RestartPolicyRules)}
	}
	if s != nil {
		out.report(s)
	}
	return out
}

// restartRules keeps the rules of which the kubelet knows what they mean. Both
// actions that there are restart the container.
func restartRules(rules []corev1.ContainerRestartRule) []RestartRule {
	var out []RestartRule
	for i := range rules {
		on := rules[i].ExitCodes
		if on == nil || on.Operator != corev1.ContainerRestartRuleOnExitCodesOpIn && on.Operator != corev1.ContainerRestartRuleOnExitCodesOpNotIn {
			continue
		}
		out = append(out, RestartRule{
			Codes:  slices.Clone(on.Values),
			Except: on.Operator == corev1.ContainerRestartRuleOnExitCodesOpNotIn,
		})
	}
	return out
}

// report fills in what the status says.
func (c *Container) report(s *corev1.ContainerStatus) {
	c.Reported = true
	c.Ready = s.Ready
	c.Started = s.Started != nil && *s.Started
	c.RestartCount = s.RestartCount
	if c.Image == "" {
		c.Image = shared(s.Image)
	}
	// The limit in force may be below the one of the spec while a resize waits.
	if s.Resources != nil {
		if limit := memoryLimit(s.Resources.Limits); limit > 0 {
			c.MemoryLimit = limit
		}
	}
	c.Unhealthy = unhealthy(s.AllocatedResourcesStatus)
	switch {
	case s.State.Running != nil:
		c.Running = &Running{StartedAt: known(s.State.Running.StartedAt)}
	case s.State.Terminated != nil:
		c.Terminated = terminated(s.State.Terminated)
	case s.State.Waiting != nil:
		c.Waiting = &Waiting{
			Reason:  shared(s.State.Waiting.Reason),
			Message: containerText(s.State.Waiting.Message),
		}
	}
	if t := s.LastTerminationState.Terminated; t != nil {
		c.LastTerminated = terminated(t)
	}
}

// unhealthy names the devices that are known to be broken; Unknown is what a
// plugin that has gone away leaves behind, and proves nothing.
func unhealthy(resources []corev1.ResourceStatus) string {
	var out []string
	for i := range resources {
		for j := range resources[i].Resources {
			if d := &resources[i].Resources[j]; d.Health == corev1.ResourceHealthStatusUnhealthy {
				out = append(out, plaintext.Clean(string(resources[i].Name)+"/"+string(d.ResourceID)))
			}
		}
	}
	return plaintext.Cut(strings.Join(out, ", "), MaxMessage)
}

func terminated(t *corev1.ContainerStateTerminated) *Terminated {
	return &Terminated{
		Reason:     shared(t.Reason),
		Message:    containerText(t.Message),
		ExitCode:   t.ExitCode,
		Signal:     t.Signal,
		StartedAt:  known(t.StartedAt),
		FinishedAt: known(t.FinishedAt),
	}
}

func memoryLimit(limits corev1.ResourceList) int64 {
	q, ok := limits[corev1.ResourceMemory]
	if !ok {
		return 0
	}
	return max(q.Value(), 0)
}

// budget is the time that a probe grants, at least a second. Manifests that no
// API server has defaulted leave fields at 0, which stand for the defaults.
func budget(p *corev1.Probe) time.Duration {
	if p == nil {
		return 0
	}
	period, failures := int64(p.PeriodSeconds), int64(p.FailureThreshold)
	if period <= 0 {
		period = 10
	}
	if failures <= 0 {
		failures = 3
	}
	seconds := max(int64(p.InitialDelaySeconds), 0) + period*failures
	if seconds > math.MaxInt64/int64(time.Second) {
		return math.MaxInt64
	}
	return time.Duration(max(seconds, 1)) * time.Second
}
