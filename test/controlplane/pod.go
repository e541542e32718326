// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package controlplane

import (
	"context"
	"errors"
	"fmt"
	"io"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/yaml"
	"k8s.io/client-go/util/retry"
)

// CreatePod makes a pod in the given state and returns it as it then lives on the server: metadata
// and spec are created, spec.nodeName included, ephemeral containers added, and the status is
// written through the status subresource. Of the metadata the server sets UID, versions and times
// itself. A pod without a status stays as the server made it: Pending.
//
// With a deletionTimestamp the pod is deleted with its grace period (30 s if it has none), so it is
// Terminating from now on; that needs a node name or a finalizer, as the server removes any
// other pod at once. The argument is not changed.
func (s *Server) CreatePod(ctx context.Context, pod *corev1.Pod) (*corev1.Pod, error) {
	live, err := s.createPod(ctx, pod)
	if err != nil {
		return nil, fmt.Errorf("create pod %q in namespace %q: %w", pod.Name, pod.Namespace, err)
	}
	return live, nil
}

func (s *Server) createPod(ctx context.Context, pod *corev1.Pod) (*corev1.Pod, error) {
	if pod.DeletionTimestamp != nil && pod.Spec.NodeName == "" && len(pod.Finalizers) == 0 {
		return nil, errors.New("a terminating pod needs a node name or a finalizer")
	}
	fresh := &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{
			Name: pod.Name, GenerateName: pod.GenerateName, Namespace: pod.Namespace,
			Labels: pod.Labels, Annotations: pod.Annotations,
			OwnerReferences: pod.OwnerReferences, Finalizers: pod.Finalizers,
		},
		Spec: *pod.Spec.DeepCopy(),
	}
	fresh.Spec.EphemeralContainers = nil // refused at creation
	pods := s.client.CoreV1().Pods(pod.Namespace)
	live, err := pods.Create(ctx, fresh, metav1.CreateOptions{})
	if err != nil {
		return nil, err
	}
	if ephemeral := pod.Spec.EphemeralContainers; len(ephemeral) > 0 {
		live.Spec.EphemeralContainers = ephemeral
		live, err = pods.UpdateEphemeralContainers(ctx, live.Name, live, metav1.UpdateOptions{})
		if err != nil {
			return nil, fmt.Errorf("add ephemeral containers: %w", err)
		}
	}
	// Deleted before it gets its status: a pod in a terminal phase has no grace period.
	if pod.DeletionTimestamp != nil {
		err := pods.Delete(ctx, live.Name, metav1.DeleteOptions{
			GracePeriodSeconds: pod.DeletionGracePeriodSeconds,
			Preconditions:      metav1.NewUIDPreconditions(string(live.UID)),
		})
		if err != nil {
			return nil, fmt.Errorf("delete: %w", err)
		}
		if live, err = pods.Get(ctx, live.Name, metav1.GetOptions{}); err != nil {
			return nil, err
		}
	}
	if equality.Semantic.DeepEqual(pod.Status, corev1.PodStatus{}) {
		return live, nil
	}
	return s.SetStatus(ctx, live.Namespace, live.Name, pod.Status)
}

// SetStatus replaces the status of a pod through the status subresource and returns the live pod.
// The QoS class follows from the spec and stays. A pod that kwok plays needs [ManualLabel], or
// kwok goes on from the status that is set.
func (s *Server) SetStatus(
	ctx context.Context, namespace, name string, status corev1.PodStatus,
) (*corev1.Pod, error) {
	pods := s.client.CoreV1().Pods(namespace)
	var live *corev1.Pod
	err := retry.RetryOnConflict(retry.DefaultBackoff, func() error {
		current, err := pods.Get(ctx, name, metav1.GetOptions{})
		if err != nil {
			return err
		}
		class := current.Status.QOSClass
		status.DeepCopyInto(&current.Status)
		current.Status.QOSClass = class
		live, err = pods.UpdateStatus(ctx, current, metav1.UpdateOptions{})
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("set status of pod %q in namespace %q: %w", name, namespace, err)
	}
	return live, nil
}

// ReadPods reads pods from YAML documents or JSON values, in their order. Empty documents are
// skipped; any other kind than Pod is an error.
func ReadPods(r io.Reader) ([]*corev1.Pod, error) {
	var out []*corev1.Pod
	decoder := yaml.NewYAMLOrJSONDecoder(r, 4<<10)
	for i := 1; ; i++ {
		pod := &corev1.Pod{}
		err := decoder.Decode(pod)
		switch {
		case errors.Is(err, io.EOF):
			return out, nil
		case err != nil:
			return nil, fmt.Errorf("read pod from document %d: %w", i, err)
		case equality.Semantic.DeepEqual(pod, &corev1.Pod{}):
		case pod.Kind != "Pod":
			return nil, fmt.Errorf("read pod from document %d: kind %q", i, pod.Kind)
		default:
			out = append(out, pod)
		}
	}
}
