// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package diagnose

import (
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/podwatch/kubectl-podwatch/pkg/apis/podwatch/v1alpha1"
	"github.com/podwatch/kubectl-podwatch/pkg/projection"
)

// The readers of the server's words see every text that a registry, a runtime
// or a stranger's pod can bring about.

func known(patterns []pattern, subCause string) bool {
	return subCause == "" || slices.ContainsFunc(patterns, func(p pattern) bool { return p.subCause == subCause })
}

func FuzzSchedulerMessage(f *testing.F) {
	for _, message := range []string{
		"0/5 nodes are available: 2 node(s) had untolerated taint(s), 3 Insufficient cpu. preemption: 0/5 nodes are available: 5 No preemption victims found for incoming pod.",
		"No nodes are available that match all of the predicates: Insufficient cpu (1), PodToleratesNodeTaints (2).",
		"are available: ", "(", "9999999999999999999 Insufficient cpu", ", , ,", "\xff Insufficient cpu (-1)",
	} {
		f.Add(message)
	}
	f.Fuzz(func(t *testing.T, message string) {
		if kind := schedulingKind(message); !known(schedulingPatterns(), kind) {
			t.Errorf("schedulingKind(%q) = %q, which is no sub-cause", message, kind)
		}
		if text := schedulingText(message); !strings.Contains(message, text) {
			t.Errorf("schedulingText(%q) = %q, which does not stand there", message, text)
		}
	})
}

func FuzzPullMessage(f *testing.F) {
	for _, message := range []string{
		`Back-off pulling image "a/b:1": ErrImagePull: a/b:1: not found`,
		`rpc error: code = NotFound desc = failed to pull and unpack image "r.example.com/a:1": failed to resolve reference "r.example.com/a:1": r.example.com/a:1: not found`,
		`Back-off pulling image "`, `failed to pull and unpack image "": `, `"/"/"/"`, `"a:"a:"`, "\xff\"/\xff\"",
	} {
		f.Add(message)
	}
	f.Fuzz(func(t *testing.T, message string) {
		for _, reason := range []string{"ErrImagePull", "ImagePullBackOff"} {
			finding, ok := imageError(&projection.Waiting{Reason: reason, Message: message})
			if !ok || !known(pullPatterns(), finding.subCause) || strings.TrimSpace(finding.message) == "" {
				t.Errorf("imageError(%q) = %+v, %v", message, finding, ok)
			}
			// "ERROR (IMAGE)" adds two brackets and a space to what it drops.
			if len(finding.message) > max(len(message)+3, len(reason)) {
				t.Errorf("imageError(%q) makes %d bytes of %d", message, len(finding.message), len(message))
			}
			if utf8.ValidString(message) && !utf8.ValidString(finding.message) {
				t.Errorf("imageError(%q) = %q is not UTF-8", message, finding.message)
			}
		}
		if rest := withoutReferences(message); len(rest) > len(message) {
			t.Errorf("withoutReferences(%q) = %q is longer", message, rest)
		}
	})
}

func FuzzStartMessage(f *testing.F) {
	for _, message := range []string{
		`runc create failed: unable to start container process: error during container init: exec: "x": executable file not found in $PATH`,
		`couldn't find key network in Secret ns/x`, "ImageVolumeMountFailed", "unable to start container process: ", "\xff",
	} {
		f.Add(message)
	}
	f.Fuzz(func(t *testing.T, message string) {
		for _, reason := range []string{"RunContainerError", "CreateContainerError", "PostStartHookError", "PreStartHookError"} {
			finding, ok := containerError(&projection.Waiting{Reason: reason, Message: message})
			if !ok || finding.cause == "" || len(finding.message) > max(len(message), len(reason)) {
				t.Errorf("containerError(%s, %q) = %+v, %v", reason, message, finding, ok)
			}
		}
		finding, ok := configError(&projection.Waiting{Reason: "CreateContainerConfigError", Message: message})
		if !ok || !known(configPatterns(), finding.subCause) {
			t.Errorf("configError(%q) = %+v, %v", message, finding, ok)
		}
		if kind := startKind(message); !known(startPatterns(), kind) {
			t.Errorf("startKind(%q) = %q, which is no sub-cause", message, kind)
		}
	})
}

func FuzzEvictionMessage(f *testing.F) {
	for _, message := range []string{
		"The node was low on resource: memory. Threshold quantity: 100Mi, available: 41372Ki. Container c was using 1Gi, request is 0, has larger consumption of memory. ",
		`Container b exceeded its local ephemeral storage limit "1Gi". `, "Container ", "Container Container was using", "Container  was using", "\xff",
	} {
		f.Add(message, "c")
	}
	f.Fuzz(func(t *testing.T, message, name string) {
		named := namedContainer(message)
		if !strings.Contains(message, named) || strings.Contains(named, " ") {
			t.Errorf("namedContainer(%q) = %q", message, named)
		}
		in := input{pod: &projection.Pod{Message: message, Containers: []projection.Container{
			{Name: name, Type: v1alpha1.ContainerApp}, {Name: "other", Type: v1alpha1.ContainerApp},
		}}}
		in.evicted()
		if len(in.found) != 1 || !known(evictionPatterns(), in.found[0].subCause) {
			t.Errorf("evicted by %q: %+v", message, in.found)
		}
		if c := in.found[0].container; c != nil && c.Name != named {
			t.Errorf("evicted by %q: container %q is at fault, the message names %q", message, c.Name, named)
		}
	})
}
