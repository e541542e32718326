// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package clean

import (
	"context"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	corev1client "k8s.io/client-go/kubernetes/typed/core/v1"

	"github.com/podwatch/kubectl-podwatch/pkg/apis/podwatch/v1alpha1"
)

// Restore makes the pod of item, one of a.Items, anew and returns item with its
// result. It reads the manifest again, and refuses one that is not what was read
// before. A pod that has the name is left as it is: the server creates and never
// replaces. With dryRun server, nothing is created.
func (a *Archived) Restore(ctx context.Context, client corev1client.PodsGetter, item v1alpha1.CleanItem, dryRun v1alpha1.DryRun) v1alpha1.CleanItem {
	item.DryRun = dryRun
	if dryRun == v1alpha1.DryRunClient {
		return outcome{result: v1alpha1.ResultWouldCreate}.on(item)
	}
	m, err := readManifest(item.ArchivePath)
	if err == nil && m.digest != a.read[item.ArchivePath] {
		err = fmt.Errorf("read archive %q: it was changed since it was shown", item.ArchivePath)
	}
	if err != nil {
		return outcome{result: v1alpha1.ResultError, err: err}.on(item)
	}
	options, done := metav1.CreateOptions{}, v1alpha1.ResultCreated
	if dryRun == v1alpha1.DryRunServer {
		options.DryRun, done = []string{metav1.DryRunAll}, v1alpha1.ResultWouldCreate
	}
	_, err = client.Pods(item.Namespace).Create(ctx, anew(m.pod), options)
	switch {
	case err == nil:
		return outcome{result: done}.on(item)
	case apierrors.IsAlreadyExists(err):
		return outcome{result: v1alpha1.ResultExists}.on(item)
	case apierrors.IsForbidden(err):
		return outcome{result: v1alpha1.ResultForbidden, err: err}.on(item)
	case apierrors.IsNotFound(err):
		err = fmt.Errorf("%w; make it first: kubectl create namespace %s", err, item.Namespace)
	}
	return outcome{result: v1alpha1.ResultError, err: err}.on(item)
}

// anew returns what a user would have written: without what the server, the
// scheduler and the kubelet have added, and without owners, which are not known
// to live.
func anew(pod *corev1.Pod) *corev1.Pod {
	out := &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{
			Namespace: pod.Namespace, Name: pod.Name, Labels: pod.Labels, Annotations: pod.Annotations,
		},
		Spec: *pod.Spec.DeepCopy(),
	}
	out.Spec.NodeName = ""
	out.Spec.EphemeralContainers = nil // the server takes them later only
	// The admission fills these in, and refuses values that differ from its own.
	out.Spec.Priority, out.Spec.PreemptionPolicy = nil, nil
	return out
}
