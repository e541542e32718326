// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package gate

import (
	"slices"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/podwatch/kubectl-podwatch/pkg/apis/podwatch/v1alpha1"
	"github.com/podwatch/kubectl-podwatch/pkg/projection"
)

// enoughRestarts makes a crash loop hopeless: two crashes can be a dependency
// that comes up late.
const enoughRestarts = 3

// hopeless returns the finding that no waiting mends, nil if there is none. Such
// a pod needs another image, another configuration or another program.
func (g *Gate) hopeless(m *member) *v1alpha1.Finding {
	for i := range m.verdict.Findings {
		f := &m.verdict.Findings[i]
		if grave(f) && g.unmendable(m, f) {
			return f
		}
	}
	return nil
}

// final reports whether nothing makes another pod in place of m: it has no
// controller, or one that was read as a Job that has failed.
func (g *Gate) final(m *member) bool {
	c := m.pod.Controller
	if c == nil {
		return true
	}
	o := g.above(m, c.UID)
	return o != nil && o.Kind == projection.KindJob && givenUp(o) != nil
}

// above returns what was read of the owner with the given UID above m, nil if
// nothing was.
func (g *Gate) above(m *member, uid types.UID) *projection.Owner {
	s := g.around[at{m.key.Context, m.key.Namespace}]
	if s == nil {
		return nil
	}
	return s.Owner(uid)
}

// grave is true for what is critical by itself: that other pods do the work
// meanwhile makes it milder, and mends nothing.
func grave(f *v1alpha1.Finding) bool {
	return f.Severity == v1alpha1.SeverityCritical || f.Severity == v1alpha1.SeverityWarning && len(f.SeverityReason) > 0
}

func (g *Gate) unmendable(m *member, f *v1alpha1.Finding) bool {
	switch f.Cause {
	case "ImagePull":
		return slices.Contains([]string{"NotFound", "Auth", "Platform"}, f.SubCause)
	case "ImageNameInvalid", "ImageNeverPull", "ConfigError":
		return true
	case "CrashLoop":
		return slices.ContainsFunc(m.pod.Containers, func(c projection.Container) bool {
			return c.Name == f.Container && c.Type == f.ContainerType && c.RestartCount >= enoughRestarts
		})
	}
	// Nothing starts a pod again that has failed.
	return m.pod.Phase == corev1.PodFailed && g.final(m)
}
