// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package controlplane

import (
	"context"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// controllers are those that make, replace and collect pods and what these need. Those that judge
// nodes or delete pods on their own are left out, so that a fault state stays as it was made.
func controllers() []string {
	return []string{
		"deployment-controller",
		"replicaset-controller",
		"replicationcontroller-controller",
		"statefulset-controller",
		"daemonset-controller",
		"job-controller",
		"cronjob-controller",
		"ttl-after-finished-controller",
		"disruption-controller",
		"namespace-controller",
		"garbage-collector-controller",
		"serviceaccount-controller",
		"clusterrole-aggregation-controller",
	}
}

// startControllers returns when the controllers act: the service account of the namespace default
// is made by one of them.
func (s *Server) startControllers(ctx context.Context) error {
	err := s.launch(ctx, "kube-controller-manager", []string{
		"--kubeconfig=" + s.Kubeconfig(),
		"--controllers=" + strings.Join(controllers(), ","),
		"--leader-elect=false",
		"--secure-port=0",
		"--kube-api-qps=1000",
		"--kube-api-burst=2000",
	})
	if err != nil {
		return err
	}
	return awaitReady(ctx, func(ctx context.Context) error {
		_, err := s.client.CoreV1().ServiceAccounts("default").Get(ctx, "default", metav1.GetOptions{})
		return err
	}, s.components...)
}
