// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package scope

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/pflag"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/cli-runtime/pkg/genericclioptions"

	"github.com/podwatch/kubectl-podwatch/pkg/apis/podwatch/v1alpha1"
)

// managedByLabel is the recommended label that --managed-by selects by.
const managedByLabel = "app.kubernetes.io/managed-by"

// Flags are kubectl's connection flags and the flags that select pods.
type Flags struct {
	config *genericclioptions.ConfigFlags
	set    *pflag.FlagSet

	namespaces, contexts    []string
	all                     bool
	selector, fieldSelector string
	managedBy, node         string
	files                   []string
}

// NewFlags returns flags with nothing selected.
func NewFlags() *Flags {
	config := genericclioptions.NewConfigFlags(false)
	// Ours are repeatable.
	config.Namespace = nil
	config.Context = nil
	return &Flags{config: config}
}

// AddTo adds the flags to a command's.
func (f *Flags) AddTo(set *pflag.FlagSet) {
	f.set = set
	set.StringSliceVarP(&f.namespaces, "namespace", "n", nil, "namespace to look at; repeatable, or a,b (default: the context's)")
	set.BoolVarP(&f.all, "all-namespaces", "A", false, "look at all namespaces")
	set.StringSliceVar(&f.contexts, "context", nil, "kubeconfig context to use; repeatable, or a,b (default: the current one)")
	set.StringVarP(&f.selector, "selector", "l", "", "label selector, applied by the server")
	set.StringVar(&f.fieldSelector, "field-selector", "", "field selector, applied by the server")
	set.StringVar(&f.managedBy, "managed-by", "", "only pods with the label "+managedByLabel+"=NAME")
	set.StringVar(&f.node, "node", "", "only pods bound to this node")
	set.StringArrayVarP(&f.files, "filename", "f", nil, "read pods from this file, directory or .tar.gz instead of a cluster; repeatable; - is standard input")
	f.config.AddFlags(set)
}

// Scope is which pods are meant. It is immutable.
type Scope struct {
	// Namespaces were named by -n; empty means the context's, or, with All or
	// offline, all of them.
	Namespaces []string
	All        bool
	// Contexts were named by --context; empty means the current one.
	Contexts []string
	// LabelSelector and FieldSelector are what the server is asked for.
	LabelSelector, FieldSelector string
	Targets                      []Target
	// Files are offline input; empty means a cluster.
	Files []string
}

// Scope checks the flags and the arguments of a command.
func (f *Flags) Scope(args []string) (Scope, error) {
	if err := f.checkEmpty(); err != nil {
		return Scope{}, err
	}
	s := Scope{All: f.all, Files: f.files, Namespaces: unique(f.namespaces), Contexts: unique(f.contexts)}
	if err := checkNamespaces(s.Namespaces); err != nil {
		return Scope{}, err
	}
	if f.all && len(f.namespaces) > 0 {
		return Scope{}, errors.New("flags --all-namespaces and --namespace exclude each other")
	}
	for _, arg := range args {
		target, err := ParseTarget(arg)
		if err != nil {
			return Scope{}, err
		}
		s.Targets = append(s.Targets, target)
	}
	var err error
	if s.LabelSelector, err = f.labels(); err != nil {
		return Scope{}, err
	}
	if s.FieldSelector, err = f.fields(s.Targets); err != nil {
		return Scope{}, err
	}
	return s, nil
}

// checkEmpty refuses flags that were given without a value: that is an unset
// variable of a shell, and taking it for "all" would widen the scope.
func (f *Flags) checkEmpty() error {
	for name, values := range map[string][]string{
		"namespace": f.namespaces, "context": f.contexts, "selector": {f.selector},
		"field-selector": {f.fieldSelector}, "managed-by": {f.managedBy}, "node": {f.node}, "filename": f.files,
	} {
		if !f.set.Changed(name) {
			continue
		}
		if len(values) == 0 || slices.ContainsFunc(values, func(v string) bool { return strings.TrimSpace(v) == "" }) {
			return fmt.Errorf("flag --%s: the value is empty", name)
		}
	}
	return nil
}

func (f *Flags) labels() (string, error) {
	if _, err := labels.Parse(f.selector); err != nil {
		return "", fmt.Errorf("flag --selector %q: %w", f.selector, err)
	}
	if f.managedBy == "" {
		return f.selector, nil
	}
	managed, err := labels.Parse(managedByLabel + "=" + f.managedBy)
	if err != nil {
		return "", fmt.Errorf("flag --managed-by %q: %w", f.managedBy, err)
	}
	return join(f.selector, managed.String()), nil
}

func (f *Flags) fields(targets []Target) (string, error) {
	parsed, err := fields.ParseSelector(f.fieldSelector)
	if err != nil {
		return "", fmt.Errorf("flag --field-selector %q: %w", f.fieldSelector, err)
	}
	if err := checkPhases(parsed); err != nil {
		return "", err
	}
	selector := f.fieldSelector
	if f.node != "" {
		selector = join(selector, fields.OneTermEqualSelector("spec.nodeName", f.node).String())
	}
	if len(targets) == 1 {
		selector = join(selector, targets[0].fieldSelector())
	}
	return selector, nil
}

func join(a, b string) string {
	return strings.Join(slices.DeleteFunc([]string{a, b}, func(s string) bool { return s == "" }), ",")
}

func unique(values []string) []string {
	values = slices.Clone(values)
	slices.Sort(values)
	return slices.Compact(values)
}

// API returns the scope as reports repeat it.
func (s Scope) API() v1alpha1.Scope {
	targets := make([]string, 0, len(s.Targets))
	for _, t := range s.Targets {
		targets = append(targets, t.String())
	}
	return v1alpha1.Scope{
		Namespaces: append([]string{}, s.Namespaces...), AllNamespaces: s.All,
		LabelSelector: s.LabelSelector, FieldSelector: s.FieldSelector, Targets: targets,
	}
}
