// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package clean

import (
	"context"
	"fmt"
	"slices"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/podwatch/kubectl-podwatch/pkg/apis/podwatch/v1alpha1"
	"github.com/podwatch/kubectl-podwatch/pkg/clean"
	"github.com/podwatch/kubectl-podwatch/pkg/cmd/internal/exit"
	"github.com/podwatch/kubectl-podwatch/pkg/cmd/internal/removal"
	"github.com/podwatch/kubectl-podwatch/pkg/internal/wildcard"
)

// permitted asks what the user may do, before the user is asked. It returns
// plan without the pods that may not be removed.
func (s *session) permitted(ctx context.Context, plan *clean.Plan) (*clean.Plan, error) {
	plan, err := plan.Permitted(ctx, s.Reviews)
	if err == nil {
		err = s.mayWait(ctx, plan)
	}
	if err == nil {
		err = s.mayReadLogs(ctx, plan)
	}
	if err != nil {
		return nil, fmt.Errorf("%w; nothing was deleted", err)
	}
	return plan, nil
}

// mayWait returns an error if a wait for the planned pods could see nothing.
func (s *session) mayWait(ctx context.Context, plan *clean.Plan) error {
	if s.Wait == 0 {
		return nil
	}
	unwatched, err := plan.Denied(ctx, s.Reviews, clean.AccessWatch)
	if err != nil || len(unwatched) == 0 {
		return err
	}
	unread, err := plan.Denied(ctx, s.Reviews, clean.AccessGet)
	if err != nil {
		return err
	}
	for _, namespace := range unwatched {
		if slices.Contains(unread, namespace) {
			return exit.Hint(fmt.Errorf("wait for pods in namespace %q: neither watching nor getting them is allowed", namespace),
				removal.CanI(clean.AccessGet, namespace))
		}
	}
	return nil
}

// mayReadLogs finds out where no logs can be kept.
func (s *session) mayReadLogs(ctx context.Context, plan *clean.Plan) error {
	if s.SaveLogs == 0 {
		return nil
	}
	denied, err := plan.Denied(ctx, s.Reviews, clean.AccessLogs)
	for _, namespace := range denied {
		s.limit([]v1alpha1.Limitation{{
			Resource: "pods/log", Namespace: namespace, Reason: "Forbidden", Effect: "the logs of its pods are not kept",
		}})
	}
	return err
}

// unknownNamespaces is a warning of the namespaces that the user wants to be left
// alone and that are not there: their names are misspelt, or meant for another
// cluster. What may not be read is taken for known.
func (s *session) unknownNamespaces(ctx context.Context) string {
	var unknown []string
	for _, name := range s.Rules.ExcludeNamespaces {
		if len(s.Scope.Files) > 0 || !wildcard.Literal(name) || slices.Contains(removal.SystemNamespaces(), name) {
			continue
		}
		if _, err := s.Cluster.Core.Namespaces().Get(ctx, name, metav1.GetOptions{}); apierrors.IsNotFound(err) {
			unknown = append(unknown, name)
		}
	}
	if len(unknown) == 0 {
		return ""
	}
	return fmt.Sprintf("warning: flag --exclude-namespace: there is no namespace %s\n", strings.Join(unknown, ", "))
}

// mayI is the question that the server has answered with no.
func (s *session) mayI(r *v1alpha1.CleanReport) string {
	for i := range r.Items {
		item := &r.Items[i]
		switch {
		case item.SkipReason != string(clean.SkipForbidden):
		case clean.Living(item.Category):
			return removal.CanI(clean.AccessEvict, item.Namespace)
		default:
			return removal.CanI(clean.AccessDelete, item.Namespace)
		}
	}
	return "kubectl auth can-i --list"
}

// mayIRead is the command that shows why a namespace could not be read.
func (s *session) mayIRead(r *v1alpha1.CleanReport, namespace string) string {
	denied := slices.ContainsFunc(r.Limitations, func(l v1alpha1.Limitation) bool {
		return l.Resource == "namespaces" && l.Reason == "Forbidden" && (l.Namespace == namespace || l.Namespace == "")
	})
	if denied {
		return removal.CanI(clean.AccessNamespace, namespace)
	}
	return "kubectl get namespace " + namespace
}
