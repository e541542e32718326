// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package diagnose

import "github.com/podwatch/kubectl-podwatch/pkg/projection"

func configRules() []Rule {
	kinds := []string{}
	for _, p := range configPatterns() {
		kinds = append(kinds, p.subCause)
	}
	return []Rule{{
		Cause: "ConfigError", Category: string(categoryConfig), SubCauses: kinds,
		Severity: "Critical.",
		Trigger:  "Waiting reason CreateContainerConfigError.",
		Doc:      "The container refers to a ConfigMap, Secret or key that is not there, or asks for something that its image or the node forbids.",
	}}
}

// configPatterns follow pkg/kubelet/kubelet_pods.go and
// kuberuntime/security_context_others.go, v1.37.
func configPatterns() []pattern {
	return []pattern{
		{"KeyMissing", []string{"couldn't find key", "environment variable key"}},
		{"ConfigMapNotFound", []string{"configmap \""}},
		{"SecretNotFound", []string{"secret \""}},
		{"RunAsNonRoot", []string{"runasnonroot", "non-root policy"}},
		{"SubPath", []string{"subpath"}},
		{"SecurityProfile", []string{"apparmor", "seccomp"}},
	}
}

func configError(w *projection.Waiting) (finding, bool) {
	if w.Reason != "CreateContainerConfigError" {
		return finding{}, false
	}
	return finding{
		category: categoryConfig,
		cause:    "ConfigError",
		subCause: classify(w.Message, configPatterns()),
		message:  orElse(w.Message, w.Reason),
	}, true
}
