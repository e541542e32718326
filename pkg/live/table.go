// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package live

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/podwatch/kubectl-podwatch/pkg/printers"
)

// minWhy is how much room the reason gets before columns are left out for it.
const minWhy = 24

// column is one column of the table.
type column struct {
	header string
	text   func(*Row) string
	width  int
	// rank says which columns get room first, the lowest; 0 is always there.
	rank int
}

// table is the header and the rows that are on the screen, height of them at
// most: no other row is looked at.
func (s *state) table(height int) []string {
	if len(s.lines) == 0 {
		return []string{"", s.indented(s.nothing())}
	}
	if s.width < oneLine && s.height >= airy {
		return s.narrow(height + 1)
	}
	first, visible := s.visible(height)
	columns := s.columns(visible)
	out := make([]string, 0, height+1)
	out = append(out, s.options.Palette.PaintFaint(strings.Repeat(" ", margin)+s.joined(columns, func(c column) string { return c.header })))
	for i, l := range visible {
		mark := " "
		if first+i == s.cursor {
			mark = ">"
		}
		out = append(out, s.row(l, mark, columns))
	}
	if s.hidden > 0 && len(out) <= height && s.filter == "" {
		out = append(out, s.options.Palette.PaintFaint(s.indented(s.hiddenText())))
	}
	return out
}

// visible is what is shown of the lines if there is room for n, and the index of
// the first of them: the cursor stays in the middle as long as that can be.
func (s *state) visible(n int) (first int, lines []line) {
	first = min(max(0, s.cursor-n/2), max(0, len(s.lines)-n))
	return first, s.lines[first:min(len(s.lines), first+n)]
}

// hiddenText says how many pods are not shown, and how they would be.
func (s *state) hiddenText() string {
	if s.classes == (selection{}) {
		return pods(s.hidden) + " without a problem: a"
	}
	return pods(s.hidden) + " hidden: a"
}

// nothing says why there are no rows.
func (s *state) nothing() string {
	switch {
	case s.seen == nil || !s.seen.synced:
		return ""
	case s.filter != "":
		return fmt.Sprintf("nothing matches %q", s.filter)
	case s.hidden > 0 && s.classes == (selection{}):
		return "no problems; a shows all pods"
	case s.hidden > 0:
		return s.hiddenText()
	}
	return "no pods"
}

func (s *state) row(l line, mark string, columns []column) string {
	if l.row == nil {
		return s.options.Palette.PaintFaint(s.indented(l.heading))
	}
	severity := l.row.severity()
	sign := glyph(severity)
	text := s.joined(columns, func(c column) string { return c.text(l.row) })
	if s.source(l.row).Freshness == Stale {
		return mark + sign + " " + s.options.Palette.PaintFaint(text)
	}
	// One colour for what says how bad it is, none for the rest: rows stay readable.
	return mark + s.options.Palette.PaintSeverity(severity, sign) + " " + s.tinted(l.row, text, columns)
}

// tinted paints the STATUS in the row, if it is there.
func (s *state) tinted(r *Row, text string, columns []column) string {
	at := 0
	for _, c := range columns {
		if c.header == "STATUS" {
			cell := s.fit(c.text(r), c.width)
			if end := at + len(cell); end <= len(text) && text[at:end] == cell {
				return text[:at] + s.options.Palette.PaintSeverity(r.severity(), cell) + text[end:]
			}
		}
		at += len(s.fit(c.text(r), c.width)) + len(columnGap)
	}
	return text
}

const (
	columnGap = "  "
	// margin is for the sign of the cursor, that of the severity and a blank.
	margin = 3
)

// indented is a line of its own below the columns.
func (s *state) indented(text string) string {
	return strings.Repeat(" ", margin) + s.fit(text, s.width-margin)
}

// joined makes one line of what the columns say.
func (s *state) joined(columns []column, say func(column) string) string {
	cells := make([]string, len(columns))
	for i, c := range columns {
		cells[i] = s.fit(say(c), c.width)
	}
	return strings.Join(cells, columnGap)
}

// columns returns those that fit, as wide as the visible rows need; the reason gets
// what is left, and enough of it.
func (s *state) columns(visible []line) []column {
	all := []column{
		{header: "CONTEXT", rank: 4, text: func(r *Row) string { return r.Context }},
		{header: "NAMESPACE", rank: 1, text: func(r *Row) string { return r.Namespace }},
		{header: "POD", text: func(r *Row) string { return r.Name }},
		{header: "READY", rank: 5, text: func(r *Row) string { return fmt.Sprintf("%d/%d", r.Ready.Ready, r.Ready.Total) }},
		{header: "STATUS", rank: 2, text: func(r *Row) string { return r.Status }},
		{header: "RESTARTS", rank: 3, text: func(r *Row) string { return strconv.FormatInt(r.Restarts, 10) }},
		{header: "AGE", rank: 6, text: func(r *Row) string { return printers.Age(r.Created, s.instant(r)) }},
		{header: "NODE", rank: 7, text: func(r *Row) string { return r.Node }},
		{header: "FOR", text: s.forText},
		{header: "WHY", text: why},
	}
	room := s.width - margin - minWhy
	total := 0
	for i := range all {
		if c := &all[i]; c.header != "WHY" {
			c.width = s.widest(*c, visible)
		}
		if c := all[i]; c.rank == 0 && c.header != "WHY" {
			total += c.width + len(columnGap)
		}
	}
	kept := map[string]bool{}
	for _, c := range slices.SortedStableFunc(slices.Values(all), func(a, b column) int { return a.rank - b.rank }) {
		need := c.width + len(columnGap)
		switch {
		case c.rank == 0:
			kept[c.header] = true
		case total+need <= room && s.wanted(c):
			kept[c.header] = true
			total += need
		}
	}
	return s.squeezed(slices.DeleteFunc(all, func(c column) bool { return !kept[c.header] }), total, room)
}

// wanted reports whether c can tell one row from another.
func (s *state) wanted(c column) bool {
	switch c.header {
	case "CONTEXT":
		return s.options.ShowContext
	case "NAMESPACE":
		return s.options.ShowNamespace
	}
	return true
}

// squeezed narrows the name of the pod if nothing else helps, and gives the rest
// of the line to the reason.
func (s *state) squeezed(columns []column, total, room int) []column {
	for i := range columns {
		if columns[i].header == "POD" && total > room {
			width := max(12, columns[i].width-(total-room))
			total -= columns[i].width - width
			columns[i].width = width
		}
	}
	columns[len(columns)-1].width = max(1, s.width-margin-total)
	return columns
}

// widest is how wide a column wants to be; none gets more than a third.
func (s *state) widest(c column, visible []line) int {
	width := len(c.header)
	for _, l := range visible {
		if l.row != nil {
			width = max(width, printers.Columns(c.text(l.row)))
		}
	}
	return min(width, max(len(c.header), s.width/3))
}

func (s *state) forText(r *Row) string {
	if r.Primary == nil {
		return "-"
	}
	return printers.Since(r.Primary.Since, r.Primary.SincePrecision, s.instant(r))
}

// why is the cause, the container and the words of the finding.
func why(r *Row) string {
	f := r.Primary
	if f == nil {
		return string(r.State)
	}
	text := printers.Cause(f.Cause, f.SubCause)
	if f.Container != "" {
		text += " " + printers.Container(f.Container, f.ContainerType)
	}
	if f.Message != "" {
		text += ": " + f.Message
	}
	return text
}

// source is the one that r comes from.
func (s *state) source(r *Row) Source {
	for _, source := range s.sources {
		if source.Context == r.Context && (source.Namespace == "" || source.Namespace == r.Namespace) {
			return source
		}
	}
	return Source{Freshness: Live}
}

// instant is the now of the ages of r: with a stale source they stand still at
// what was heard last.
func (s *state) instant(r *Row) time.Time {
	source := s.source(r)
	if source.Freshness == Stale && !source.LastFrame.IsZero() {
		return source.LastFrame.Add(source.Skew)
	}
	return s.server(r, s.now)
}

// server is the time of the server of r when this machine's is at.
func (s *state) server(r *Row, at time.Time) time.Time { return at.Add(s.source(r).Skew) }
