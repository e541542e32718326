// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package printers

import (
	"strings"

	"github.com/podwatch/kubectl-podwatch/pkg/apis/podwatch/v1alpha1"
)

// The sentences about pods that wait for something, or were kept from running.

func (v *verdict) imagePull() string {
	what := "an image for " + or(v.container(), "a container")
	if c := v.status(); c != nil && c.Image != "" && strings.Contains(v.finding.Message, c.Image) {
		// Else it is the image of a volume, which stands in the evidence.
		what = "image " + c.Image
	}
	why := map[string]string{
		"NotFound":            "the registry has no such image or tag",
		"Auth":                "the registry refuses access",
		"SecretMissing":       "the registry refuses access, and a pull secret of the pod could not be read",
		"RateLimit":           "the rate limit of the registry is reached",
		"RegistryUnavailable": "the registry is not available",
		"Network":             "the registry cannot be reached",
		"TLS":                 "the certificate of the registry is not accepted",
		"Platform":            "there is none for the platform of the node",
		"Signature":           "its signature is not accepted",
		"NodeDisk":            "the disk of the node is full",
		"ShortName":           "the short name does not tell the registry",
	}[v.Group.SubCause]
	return v.subject() + v.verb("cannot", "cannot") + "pull " + what + ": " + or(why, v.message()) + v.since() + "."
}

func (v *verdict) imageNeverPull() string {
	image := "the image"
	if c := v.status(); c != nil && c.Image != "" {
		image = "image " + c.Image
	}
	return v.subject() + v.verb("cannot", "cannot") + "start: " + image + " may not be used on " + v.node() +
		", and imagePullPolicy is Never" + v.since() + "."
}

func (v *verdict) cannotStart() string {
	what := v.verb("cannot", "cannot") + "start " + or(v.container(), "a container")
	if v.Pod.State == v1alpha1.StateFailed {
		what = " failed: " + or(v.container(), "a container") + " could not be started"
		return v.subject() + what + prefixed(" ", v.ago()) + ": " + v.reason() + "."
	}
	return v.subject() + what + v.since() + ": " + v.reason() + "."
}

// reason is the message without what the sentence says already.
func (v *verdict) reason() string {
	return strings.TrimPrefix(v.message(), "the container cannot be started: ")
}

func (v *verdict) postStartHook() string {
	return v.subject() + v.verb("does", "do") + "not get past the postStart hook of " + or(v.container(), "a container") + v.since() + ": " +
		v.message() + "."
}

func (v *verdict) creating() string {
	return v.subject() + v.verb("has", "have") + "not come up on " + v.node() + v.since() + ": " + v.message() + "."
}

func (v *verdict) initializing() string {
	if v.Group.SubCause == "Sidecar" {
		return v.subject() + v.verb("waits", "wait") + "for a sidecar" + v.since() + ": " + v.message() + "."
	}
	return v.subject() + v.verb("waits", "wait") + "for " + or(v.container(), "an init container") + ", which still runs" + v.since() + "."
}

func (v *verdict) unschedulable() string {
	return v.subject() + v.verb("has", "have") + "no node" + v.since() + ": " + v.message() + "."
}

func (v *verdict) gated() string {
	return v.subject() + v.verb("waits", "wait") + "on purpose" + v.since() + ": " + v.message() + "."
}

func (v *verdict) silentKubelet() string {
	if v.Group.SubCause != "" {
		return v.subject() + v.since() + ": " + v.message() + "."
	}
	return v.subject() + v.verb("is", "are") + "bound to " + v.node() + ", but its kubelet has not taken the pod" + v.since() + "."
}

func (v *verdict) nodeNotReady() string {
	switch v.Group.SubCause {
	case "", "Inferred", "Unreachable", "NodeLost":
	default:
		return v.subject() + v.since() + ": " + v.message() + "."
	}
	return v.subject() + v.verb("is", "are") + "on " + v.node() + ", which does not report any more: what is shown of the containers is old" +
		v.since() + "."
}

func (v *verdict) evicted() string {
	return v.subject() + v.verb("was", "were") + "evicted from " + v.node() + v.when() + ": " + v.message() + v.leftover() + "."
}

func (v *verdict) rejected() string {
	return v.subject() + v.verb("was", "were") + "refused by " + v.node() + v.when() + " and never ran: " + v.message() + v.leftover() + "."
}

func (v *verdict) nodeShutdown() string {
	return v.subject() + " ended with the shutdown of " + v.node() + v.when() + v.leftover() + "."
}

// leftover says what becomes of a pod that was ended from outside. A Job makes a
// new one only while it has attempts left, and of other controllers nothing is
// known.
func (v *verdict) leftover() string {
	if v.Pod.Owner == nil {
		return "; nothing makes a new pod"
	}
	switch kind := v.Pod.Owner.Kind; kind {
	case "ReplicaSet", "StatefulSet", "DaemonSet":
		if v.many() {
			return "; their " + kind + " replaces them, these are leftovers"
		}
		return "; its " + kind + " replaces it, this one is a leftover"
	default:
		return "; whether there is a new one is up to " + kind + "/" + v.Pod.Owner.Name
	}
}

func (v *verdict) activeDeadline() string {
	return v.subject() + v.verb("was", "were") + "ended" + v.when() + ": longer at work than activeDeadlineSeconds allows."
}

func (v *verdict) notReady() string {
	what := "has not been ready since it started"
	if v.Group.SubCause == "ReadinessProbe" {
		what = "fails its readiness probe"
	}
	if answer := v.answer(v1alpha1.TimelineReadinessProbeFailed); answer != "" {
		what += " (" + answer + ")"
	}
	return v.subject() + v.verb("runs but is", "run but are") + "not ready: " + or(v.container(), "a container") + " " + what + v.since() + "."
}

// answer is what the newest failure of a probe of the container got.
func (v *verdict) answer(failure v1alpha1.TimelineEvent) string {
	answer := ""
	for i := range v.Pod.Timeline {
		if e := &v.Pod.Timeline[i]; e.Event == failure && e.Container == v.Group.Container {
			answer = e.Detail
		}
	}
	return answer
}

func (v *verdict) starting() string {
	return v.subject() + v.verb("is", "are") + "starting" + v.since() + ": " + v.message() + "."
}

func (v *verdict) readinessGate() string {
	return v.subject() + v.verb("runs but is", "run but are") + "not ready" + v.since() + ": " + v.message() + "."
}
