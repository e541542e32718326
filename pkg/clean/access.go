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

// right is the permission to act on pods in one namespace.
type right struct {
	action    v1alpha1.Action
	namespace string
}

func rightTo(item v1alpha1.CleanItem) right { return right{item.Action, item.Namespace} }

// Permitted asks the server what the user may do and returns p without the
// pods that the user may not remove; they are skipped as forbidden. An error
// means that the server did not say.
func (p *Plan) Permitted(ctx context.Context, c authorizationv1client.SelfSubjectAccessReviewsGetter) (*Plan, error) {
	allowed := map[right]bool{}
	for _, item := range p.Planned() {
		allowed[rightTo(item)] = false
	}
	for _, action := range []v1alpha1.Action{v1alpha1.ActionDelete, v1alpha1.ActionEvict} {
		var namespaces []string
		for r := range allowed {
			if r.action == action {
				namespaces = append(namespaces, r.namespace)
			}
		}
		slices.Sort(namespaces)
		if len(namespaces) > 1 {
			everywhere, err := permits(ctx, c, right{action, metav1.NamespaceAll})
			if err != nil {
				return nil, err
			}
			if everywhere {
				for _, namespace := range namespaces {
					allowed[right{action, namespace}] = true
				}
				continue
			}
		}
		for _, namespace := range namespaces {
			var err error
			if allowed[right{action, namespace}], err = permits(ctx, c, right{action, namespace}); err != nil {
				return nil, err
			}
		}
	}
	return p.Without(SkipForbidden, func(item v1alpha1.CleanItem) bool { return !allowed[rightTo(item)] }), nil
}

func permits(ctx context.Context, c authorizationv1client.SelfSubjectAccessReviewsGetter, r right) (bool, error) {
	attributes := &authorizationv1.ResourceAttributes{
		Namespace: r.namespace, Verb: "delete", Group: corev1.GroupName, Resource: "pods",
	}
	if r.action == v1alpha1.ActionEvict {
		attributes.Verb, attributes.Subresource = "create", "eviction"
	}
	review, err := c.SelfSubjectAccessReviews().Create(ctx, &authorizationv1.SelfSubjectAccessReview{
		Spec: authorizationv1.SelfSubjectAccessReviewSpec{ResourceAttributes: attributes},
	}, metav1.CreateOptions{})
	if err != nil {
		return false, fmt.Errorf("check access to pods in namespace %q: %w", r.namespace, err)
	}
	return review.Status.Allowed, nil
}
