// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package clean

import (
	"context"
	"errors"
	"net/http"
	"strings"

	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/podwatch/kubectl-podwatch/pkg/apis/podwatch/v1alpha1"
)

// evict asks for the removal of the living pod of item. Beside the UID the
// request carries the version of the pod that was judged: if the pod has become
// ready since, the server answers with a conflict. Disruption budgets are the
// server's business. The dry run goes into the body, as in delete.
func (p pods) evict(ctx context.Context, item v1alpha1.CleanItem, dryRun ...string) outcome {
	uid, version := uidOf(item), item.ResourceVersion
	if uid == "" || version == "" {
		return outcome{result: v1alpha1.ResultError, err: errors.New("evict pod: its uid or resourceVersion is not known")}
	}
	eviction := &policyv1.Eviction{
		ObjectMeta: metav1.ObjectMeta{Namespace: item.Namespace, Name: item.Name},
		DeleteOptions: &metav1.DeleteOptions{
			Preconditions: &metav1.Preconditions{UID: &uid, ResourceVersion: &version}, DryRun: dryRun,
		},
	}
	if p.grace > 0 {
		eviction.DeleteOptions.GracePeriodSeconds = &p.grace
	}
	err := p.client.Post().
		Namespace(item.Namespace).Resource("pods").Name(item.Name).SubResource("eviction").
		Body(eviction).
		MaxRetries(0).
		Do(ctx).Error()
	switch {
	case err == nil && len(dryRun) > 0:
		return outcome{result: v1alpha1.ResultDeleted}
	case err == nil:
		return p.evicted(ctx, item)
	case apierrors.IsConflict(err):
		return p.conflict(ctx, item, err)
	case apierrors.HasStatusCause(err, corev1.NamespaceTerminatingCause):
		// The pods of the namespace are being deleted one by one.
		return outcome{result: v1alpha1.ResultRecovered, skip: SkipAlreadyTerminating}
	case severalBudgets(err):
		return retryable(v1alpha1.ResultBlocked, err, 0)
	default:
		return refused(err)
	}
}

// evicted finds out what an eviction has done: its answer does not tell.
func (p pods) evicted(ctx context.Context, item v1alpha1.CleanItem) outcome {
	var current corev1.Pod
	err := p.client.Get().
		Namespace(item.Namespace).Resource("pods").Name(item.Name).
		MaxRetries(0).
		Do(ctx).Into(&current)
	if apierrors.IsNotFound(err) || err == nil && current.UID != uidOf(item) {
		return outcome{result: v1alpha1.ResultDeleted}
	}
	// The server has said yes; without a look, the pod is not known to be gone.
	return outcome{result: v1alpha1.ResultTerminating}
}

// severalBudgets is true for a pod with two disruption budgets, which the
// server answers with a 500 without a reason (registry/core/pod/storage/eviction.go,
// v1.37).
func severalBudgets(err error) bool {
	var status apierrors.APIStatus
	return errors.As(err, &status) && status.Status().Code == http.StatusInternalServerError &&
		strings.Contains(status.Status().Message, "more than one PodDisruptionBudget")
}
