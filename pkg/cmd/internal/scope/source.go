// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package scope

import (
	"context"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/podwatch/kubectl-podwatch/pkg/projection"
	"github.com/podwatch/kubectl-podwatch/pkg/reconcile"
	"github.com/podwatch/kubectl-podwatch/pkg/reconcile/stream"
)

// Sources returns one source per namespace of c for the pods of s. base says
// how to read: everything but the client, the namespace and the selectors.
func (s Scope) Sources(c Cluster, base stream.Config) ([]reconcile.Source, error) {
	sources := make([]reconcile.Source, 0, len(c.Namespaces))
	for _, namespace := range c.Namespaces {
		cfg := base
		cfg.Client, cfg.Namespace = c, namespace
		cfg.LabelSelector, cfg.FieldSelector = s.LabelSelector, s.FieldSelector
		st, err := stream.New(cfg)
		if err != nil {
			return nil, err
		}
		source := reconcile.Source{Context: c.Context, Namespace: namespace, Run: st.Run}
		if len(s.Targets) > 0 {
			source.Run = func(ctx context.Context, h stream.Handler) error {
				return st.Run(ctx, &filter{Handler: h, scope: s, in: map[string]bool{}})
			}
		}
		sources = append(sources, source)
	}
	return sources, nil
}

// filter passes on the pods of the scope's targets. A pod can leave a target
// while it lives, when its controller releases it.
type filter struct {
	stream.Handler
	scope Scope
	in    map[string]bool
}

// Upsert implements stream.Handler.
func (f *filter) Upsert(p *projection.Pod, frame stream.Frame) {
	key := key(p)
	switch {
	case f.scope.Matches(p):
		f.in[key] = true
		f.Handler.Upsert(p, frame)
	case f.in[key]:
		f.Delete(p, frame)
	}
}

// Delete implements stream.Handler.
func (f *filter) Delete(p *projection.Pod, frame stream.Frame) {
	key := key(p)
	if f.in[key] {
		delete(f.in, key)
		f.Handler.Delete(p, frame)
	}
}

func key(o metav1.Object) string {
	return o.GetNamespace() + "/" + o.GetName() + "/" + string(o.GetUID())
}
