// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package printers

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/runtime"
	cliprinters "k8s.io/cli-runtime/pkg/printers"

	"github.com/podwatch/kubectl-podwatch/pkg/apis/podwatch/v1alpha1"
)

// Formats returns the formats of NewReport and NewClean. Those that end in "="
// want a template, or the file that holds it, behind it.
func Formats() []string {
	return []string{
		"table", "wide", "json", "yaml", "kyaml", "name",
		"jsonpath=", "jsonpath-as-json=", "jsonpath-file=",
		"go-template=", "go-template-file=", "template=", "templatefile=",
	}
}

// EventFormats returns the formats of NewEvents.
func EventFormats() []string { return []string{"line", "json", "yaml", "none"} }

// formatError refuses format with the list of those that are allowed.
func formatError(format string, allowed []string) error {
	return fmt.Errorf("output format %q is none of %s", format, strings.Join(allowed, ", "))
}

// newMachine returns the printer for a format that is meant for programs, with
// names saying which pods of an object -o name prints.
func newMachine(format string, names func(runtime.Object) ([]string, error)) (cliprinters.ResourcePrinter, error) {
	inner, err := newFormat(format, names)
	if err != nil {
		return nil, err
	}
	scheme := runtime.NewScheme()
	if err := v1alpha1.AddToScheme(scheme); err != nil {
		return nil, fmt.Errorf("register output kinds: %w", err)
	}
	return &machine{cliprinters.NewTypeSetter(scheme).ToPrinter(inner)}, nil
}

func newFormat(format string, names func(runtime.Object) ([]string, error)) (cliprinters.ResourcePrinter, error) {
	switch format {
	case "json":
		return &cliprinters.JSONPrinter{}, nil
	case "yaml":
		return &cliprinters.YAMLPrinter{}, nil
	case "kyaml":
		return &cliprinters.KYAMLPrinter{}, nil
	case "name":
		return podNames{names}, nil
	}
	kind, template, _ := strings.Cut(format, "=")
	if !slices.Contains(Formats(), kind+"=") {
		return nil, formatError(format, Formats())
	}
	if template == "" {
		return nil, fmt.Errorf("output format %q has no template: write it as %s=TEMPLATE", format, kind)
	}
	if strings.HasSuffix(kind, "file") {
		data, err := os.ReadFile(template)
		if err != nil {
			return nil, fmt.Errorf("read template of output format %q: %w", kind, err)
		}
		template = string(data)
	}
	if strings.HasPrefix(kind, "jsonpath") {
		return newJSONPath(kind, template)
	}
	return newGoTemplate(template)
}

// newJSONPath and newGoTemplate allow missing keys as kubectl does, because
// what is unknown is absent.
func newJSONPath(kind, template string) (cliprinters.ResourcePrinter, error) {
	p, err := cliprinters.NewJSONPathPrinter(template)
	if err != nil {
		return nil, fmt.Errorf("parse jsonpath %q: %w", template, err)
	}
	p.AllowMissingKeys(true)
	p.EnableJSONOutput(kind == "jsonpath-as-json")
	return p, nil
}

func newGoTemplate(template string) (cliprinters.ResourcePrinter, error) {
	p, err := cliprinters.NewGoTemplatePrinter([]byte(template))
	if err != nil {
		return nil, fmt.Errorf("parse go-template %q: %w", template, err)
	}
	p.AllowMissingKeys(true)
	return p, nil
}

// errNotPrintable is wrapped by the errors about an object of another kind.
var errNotPrintable = errors.New("not of the kind that this printer is for")

// as returns obj as a T, the one kind that a printer is for.
func as[T runtime.Object](obj runtime.Object) (T, error) {
	out, ok := obj.(T)
	if !ok {
		return out, fmt.Errorf("print %T: %w", obj, errNotPrintable)
	}
	return out, nil
}
