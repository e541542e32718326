// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package printers

import (
	"strings"
	"time"

	"github.com/olekukonko/tablewriter/pkg/twwidth"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/podwatch/kubectl-podwatch/pkg/apis/podwatch/v1alpha1"
	"github.com/podwatch/kubectl-podwatch/pkg/internal/plaintext"
)

// What follows are the cells of tables and lines, for what is laid out elsewhere:
// the live view of watch.

// PaintSeverity returns text in the colour of s.
func (p Palette) PaintSeverity(s v1alpha1.Severity, text string) string {
	return paint(p.severity(s), text)
}

// PaintGood returns text in the colour of what is well.
func (p Palette) PaintGood(text string) string { return paint(p.good, text) }

// PaintFaint returns text as what is not to be looked at first.
func (p Palette) PaintFaint(text string) string { return paint(p.faint, text) }

// Since tells how long ago at was, and how well that is known: 42m, >6m (at
// least), <1h (at most), ? (unknown).
func Since(at *metav1.Time, precision v1alpha1.SincePrecision, now time.Time) string {
	return sinceText(at, precision, now)
}

// Age is kubectl's short form of the time from at to now; <unknown> if at is zero.
func Age(at, now time.Time) string {
	if at.IsZero() {
		return unknown
	}
	return ageText(at, now)
}

// Cause joins cause and sub-cause as in CrashLoop/OOMKilled.
func Cause(cause, subCause string) string { return causeText(cause, subCause) }

// Container says which list of the spec a container is in, unless it is the usual
// one; - without a container.
func Container(name string, kind v1alpha1.ContainerType) string { return containerText(name, kind) }

// Columns is how many columns of a terminal text takes.
func Columns(text string) int { return twwidth.Width(text) }

// Fit makes untrusted text one plain line of exactly width columns: cut, with
// mark at its end, or padded.
func Fit(text string, width int, mark string) string {
	if width <= 0 {
		return ""
	}
	text = plaintext.Line(text)
	if twwidth.Width(text) > width {
		text = twwidth.Truncate(text, width, mark)
	}
	return text + strings.Repeat(" ", max(0, width-twwidth.Width(text)))
}

// Wrap breaks untrusted text between words into plain lines of at most width
// columns, which is at least 1. A word that is wider is broken.
func Wrap(text string, width int) []string { return wrap(plaintext.Line(text), max(1, width)) }
