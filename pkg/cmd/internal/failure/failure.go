// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

// Package failure puts what went wrong with a cluster into podwatch's words.
package failure

import (
	"errors"
	"fmt"

	"github.com/podwatch/kubectl-podwatch/pkg/apis/podwatch/v1alpha1"
	"github.com/podwatch/kubectl-podwatch/pkg/cmd/internal/exit"
	"github.com/podwatch/kubectl-podwatch/pkg/reconcile/stream"
	"github.com/podwatch/kubectl-podwatch/pkg/related"
)

// Explain adds to the error of a run the one act that helps, if there is one.
func Explain(err error) error {
	var connect *stream.ConnectError
	if !errors.As(err, &connect) {
		return err
	}
	switch connect.Kind {
	case stream.Denied:
		return exit.Hint(connect, "kubectl auth can-i list pods "+where(connect.Namespace))
	case stream.Unauthorized:
		return exit.Hint(connect, "kubectl auth whoami")
	case stream.Refused, stream.DNS, stream.TLS, stream.Timeout:
		return exit.Hint(connect, "kubectl config view --minify")
	case stream.Rejected, stream.Other:
	}
	return connect
}

func where(namespace string) string {
	if namespace == "" {
		return "--all-namespaces"
	}
	return "-n " + namespace
}

// Limitation says what a report lacks because the pods of namespace could not
// be read.
func Limitation(namespace string, err error) v1alpha1.Limitation {
	effect := "pods of this namespace are not in the report"
	if namespace == "" {
		effect = "no pods of this cluster are in the report"
	}
	return v1alpha1.Limitation{
		Resource: "pods", Namespace: namespace, Reason: reason(err), Effect: fmt.Sprintf("%s: %v", effect, err),
	}
}

// Required is the end of a command that lacks something that is required, nil if
// it does not.
func Required(p related.Policy, limitations []v1alpha1.Limitation) error {
	required := p.Required(limitations)
	if len(required) == 0 {
		return nil
	}
	l := required[0]
	in := ""
	if l.Namespace != "" {
		in = fmt.Sprintf(" in namespace %q", l.Namespace)
	}
	if l.Cluster != "" {
		in += " of cluster " + l.Cluster
	}
	more := ""
	if len(required) > 1 {
		more = fmt.Sprintf(", and %d more", len(required)-1)
	}
	return exit.Incomplete(fmt.Errorf("list %s%s: required, but could not be read (%s)%s", l.Resource, in, l.Reason, more))
}

// Unread says how much of a scope could not be read.
func Unread(unread, of int) error {
	return fmt.Errorf("list pods: %d of %d namespaces could not be read", unread, of)
}

// UnreadClusters says in how many of several clusters a part of the scope, or
// all of it, could not be read.
func UnreadClusters(unread, of int) error {
	return fmt.Errorf("list pods: %d of %d clusters could not be read in full", unread, of)
}

func reason(err error) string {
	if connect, ok := errors.AsType[*stream.ConnectError](err); ok && connect.Kind == stream.Timeout {
		return "Timeout"
	}
	return related.Reason(err)
}
