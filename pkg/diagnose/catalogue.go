// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package diagnose

import (
	"slices"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/podwatch/kubectl-podwatch/pkg/apis/podwatch/v1alpha1"
	"github.com/podwatch/kubectl-podwatch/pkg/projection"
)

func (h *hints) scheduling() {
	if h.finding.Cause == "SchedulingGated" {
		h.look("shows who set the gates", "get", "pod", h.pod.Name, "-o", "jsonpath={.spec.schedulingGates}")
		return
	}
	h.object()
	h.events()
	switch h.finding.SubCause {
	case "PVC", "VolumeTopology", "RWOP":
		h.look("shows the volume claims of the namespace", "get", "persistentvolumeclaims")
	case "Taint", "Cordoned", "NodeSelector", "Resources":
		h.lookCluster("shows what the nodes offer", "describe", "nodes")
	}
}

func (h *hints) creating() {
	h.object()
	h.events()
	switch {
	case h.finding.SubCause == "MultiAttach" || h.finding.SubCause == "Attach":
		h.lookCluster("shows which node has which volume", "get", "volumeattachments")
	case h.finding.Cause == "Sandbox" && h.pod.NodeName != "":
		h.list = append(h.list, v1alpha1.Hint{
			Command: h.command(metav1.NamespaceSystem, []string{"get", "pods", "-o", "wide", "--field-selector", "spec.nodeName=" + h.pod.NodeName}),
			Reason:  "shows whether the network and storage agents of the node are well",
		})
	case h.finding.Cause == "DeviceUnhealthy" && h.pod.NodeName != "":
		h.lookCluster("shows the conditions of the node", "describe", "node", h.pod.NodeName)
	}
}

func (h *hints) starting() {
	h.object()
	if h.finding.Cause == "ImagePull" && h.finding.SubCause == "Auth" {
		h.look("shows the pull secrets of the pod", "get", "pod", h.pod.Name, "-o", "jsonpath={.spec.imagePullSecrets}")
	}
	h.events()
	if name := deploymentOf(h.pod); h.finding.Cause == "ImagePull" && name != "" {
		h.look("shows the images that the Deployment asks for", "get", "deployment", name, "-o", "jsonpath={.spec.template.spec.containers[*].image}")
	}
}

// object shows what the finding blames besides the pod. Of a Secret nothing but
// its name is printed.
func (h *hints) object() {
	o := h.finding.Object
	if o == nil {
		return
	}
	switch o.Kind {
	case kindConfigMap, kindSecret:
		if h.finding.SubCause == "KeyMissing" {
			h.look("shows which keys it has", "describe", strings.ToLower(o.Kind), o.Name)
			return
		}
		h.look("shows whether it is there by now", "get", strings.ToLower(o.Kind), o.Name)
	case kindClaim:
		h.look("shows the state and the events of the claim", "describe", "persistentvolumeclaim", o.Name)
	case kindQuota:
		h.look("shows what is used of the quota", "describe", "resourcequota", o.Name)
	}
}

func (h *hints) crash() {
	args := []string{"logs", h.pod.Name, "-c", h.finding.Container, "--tail=50"}
	reason := "shows the last lines of the log"
	if h.finding.Cause != "Initializing" && h.restarted() {
		args = append(args, "--previous")
		reason = "shows the last lines before the crash"
	}
	if h.finding.Container != "" {
		h.look(reason, args...)
	}
	if h.finding.Cause == exitOOMKilled || h.finding.SubCause == exitOOMKilled {
		h.look("shows what the containers use now", "top", "pod", h.pod.Name, "--containers")
	}
	h.events()
}

// probe: what the probe got stands in the events, and why in the log of the run.
func (h *hints) probe() {
	h.events()
	if h.finding.Container != "" {
		h.look("shows the last lines of the log", "logs", h.pod.Name, "-c", h.finding.Container, "--tail=50")
	}
}

// restarted is true if the container at fault has a run before this one, whose
// log --previous asks for.
func (h *hints) restarted() bool {
	for i := range h.pod.Containers {
		c := &h.pod.Containers[i]
		if c.Name == h.finding.Container {
			return c.Terminated == nil && c.LastTerminated != nil
		}
	}
	return false
}

func (h *hints) node() {
	if h.pod.NodeName != "" {
		h.lookCluster("shows the conditions of the node", "describe", "node", h.pod.NodeName)
	}
	switch h.finding.Cause {
	case "Evicted", "Rejected", "NodeShutdown":
		h.clean()
	default:
		h.events()
	}
	if h.finding.SubCause == nodeUnreachable {
		h.changeCluster("only if the machine is off for good: lets its pods and volumes go elsewhere",
			"taint", "node", h.pod.NodeName, "node.kubernetes.io/out-of-service=nodeshutdown:NoExecute")
	}
}

func (h *hints) deletion() {
	switch h.finding.SubCause {
	case "Finalizer":
		h.look("shows the finalizers and who set them", "get", "pod", h.pod.Name, "-o", "yaml", "--show-managed-fields")
	case "NodeGone":
		h.lookCluster("shows the conditions of the node", "describe", "node", h.pod.NodeName)
		h.change("removes the object; the containers may still run on the node, and a StatefulSet would start a second copy",
			"delete", "pod", h.pod.Name, "--grace-period=0", "--force")
	case "KubeletStuck", "FailedKillPod", "ExceededGracePeriod":
		h.events()
		h.lookCluster("shows the conditions of the node", "describe", "node", h.pod.NodeName)
	default:
		h.events()
	}
}

func (h *hints) events() {
	h.look("shows the recent events of the pod", "events", "--for", "pod/"+h.pod.Name)
}

// clean is not offered for a single pod: leftovers come in numbers.
func (h *hints) clean() {
	h.change("shows the leftovers of failed pods and asks before it removes them", "podwatch", "clean")
}

// rollout adds the way back if the finding came with a new revision.
func (h *hints) rollout() {
	if name := deploymentOf(h.pod); name != "" && slices.Contains(h.finding.SeverityReason, loweredRollout) {
		h.history(name)
	}
}

func (h *hints) history(deployment string) {
	h.look("shows the revisions", "rollout", "history", "deployment/"+deployment)
	h.change("goes back to the revision before, if the new one is at fault", "rollout", "undo", "deployment/"+deployment)
}

// deploymentOf is the Deployment whose ReplicaSet made the pod, "" if there is
// none: the ReplicaSet is called after it and the hash of the template.
func deploymentOf(p *projection.Pod) string {
	if p.Controller == nil || p.Controller.Kind != projection.KindReplicaSet || p.TemplateHash == "" {
		return ""
	}
	name, ok := strings.CutSuffix(p.Controller.Name, "-"+p.TemplateHash)
	if !ok {
		return ""
	}
	return name
}
