// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package printers

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	cliprinters "k8s.io/cli-runtime/pkg/printers"
)

// machine prints a plain copy of each object through a printer of cli-runtime.
// It buffers, because several of those drop the errors of the writer, and
// because the template printers write a dump of the whole object if they fail.
type machine struct {
	inner cliprinters.ResourcePrinter
}

func (m *machine) PrintObj(obj runtime.Object, w io.Writer) error {
	if obj == nil {
		return fmt.Errorf("print nothing: %w", errNotPrintable)
	}
	var b bytes.Buffer
	if err := m.inner.PrintObj(plain(obj), &b); err != nil {
		// The error of the jsonpath printer repeats the object, too.
		text, _, _ := strings.Cut(err.Error(), ". Printing more information")
		return errors.New(text)
	}
	_, err := w.Write(b.Bytes())
	return err
}

// podNames prints pod/NAME for the pods that names finds in an object.
type podNames struct {
	names func(runtime.Object) ([]string, error)
}

func (p podNames) PrintObj(obj runtime.Object, w io.Writer) error {
	names, err := p.names(obj)
	if err != nil {
		return err
	}
	printer := &cliprinters.NamePrinter{ShortOutput: true}
	for _, name := range names {
		pod := &metav1.PartialObjectMetadata{
			TypeMeta:   metav1.TypeMeta{APIVersion: "v1", Kind: "Pod"},
			ObjectMeta: metav1.ObjectMeta{Name: name},
		}
		if err := printer.PrintObj(pod, w); err != nil {
			return err
		}
	}
	return nil
}
