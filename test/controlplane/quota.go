// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package controlplane

import (
	"context"
	"fmt"
	"strings"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/wait"
)

// RefusePods makes a quota of no pods in the namespace and returns when the API server refuses new
// ones. It writes the quota's status, too: its controller is not among those that run.
func (s *Server) RefusePods(ctx context.Context, namespace string) error {
	none := corev1.ResourceList{corev1.ResourcePods: resource.MustParse("0")}
	quotas := s.client.CoreV1().ResourceQuotas(namespace)
	quota, err := quotas.Create(ctx, &corev1.ResourceQuota{
		ObjectMeta: metav1.ObjectMeta{Name: "no-pods"},
		Spec:       corev1.ResourceQuotaSpec{Hard: none},
	}, metav1.CreateOptions{})
	if err == nil {
		quota.Status = corev1.ResourceQuotaStatus{Hard: none, Used: none}
		_, err = quotas.UpdateStatus(ctx, quota, metav1.UpdateOptions{})
	}
	if err == nil {
		err = s.awaitRefusal(ctx, namespace)
	}
	if err != nil {
		return fmt.Errorf("refuse pods in namespace %q: %w", namespace, err)
	}
	return nil
}

// awaitRefusal waits for the admission plugin, which reads quotas from its own cache.
func (s *Server) awaitRefusal(ctx context.Context, namespace string) error {
	probe := &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{GenerateName: "probe-"},
		Spec:       corev1.PodSpec{Containers: []corev1.Container{{Name: "probe", Image: "registry.example.com/probe:1"}}},
	}
	try := metav1.CreateOptions{DryRun: []string{metav1.DryRunAll}}
	return wait.PollUntilContextTimeout(ctx, readyInterval, readyLimit, true, func(ctx context.Context) (bool, error) {
		_, err := s.client.CoreV1().Pods(namespace).Create(ctx, probe, try)
		// Another plugin may refuse the pod as well, while its service account is missing.
		if apierrors.IsForbidden(err) {
			return strings.Contains(err.Error(), "exceeded quota"), nil
		}
		return false, err
	})
}
