// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package live

import (
	"fmt"
	"strings"

	"github.com/podwatch/kubectl-podwatch/pkg/internal/plaintext"
)

// keys is the last line.
func (s *state) keys() string {
	if s.typing {
		return s.fit("filter: "+s.filter+"_  (enter keeps it, esc clears it)", s.width)
	}
	if s.note != "" {
		return s.fit(s.note, s.width)
	}
	var parts []string
	switch s.pane {
	case paneTable:
		parts = []string{"q quit", "? help", "enter details", "/ filter", "s sort: " + s.order.String(), "g group: " + s.group.String(), "a all", "tab feed", "space pause"}
		if s.filter != "" {
			parts = append([]string{fmt.Sprintf("filter %q, esc clears it", plaintext.Line(s.filter))}, parts...)
		}
	case paneDetail:
		parts = []string{"esc back", "up/down scroll", "l logs", "e events", "y copy command", "space pause", "q quit"}
	case paneFeed:
		parts = []string{"esc back", "up/down scroll", "space pause", "q quit"}
	case paneHelp:
		parts = []string{"esc back", "q quit"}
	}
	return s.options.Palette.PaintFaint(s.fit(strings.Join(parts, "  "), s.width))
}

// help is the pane that says which keys there are.
func (s *state) help() []string {
	text := `up, down, k, j    move          pgup, pgdown, home, end
enter             details of a pod: containers, conditions, logs, events
l, e              details, from the logs or the events on
y                 copy the next command for a pod, if the terminal lets it
esc               back, clear the filter
/                 filter by name, namespace, node, owner, status, cause, text
s                 sort: severity, for, restarts, age, name, node
g                 group: none, owner, namespace, node, cause, context
a                 all pods, or only those with a problem
1, 2, 3, 4        show or hide: critical, warning, starting or ending, the rest
tab               what has happened, as far as it is remembered
space             pause; how fresh the pods are is shown all the same
ctrl+l            draw anew        ctrl+z  suspend
q, ctrl+c         quit

! critical   ? warning   >42m at least, <42m at most, ? unknown since when`
	lines := strings.Split(text, "\n")
	for i := range lines {
		lines[i] = strings.TrimRight(s.fit(lines[i], s.width), " ")
	}
	return lines
}
