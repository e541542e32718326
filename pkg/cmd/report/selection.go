// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package report

import (
	"fmt"
	"strings"

	"github.com/spf13/pflag"
	corev1 "k8s.io/api/core/v1"

	"github.com/podwatch/kubectl-podwatch/pkg/apis/podwatch/v1alpha1"
	"github.com/podwatch/kubectl-podwatch/pkg/cmd/internal/scope"
	"github.com/podwatch/kubectl-podwatch/pkg/report"
)

// selection are the flags that narrow down what a report is about, beyond what
// the server can select. What they leave out counts nowhere, not for a gate
// either.
type selection struct {
	set *pflag.FlagSet

	excludeNamespaces, containers, images, owners, qosClasses []string
}

func (s *selection) addTo(set *pflag.FlagSet) {
	s.set = set
	set.StringSliceVar(&s.excludeNamespaces, "exclude-namespace", nil, "leave out namespaces that match this pattern (*, ?); repeatable, or a,b")
	set.StringSliceVar(&s.containers, "container", nil, "only pods with a container of this name, and what is wrong with it; repeatable, or a,b")
	set.StringSliceVar(&s.images, "image", nil, "only pods with a container whose image matches this pattern (*, ?), and what is wrong with it; repeatable, or a,b")
	set.StringSliceVar(&s.owners, "owner", nil, "only pods of this TYPE/NAME; unlike as an argument it may have none; repeatable, or a,b")
	set.StringSliceVar(&s.qosClasses, "qos", nil, "only pods of this QoS class: Guaranteed, Burstable, BestEffort; repeatable, or a,b")
}

func (s *selection) resolve() (report.Selection, error) {
	for _, f := range []struct {
		name   string
		values []string
	}{
		{"exclude-namespace", s.excludeNamespaces},
		{"container", s.containers},
		{"image", s.images},
		{"owner", s.owners},
		{"qos", s.qosClasses},
	} {
		if err := s.notEmpty(f.name, f.values); err != nil {
			return report.Selection{}, err
		}
	}
	if err := scope.CheckNamespacePatterns("exclude-namespace", s.excludeNamespaces); err != nil {
		return report.Selection{}, err
	}
	out := report.Selection{ExcludeNamespaces: s.excludeNamespaces, Containers: s.containers, Images: s.images}
	var owners scope.Scope
	for _, text := range s.owners {
		target, err := scope.ParseTarget(text)
		switch {
		case err != nil:
			return out, fmt.Errorf("flag --owner: %w", err)
		case !strings.Contains(text, "/"):
			return out, fmt.Errorf("flag --owner %q: want TYPE/NAME", text)
		}
		owners.Targets = append(owners.Targets, target)
		out.Owners = append(out.Owners, v1alpha1.Owner{Kind: target.Kind, Name: target.Name})
	}
	out.Owns = owners.Matches
	classes := []string{string(corev1.PodQOSGuaranteed), string(corev1.PodQOSBurstable), string(corev1.PodQOSBestEffort)}
	for _, class := range s.qosClasses {
		if err := oneOf("qos", class, classes); err != nil {
			return out, err
		}
		out.QOSClasses = append(out.QOSClasses, corev1.PodQOSClass(class))
	}
	return out, nil
}

// notEmpty refuses an empty value: that is an unset variable of a shell.
func (s *selection) notEmpty(name string, values []string) error {
	if !s.set.Changed(name) {
		return nil
	}
	for _, v := range values {
		if strings.TrimSpace(v) == "" {
			return fmt.Errorf("flag --%s: the value is empty", name)
		}
	}
	if len(values) == 0 {
		return fmt.Errorf("flag --%s: the value is empty", name)
	}
	return nil
}
