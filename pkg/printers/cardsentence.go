// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package printers

import (
	"fmt"
	"strings"

	"github.com/podwatch/kubectl-podwatch/pkg/apis/podwatch/v1alpha1"
)

// sentence says what is wrong. It is made of the stable fields where a cause has
// words of its own here; any other cause speaks through its message.
func (c Card) sentence() string {
	v := verdict{Card: c, finding: c.finding()}
	phrases := map[string]func() string{
		"CrashLoop":           v.crashLoop,
		"OOMKilled":           v.oomKilled,
		"Restarted":           v.restarted,
		"ExitCode":            v.ended,
		"ExitedZero":          v.ended,
		"StatusLost":          v.ended,
		"RuntimeRestarted":    v.ended,
		"ImagePull":           v.imagePull,
		"ImageNeverPull":      v.imageNeverPull,
		"ImageNameInvalid":    v.cannotStart,
		"ImageInspect":        v.cannotStart,
		"ConfigError":         v.cannotStart,
		"ContainerStart":      v.cannotStart,
		"ContainerCreate":     v.cannotStart,
		"PostStartHook":       v.postStartHook,
		"NodeHookError":       v.cannotStart,
		"Creating":            v.creating,
		"Volume":              v.creating,
		"Sandbox":             v.creating,
		"Device":              v.creating,
		"Initializing":        v.initializing,
		"Unschedulable":       v.unschedulable,
		"SchedulingGated":     v.gated,
		"KubeletUnresponsive": v.silentKubelet,
		"NodeNotReady":        v.nodeNotReady,
		"Evicted":             v.evicted,
		"Rejected":            v.rejected,
		"NodeShutdown":        v.nodeShutdown,
		"ActiveDeadline":      v.activeDeadline,
		"NotReady":            v.notReady,
		"Starting":            v.starting,
		"ReadinessGate":       v.readinessGate,
		"Terminating":         v.terminating,
	}
	if phrase := phrases[c.Group.Cause]; phrase != nil {
		return phrase()
	}
	return v.subject() + v.since() + ": " + v.message() + "."
}

// verdict is what a sentence is made of.
type verdict struct {
	Card
	finding *v1alpha1.Finding
}

// subject is whom the sentence is about: the pod if it is the only one in
// scope, else the affected pods of the workload.
func (v *verdict) subject() string {
	if v.Group.TotalPods > 1 {
		return v.who() + " of " + v.workload()
	}
	name := "Pod " + v.Pod.Name
	if v.Group.Workload.Kind != "Pod" {
		name += " of " + workloadText(v.Group.Workload)
	}
	return name + prefixed(" in ", v.Pod.Namespace)
}

func (v *verdict) who() string {
	noun := "pods"
	if v.Group.TotalPods == 1 {
		noun = "pod"
	}
	return fmt.Sprintf("%d of %d %s", v.Group.AffectedPods, v.Group.TotalPods, noun)
}

func (v *verdict) workload() string {
	return workloadText(v.Group.Workload) + prefixed(" in ", v.Group.Workload.Namespace)
}

func (v *verdict) many() bool { return v.Group.TotalPods > 1 && v.Group.AffectedPods != 1 }

// verb is the form of a verb that goes with the subject.
func (v *verdict) verb(one, many string) string {
	if v.many() {
		return " " + many + " "
	}
	return " " + one + " "
}

// since tells how long something has been so, with how well that is known.
func (v *verdict) since() string {
	if ago := v.ago(); ago != "" {
		return ", since " + ago
	}
	return ""
}

// ago tells when something happened.
func (v *verdict) ago() string {
	if v.Group.Since == nil {
		return ""
	}
	age := ageText(v.Group.Since.Time, v.Now) + " ago"
	switch v.Group.SincePrecision {
	case v1alpha1.SinceAtLeast:
		return "at least " + age
	case v1alpha1.SinceAtMost:
		return "at most " + age
	case v1alpha1.SinceExact:
		return age
	case v1alpha1.SinceUnknown:
	}
	return ""
}

// when is ago behind a blank.
func (v *verdict) when() string { return prefixed(" ", v.ago()) }

func (v *verdict) message() string { return strings.TrimRight(v.finding.Message, ". ") }

// container is the one at fault in words.
func (v *verdict) container() string {
	return containerPhrase(v.Group.Container, v.Group.ContainerType)
}

// containerPhrase says which container is meant; empty for none.
func containerPhrase(name string, kind v1alpha1.ContainerType) string {
	switch {
	case name == "":
		return ""
	case kind == v1alpha1.ContainerInit:
		return "init container " + name
	case kind == v1alpha1.ContainerSidecar:
		return "sidecar " + name
	case kind == v1alpha1.ContainerEphemeral:
		return "debug container " + name
	}
	return "container " + name
}

func (v *verdict) node() string { return "node " + or(v.Pod.Node, unknown) }

// status is the container at fault, nil if there is none.
func (v *verdict) status() *v1alpha1.Container {
	if v.Group.Container == "" {
		return nil
	}
	return containerOf(v.Pod, v.Group.Container)
}

func (v *verdict) terminating() string {
	switch v.Group.SubCause {
	case "", "SlowShutdown":
		return v.subject() + v.verb("is", "are") + v.message() + v.since() + "."
	case "Finalizer", "NodeGone":
		// What is left of the message tells the reason alone.
		if _, why, ok := strings.Cut(v.message(), ", "); ok {
			return v.subject() + v.verb("was", "were") + "deleted" + v.when() + ", but " + strings.TrimPrefix(why, "but ") + "."
		}
	}
	return v.subject() + v.verb("was", "were") + "deleted" + v.when() + ": " + v.message() + "."
}
