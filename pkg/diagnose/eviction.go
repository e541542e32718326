// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package diagnose

import (
	"strings"

	"github.com/podwatch/kubectl-podwatch/pkg/apis/podwatch/v1alpha1"
	"github.com/podwatch/kubectl-podwatch/pkg/projection"
)

func evictionRules() []Rule {
	kinds := []string{}
	for _, p := range evictionPatterns() {
		kinds = append(kinds, p.subCause)
	}
	return []Rule{{
		Cause: "Evicted", Category: string(categoryNode), SubCauses: kinds,
		Severity: "Warning if a controller replaces the pod, else critical.",
		Trigger:  "Phase Failed with reason Evicted; the message tells why.",
		Doc: "The kubelet evicted the pod: the node ran out of a resource (NodePressure), the pod exceeded a storage limit of its own " +
			"(EphemeralLimit, EmptyDirLimit), or the node was under pressure when the pod arrived (RejectedUnderPressure).",
	}}
}

// evictionPatterns follow pkg/kubelet/eviction/helpers.go, v1.37.
func evictionPatterns() []pattern {
	return []pattern{
		{"RejectedUnderPressure", []string{"the node had condition"}},
		{"NodePressure", []string{"the node was low on"}},
		{"EmptyDirLimit", []string{"usage of emptydir volume"}},
		{"EphemeralLimit", []string{"ephemeral local storage", "local ephemeral storage limit", "ephemeral-storage"}},
	}
}

// evicted judges an eviction by the kubelet. One for the use of a resource
// names the container that used it.
func (in *input) evicted() {
	f := finding{category: categoryNode, cause: "Evicted", subCause: classify(in.pod.Message, evictionPatterns())}
	switch f.subCause {
	case "NodePressure", "RejectedUnderPressure":
		f.object = in.nodeObject()
	}
	if f.subCause != "RejectedUnderPressure" {
		f.container = in.evictedContainer()
	}
	if f.container != nil && f.container.Terminated != nil {
		f.evidence = facts(endFact(f.container, f.container.Terminated))
	}
	in.fromOutside(f)
}

// evictedContainer is the one that the message names, else the only one, else
// the only one that was killed.
func (in *input) evictedContainer() *projection.Container {
	var only, killed *projection.Container
	count, kills := 0, 0
	named := namedContainer(in.pod.Message)
	for i := range in.pod.Containers {
		c := &in.pod.Containers[i]
		if c.Type == v1alpha1.ContainerEphemeral {
			continue
		}
		if c.Name == named {
			return c
		}
		only = c
		count++
		if c.Terminated != nil && c.Terminated.ExitCode != 0 {
			killed = c
			kills++
		}
	}
	switch {
	case count == 1:
		return only
	case kills == 1:
		return killed
	default:
		return nil
	}
}

// namedContainer reads the name from "Container NAME was using …" and
// "Container NAME exceeded its local ephemeral storage limit".
func namedContainer(message string) string {
	for {
		_, rest, ok := strings.Cut(message, "Container ")
		if !ok {
			return ""
		}
		name, verb, ok := strings.Cut(rest, " ")
		if ok && (strings.HasPrefix(verb, "was using") || strings.HasPrefix(verb, "exceeded")) {
			return name
		}
		message = rest
	}
}
