// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package printers

import (
	"slices"

	"github.com/olekukonko/tablewriter/pkg/twwidth"
)

const (
	// minLast is the narrowest last column that is worth reading.
	minLast = 32
	// shortFacts is how long facts may be to begin the line of a message that
	// is cut for it.
	shortFacts = 16
)

// fit makes the table as narrow as the terminal if it can: the last column is
// cut as long as enough of it remains, then columns move below their row, from
// the right, until the rest fits.
func (t *table) fit(l layout) {
	last := len(t.columns) - 1
	room := l.width - len(l.indent) - t.width(last)
	if room >= minLast || t.columns[last].folded == nil {
		for i := range t.rows {
			c := &t.rows[i].cells[last]
			c.text = cut(c.text, max(room, minLast))
		}
		return
	}
	keep := slices.Repeat([]bool{true}, len(t.columns))
	for i := last; i > 0 && t.widthOf(keep)+len(l.indent) > l.width; i-- {
		if t.columns[i].folded != nil {
			keep[i] = false
		}
	}
	t.fold(keep, l.width-len(l.indent)-len(indent))
}

// fold moves the columns that are not kept below their rows: to one line if
// that fits into width columns, else the last column gets a line of its own
// unless the others are short. The others take as many lines as they need.
func (t *table) fold(keep []bool, width int) {
	for i := range t.rows {
		r := &t.rows[i]
		var kept []cell
		var facts []string
		message := ""
		for j, c := range r.cells {
			switch {
			case keep[j]:
				kept = append(kept, c)
			case j == len(keep)-1:
				message = t.columns[j].folded(c.text)
			default:
				if fact := t.columns[j].folded(c.text); fact != "" {
					facts = append(facts, fact)
				}
			}
		}
		var lines []below
		for _, note := range notes(facts, message, width) {
			lines = append(lines, below{cell: cell{text: note}, whole: t.columns[len(keep)-1].whole})
		}
		r.below = append(lines, r.below...)
		r.cells = kept
	}
	var columns []column
	for j, c := range t.columns {
		if keep[j] {
			columns = append(columns, c)
		}
	}
	t.columns = columns
}

// notes lays out facts and a message below a row: in one line if that fits or if
// the facts are short, else in lines of their own. The message comes first if
// there is much to read behind it.
func notes(facts []string, message string, width int) []string {
	lines := gather(facts, width)
	switch {
	case message == "":
		return lines
	case len(lines) == 0:
		return []string{message}
	case len(lines) > 1:
		return append([]string{message}, lines...)
	}
	if whole := lines[0] + ": " + message; twwidth.Width(whole) <= width || twwidth.Width(lines[0]) <= shortFacts {
		return []string{whole}
	}
	return append(lines, message)
}

// gather joins facts to lines of at most width columns, as far as single facts
// fit.
func gather(facts []string, width int) []string {
	var lines []string
	for _, fact := range facts {
		last := len(lines) - 1
		if last >= 0 && twwidth.Width(lines[last])+len(", ")+twwidth.Width(fact) <= width {
			lines[last] += ", " + fact
			continue
		}
		lines = append(lines, fact)
	}
	return lines
}

// width returns the columns that the first n columns take, gaps behind them
// included.
func (t *table) width(n int) int {
	total := 0
	for i := range n {
		total += t.columnWidth(i) + len(gap)
	}
	return total
}

// widthOf returns the columns that the kept columns take.
func (t *table) widthOf(keep []bool) int {
	total := -len(gap)
	for i := range keep {
		if keep[i] {
			total += t.columnWidth(i) + len(gap)
		}
	}
	return total
}

func (t *table) columnWidth(i int) int {
	width := len(t.columns[i].header)
	for _, r := range t.rows {
		width = max(width, twwidth.Width(r.cells[i].text))
	}
	return width
}

// cut shortens s to width columns of a terminal, between two runes.
func cut(s string, width int) string {
	if twwidth.Width(s) <= width {
		return s
	}
	return twwidth.Truncate(s, width, "…")
}
