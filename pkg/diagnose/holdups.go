// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package diagnose

import (
	"time"

	"github.com/podwatch/kubectl-podwatch/pkg/apis/podwatch/v1alpha1"
	"github.com/podwatch/kubectl-podwatch/pkg/projection"
)

func holdUpRules() []Rule {
	return []Rule{
		{
			Cause: "Volume", Category: string(categoryVolume), SubCauses: []string{"Mount", "Attach", "MultiAttach", "Map", "Resize"},
			Doc: "The containers are not created because a volume is not there. MultiAttach: another node or pod still has it. " +
				"Mount: it cannot be mounted, for example because the ConfigMap or Secret that it is made from does not exist.",
			Severity: "Warning after --warn-after, critical after --critical-after: attaching and mounting are tried again and often heal. " +
				"If an object that the volume is made from is missing, critical after --warn-after.",
			Trigger: "While a container waits to be created: events FailedMount, FailedAttachVolume, FailedMapVolume, AlreadyMountedVolume, " +
				"FailedMountOnFilesystemMismatch, VolumeResizeFailed, FileSystemResizeFailed, newer than the wait and than any sign that an image was pulled.",
		},
		{
			Cause: "Sandbox", Category: string(categorySandbox), SubCauses: []string{"CNI", "IPExhausted", "RuntimeClass", "Cgroup"},
			Doc: "The containers are not created because the sandbox of the pod cannot be made. CNI: its network. " +
				"IPExhausted: no address is left for it. RuntimeClass: the node does not have the runtime handler.",
			Severity: "Warning after --warn-after, critical after --critical-after: it is tried again, and a node that starts needs a moment.",
			Trigger:  "While a container waits to be created: events FailedCreatePodSandBox, FailedPodSandBoxStatus, NetworkNotReady, FailedCreatePodContainer.",
		},
		{
			Cause: "Device", Category: string(categoryDevice), SubCauses: []string{"DRA"},
			Doc:      "The containers are not created because a device cannot be prepared. DRA: one that a ResourceClaim asks for.",
			Severity: "Warning after --warn-after, critical after --critical-after: it is tried again.",
			Trigger:  "While a container waits to be created: event FailedPrepareDynamicResources.",
		},
	}
}

// sandboxPatterns are tried in order: a plugin without addresses also says that
// the network could not be set up.
func sandboxPatterns() []pattern {
	return []pattern{
		{"IPExhausted", []string{
			"no ip addresses available", "no available ip", "no more ips", "no free ip", "not enough ip", "insufficient ip", "ip address exhaust",
			"failed to assign an ip address", "all ip addresses are in use", "range is full", "ip pool exhausted", "address pool is exhausted",
			"no free addresses",
		}},
		{"RuntimeClass", []string{"no runtime for", "runtime handler", "runtimeclass"}},
		{"CNI", []string{"network", "cni"}},
		{"Cgroup", []string{"cgroup"}},
	}
}

// holdUp is what keeps a pod from having its containers created.
func holdUp(e *projection.Event) (f finding, known bool) {
	switch e.Reason {
	case "FailedMount", "FailedMountOnFilesystemMismatch", "AlreadyMountedVolume":
		return finding{category: categoryVolume, cause: "Volume", subCause: "Mount"}, true
	case "FailedAttachVolume":
		return finding{category: categoryVolume, cause: "Volume", subCause: attachKind(eventText(e))}, true
	case "FailedMapVolume":
		return finding{category: categoryVolume, cause: "Volume", subCause: "Map"}, true
	case "VolumeResizeFailed", "FileSystemResizeFailed":
		return finding{category: categoryVolume, cause: "Volume", subCause: "Resize"}, true
	case "FailedCreatePodSandBox", "FailedPodSandBoxStatus":
		return finding{category: categorySandbox, cause: "Sandbox", subCause: classify(eventText(e), sandboxPatterns())}, true
	case "NetworkNotReady":
		return finding{category: categorySandbox, cause: "Sandbox", subCause: "CNI"}, true
	case "FailedCreatePodContainer":
		return finding{category: categorySandbox, cause: "Sandbox", subCause: "Cgroup"}, true
	case "FailedPrepareDynamicResources":
		return finding{category: categoryDevice, cause: "Device", subCause: "DRA"}, true
	default:
		return finding{}, false
	}
}

// attachKind: v1.37 says who has the volume, earlier releases said Multi-Attach.
func attachKind(message string) string {
	kind := classify(message, []pattern{{"MultiAttach", []string{
		"multi-attach error", "already exclusively attached", "already used by", "waiting for detach",
	}}})
	return orElse(kind, "Attach")
}

// besides is true for warnings that never keep a container from being created.
func besides(reason string) bool {
	switch reason {
	case "FailedScheduling", "DNSConfigForming", "MissingClusterDNS", "HostIPsIPFamilyMismatch", "Unhealthy", "ProbeWarning",
		"FailedToRetrieveImagePullSecret", "PossibleMemoryBackedVolumesOnDisk", "NodeNotReady",
		"ResizeDeferred", "ResizeInfeasible", "ResizeError":
		return true
	default:
		return false
	}
}

// heldUp refines the finding about containers that are not created, which wait
// since t, by what the events tell: an error before the sandbox is ready, else
// the newest warning as it stands. The kubelet goes from volumes to sandbox to
// images, so a sign of a later step makes older errors a matter of the past.
func (in *input) heldUp(f *finding, t time.Time) {
	var warning *projection.Event
	ready := f.subCause == "Image"
	for i := len(in.related.Events) - 1; i >= 0; i-- {
		e := &in.related.Events[i]
		if !notOlder(e, t) {
			continue
		}
		if step(e.Reason) {
			in.pulling(f, e, warning)
			break
		}
		if known, ok := holdUp(e); ok && !ready {
			in.explain(f, e, known, t)
			return
		} else if !ok && warning == nil && e.Warning && !besides(e.Reason) {
			warning = e
		}
	}
	if warning != nil {
		f.message = reasonAndMessage(warning.Reason, eventText(warning))
		f.support(eventFact(warning))
	}
}

// step is true for what happens to a container after the sandbox is ready.
func step(reason string) bool {
	return reason == "Pulling" || reason == "Pulled" || reason == "Created" || reason == "Started"
}

// pulling tells which image is being pulled: slow is not failed.
func (in *input) pulling(f *finding, e, warning *projection.Event) {
	if e.Reason != "Pulling" || warning != nil {
		return
	}
	f.subCause = "Image"
	f.message = "an image is being pulled: " + eventText(e)
	f.support(eventFact(e))
}

// explain makes the known error of event e the cause of f.
func (in *input) explain(f *finding, e *projection.Event, known finding, t time.Time) {
	f.category, f.cause, f.subCause = known.category, known.cause, known.subCause
	f.message = orElse(eventText(e), e.Reason)
	f.confidence = v1alpha1.ConfidenceMedium
	f.support(eventFact(e))
	if f.cause != "Volume" {
		return
	}
	f.object = namedObject(f.message, in.pod.Namespace)
	if f.object != nil || classify(f.message, []pattern{{"Key", []string{"references non-existent"}}}) != "" {
		f.severity = in.lasting(t)
	}
}
