// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package diagnose

import "strings"

// rejectedPrefix begins the message of every pod that a kubelet refuses
// (rejectPod, v1.37).
const rejectedPrefix = "Pod was rejected: "

func rejectedRules() []Rule {
	return []Rule{{
		Cause: "Rejected", Category: string(categoryNode),
		SubCauses: []string{
			"NodeAffinity", "NodeName", "NodePorts", "TaintToleration", "OutOf", "Device", "NUMA", "NodeFeature", "VolumeLimit", "Other",
		},
		Severity: "Warning if a controller replaces the pod, else critical.",
		Trigger:  "Phase Failed with a reason of the kubelet's admission, or a message that begins with 'Pod was rejected:'.",
		Doc:      "The kubelet refused the pod that the scheduler had given it. Nothing of the pod ever ran; its controller makes another one.",
	}}
}

// rejection returns the sub-cause for a pod that was refused by the kubelet,
// "" for other pods. The reasons are those of pkg/kubelet/lifecycle, cm and
// volumemanager, v1.37.
func rejection(reason, message string) string {
	switch reason {
	case "NodeAffinity", "NodeName", "NodePorts", "TaintToleration":
		return reason
	// The names of the predicates before v1.22.
	case "MatchNodeSelector":
		return "NodeAffinity"
	case "HostName":
		return "NodeName"
	case "PodFitsHostPorts":
		return "NodePorts"
	case "PodToleratesNodeTaints", "PodToleratesNodeNoExecuteTaints":
		return "TaintToleration"
	case "UnexpectedAdmissionError":
		return "Device"
	case "TopologyAffinityError", "SMTAlignmentError", "EmptyPodSharedPoolError":
		return "NUMA"
	case "AppArmor", "SysctlForbidden", "PodOSSelectorNodeLabelDoesNotMatch", "PodOSNotSupported",
		"SupplementalGroupsPolicyNotSupported", "PodLevelResourcesNotSupported", "PodFeatureUnsupported",
		"InitContainerRestartPolicyForbidden":
		return "NodeFeature"
	case "VolumeAttachmentLimitExceeded":
		return "VolumeLimit"
	case "InvalidNodeInfo", "UnknownReason", "UnexpectedPredicateFailureType":
		return "Other"
	}
	switch {
	case strings.HasPrefix(reason, "OutOf"):
		return "OutOf"
	case strings.HasPrefix(message, rejectedPrefix):
		return "Other"
	default:
		return ""
	}
}

func (in *input) rejected(kind string) {
	in.fromOutside(finding{category: categoryNode, cause: "Rejected", subCause: kind})
}
