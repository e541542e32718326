// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/yaml"

	"github.com/podwatch/kubectl-podwatch/test/controlplane"
)

// writeSnapshot starts the outage, saves it with kubectl and writes it to name.
func writeSnapshot(ctx context.Context, name string) (err error) {
	if err := controlplane.Build(ctx, os.Stdout); err != nil {
		return err
	}
	c, err := startCluster(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, c.server.Stop()) }()
	kubectl, err := controlplane.Binary("kubectl")
	if err != nil {
		return err
	}
	kubeconfig := c.server.Kubeconfig() // in a folder that goes with the server
	out, err := exec.CommandContext(ctx, kubectl, "--kubeconfig", kubeconfig, "--cache-dir", filepath.Dir(kubeconfig),
		"get", "pods,replicasets,jobs", "-A", "-o", "json").Output()
	if err != nil {
		return fmt.Errorf("kubectl get: %w", err)
	}
	text, err := snapshot(out)
	if err != nil {
		return fmt.Errorf("make snapshot: %w", err)
	}
	if err := os.WriteFile(name, text, 0o644); err != nil { //nolint:gosec // a file of the repository
		return fmt.Errorf("write snapshot: %w", err)
	}
	return nil
}

// snapshot turns kubectl's list of a cluster that is seconds old into one that has a past: the
// objects get the ages of the table, the healthy pods are spread over the nodes as a scheduler
// would have done, and what only the control plane of the demo knows is left out.
func snapshot(list []byte) ([]byte, error) {
	var all unstructured.UnstructuredList
	if err := json.Unmarshal(list, &all); err != nil {
		return nil, err
	}
	births := births{}
	spread := 0
	for i := range all.Items {
		item := &all.Items[i]
		forget(item.Object)
		if err := age(item); err != nil {
			return nil, err
		}
		if item.GetKind() == "Pod" {
			births.see(item)
			spread = place(item, spread)
		}
	}
	for i := range all.Items {
		births.owner(&all.Items[i])
	}
	return yaml.Marshal(map[string]any{
		"apiVersion": "v1", "kind": "List", "metadata": map[string]any{"resourceVersion": ""}, "items": objects(all.Items),
	})
}

func objects(items []unstructured.Unstructured) []any {
	out := make([]any, len(items))
	for i := range items {
		out[i] = items[i].Object
	}
	return out
}

// forget removes the labels and annotations that speak to kwok, wherever they stand in v.
func forget(v any) {
	switch v := v.(type) {
	case map[string]any:
		for key, value := range v {
			if strings.HasPrefix(key, "kubelet.podwatch.dev/") {
				delete(v, key)
				continue
			}
			forget(value)
		}
	case []any:
		for _, value := range v {
			forget(value)
		}
	}
}

// age moves the times of item into the past. Those of a status that was set by hand are there
// already: such a pod is as old as it says to have been started.
func age(item *unstructured.Unstructured) error {
	created := item.GetCreationTimestamp()
	if begun := oldest(item.Object["status"]); !begun.IsZero() && begun.Before(created.Time) {
		return unstructured.SetNestedField(item.Object, begun.UTC().Format(time.RFC3339), "metadata", "creationTimestamp")
	}
	for _, w := range workloads() {
		if w.namespace == item.GetNamespace() && w.name == item.GetLabels()["app"] {
			item.Object, _ = shift(item.Object, -w.age).(map[string]any)
			return nil
		}
	}
	return fmt.Errorf("%s %q belongs to no workload", item.GetKind(), item.GetName())
}

// oldest returns the oldest time in v, zero if there is none.
func oldest(v any) time.Time {
	var first time.Time
	shiftEach(v, func(t time.Time) time.Time {
		if first.IsZero() || t.Before(first) {
			first = t
		}
		return t
	})
	return first
}

// shift returns v with every time in it moved by d.
func shift(v any, d time.Duration) any {
	return shiftEach(v, func(t time.Time) time.Time { return t.Add(d) })
}

func shiftEach(v any, move func(time.Time) time.Time) any {
	switch v := v.(type) {
	case map[string]any:
		for key, value := range v {
			v[key] = shiftEach(value, move)
		}
	case []any:
		for i, value := range v {
			v[i] = shiftEach(value, move)
		}
	case string:
		if t, err := time.Parse(time.RFC3339, v); err == nil {
			return move(t).UTC().Format(time.RFC3339)
		}
	}
	return v
}

// place puts a running pod on the next of the nodes and returns the one after it. Faults stay on
// the node that they have to do with.
func place(pod *unstructured.Unstructured, next int) int {
	phase, _, _ := unstructured.NestedString(pod.Object, "status", "phase")
	node, _, _ := unstructured.NestedString(pod.Object, "spec", "nodeName")
	if phase != "Running" || node == lostNode {
		return next
	}
	nodes := playedNodes()
	_ = unstructured.SetNestedField(pod.Object, nodes[next%len(nodes)], "spec", "nodeName") // there is one
	return next + 1
}

// births holds, by the UID of the owner, when the first of its pods was made.
type births map[string]time.Time

func (b births) see(pod *unstructured.Unstructured) {
	for _, owner := range pod.GetOwnerReferences() {
		created := pod.GetCreationTimestamp().Time
		if first, ok := b[string(owner.UID)]; !ok || created.Before(first) {
			b[string(owner.UID)] = created
		}
	}
}

// owner makes an owner as old as the first of its pods.
func (b births) owner(item *unstructured.Unstructured) {
	if first, ok := b[string(item.GetUID())]; ok {
		item.SetCreationTimestamp(metav1.NewTime(first))
	}
}
