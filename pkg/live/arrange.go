// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package live

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/podwatch/kubectl-podwatch/pkg/apis/podwatch/v1alpha1"
)

// order is what rows are sorted by.
type order int

const (
	bySeverity order = iota
	byDuration
	byRestarts
	byAge
	byName
	byNode
	orders
)

func (o order) String() string {
	return [...]string{"severity", "for", "restarts", "age", "name", "node"}[o]
}

// compare orders two rows: of equal ones the worse comes first, then the one that
// has been so for longer.
func (o order) compare(a, b *Row) int {
	first := 0
	switch o {
	case byDuration:
		first = earlier(a.since(), b.since())
	case byRestarts:
		first = cmp.Compare(b.Restarts, a.Restarts)
	case byAge:
		first = a.Created.Compare(b.Created)
	case byName:
		first = a.compare(b.ID)
	case byNode:
		first = cmp.Compare(a.Node, b.Node)
	case bySeverity, orders:
	}
	if first = cmp.Or(first, rank(b.severity())-rank(a.severity())); first != 0 {
		return first
	}
	if first = earlier(a.since(), b.since()); first != 0 {
		return first
	}
	return a.compare(b.ID)
}

// earlier orders what began earlier first, and what nobody knows the beginning of
// last.
func earlier(a, b *metav1.Time) int {
	switch {
	case a == nil && b == nil:
		return 0
	case a == nil:
		return 1
	case b == nil:
		return -1
	}
	return a.Compare(b.Time)
}

// grouping is what rows are put together by.
type grouping int

const (
	byNothing grouping = iota
	byOwner
	byNamespace
	byWhichNode
	byCause
	byContext
	groupings
)

func (g grouping) String() string {
	return [...]string{"none", "owner", "namespace", "node", "cause", "context"}[g]
}

// regroup goes on to the next grouping. One context is no group.
func (s *state) regroup() {
	s.group++
	if s.group == byContext && !s.options.ShowContext || s.group == groupings {
		s.group = byNothing
	}
}

// of names the group that r is in.
func (g grouping) of(r *Row) string {
	name := ""
	switch g {
	case byOwner:
		name = r.Owner
		if name != "" {
			name = r.Namespace + " " + name
		}
	case byNamespace:
		name = r.Namespace
	case byWhichNode:
		name = r.Node
	case byCause:
		if r.Primary != nil {
			name = r.Primary.Cause
		}
	case byContext:
		name = r.Context
	case byNothing, groupings:
	}
	return cmp.Or(name, "<none>")
}

// arrange decides which lines there are. The cursor stays on its pod; if that has
// left, it stays where it was.
func (s *state) arrange() {
	if s.seen == nil {
		return
	}
	at := s.current()
	rows := s.chosen()
	s.shown = len(rows)
	slices.SortFunc(rows, s.order.compare)
	s.lines = s.lines[:0:0]
	if s.group == byNothing {
		for _, r := range rows {
			s.lines = append(s.lines, line{row: r})
		}
	} else {
		s.lines = grouped(rows, s.group)
	}
	if at != nil {
		if i := slices.IndexFunc(s.lines, func(l line) bool { return l.row != nil && l.row.ID == at.ID }); i >= 0 {
			s.cursor = i
			return
		}
	}
	s.cursor = s.rowNear(s.cursor, 1)
}

// chosen returns the rows that are to be shown, in no order.
func (s *state) chosen() []*Row {
	s.hidden = 0
	rows := make([]*Row, 0, len(s.seen.rows))
	filter := strings.ToLower(s.filter)
	for _, r := range s.seen.rows {
		switch {
		case !s.classes.shows(r.class()):
			s.hidden++
		case filter == "" || r.contains(filter):
			rows = append(rows, r)
		}
	}
	return rows
}

// contains reports whether a word of the row contains text, which is lower case.
func (r *Row) contains(text string) bool {
	words := []string{r.Namespace + "/" + r.Name, r.Context, r.Node, r.Owner, r.Status, string(r.State)}
	if f := r.Primary; f != nil {
		words = append(words, f.Cause, f.SubCause, f.Container, f.Message, string(f.Severity))
	}
	return slices.ContainsFunc(words, func(w string) bool { return strings.Contains(strings.ToLower(w), text) })
}

// grouped puts sorted rows together. The groups stand in the order of their first
// rows.
func grouped(rows []*Row, by grouping) []line {
	var names []string
	members := map[string][]*Row{}
	for _, r := range rows {
		name := by.of(r)
		if members[name] == nil {
			names = append(names, name)
		}
		members[name] = append(members[name], r)
	}
	lines := make([]line, 0, len(rows)+len(names))
	for _, name := range names {
		lines = append(lines, line{heading: fmt.Sprintf("%s %s (%d)", by, name, len(members[name]))})
		for _, r := range members[name] {
			lines = append(lines, line{row: r})
		}
	}
	return lines
}

// counts are the numbers of the second line. Each pod counts once.
type counts struct {
	total, critical, warning int
	// others are those without a problem, by state.
	others v1alpha1.PodCounts
}

func (s *snapshot) counts() counts {
	var c counts
	for _, r := range s.rows {
		c.total++
		switch r.severity() {
		case v1alpha1.SeverityCritical:
			c.critical++
		case v1alpha1.SeverityWarning:
			c.warning++
		case v1alpha1.SeverityInfo:
			c.others.Count(r.State)
		default:
			c.others.Count(r.State)
		}
	}
	return c
}
