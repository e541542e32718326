// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package related

import (
	"context"
	"sync"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"

	"github.com/podwatch/kubectl-podwatch/pkg/apis/podwatch/v1alpha1"
	"github.com/podwatch/kubectl-podwatch/pkg/projection"
)

// ReadNamed reads the Deployments, StatefulSets, DaemonSets, ReplicaSets and Jobs
// with the given names, by kind, in a namespace; metav1.NamespaceAll is all of
// them. It costs one list for each name. What does not exist is left out, and what
// could not be read is a limitation; names of other kinds are read by nobody.
func ReadNamed(ctx context.Context, c Client, namespace string, names map[string][]string) ([]*projection.Owner, []v1alpha1.Limitation) {
	r := &reader{client: c, slots: make(chan struct{}, concurrency)}
	var wg sync.WaitGroup
	for kind, ofKind := range names {
		res := namedResource(kind)
		if res == "" {
			continue
		}
		for _, name := range ofKind {
			byName := fields.OneTermEqualSelector(metav1.ObjectNameField, name).String()
			wg.Go(func() { r.each(ctx, query{res, byName}, []string{namespace}, all) })
		}
	}
	wg.Wait()
	return r.index.Owners(), merged(r.limitations)
}

func namedResource(kind string) resource {
	if kind == projection.KindJob {
		return ownerResource("batch", kind)
	}
	return ownerResource("apps", kind)
}
