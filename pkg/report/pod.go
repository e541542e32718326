// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package report

import (
	"regexp"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/podwatch/kubectl-podwatch/pkg/apis/podwatch/v1alpha1"
	"github.com/podwatch/kubectl-podwatch/pkg/diagnose"
	"github.com/podwatch/kubectl-podwatch/pkg/projection"
)

// podOf returns what a report says of p, without its findings.
func podOf(p *projection.Pod, w v1alpha1.Workload, state v1alpha1.State) v1alpha1.Pod {
	pod := v1alpha1.Pod{
		Namespace:     p.Namespace,
		Name:          p.Name,
		UID:           string(p.UID),
		Node:          p.NodeName,
		Phase:         string(p.Phase),
		State:         state,
		KubectlStatus: p.Kubectl.Status,
		Ready:         v1alpha1.Ready{Ready: p.Kubectl.Ready, Total: p.Kubectl.Total},
		Restarts:      p.Kubectl.Restarts,
		CreatedAt:     timestamp(p.CreationTimestamp.Time),
		QOSClass:      string(p.QOSClass),
		Workload:      w,
		Containers:    make([]v1alpha1.Container, len(p.Containers)),
		Findings:      []v1alpha1.Finding{},
		Timeline:      []v1alpha1.TimelineEntry{},
	}
	if c := p.Controller; c != nil {
		pod.Owner = &v1alpha1.OwnerReference{Kind: c.Kind, Name: c.Name}
	}
	for i := range p.Containers {
		pod.Containers[i] = containerOf(&p.Containers[i])
	}
	return pod
}

func containerOf(c *projection.Container) v1alpha1.Container {
	out := v1alpha1.Container{
		Name:            c.Name,
		Type:            c.Type,
		Image:           c.Image,
		Ready:           c.Ready,
		RestartCount:    c.RestartCount,
		LastTermination: terminationOf(c.LastTerminated),
		NextStartAt:     nextStart(c),
	}
	if c.MemoryLimit > 0 {
		out.Resources = &v1alpha1.Resources{MemoryLimitBytes: c.MemoryLimit}
	}
	switch {
	case c.Waiting != nil:
		out.State, out.Reason, out.Message = "Waiting", c.Waiting.Reason, c.Waiting.Message
	case c.Running != nil:
		out.State, out.StartedAt = "Running", timestamp(c.Running.StartedAt)
	case c.Terminated != nil:
		out.State, out.Reason, out.Message = "Terminated", c.Terminated.Reason, c.Terminated.Message
		out.StartedAt = timestamp(c.Terminated.StartedAt)
		// The newest end is the one to show; while the container is down, that
		// is the present state and not lastState.
		out.LastTermination = terminationOf(c.Terminated)
	}
	return out
}

// reBackOff matches what the kubelet says of a container that it will start
// again. Its longest delay is configurable, so it is read and never computed.
var reBackOff = regexp.MustCompile(`(?i)\bback-off (\S+) restarting failed container`)

// nextStart returns when the kubelet starts c again, nil if that is not known.
func nextStart(c *projection.Container) *metav1.Time {
	if c.Waiting == nil || c.LastTerminated == nil || c.LastTerminated.FinishedAt.IsZero() {
		return nil
	}
	found := reBackOff.FindStringSubmatch(c.Waiting.Message)
	if found == nil {
		return nil
	}
	delay, err := time.ParseDuration(found[1])
	if err != nil || delay < 0 {
		return nil
	}
	return timestamp(c.LastTerminated.FinishedAt.Add(delay))
}

func terminationOf(t *projection.Terminated) *v1alpha1.Termination {
	if t == nil {
		return nil
	}
	return &v1alpha1.Termination{
		Reason:     t.Reason,
		ExitCode:   t.ExitCode,
		Signal:     diagnose.SignalName(t.ExitCode),
		StartedAt:  timestamp(t.StartedAt),
		FinishedAt: timestamp(t.FinishedAt),
		Message:    t.Message,
	}
}
