// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package live

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/podwatch/kubectl-podwatch/pkg/apis/podwatch/v1alpha1"
	"github.com/podwatch/kubectl-podwatch/pkg/printers"
)

// The sections of the detail pane that a key leads to: how their headings begin.
// What a stranger wrote is indented, so that it is never taken for one.
const (
	sectionLogs   = "Last "
	sectionEvents = "Events:"
)

// open shows the details of the pod under the cursor, or goes on in them, from a
// section on; "" is the beginning.
func (s *state) open(section string) effect {
	row := s.current()
	switch {
	case s.pane == paneDetail:
		s.detail.section = section
		s.jump()
		return effect{}
	case s.pane != paneTable || row == nil:
		return effect{}
	}
	s.pane, s.detail = paneDetail, detail{id: row.ID, section: section}
	s.describe()
	return effect{read: row}
}

// jump goes to the section that was asked for, once all is there that it could
// consist of.
func (s *state) jump() {
	d := &s.detail
	if d.section == "" || d.read == nil {
		return
	}
	lines := s.detailLines(s.width)
	i := slices.IndexFunc(lines, func(l string) bool { return strings.HasPrefix(l, d.section) })
	if i < 0 {
		s.note = "none were read; what could not be is said at the end"
		i = max(0, len(lines)-s.layout().body)
	}
	d.top, d.section = i, ""
}

// copied is the next command for the pod that is shown or under the cursor.
func (s *state) copied() effect {
	row := s.current()
	if s.pane == paneDetail {
		row = s.detail.of
	}
	if row == nil || s.pane != paneDetail && s.pane != paneTable {
		return effect{}
	}
	for _, p := range row.Subject.Describe(s.server(row, s.now)).Report.Pods {
		for _, f := range p.Findings {
			for _, h := range f.Hints {
				if !h.Mutating {
					s.note = "copied: " + h.Command
					return effect{copied: h.Command}
				}
			}
		}
	}
	s.note = "there is no next command for this pod"
	return effect{}
}

// detailLines is all that the detail pane can show: the card of the pod, then what
// the card leaves out.
func (s *state) detailLines(width int) []string {
	d := &s.detail
	if d.known == nil || len(d.known.Report.Pods) == 0 {
		return nil
	}
	t := &text{width: width}
	pod := &d.known.Report.Pods[0]
	t.add("", strings.Join([]string{pod.Namespace, pod.Name}, "/")+s.standing())
	t.blank()
	s.card(t)
	t.containers(pod)
	t.conditions(d.known.Conditions, s.server(d.of, d.at))
	s.events(t)
	return t.lines
}

// standing says what is to be known before reading on.
func (s *state) standing() string {
	switch {
	case s.detail.gone:
		return "  (gone; this is what was seen last)"
	case s.detail.read == nil:
		return "  (reading logs and events)"
	}
	return ""
}

// card adds the card that report prints, with the logs that were read.
func (s *state) card(t *text) {
	report := *s.detail.known.Report
	pod := report.Pods[0]
	if s.detail.read != nil {
		pod.LogsTail = s.detail.read.Logs
	}
	report.Pods = []v1alpha1.Pod{pod}
	card, ok := printers.CardOf(&report)
	if !ok {
		return
	}
	var b bytes.Buffer
	if err := card.Print(&b, printers.CardOptions{Width: max(t.width, leastWidth), ASCII: s.options.ASCII}); err != nil {
		return
	}
	for line := range strings.Lines(b.String()) {
		t.keep(strings.TrimRight(line, "\n"))
	}
}

// events adds what was recorded about the pod, and what could not be read.
func (s *state) events(t *text) {
	read := s.detail.read
	if read == nil {
		return
	}
	if len(read.Events) > 0 {
		t.heading("Events:")
	}
	for _, e := range read.Events {
		head := e.Type + " " + e.Reason
		if e.Count > 1 {
			head += fmt.Sprintf(" (x%d)", e.Count)
		}
		if e.Last != nil {
			head = printers.Age(e.Last.Time, s.server(s.detail.of, s.detail.at)) + " ago  " + head
		}
		t.add("  ", head+": "+e.Message)
	}
	if len(read.Errors) > 0 {
		t.heading("Not read:")
	}
	for _, err := range read.Errors {
		t.add("  ", err.Error())
	}
}

// text is lines that fit a width.
type text struct {
	width int
	lines []string
}

func (t *text) blank() { t.lines = append(t.lines, "") }

func (t *text) heading(words string) {
	t.blank()
	t.lines = append(t.lines, words)
}

// add adds untrusted words, wrapped, each line behind indent.
func (t *text) add(indent, words string) {
	for _, line := range printers.Wrap(words, t.width-len(indent)) {
		t.lines = append(t.lines, indent+line)
	}
}

// keep adds a line that is laid out already. Only what people copy is too long for
// the width; it is broken, not cut.
func (t *text) keep(line string) {
	if printers.Columns(line) <= t.width {
		t.lines = append(t.lines, line)
		return
	}
	indent := line[:len(line)-len(strings.TrimLeft(line, " "))]
	t.add(indent, line)
}

func (t *text) containers(p *v1alpha1.Pod) {
	if len(p.Containers) > 0 {
		t.heading("Containers:")
	}
	for i := range p.Containers {
		c := &p.Containers[i]
		state := strings.TrimSpace(c.State + " " + c.Reason)
		if state == "" {
			state = "not reported"
		}
		words := []string{printers.Container(c.Name, c.Type) + ": " + state}
		if c.Ready {
			words = append(words, "ready")
		}
		if c.RestartCount > 0 {
			words = append(words, fmt.Sprintf("restarted %d times", c.RestartCount))
		}
		if l := c.LastTermination; l != nil {
			words = append(words, strings.TrimSpace(fmt.Sprintf("last exit %d %s", l.ExitCode, l.Reason)))
		}
		t.add("  ", strings.Join(append(words, c.Image), ", "))
	}
}

func (t *text) conditions(conditions []Condition, now time.Time) {
	if len(conditions) > 0 {
		t.heading("Conditions:")
	}
	for _, c := range conditions {
		words := c.Type + " " + c.Status
		if !c.Since.IsZero() {
			words += " for " + printers.Age(c.Since, now)
		}
		if why := strings.TrimSpace(c.Reason + " " + c.Message); why != "" {
			words += ": " + why
		}
		t.add("  ", words)
	}
}
