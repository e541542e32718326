// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package printers

import (
	"bytes"
	"fmt"
	"slices"
	"strings"

	"github.com/fatih/color"
	"github.com/olekukonko/tablewriter"
	"github.com/olekukonko/tablewriter/renderer"
	"github.com/olekukonko/tablewriter/tw"

	"github.com/podwatch/kubectl-podwatch/pkg/internal/plaintext"
)

const (
	// gap separates columns, as in the tables of kubectl.
	gap = "   "
	// indent begins the lines below a row.
	indent = "  "
)

// table is a table in kubectl's look: no lines, columns three spaces apart.
type table struct {
	columns []column
	rows    []row
}

// column is one column of a table.
type column struct {
	header string
	// folded says what becomes of a cell when the terminal is too narrow for
	// the column: words for the line below the row, "" for none. Nil means that
	// the column never folds.
	folded func(cell string) string
	// whole says that a cell that has moved below its row is not cut there.
	whole bool
}

// row is one row of a table and the lines below it.
type row struct {
	cells []cell
	below []below
}

// cell is untrusted text. The table cleans it and paints it afterwards.
type cell struct {
	text  string
	color *color.Color
}

// below is a line under a row. It is cut to the terminal unless whole is set.
type below struct {
	cell
	whole bool
}

// layout says how a table is laid out.
type layout struct {
	// width is that of the terminal, 0 for none: nothing is cut or folded.
	width     int
	noHeaders bool
	// indent begins every line.
	indent string
}

// print appends the table to b; a table without rows is nothing at all.
func (t *table) print(b *bytes.Buffer, l layout) error {
	if len(t.rows) == 0 {
		return nil
	}
	t.clean()
	if l.width > 0 {
		t.fit(l)
	}
	lines, err := t.lines(l)
	if err != nil {
		return err
	}
	if !l.noHeaders {
		writeLine(b, l.indent, lines[0])
		lines = lines[1:]
	}
	for i, line := range lines {
		writeLine(b, l.indent, line)
		for _, note := range t.rows[i].below {
			text := note.text
			if l.width > 0 && !note.whole {
				text = cut(text, l.width-len(l.indent)-len(indent))
			}
			writeLine(b, l.indent+indent, paint(note.color, text))
		}
	}
	return nil
}

func writeLine(b *bytes.Buffer, indent, line string) {
	b.WriteString(strings.TrimRight(indent+line, " "))
	b.WriteByte('\n')
}

// clean makes one plain line of every text.
func (t *table) clean() {
	for i := range t.rows {
		for j := range t.rows[i].cells {
			t.rows[i].cells[j].text = plaintext.Line(t.rows[i].cells[j].text)
		}
		for j := range t.rows[i].below {
			t.rows[i].below[j].text = plaintext.Line(t.rows[i].below[j].text)
		}
	}
}

// lines returns the header, unless there is none, and one line per row. The
// last column is put behind what tablewriter lays out, which would pad every
// message to the length of the longest.
func (t *table) lines(l layout) ([]string, error) {
	last := len(t.columns) - 1
	var lead [][]string
	var ends []string
	if !l.noHeaders {
		headers := make([]string, len(t.columns))
		for i, c := range t.columns {
			headers[i] = c.header
		}
		lead, ends = append(lead, headers[:last]), append(ends, headers[last])
	}
	for _, r := range t.rows {
		painted := make([]string, len(r.cells))
		for i, c := range r.cells {
			painted[i] = paint(c.color, c.text)
		}
		lead, ends = append(lead, painted[:last]), append(ends, painted[last])
	}
	if last == 0 {
		return ends, nil
	}
	lines, err := align(lead)
	if err != nil {
		return nil, err
	}
	for i, end := range ends {
		lines[i] += end
	}
	return lines, nil
}

// align pads the cells of each column to one width, with a gap behind them.
func align(rows [][]string) ([]string, error) {
	var b bytes.Buffer
	plain := tw.CellConfig{
		Formatting: tw.CellFormatting{AutoWrap: tw.WrapNone, AutoFormat: tw.Off},
		Alignment:  tw.CellAlignment{Global: tw.AlignLeft},
		Padding:    tw.CellPadding{Global: tw.Padding{Right: gap, Overwrite: true}},
	}
	w := tablewriter.NewTable(&b,
		tablewriter.WithRenderer(renderer.NewBlueprint(tw.Rendition{
			Borders:  tw.BorderNone,
			Symbols:  tw.NewSymbols(tw.StyleNone),
			Settings: tw.Settings{Separators: tw.SeparatorsNone, Lines: tw.LinesNone},
		})),
		tablewriter.WithConfig(tablewriter.Config{Row: plain, Behavior: tw.Behavior{TrimSpace: tw.Off}}),
	)
	if err := w.Bulk(rows); err != nil {
		return nil, fmt.Errorf("lay out table: %w", err)
	}
	if err := w.Render(); err != nil {
		return nil, fmt.Errorf("lay out table: %w", err)
	}
	// Behind the padding of a cell with a colour in it tablewriter resets what the
	// cell itself has reset.
	text := strings.ReplaceAll(b.String(), gap+"\x1b[0m", gap)
	lines := strings.Split(strings.TrimSuffix(text, "\n"), "\n")
	if len(lines) != len(rows) {
		return nil, fmt.Errorf("lay out table: %d lines for %d rows", len(lines), len(rows))
	}
	return lines, nil
}

// joinNonEmpty joins what is not empty.
func joinNonEmpty(sep string, parts ...string) string {
	return strings.Join(slices.DeleteFunc(parts, func(s string) bool { return s == "" }), sep)
}
