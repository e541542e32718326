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

// The least size that is laid out; below it there is one line. From airy lines on
// there are rules between the parts.
const (
	leastWidth  = 40
	leastHeight = 10
	airy        = 16
)

// layout says how many lines the parts of the screen have.
type layout struct{ body, feed, rules int }

func (s *state) layout() layout {
	l := layout{feed: 1}
	if s.height >= airy {
		l.rules = 2
		l.feed = min(8, s.height/5)
	}
	const fixed = 4 // title, numbers, heading of the table, keys
	l.body = s.height - fixed - l.feed - l.rules
	if s.trouble() != "" {
		l.body--
	}
	if s.pane != paneTable {
		l.body++ // no heading
	}
	if s.pane == paneHelp || s.pane == paneFeed {
		l.body, l.feed = l.body+l.feed, 0
	}
	return l
}

// view returns the screen: at most height lines of at most width columns.
func (s *state) view() string {
	switch {
	case s.width <= 0 || s.height <= 0:
		return ""
	case s.width < leastWidth || s.height < leastHeight:
		return s.fit(s.counter(), s.width)
	}
	l := s.layout()
	lines := []string{s.title(), s.numbers()}
	if text := s.trouble(); text != "" {
		lines = append(lines, s.options.Palette.PaintSeverity(v1alpha1.SeverityWarning, s.fit(text, s.width)))
	}
	rule := s.rule(l)
	lines = slices.Concat(lines, rule, s.middle(l.body), rule, s.feed(l.feed, 0))
	return strings.Join(append(lines, s.keys()), "\n")
}

// middle is the pane that is open.
func (s *state) middle(height int) []string {
	var lines []string
	switch s.pane {
	case paneTable:
		lines = s.table(height)
		height++
	case paneDetail:
		lines = s.detailLines(s.width)
		lines = lines[min(s.detail.top, len(lines)):]
	case paneHelp:
		lines = s.help()
	case paneFeed:
		lines = s.feed(height, s.back)
	}
	lines = lines[:min(len(lines), height)]
	return append(lines, make([]string, height-len(lines))...)
}

func (s *state) rule(l layout) []string {
	if l.rules == 0 {
		return nil
	}
	sign := "─"
	if s.options.ASCII {
		sign = "-"
	}
	return []string{s.options.Palette.PaintFaint(strings.Repeat(sign, s.width))}
}

// fit makes one line of width columns.
func (s *state) fit(text string, width int) string { return printers.Fit(text, width, s.mark()) }

// mark ends what is cut.
func (s *state) mark() string {
	if s.options.ASCII {
		return "~"
	}
	return "…"
}

// title is the first line: what is watched, and how fresh it is.
func (s *state) title() string {
	badge, severity := s.badge()
	clock := s.latest.In(s.options.Location).Format(time.TimeOnly)
	if s.paused {
		badge = "PAUSED  " + badge
	}
	right := badge + "  " + clock
	left := strings.Join(slices.DeleteFunc([]string{"podwatch", s.options.Context, s.waits(), s.options.Scope}, func(s string) bool { return s == "" }), "  ")
	room := s.width - printers.Columns(right) - 1
	if room < len("podwatch") {
		return s.fit(right, s.width)
	}
	painted := s.options.Palette.PaintGood(badge)
	if severity != "" {
		painted = s.options.Palette.PaintSeverity(severity, badge)
	}
	return s.fit(left, room) + " " + painted + "  " + clock
}

// waits is what the run waits for, and how much time it has left for that.
func (s *state) waits() string {
	if s.options.WaitsFor == "" {
		return ""
	}
	text := "until " + s.options.WaitsFor
	if end := s.options.Deadline; !end.IsZero() {
		text += fmt.Sprintf(", %s left", max(0, end.Sub(s.latest)).Round(time.Second))
	}
	return text
}

// badge is the freshness of the worst source, with the severity of that; live is
// none.
func (s *state) badge() (string, v1alpha1.Severity) {
	worst, n := s.worst()
	text := string(worst.Freshness)
	var severity v1alpha1.Severity
	switch worst.Freshness {
	case Live:
		return text, ""
	case Connecting:
		severity = v1alpha1.SeverityInfo
	case Lagging, Stale:
		severity = v1alpha1.SeverityWarning
		if worst.Freshness == Stale {
			severity = v1alpha1.SeverityCritical
		}
		if !worst.LastFrame.IsZero() {
			text += " " + silence(worst.LastFrame, s.latest)
		}
	case Denied, Failed:
		severity = v1alpha1.SeverityCritical
	}
	if len(s.sources) > 1 {
		text += fmt.Sprintf(" (%d of %d)", n, len(s.sources))
	}
	return text, severity
}

// silence is how long nothing was heard. It goes on while the view is paused.
func silence(last, now time.Time) string {
	return max(0, now.Sub(last)).Truncate(time.Second).String()
}

// worst is the source that is heard of least, and how many are as bad. Among
// equals it is the one that has been so for longest.
func (s *state) worst() (Source, int) {
	if len(s.sources) == 0 {
		return Source{Freshness: Connecting}, 0
	}
	badness := func(f Freshness) int {
		return slices.Index([]Freshness{Live, Connecting, Lagging, Stale, Denied, Failed}, f)
	}
	worst, n := s.sources[0], 0
	for _, source := range s.sources {
		switch more := badness(source.Freshness) - badness(worst.Freshness); {
		case more > 0:
			worst, n = source, 1
		case more == 0:
			n++
			if source.LastFrame.Before(worst.LastFrame) {
				worst = source
			}
		}
	}
	return worst, n
}

// trouble says why the worst source is not live; "" if it is, or nobody knows.
func (s *state) trouble() string {
	worst, _ := s.worst()
	if worst.Freshness == Live || worst.Reason == "" && worst.Attempts == 0 {
		return ""
	}
	where := strings.Trim(worst.Context+"/"+worst.Namespace, "/")
	if len(s.sources) == 1 {
		where = ""
	}
	text := worst.Reason
	if worst.Attempts > 0 {
		text = fmt.Sprintf("retry %d: %s", worst.Attempts, text)
	}
	return strings.TrimSpace(where + " " + text)
}

// numbers is the second line.
func (s *state) numbers() string {
	if s.seen == nil || !s.seen.synced {
		return s.fit("listing pods", s.width)
	}
	c, p, restarts := s.counts, s.options.Palette, s.seen.restarted(s.now)
	type part struct {
		n     int
		text  string
		paint func(string) string
	}
	plain := func(text string) string { return text }
	severity := func(s v1alpha1.Severity) func(string) string {
		return func(text string) string { return p.PaintSeverity(s, text) }
	}
	parts := []part{
		{1, pods(c.total), plain},
		{c.critical, fmt.Sprintf("%s %d critical", glyph(v1alpha1.SeverityCritical), c.critical), severity(v1alpha1.SeverityCritical)},
		{c.warning, fmt.Sprintf("%s %d warning", glyph(v1alpha1.SeverityWarning), c.warning), severity(v1alpha1.SeverityWarning)},
		{restarts, fmt.Sprintf("%d restarts/5m", restarts), plain},
		{c.others.Healthy, fmt.Sprintf("%d healthy", c.others.Healthy), p.PaintGood},
		{c.others.Progressing, fmt.Sprintf("%d progressing", c.others.Progressing), plain},
		{c.others.Terminating, fmt.Sprintf("%d terminating", c.others.Terminating), plain},
		{c.others.Completed, fmt.Sprintf("%d completed", c.others.Completed), plain},
		{c.others.Failed, fmt.Sprintf("%d failed", c.others.Failed), plain},
		{c.others.Unknown, fmt.Sprintf("%d unknown", c.others.Unknown), plain},
	}
	const gap = "  "
	text, left := "", s.width
	for _, part := range parts {
		if need := len(part.text) + len(gap); part.n > 0 && need <= left {
			text += part.paint(part.text) + gap
			left -= need
		}
	}
	return strings.TrimRight(text, " ")
}

func pods(n int) string {
	if n == 1 {
		return "1 pod"
	}
	return fmt.Sprintf("%d pods", n)
}

// counter is all that fits a very small terminal.
func (s *state) counter() string {
	badge, _ := s.badge()
	if s.seen == nil || !s.seen.synced {
		return badge
	}
	c := s.counts
	return fmt.Sprintf("! %d  ? %d  of %d  %s", c.critical, c.warning, c.total, badge)
}

// glyph is the sign of a severity, for eyes that see no colours.
func glyph(s v1alpha1.Severity) string {
	switch s {
	case v1alpha1.SeverityCritical:
		return "!"
	case v1alpha1.SeverityWarning:
		return "?"
	case v1alpha1.SeverityInfo:
	}
	return " "
}

// feed is what has happened, the newest below but for the last back ones.
func (s *state) feed(height, back int) []string {
	lines := make([]string, height)
	if s.seen == nil {
		return lines
	}
	end := len(s.seen.feed) - min(back, len(s.seen.feed))
	events := s.seen.feed[max(0, end-height):end]
	printer, err := printers.NewEvents("line", printers.EventOptions{
		Location: s.options.Location, ShowContext: s.options.ShowContext, ASCII: s.options.ASCII,
	})
	if err != nil { // cannot be: the format is one of EventFormats
		return lines
	}
	for i, e := range events {
		var b bytes.Buffer
		if err := printer.PrintObj(e, &b); err != nil {
			continue
		}
		text, _, _ := strings.Cut(b.String(), "\n")
		lines[i] = s.options.Palette.PaintSeverity(e.Severity, s.fit(text, s.width))
		if e.Type == v1alpha1.EventPodRecovered || e.Type == v1alpha1.EventStreamLive {
			lines[i] = s.options.Palette.PaintGood(s.fit(text, s.width))
		}
	}
	return lines
}
