// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package gate

import (
	"slices"

	corev1 "k8s.io/api/core/v1"

	"github.com/podwatch/kubectl-podwatch/pkg/apis/podwatch/v1alpha1"
	"github.com/podwatch/kubectl-podwatch/pkg/diagnose"
	"github.com/podwatch/kubectl-podwatch/pkg/projection"
)

// enoughRestarts makes a crash loop hopeless: two crashes can be a dependency
// that comes up late.
const enoughRestarts = 3

// hopeless returns the finding that no waiting mends, nil if there is none. Such
// a pod needs another image, another configuration or another program.
func hopeless(p *projection.Pod, v *diagnose.Verdict) *v1alpha1.Finding {
	for i := range v.Findings {
		f := &v.Findings[i]
		if grave(f) && unmendable(p, f) {
			return f
		}
	}
	return nil
}

// grave is true for what is critical by itself: that other pods do the work
// meanwhile makes it milder, and mends nothing.
func grave(f *v1alpha1.Finding) bool {
	return f.Severity == v1alpha1.SeverityCritical || f.Severity == v1alpha1.SeverityWarning && len(f.SeverityReason) > 0
}

func unmendable(p *projection.Pod, f *v1alpha1.Finding) bool {
	switch f.Cause {
	case "ImagePull":
		return slices.Contains([]string{"NotFound", "Auth", "Platform"}, f.SubCause)
	case "ImageNameInvalid", "ImageNeverPull", "ConfigError":
		return true
	case "CrashLoop":
		return slices.ContainsFunc(p.Containers, func(c projection.Container) bool {
			return c.Name == f.Container && c.Type == f.ContainerType && c.RestartCount >= enoughRestarts
		})
	}
	// Nothing starts a pod again that has failed, and without a controller
	// nothing makes another one.
	return p.Phase == corev1.PodFailed && p.Controller == nil
}
