// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package live

import (
	"strings"

	"github.com/podwatch/kubectl-podwatch/pkg/printers"
)

// oneLine is the width from which on a row fits one line.
const oneLine = 60

// narrow is the table for less: each pod has two lines, its name and since when,
// then its status and the reason. It is height lines at most.
func (s *state) narrow(height int) []string {
	first, visible := s.visible(height / 2)
	var out []string
	for i, l := range visible {
		if l.row == nil {
			out = append(out, s.options.Palette.PaintFaint(s.indented(l.heading)))
			continue
		}
		mark := " "
		if first+i == s.cursor {
			mark = ">"
		}
		out = append(out, s.twoLines(l.row, mark)...)
	}
	if s.hidden > 0 && len(out) < height && s.filter == "" {
		out = append(out, s.options.Palette.PaintFaint(s.indented(s.hiddenText())))
	}
	return out
}

func (s *state) twoLines(r *Row, mark string) []string {
	p, severity := s.options.Palette, r.severity()
	name := r.Name
	if s.options.ShowNamespace {
		name = r.Namespace + "/" + name
	}
	if s.options.ShowContext {
		name = r.Context + "/" + name
	}
	since := s.forText(r)
	room := s.width - margin
	head := s.fit(name, room-len(columnGap)-printers.Columns(since)) + columnGap + since
	status := printers.Columns(r.Status)
	status = min(status, room/2)
	tail := columnGap + s.fit(r.Status, status)
	rest := columnGap + s.fit(why(r), room-status-2*len(columnGap))
	if s.source(r).Freshness == Stale {
		return []string{mark + glyph(severity) + " " + p.PaintFaint(head), strings.Repeat(" ", margin) + p.PaintFaint(tail+rest)}
	}
	return []string{
		mark + p.PaintSeverity(severity, glyph(severity)) + " " + head,
		strings.Repeat(" ", margin) + columnGap + p.PaintSeverity(severity, strings.TrimPrefix(tail, columnGap)) + rest,
	}
}
