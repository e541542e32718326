// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package clean

import (
	"context"
	"fmt"
	"slices"

	authorizationv1 "k8s.io/api/authorization/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	authorizationv1client "k8s.io/client-go/kubernetes/typed/authorization/v1"

	"github.com/podwatch/kubectl-podwatch/pkg/apis/podwatch/v1alpha1"
)

// DeniedError says what the user may not do and would have to.
type DeniedError struct {
	Verb, Resource string
	// Namespace is empty for all.
	Namespace string
}

// Error implements error.
func (e *DeniedError) Error() string {
	where := "in all namespaces"
	if e.Namespace != metav1.NamespaceAll {
		where = fmt.Sprintf("in namespace %q", e.Namespace)
	}
	return fmt.Sprintf("clean pods: forbidden to %s %s %s", e.Verb, e.Resource, where)
}

// Preflight asks the server whether the user may do all that a Sweeper has to do
// for pods of the given categories in the given namespaces, "" being all. The
// error is a *DeniedError for the first thing that is denied, or says that the
// server did not say.
func Preflight(ctx context.Context, c authorizationv1client.SelfSubjectAccessReviewsGetter, categories []v1alpha1.Category, namespaces []string) error {
	rights := []authorizationv1.ResourceAttributes{{Verb: "get", Resource: "pods"}}
	if slices.ContainsFunc(categories, func(c v1alpha1.Category) bool { return !Living(c) }) {
		rights = append(rights, authorizationv1.ResourceAttributes{Verb: "delete", Resource: "pods"})
	}
	if slices.ContainsFunc(categories, Living) {
		rights = append(rights, authorizationv1.ResourceAttributes{Verb: "create", Resource: "pods", Subresource: "eviction"})
	}
	for _, namespace := range namespaces {
		for _, r := range rights {
			r.Group, r.Namespace = corev1.GroupName, namespace
			review, err := c.SelfSubjectAccessReviews().Create(ctx, &authorizationv1.SelfSubjectAccessReview{
				Spec: authorizationv1.SelfSubjectAccessReviewSpec{ResourceAttributes: &r},
			}, metav1.CreateOptions{})
			if err != nil {
				return fmt.Errorf("check access to pods in namespace %q: %w", namespace, err)
			}
			if !review.Status.Allowed {
				if r.Subresource != "" {
					r.Resource += "/" + r.Subresource
				}
				return &DeniedError{Verb: r.Verb, Resource: r.Resource, Namespace: namespace}
			}
		}
	}
	return nil
}
