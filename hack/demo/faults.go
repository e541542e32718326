// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"time"

	corev1 "k8s.io/api/core/v1"
)

// fault is a state that some pods of a workload are put into by hand.
type fault struct {
	namespace, app string
	// pods is how many of them it strikes.
	pods int
	// cause is the one that podwatch must find.
	cause string
	state state
}

// state returns the status of a pod with a fault, at the instant now.
type state func(pod *corev1.Pod, now time.Time) corev1.PodStatus

// faults are all that is wrong with the cluster when the demo begins to look at it.
func faults() []fault {
	return []fault{
		{"shop", "checkout", 2, "CrashLoop", crashLoop(14, 3*time.Minute+10*time.Second, exit{
			1, "Error", "panic: read config: payments.url: environment variable PAYMENTS_URL is not set",
		})},
		{"data", "etl-worker", 1, "CrashLoop", crashLoop(7, 40*time.Second, exit{137, "OOMKilled", ""})},
		{"payments", "scoring", 1, "OOMKilled", runsAgain(2, exit{137, "OOMKilled", ""})},
		{"payments", "invoices", 2, "ImagePull", waiting(17*time.Minute, "ImagePullBackOff",
			`Back-off pulling image "registry.example.com/billing/invoices:2.0.0": ErrImagePull: failed to pull and unpack `+
				`image "registry.example.com/billing/invoices:2.0.0": failed to resolve reference `+
				`"registry.example.com/billing/invoices:2.0.0": pull access denied, repository does not exist or may require `+
				`authorization: authorization failed: no basic auth credentials`)},
		{"shop", promo, 1, "ImagePull", waiting(14*time.Minute, "ImagePullBackOff",
			`Back-off pulling image "`+promoBroken+`": ErrImagePull: failed to pull and unpack image "`+promoBroken+
				`": failed to resolve reference "`+promoBroken+`": `+promoBroken+`: not found`)},
		{"payments", "webhooks", 1, "ConfigError", waiting(23*time.Minute, "CreateContainerConfigError",
			`secret "webhook-signing-key" not found`)},
		{"data", "trainer", 1, "Unschedulable", unschedulable(44*time.Minute,
			"0/4 nodes are available: 1 node(s) had untolerated taint(s), 3 Insufficient memory. preemption: 0/4 nodes are "+
				"available: 1 Preemption is not helpful for scheduling, 3 No preemption victims found for incoming pod.")},
		{"data", "warehouse", 1, "NotReady", notReady(19 * time.Minute)},
		{"data", "import-orders", 1, "ExitCode", ended(25*time.Minute, exit{
			2, "Error", "line 48211: column \"vat_id\": value too long for type character varying(12)",
		})},
		{"payments", "gateway", 3, "NodeNotReady", nodeLost(12 * time.Minute)},
		{"shop", "search", 3, "Evicted", evicted(38*time.Minute, "2260Mi", "1Gi")},
		{"payments", "api", 2, "Evicted", evicted(35*time.Minute, "1180Mi", "512Mi")},
	}
}
