// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package diagnose

import (
	"github.com/podwatch/kubectl-podwatch/pkg/apis/podwatch/v1alpha1"
	"github.com/podwatch/kubectl-podwatch/pkg/projection"
)

// First returns the first command that a finding of this cause comes with, as
// Hints and OwnerHints give it, with the words POD, CONTAINER, NAMESPACE, NODE
// and NAME where those of the finding stand.
func (r Rule) First() string {
	f := v1alpha1.Finding{Cause: r.Cause, Category: r.Category, Container: "CONTAINER"}
	var list []v1alpha1.Hint
	if r.Category == string(categoryOwner) {
		list = OwnerHints(&projection.Owner{Kind: r.ownerKind(), Namespace: "NAMESPACE", Name: "NAME"}, f, "")
	} else {
		list = Hints(placeholder(), f, "")
	}
	if len(list) == 0 {
		return ""
	}
	return list[0].Command
}

func (r Rule) ownerKind() string {
	switch r.Cause {
	case "JobFailed":
		return projection.KindJob
	case "FailedCreate":
		return projection.KindReplicaSet
	default:
		return projection.KindDeployment
	}
}

// placeholder is a pod with a container that has restarted.
func placeholder() *projection.Pod {
	p := &projection.Pod{NodeName: "NODE", Containers: []projection.Container{{Name: "CONTAINER", LastTerminated: &projection.Terminated{}}}}
	p.Name, p.Namespace = "POD", "NAMESPACE"
	return p
}
