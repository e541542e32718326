// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/client-go/kubernetes"

	"github.com/podwatch/kubectl-podwatch/test/controlplane"
)

// cluster is the control plane on which the outage happens.
type cluster struct {
	server *controlplane.Server
	client kubernetes.Interface
}

// bringUp makes the workloads and returns when all pods are as they should be.
func (c cluster) bringUp(ctx context.Context) error {
	if err := c.server.CreateNodes(ctx, playedNodes()...); err != nil {
		return err
	}
	if err := c.loseNode(ctx); err != nil {
		return err
	}
	for _, name := range namespaces() {
		namespace := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: name}}
		if _, err := c.client.CoreV1().Namespaces().Create(ctx, namespace, metav1.CreateOptions{}); err != nil {
			return fmt.Errorf("create namespace %q: %w", name, err)
		}
	}
	for _, w := range workloads() {
		if err := w.create(ctx, c.client); err != nil {
			return err
		}
	}
	return c.awaitAll(ctx)
}

// loseNode makes the node that no longer reports. kwok does not play it.
func (c cluster) loseNode(ctx context.Context) error {
	since := metav1.NewTime(time.Now().Add(-12 * time.Minute))
	_, err := c.client.CoreV1().Nodes().Create(ctx, &corev1.Node{
		ObjectMeta: metav1.ObjectMeta{Name: lostNode, Labels: map[string]string{corev1.LabelHostname: lostNode}},
		Spec:       corev1.NodeSpec{Taints: []corev1.Taint{{Key: corev1.TaintNodeUnreachable, Effect: corev1.TaintEffectNoSchedule}}},
		Status: corev1.NodeStatus{Conditions: []corev1.NodeCondition{{
			Type: corev1.NodeReady, Status: corev1.ConditionUnknown, Reason: "NodeStatusUnknown",
			Message: "Kubelet stopped posting node status.", LastTransitionTime: since, LastHeartbeatTime: since,
		}}},
	}, metav1.CreateOptions{})
	if err != nil {
		return fmt.Errorf("create node %q: %w", lostNode, err)
	}
	return nil
}

// strike puts the faults on the pods and returns when the controllers have answered.
func (c cluster) strike(ctx context.Context) error {
	if err := c.rollOut(ctx, promoBroken, metav1.ObjectMeta{
		Labels: map[string]string{controlplane.ManualLabel: controlplane.ManualStatus},
	}); err != nil {
		return err
	}
	for _, f := range faults() {
		if err := c.strikeOne(ctx, f); err != nil {
			return fmt.Errorf("fault %s of %q: %w", f.cause, f.app, err)
		}
	}
	return c.awaitAll(ctx)
}

func (c cluster) strikeOne(ctx context.Context, f fault) error {
	selector := "app=" + f.app
	if f.app == promo {
		selector += "," + controlplane.ManualLabel
	}
	pods, err := c.pods(ctx, f.namespace, selector, f.pods, func(*corev1.Pod) bool { return true })
	if err != nil {
		return err
	}
	for i := range pods[:f.pods] {
		if err := c.put(ctx, &pods[i], f.state); err != nil {
			return err
		}
	}
	return nil
}

// put writes a state into the status of a pod.
func (c cluster) put(ctx context.Context, pod *corev1.Pod, s state) error {
	_, err := c.server.SetStatus(ctx, pod.Namespace, pod.Name, s(pod, time.Now()))
	return err
}

// awaitAll waits until every workload has its pods and those that kwok plays are up. Of the others
// the pods need only be there.
func (c cluster) awaitAll(ctx context.Context) error {
	for _, w := range workloads() {
		_, err := c.pods(ctx, w.namespace, "app="+w.name, int(w.replicas), func(pod *corev1.Pod) bool {
			return !w.played() || isUp(pod)
		})
		if err != nil {
			return fmt.Errorf("await %s %q: %w", w.kind, w.name, err)
		}
	}
	return nil
}

// isUp is true for a pod that runs or has done its work.
func isUp(pod *corev1.Pod) bool {
	return pod.Status.Phase == corev1.PodRunning || pod.Status.Phase == corev1.PodSucceeded
}

// pods waits until at least n of the selected pods are content and returns these.
func (c cluster) pods(
	ctx context.Context, namespace, selector string, n int, content func(*corev1.Pod) bool,
) ([]corev1.Pod, error) {
	const interval, limit = 100 * time.Millisecond, time.Minute
	var found []corev1.Pod
	err := wait.PollUntilContextTimeout(ctx, interval, limit, true, func(ctx context.Context) (bool, error) {
		list, err := c.client.CoreV1().Pods(namespace).List(ctx, metav1.ListOptions{LabelSelector: selector})
		if err != nil {
			return false, err
		}
		found = found[:0]
		for i := range list.Items {
			if content(&list.Items[i]) {
				found = append(found, list.Items[i])
			}
		}
		return len(found) >= n, nil
	})
	if errors.Is(err, context.DeadlineExceeded) {
		err = fmt.Errorf("%d of %d pods after %s: %w", len(found), n, limit, err)
	}
	return found, err
}
