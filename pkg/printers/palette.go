// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package printers

import (
	"fmt"
	"slices"
	"strings"

	"github.com/fatih/color"

	"github.com/podwatch/kubectl-podwatch/pkg/apis/podwatch/v1alpha1"
)

// ColorMode is a value of --color.
type ColorMode string

// The colour modes. Auto leaves it to the environment and the stream.
const (
	ColorAuto   ColorMode = "auto"
	ColorAlways ColorMode = "always"
	ColorNever  ColorMode = "never"
)

// ColorModes returns the values of --color.
func ColorModes() []string {
	return []string{string(ColorAuto), string(ColorAlways), string(ColorNever)}
}

// Palette holds the colours for one stream. The zero value does not colour at
// all. A Palette never depends on process state, so standard output and
// standard error can have different ones. It is safe for concurrent use.
type Palette struct {
	critical, warning, info, good, faint *color.Color
}

// NewPalette decides whether a stream is coloured: by mode, then NO_COLOR (not
// empty: no), CLICOLOR_FORCE (neither empty nor 0: yes), TERM (dumb: no), then
// by whether the stream is a terminal. lookupEnv has the meaning of
// os.LookupEnv. The error is about an unknown mode only.
func NewPalette(mode ColorMode, lookupEnv func(string) (string, bool), terminal bool) (Palette, error) {
	if !slices.Contains(ColorModes(), string(mode)) {
		return Palette{}, fmt.Errorf("colour mode %q is none of %s", mode, strings.Join(ColorModes(), ", "))
	}
	if on := colored(mode, lookupEnv, terminal); !on {
		return Palette{}, nil
	}
	return Palette{
		critical: forced(color.FgRed, color.Bold),
		warning:  forced(color.FgYellow),
		info:     forced(color.FgCyan),
		good:     forced(color.FgGreen),
		faint:    forced(color.Faint),
	}, nil
}

func colored(mode ColorMode, lookupEnv func(string) (string, bool), terminal bool) bool {
	env := func(name string) string {
		value, _ := lookupEnv(name)
		return value
	}
	switch mode {
	case ColorAlways:
		return true
	case ColorNever:
		return false
	case ColorAuto:
	}
	force := env("CLICOLOR_FORCE")
	switch {
	case env("NO_COLOR") != "":
		return false
	case force != "" && force != "0":
		return true
	case env("TERM") == "dumb":
		return false
	}
	return terminal
}

// forced returns a colour that does not ask the global color.NoColor.
func forced(attributes ...color.Attribute) *color.Color {
	c := color.New(attributes...)
	c.EnableColor()
	return c
}

// paint returns s in colour c. Nil and the empty string are left alone.
func paint(c *color.Color, s string) string {
	if c == nil || s == "" {
		return s
	}
	return c.Sprint(s)
}

// severity returns the colour of s, nil for none.
func (p Palette) severity(s v1alpha1.Severity) *color.Color {
	switch s {
	case v1alpha1.SeverityCritical:
		return p.critical
	case v1alpha1.SeverityWarning:
		return p.warning
	case v1alpha1.SeverityInfo:
		return p.info
	}
	return nil
}

// result returns the colour of what became of a pod.
func (p Palette) result(r v1alpha1.Result) *color.Color {
	switch r {
	case v1alpha1.ResultDeleted, v1alpha1.ResultTerminating, v1alpha1.ResultWouldDelete, v1alpha1.ResultCreated, v1alpha1.ResultWouldCreate:
		return p.good
	case v1alpha1.ResultGone, v1alpha1.ResultReplaced, v1alpha1.ResultRecovered, v1alpha1.ResultExists:
		return p.info
	case v1alpha1.ResultBlocked, v1alpha1.ResultConflict:
		return p.warning
	case v1alpha1.ResultForbidden, v1alpha1.ResultArchiveFailed, v1alpha1.ResultError:
		return p.critical
	}
	return nil
}
