// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package printers

import (
	"bytes"
	"strings"

	"github.com/fatih/color"
	"github.com/olekukonko/tablewriter/pkg/twwidth"

	"github.com/podwatch/kubectl-podwatch/pkg/internal/plaintext"
)

// minWidth is the narrowest terminal that a card is laid out for.
const minWidth = 40

// prose writes paragraphs that fit a terminal.
type prose struct {
	bytes.Buffer
	// width is that of the terminal, 0 for none: then a paragraph is one line.
	width int
	ascii bool
}

// paragraph writes untrusted text behind lead, which is painted and begins the
// first line; further lines are indented as far. No more than most lines are
// written, 0 standing for all.
func (p *prose) paragraph(lead string, c *color.Color, text string, most int) {
	text = p.plain(text)
	indent := strings.Repeat(" ", twwidth.Width(lead))
	lines := []string{text}
	if p.width > 0 {
		lines = wrap(text, max(p.width, minWidth)-len(indent))
	}
	if most > 0 && len(lines) > most {
		lines = lines[:most]
		lines[most-1] = p.cut(lines[most-1]+p.ellipsis(), max(p.width, minWidth)-len(indent))
	}
	for i, line := range lines {
		if i == 0 {
			p.line(paint(c, lead) + line)
		} else {
			p.line(indent + line)
		}
	}
}

// heading writes a line of its own before what belongs to it.
func (p *prose) heading(text string) {
	p.WriteByte('\n')
	p.paragraph("", nil, text, 0)
}

// whole writes text that people copy: on one line, however long.
func (p *prose) whole(lead string, c *color.Color, text string) { p.line(paint(c, lead+p.plain(text))) }

// short writes one line, cut to the terminal.
func (p *prose) short(lead, text string) {
	text = p.plain(text)
	if p.width > 0 {
		text = p.cut(text, max(p.width, minWidth)-twwidth.Width(lead))
	}
	p.line(lead + text)
}

func (p *prose) line(text string) { writeLine(&p.Buffer, "", text) }

func (p *prose) plain(text string) string {
	text = plaintext.Line(text)
	if p.ascii {
		text = strings.NewReplacer("…", "...", "→", "->", "×", "x").Replace(text)
	}
	return text
}

func (p *prose) ellipsis() string {
	if p.ascii {
		return "..."
	}
	return "…"
}

func (p *prose) cut(text string, width int) string {
	if twwidth.Width(text) <= width {
		return text
	}
	return twwidth.Truncate(text, width, p.ellipsis())
}

// wrap breaks text between words into lines of at most width columns. A word
// that is wider than a line, an image reference say, is broken where the line
// ends.
func wrap(text string, width int) []string {
	var lines []string
	line := ""
	for word := range strings.FieldsSeq(text) {
		if line != "" && twwidth.Width(line)+1+twwidth.Width(word) <= width {
			line += " " + word
			continue
		}
		if line != "" {
			lines = append(lines, line)
		}
		for twwidth.Width(word) > width {
			head := fitting(word, width)
			lines = append(lines, head)
			word = word[len(head):]
		}
		line = word
	}
	return append(lines, line)
}

// fitting returns the longest beginning of word that fits, at least one rune. It
// ends behind a sign if one stands in the second half: paths and references
// stay readable.
func fitting(word string, width int) string {
	columns := 0
	for i, r := range word {
		columns += twwidth.Width(string(r))
		if columns > width && i > 0 {
			if sign := strings.LastIndexAny(word[:i], "./:@,_]-"); sign > i/2 {
				i = sign + 1
			}
			return word[:i]
		}
	}
	return word
}
