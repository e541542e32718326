// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import "time"

// lostNode is the node whose kubelet is silent. kwok plays the others.
const lostNode = "worker-4"

func playedNodes() []string { return []string{"worker-1", "worker-2", "worker-3"} }

func namespaces() []string { return []string{"data", "payments", "shop"} }

// kind is the kind of a workload.
type kind string

const (
	deployment  kind = "Deployment"
	statefulSet kind = "StatefulSet"
	job         kind = "Job"
)

// workload is one workload of the cluster, as it was before the outage.
type workload struct {
	kind            kind
	namespace, name string
	replicas        int32
	// node runs all pods: the control plane has no scheduler. Empty, they stay unscheduled.
	node   string
	image  string
	memory string
	// age is how old the pods are in the snapshot; the control plane cannot make them older than
	// they are. Pods with a fault take theirs from the fault.
	age time.Duration
	// manual keeps the pods from kwok, for faults that strike before a pod runs.
	manual bool
}

// played is true if kwok starts the pods.
func (w workload) played() bool { return !w.manual && w.node != "" && w.node != lostNode }

func workloads() []workload {
	const day = 24 * time.Hour
	return []workload{
		{deployment, "kube-system", "coredns", 2, "worker-1", "registry.k8s.io/coredns/coredns:v1.13.1", "170Mi", 41 * day, false},
		{deployment, "kube-system", "metrics-server", 1, "worker-2", "registry.k8s.io/metrics-server/metrics-server:v0.8.0", "200Mi", 41 * day, false},

		{deployment, "shop", "frontend", 4, "worker-1", "registry.example.com/shop/frontend:4.18.2", "256Mi", 9 * day, false},
		{deployment, "shop", "cart", 3, "worker-2", "registry.example.com/shop/cart:1.9.0", "256Mi", 6 * day, false},
		{deployment, "shop", "catalog", 3, "worker-1", "registry.example.com/shop/catalog:2.44.1", "512Mi", 9 * day, false},
		{deployment, "shop", "checkout", 3, "worker-2", "registry.example.com/shop/checkout:7.3.0", "512Mi", 52 * time.Minute, false},
		{deployment, "shop", "search", 3, "worker-3", "registry.example.com/shop/search:3.2.5", "2Gi", 38 * time.Minute, false},
		{deployment, "shop", promo, 2, "worker-3", promoBefore, "128Mi", 20 * day, false},

		{deployment, "payments", "api", 3, "worker-3", "registry.example.com/payments/api:12.0.4", "1Gi", 35 * time.Minute, false},
		{deployment, "payments", "scoring", 2, "worker-2", "registry.example.com/payments/scoring:0.31.0", "1536Mi", 3 * day, false},
		{deployment, "payments", "gateway", 3, lostNode, "registry.example.com/payments/gateway:5.5.1", "512Mi", 3 * day, true},
		{deployment, "payments", "invoices", 2, "worker-1", "registry.example.com/billing/invoices:2.0.0", "256Mi", 17 * time.Minute, true},
		{deployment, "payments", "webhooks", 1, "worker-2", "registry.example.com/payments/webhooks:1.4.0", "128Mi", 23 * time.Minute, true},
		{statefulSet, "payments", "ledger", 3, "worker-1", "registry.example.com/payments/ledger:8.1.7", "4Gi", 30 * day, false},

		{deployment, "data", "etl-worker", 2, "worker-3", "registry.example.com/data/etl:2026.11.3", "1Gi", 2 * day, false},
		{deployment, "data", "trainer", 1, "", "registry.example.com/data/trainer:0.9.2", "96Gi", 44 * time.Minute, true},
		{deployment, "data", "warehouse", 2, "worker-2", "registry.example.com/data/warehouse:1.22.0", "2Gi", 5 * day, false},
		{statefulSet, "data", "kafka", 3, "worker-3", "registry.example.com/data/kafka:4.1.0", "6Gi", 30 * day, false},
		// It ends now, and so dates the snapshot: podwatch takes the newest time in a file for its now.
		{job, "data", "hourly-export", 1, "worker-1", "registry.example.com/data/export:1.7.0", "512Mi", 0, false},
		{job, "data", "import-orders", 1, "worker-3", "registry.example.com/data/import:3.0.1", "512Mi", 26 * time.Minute, true},
	}
}

// The rollout of promo hangs at first, and recovers when the right image is rolled out.
const (
	promo       = "promo"
	promoBefore = "registry.example.com/shop/promo:2.6.0"
	promoBroken = "registry.example.com/shop/promo:2.7.0-rc"
	promoFixed  = "registry.example.com/shop/promo:2.7.0"
	// promoStart is how long a pod of the right image takes to become ready.
	promoStart = "3s"
)
