// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package diagnose

import (
	"time"

	"github.com/podwatch/kubectl-podwatch/pkg/apis/podwatch/v1alpha1"
)

func deviceRules() []Rule {
	return []Rule{{
		Cause: "DeviceUnhealthy", Category: string(categoryDevice),
		Doc:      "A device that a container uses is broken, as its device plugin or driver reports. The container goes on and may fail at any time.",
		Severity: "Critical.",
		Trigger:  "A resource with health Unhealthy in allocatedResourcesStatus of the container's status (since v1.31, behind ResourceHealthStatus).",
	}}
}

// devices judges the devices of each container. The server does not say since
// when one is broken.
func (in *input) devices() {
	for i := range in.pod.Containers {
		c := &in.pod.Containers[i]
		if c.Unhealthy == "" || c.Terminated != nil || c.Type == v1alpha1.ContainerEphemeral {
			continue
		}
		in.add(finding{
			severity:  v1alpha1.SeverityCritical,
			category:  categoryDevice,
			cause:     "DeviceUnhealthy",
			container: c,
			message:   "unhealthy device: " + c.Unhealthy,
			evidence:  facts(fact(c.StatusPath("allocatedResourcesStatus"), c.Unhealthy, time.Time{})),
		})
	}
}
