// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package report

import (
	"fmt"

	"github.com/spf13/pflag"
	"k8s.io/apimachinery/pkg/labels"

	"github.com/podwatch/kubectl-podwatch/pkg/related"
)

// relatedFlags say what to read besides the pods.
type relatedFlags struct {
	events, nodes, owners string
	allowPartial          []string
}

func (f *relatedFlags) addRelated(set *pflag.FlagSet) {
	set.StringVar(&f.events, "events", string(related.Auto), "read events about pods with findings and pods that cannot be created: auto, never, require")
	set.StringVar(&f.nodes, "nodes", string(related.Auto), "read nodes if a finding may come from one: auto, never, require")
	set.StringVar(&f.owners, "owners", string(related.Auto), "read workloads, claims and namespaces around findings: auto, never, require")
	set.StringSliceVar(&f.allowPartial, "allow-partial", nil, "resources that may be unreadable without exit code 3, e.g. pods,events; repeatable, or a,b")
}

func (f *relatedFlags) policy() (related.Policy, error) {
	var p related.Policy
	for _, family := range []struct {
		name, value string
		mode        *related.Mode
	}{{"events", f.events, &p.Events}, {"nodes", f.nodes, &p.Nodes}, {"owners", f.owners, &p.Owners}} {
		var err error
		if *family.mode, err = related.ParseMode(family.value); err != nil {
			return p, fmt.Errorf("flag --%s: %w", family.name, err)
		}
	}
	var err error
	if p.AllowPartial, err = related.ParsePartial(f.allowPartial); err != nil {
		return p, fmt.Errorf("flag --allow-partial: %w", err)
	}
	return p, nil
}

// need adds to what the pods need the search for workloads that have none. A
// field selector is about pods that exist, so it leaves nothing to search for.
func (o Options) need(n related.Need, namespaces []string) (related.Need, error) {
	if o.Scope.FieldSelector != "" {
		return n, nil
	}
	selector, err := labels.Parse(o.Scope.LabelSelector)
	if err != nil {
		return n, fmt.Errorf("flag --selector %q: %w", o.Scope.LabelSelector, err)
	}
	n.Search = related.Search{Namespaces: namespaces, Selector: selector}
	if len(o.Scope.Targets) > 0 {
		n.Search.Covers = o.Scope.Covers
	}
	return n, nil
}
