// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package controlplane

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"os"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

const (
	// kubeletLabel marks the nodes that kwok plays.
	kubeletLabel = "kubelet.podwatch.dev/played-by"

	// ManualLabel on a pod of a played node keeps kwok from changing its status. With the value
	// [ManualStatus] a deleted pod still goes away, with any other value it stays Terminating.
	ManualLabel = "kubelet.podwatch.dev/manual"
	// ManualStatus is the value of [ManualLabel] for pods whose status a test sets by hand.
	ManualStatus = "status"
	// StartDelayAnnotation on a pod of a played node is the time from its creation to Running
	// and ready, as a Go duration; absent, it starts at once.
	StartDelayAnnotation = "kubelet.podwatch.dev/start-delay"
	// RunTimeAnnotation on a pod of a Job is the time from Running to Succeeded, as a Go duration;
	// absent, one second.
	RunTimeAnnotation = "kubelet.podwatch.dev/run-time"
)

//go:embed stages.yaml
var stages []byte

// startKubelets starts kwok for the nodes with kubeletLabel.
func (s *Server) startKubelets(ctx context.Context) error {
	if err := os.WriteFile(s.file("stages.yaml"), stages, 0o600); err != nil {
		return fmt.Errorf("start kwok: %w", err)
	}
	return s.launch(ctx, "kwok", []string{
		"--kubeconfig=" + s.Kubeconfig(),
		"--config=" + s.file("stages.yaml"),
		"--manage-nodes-with-label-selector=" + kubeletLabel + "=kwok",
		"--node-ip=127.0.0.1",
	})
}

// CreateNodes makes nodes that kwok plays and returns when all are Ready. A pod that names one of
// them becomes Running and ready, completes if a Job owns it, and goes away when it is deleted,
// unless [ManualLabel] says otherwise. The server must have been started with Kubelets.
//
// A node that a test needs in a state of its own is made with [Server.Client] instead: kwok
// touches neither it nor its pods.
func (s *Server) CreateNodes(ctx context.Context, names ...string) error {
	if !s.opts.Kubelets {
		return errors.New("create nodes: the control plane has no kubelets")
	}
	nodes := s.client.CoreV1().Nodes()
	for _, name := range names {
		node := &corev1.Node{ObjectMeta: metav1.ObjectMeta{
			Name:   name,
			Labels: map[string]string{kubeletLabel: "kwok", corev1.LabelHostname: name},
		}}
		if _, err := nodes.Create(ctx, node, metav1.CreateOptions{}); err != nil {
			return fmt.Errorf("create node %q: %w", name, err)
		}
	}
	return awaitReady(ctx, func(ctx context.Context) error {
		for _, name := range names {
			node, err := nodes.Get(ctx, name, metav1.GetOptions{})
			if err != nil {
				return err
			}
			if !nodeReady(node) {
				return fmt.Errorf("node %q is not ready", name)
			}
		}
		return nil
	}, s.component("kwok"))
}

func nodeReady(node *corev1.Node) bool {
	for _, c := range node.Status.Conditions {
		if c.Type == corev1.NodeReady {
			return c.Status == corev1.ConditionTrue
		}
	}
	return false
}

// component returns a component that was launched.
func (s *Server) component(name string) *process {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, p := range s.components {
		if p.name == name {
			return p
		}
	}
	return nil
}
