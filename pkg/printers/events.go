// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package printers

import (
	"encoding/json"
	"fmt"
	"io"
	"time"

	"k8s.io/apimachinery/pkg/runtime"
	cliprinters "k8s.io/cli-runtime/pkg/printers"
	"sigs.k8s.io/yaml"

	"github.com/podwatch/kubectl-podwatch/pkg/apis/podwatch/v1alpha1"
)

// Timestamps says how the text lines of watch begin.
type Timestamps string

// The timestamps. Time is the default.
const (
	TimestampsTime    Timestamps = "time"    // 12:04:31
	TimestampsRFC3339 Timestamps = "rfc3339" // 2026-11-20T12:04:31Z
	TimestampsNone    Timestamps = "none"
)

// EventOptions shape the text lines of watch. Other formats ignore them.
type EventOptions struct {
	// Timestamps is TimestampsTime if empty.
	Timestamps Timestamps
	// Location is the time zone of TimestampsTime, UTC if nil.
	Location *time.Location
	// Palette is for the stream that is printed to.
	Palette Palette
	// ShowContext puts the context before the namespace, for when there are
	// several.
	ShowContext bool
	// ASCII keeps arrows out of the output, for terminals without UTF-8.
	ASCII bool
}

// NewEvents returns the printer of *v1alpha1.PodWatchEvent in one of
// EventFormats, "" being line. Each event is written with one call of Write and
// ends in a newline, so lines of several writers do not mix. The format none
// writes nothing. The error is about the format only.
func NewEvents(format string, opts EventOptions) (cliprinters.ResourcePrinter, error) {
	switch format {
	case "", "line":
		return eventPrinter{lineOf(opts)}, nil
	case "json":
		return eventPrinter{jsonLine}, nil
	case "yaml":
		return eventPrinter{yamlDocument}, nil
	case "none":
		return eventPrinter{func(*v1alpha1.PodWatchEvent) ([]byte, error) { return nil, nil }}, nil
	}
	return nil, formatError(format, EventFormats())
}

// eventPrinter writes what encode makes of an event.
type eventPrinter struct {
	encode func(*v1alpha1.PodWatchEvent) ([]byte, error)
}

func (p eventPrinter) PrintObj(obj runtime.Object, w io.Writer) error {
	e, err := as[*v1alpha1.PodWatchEvent](obj)
	if err != nil {
		return err
	}
	data, err := p.encode(e)
	if err != nil {
		return fmt.Errorf("encode event %q: %w", e.Type, err)
	}
	if len(data) == 0 {
		return nil
	}
	_, err = w.Write(data)
	return err
}

// jsonLine is one compact object; the JSON printer of cli-runtime indents.
func jsonLine(e *v1alpha1.PodWatchEvent) ([]byte, error) {
	data, err := json.Marshal(typed(e))
	return append(data, '\n'), err
}

// yamlDocument is one document that can be told from the next.
func yamlDocument(e *v1alpha1.PodWatchEvent) ([]byte, error) {
	data, err := yaml.Marshal(typed(e))
	return append([]byte("---\n"), data...), err
}

// typed returns a plain copy of e that carries apiVersion and kind.
func typed(e *v1alpha1.PodWatchEvent) *v1alpha1.PodWatchEvent {
	e = plain(e)
	e.TypeMeta = v1alpha1.TypeMeta("PodWatchEvent")
	return e
}
