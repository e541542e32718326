// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package clean

import (
	"errors"
	"fmt"
	"iter"
	"path"
	"slices"
	"strings"

	"github.com/podwatch/kubectl-podwatch/pkg/diagnose"
	"github.com/podwatch/kubectl-podwatch/pkg/projection"
)

// wellKnown are the reasons that kubelet, controllers and container runtimes
// write into the status of pods that have a category (pkg/kubelet, v1.37, and
// what its predecessors wrote).
func wellKnown() []string {
	return []string{
		// of the pod
		"Evicted", "NodeShutdown", "Shutdown", "Terminated", "DeadlineExceeded", "NodeLost", "Preempting",
		"OutOfcpu", "OutOfmemory", "OutOfephemeral-storage", "OutOfpods", "UnexpectedAdmissionError",
		"UnexpectedPredicateFailureType", "NodeAffinity", "NodeName", "NodePorts", "NodeResourcesFit", "TaintToleration",
		"PodOSNotSupported", "PodOSSelectorNodeLabelDoesNotMatch", "AppArmor", "PodFeatureUnsupported",
		"PodLevelResourcesNotSupported", "SysctlForbidden", "TopologyAffinityError", "MatchNodeSelector", "PodFitsHostPorts",
		// of a container
		"Error", "Completed", "OOMKilled", "ContainerStatusUnknown", "ContainerCannotRun", "StartError", "DeadlineExceeded",
		"CrashLoopBackOff", "RunContainerError", "PostStartHookError", "PreStartHookError",
		"ErrImagePull", "ImagePullBackOff", "InvalidImageName", "ErrImageNeverPull", "ImageInspectError",
		"RegistryUnavailable", "SignatureValidationFailed",
	}
}

// ParseReason checks a pattern of Rules.Reasons.
func ParseReason(s string) (string, error) {
	switch _, err := path.Match(s, ""); {
	case strings.TrimSpace(s) == "":
		return "", errors.New("the value is empty")
	case err != nil:
		return "", fmt.Errorf("parse pattern %q: %w", s, err)
	}
	return s, nil
}

// Unheard returns an error that names the first pattern of r.Reasons that
// matches neither a well-known reason nor one of any of the pods: it must be
// misspelt, and "nothing to clean" would hide that.
func (r Rules) Unheard(pods iter.Seq2[*projection.Pod, diagnose.Verdict]) error {
	left := slices.DeleteFunc(slices.Clone(r.Reasons), func(pattern string) bool {
		return slices.ContainsFunc(wellKnown(), func(reason string) bool { return matches(pattern, reason) })
	})
	for p := range pods {
		if len(left) == 0 {
			return nil
		}
		for _, reason := range reasons(p) {
			left = slices.DeleteFunc(left, func(pattern string) bool { return matches(pattern, reason) })
		}
	}
	if len(left) == 0 {
		return nil
	}
	return fmt.Errorf("find reason %q: no pod in scope has it and Kubernetes does not know it%s", left[0], meant(left[0]))
}

// meant names the well-known reason that differs in case only.
func meant(pattern string) string {
	for _, reason := range wellKnown() {
		if strings.EqualFold(reason, pattern) {
			return fmt.Sprintf("; did you mean %s?", reason)
		}
	}
	return ""
}
