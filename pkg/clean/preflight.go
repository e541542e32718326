// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package clean

import (
	"context"
	"fmt"
	"slices"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	authorizationv1client "k8s.io/client-go/kubernetes/typed/authorization/v1"

	"github.com/podwatch/kubectl-podwatch/pkg/apis/podwatch/v1alpha1"
)

// DeniedError says what the user may not do and would have to.
type DeniedError struct {
	Access Access
	// Namespace is empty for all.
	Namespace string
}

// Error implements error.
func (e *DeniedError) Error() string {
	where := "in all namespaces"
	if e.Namespace != metav1.NamespaceAll {
		where = fmt.Sprintf("in namespace %q", e.Namespace)
	}
	return fmt.Sprintf("clean pods: forbidden to %s %s", e.Access, where)
}

// Preflight asks the server whether the user may do all that a Sweeper has to do
// for pods of the given categories in the given namespaces, "" being all. The
// error is a *DeniedError for the first thing that is denied, or says that the
// server did not say.
func Preflight(ctx context.Context, c authorizationv1client.SelfSubjectAccessReviewsGetter, categories []v1alpha1.Category, namespaces []string) error {
	needed := []Access{AccessGet}
	if slices.ContainsFunc(categories, func(c v1alpha1.Category) bool { return !Living(c) }) {
		needed = append(needed, AccessDelete)
	}
	if slices.ContainsFunc(categories, Living) {
		needed = append(needed, AccessEvict)
	}
	needed = append(needed, AccessNamespace) // for podwatch.dev/keep
	for _, a := range needed {
		denied, err := ask(ctx, c, a, namespaces)
		if err != nil {
			return err
		}
		if len(denied) > 0 {
			return &DeniedError{Access: a, Namespace: denied[0]}
		}
	}
	return nil
}
