// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package clean

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	authorizationv1 "k8s.io/api/authorization/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	authorizationv1client "k8s.io/client-go/kubernetes/typed/authorization/v1"

	"github.com/podwatch/kubectl-podwatch/pkg/apis/podwatch/v1alpha1"
)

// Access is something that the user may do with pods, or not: a verb and a
// resource as `kubectl auth can-i` takes them.
type Access string

// What a clean can need beside reading pods.
const (
	AccessDelete Access = "delete pods"
	AccessEvict  Access = "create pods/eviction"
	AccessWatch  Access = "watch pods"
	AccessGet    Access = "get pods"
	AccessLogs   Access = "get pods/log"
	// AccessNamespace is about the namespace itself: a Role in it is enough.
	AccessNamespace Access = "get namespaces"
)

func (a Access) attributes(namespace string) *authorizationv1.ResourceAttributes {
	verb, resource, _ := strings.Cut(string(a), " ")
	resource, subresource, _ := strings.Cut(resource, "/")
	r := &authorizationv1.ResourceAttributes{
		Namespace: namespace, Verb: verb, Group: corev1.GroupName, Resource: resource, Subresource: subresource,
	}
	if a == AccessNamespace {
		r.Name = namespace
	}
	return r
}

// accessFor is what removing item needs.
func accessFor(item v1alpha1.CleanItem) Access {
	if item.Action == v1alpha1.ActionEvict {
		return AccessEvict
	}
	return AccessDelete
}

// Permitted asks the server what the user may do and returns p without the
// pods that the user may not remove; they are skipped as forbidden. An error
// means that the server did not say.
func (p *Plan) Permitted(ctx context.Context, c authorizationv1client.SelfSubjectAccessReviewsGetter) (*Plan, error) {
	denied := map[Access][]string{}
	for _, a := range []Access{AccessDelete, AccessEvict} {
		var err error
		denied[a], err = ask(ctx, c, a, p.namespaces(func(item v1alpha1.CleanItem) bool { return accessFor(item) == a }))
		if err != nil {
			return nil, err
		}
	}
	return p.Without(SkipForbidden, func(item v1alpha1.CleanItem) bool {
		return slices.Contains(denied[accessFor(item)], item.Namespace)
	}), nil
}

// Denied asks the server and returns those namespaces of planned pods, sorted,
// in which the user has no access of kind a. An error means that the server did
// not say.
func (p *Plan) Denied(ctx context.Context, c authorizationv1client.SelfSubjectAccessReviewsGetter, a Access) ([]string, error) {
	return ask(ctx, c, a, p.namespaces(func(v1alpha1.CleanItem) bool { return true }))
}

// namespaces returns the sorted namespaces of the planned pods that of picks.
func (p *Plan) namespaces(of func(v1alpha1.CleanItem) bool) []string {
	names := map[string]bool{}
	for _, item := range p.Planned() {
		if of(item) {
			names[item.Namespace] = true
		}
	}
	return slices.Sorted(maps.Keys(names))
}

// ask returns those of namespaces in which the user has no access of kind a.
func ask(ctx context.Context, c authorizationv1client.SelfSubjectAccessReviewsGetter, a Access, namespaces []string) ([]string, error) {
	if len(namespaces) > 1 {
		everywhere, err := permits(ctx, c, a, metav1.NamespaceAll)
		if err != nil || everywhere {
			return nil, err
		}
	}
	var denied []string
	for _, namespace := range namespaces {
		allowed, err := permits(ctx, c, a, namespace)
		if err != nil {
			return nil, err
		}
		if !allowed {
			denied = append(denied, namespace)
		}
	}
	return denied, nil
}

func permits(ctx context.Context, c authorizationv1client.SelfSubjectAccessReviewsGetter, a Access, namespace string) (bool, error) {
	review, err := c.SelfSubjectAccessReviews().Create(ctx, &authorizationv1.SelfSubjectAccessReview{
		Spec: authorizationv1.SelfSubjectAccessReviewSpec{ResourceAttributes: a.attributes(namespace)},
	}, metav1.CreateOptions{})
	if err != nil {
		return false, fmt.Errorf("check access to pods in namespace %q: %w", namespace, err)
	}
	return review.Status.Allowed, nil
}
