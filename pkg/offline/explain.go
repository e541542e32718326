// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package offline

import (
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"regexp"
	"strconv"
	"strings"

	"github.com/podwatch/kubectl-podwatch/pkg/internal/plaintext"
)

// at says where in the input an error is.
func (d *decoder) at(line int, err error) error {
	if d.item > 0 {
		return fmt.Errorf("document %d, item %d, line %d: %w", d.document, d.item, line, err)
	}
	return fmt.Errorf("document %d, line %d: %w", d.document, line, err)
}

// explain says what is wrong with the JSON of f, and where.
func (d *decoder) explain(f *fragment, err error) error {
	if syntax, ok := errors.AsType[*json.SyntaxError](err); ok {
		return d.at(f.line(int(syntax.Offset)), err)
	}
	if mismatch, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
		return d.at(f.begin, fmt.Errorf("field %q: got %s, want %s", mismatch.Field, mismatch.Value, typeName(mismatch.Type)))
	}
	// The error of a time quotes it, control characters included.
	return d.at(f.begin, errors.New(plaintext.Line(err.Error())))
}

// typeName names a Go type in the words of JSON.
func typeName(t reflect.Type) string {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	kind := t.Kind()
	if kind == reflect.Struct || kind == reflect.Map {
		return "object"
	}
	if kind == reflect.Slice || kind == reflect.Array {
		return "array"
	}
	return kind.String()
}

var reYAMLLine = regexp.MustCompile(`^line (\d+): `)

// explainYAML says what is wrong with the YAML that begins in line begin. The
// parser counts its lines from there.
func (d *decoder) explainYAML(begin int, err error) error {
	text := strings.TrimPrefix(plaintext.Line(err.Error()), "yaml: ")
	line := begin
	if m := reYAMLLine.FindStringSubmatch(text); m != nil {
		text = strings.TrimPrefix(text, m[0])
		if n, err := strconv.Atoi(m[1]); err == nil && n > 0 {
			line = begin + n - 1
		}
	}
	return d.at(line, errors.New(text))
}
