// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

// Package capture makes a source for the engine out of what -f names.
package capture

import (
	"context"
	"fmt"
	"io"

	corev1 "k8s.io/api/core/v1"

	"github.com/podwatch/kubectl-podwatch/pkg/cmd/internal/scope"
	"github.com/podwatch/kubectl-podwatch/pkg/offline"
	"github.com/podwatch/kubectl-podwatch/pkg/projection"
	"github.com/podwatch/kubectl-podwatch/pkg/reconcile"
	"github.com/podwatch/kubectl-podwatch/pkg/reconcile/stream"
)

// Capture holds the pods of a file that are in scope.
type Capture struct {
	*offline.Snapshot
	pods []*projection.Pod
}

// Read reads the files of s to their end, directories and archives included;
// stdin is the file "-". The selectors of s apply, and without -n all namespaces
// are in scope.
func Read(s scope.Scope, stdin io.Reader) (*Capture, error) {
	filter, err := offline.NewFilter(s.LabelSelector, s.FieldSelector, s.Namespaces)
	if err != nil {
		return nil, err
	}
	c := &Capture{}
	c.Snapshot, err = offline.Read(offline.Open(s.Files, stdin), func(pod *corev1.Pod) error {
		if !filter.Matches(pod) {
			return nil
		}
		if p := projection.From(pod); s.Matches(p) {
			c.pods = append(c.pods, p)
		}
		return nil
	})
	return c, err
}

// Partial returns the error of a capture of which files that may hold pods could
// not be read, nil for a whole one. Its limitations say which.
func (c *Capture) Partial() error {
	n := 0
	for _, l := range c.Limitations {
		if l.Resource == "pods" {
			n++
		}
	}
	if n == 0 {
		return nil
	}
	return fmt.Errorf("read pods: files that are broken: %d", n)
}

// Source delivers the pods in the order of the file, and then nothing more.
func (c *Capture) Source() reconcile.Source {
	return reconcile.Source{Run: func(ctx context.Context, h stream.Handler) error {
		for _, p := range c.pods {
			h.Upsert(p, stream.Frame{Initial: true})
		}
		h.Synced()
		<-ctx.Done()
		return ctx.Err()
	}}
}
