// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"

	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
	"k8s.io/client-go/kubernetes"

	"github.com/podwatch/kubectl-podwatch/test/controlplane"
)

// create makes the workload; its controller makes the pods.
func (w workload) create(ctx context.Context, client kubernetes.Interface) error {
	var err error
	meta := metav1.ObjectMeta{Name: w.name, Namespace: w.namespace, Labels: w.labels()}
	selector := &metav1.LabelSelector{MatchLabels: w.labels()}
	switch w.kind {
	case deployment:
		_, err = client.AppsV1().Deployments(w.namespace).Create(ctx, &appsv1.Deployment{
			ObjectMeta: meta,
			Spec:       appsv1.DeploymentSpec{Replicas: &w.replicas, Selector: selector, Template: w.template()},
		}, metav1.CreateOptions{})
	case statefulSet:
		_, err = client.AppsV1().StatefulSets(w.namespace).Create(ctx, &appsv1.StatefulSet{
			ObjectMeta: meta,
			Spec: appsv1.StatefulSetSpec{
				Replicas: &w.replicas, Selector: selector, Template: w.template(), ServiceName: w.name,
				PodManagementPolicy: appsv1.ParallelPodManagement,
			},
		}, metav1.CreateOptions{})
	case job:
		_, err = client.BatchV1().Jobs(w.namespace).Create(ctx, &batchv1.Job{
			ObjectMeta: meta,
			Spec:       batchv1.JobSpec{Template: w.template(), BackoffLimit: new(int32(0))},
		}, metav1.CreateOptions{})
	}
	if err != nil {
		return fmt.Errorf("create %s %q: %w", w.kind, w.name, err)
	}
	return nil
}

func (w workload) labels() map[string]string { return map[string]string{"app": w.name} }

func (w workload) template() corev1.PodTemplateSpec {
	t := corev1.PodTemplateSpec{
		ObjectMeta: metav1.ObjectMeta{Labels: w.labels()},
		Spec: corev1.PodSpec{
			NodeName:   w.node,
			Containers: []corev1.Container{w.container()},
		},
	}
	if w.kind == job {
		t.Spec.RestartPolicy = corev1.RestartPolicyNever
		t.Spec.Containers[0].ReadinessProbe = nil
	}
	if w.manual {
		t.Labels[controlplane.ManualLabel] = controlplane.ManualStatus
	}
	return t
}

func (w workload) container() corev1.Container {
	memory := resource.MustParse(w.memory)
	return corev1.Container{
		Name:  w.name,
		Image: w.image,
		// So that the last words of a crashed container stand in its status.
		TerminationMessagePolicy: corev1.TerminationMessageFallbackToLogsOnError,
		Resources: corev1.ResourceRequirements{
			Requests: corev1.ResourceList{corev1.ResourceCPU: resource.MustParse("100m"), corev1.ResourceMemory: memory},
			Limits:   corev1.ResourceList{corev1.ResourceMemory: memory},
		},
		ReadinessProbe: &corev1.Probe{ProbeHandler: corev1.ProbeHandler{
			HTTPGet: &corev1.HTTPGetAction{Path: "/ready", Port: intstr.FromInt32(8080)},
		}},
	}
}
