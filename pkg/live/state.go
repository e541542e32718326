// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package live

import (
	"time"

	"github.com/podwatch/kubectl-podwatch/pkg/internal/plaintext"
)

// maxFilter bounds what can be typed, in bytes.
const maxFilter = 100

// pane is what fills the middle of the screen.
type pane int

const (
	paneTable pane = iota
	paneDetail
	paneHelp
	paneFeed
)

// state is all that the screen shows depends on, besides its size. It is changed
// by update alone.
type state struct {
	options Options
	// now is that of what is shown, latest that of the clock: they differ while the
	// view is paused.
	now, latest time.Time
	// seen is what is shown; sources are newer if the view is paused: how fresh
	// that is never stands still.
	seen    *snapshot
	sources []Source
	paused  bool

	pane   pane
	filter string
	// typing is true while the filter is being typed.
	typing bool
	order  order
	group  grouping
	// classes are those that are shown.
	classes selection

	// lines are the rows as they are shown, and the headings of their groups.
	lines  []line
	shown  int // rows among lines
	hidden int // rows that their class alone hides
	counts counts
	cursor int // index into lines, of a row if there is one
	detail detail
	// back is how many lines above the newest the pane of the transitions ends.
	back int
	// note is shown in place of the keys until the next one is pressed.
	note string

	width, height int
}

// line is a row of the table, or the heading of a group if row is nil.
type line struct {
	row     *Row
	heading string
}

// detail is the pane about one pod.
type detail struct {
	id ID
	// known is nil before the first look.
	known *Detail
	// of is the row that known is about, at the time of at.
	of *Row
	at time.Time
	// gone is true once the pod is not on the board any more.
	gone bool
	// read is nil until the answer is there.
	read *Reading
	top  int
	// section is where to go once it is there, "" for nowhere.
	section string
}

// The messages that update takes, besides press.
type (
	// press is a key: its name, and the text that it stands for.
	press   struct{ key, text string }
	resized struct{ width, height int }
	// refreshed is what the board holds at an instant.
	refreshed struct {
		board *snapshot
		now   time.Time
	}
	// answered is what a Subject has read.
	answered struct {
		id      ID
		reading Reading
	}
)

// effect is what is to be done outside of the state.
type effect struct {
	quit, suspend, redraw bool
	// read is asked for what is not known, if it is not nil.
	read *Row
	// copied goes to the clipboard, if it is not empty.
	copied string
}

// update takes one message.
func (s *state) update(message any) effect {
	switch m := message.(type) {
	case resized:
		s.width, s.height = m.width, m.height
	case refreshed:
		s.refresh(m)
	case answered:
		if s.detail.id == m.id {
			s.detail.read = &m.reading
			s.jump()
		}
	case press:
		return s.press(m)
	}
	return effect{}
}

func (s *state) refresh(m refreshed) {
	s.sources, s.latest = m.board.sources, m.now
	if s.paused {
		return
	}
	news := s.seen == nil || s.seen.version != m.board.version
	s.seen, s.now = m.board, m.now
	if news {
		s.counts = s.seen.counts()
		s.arrange()
	}
	s.describe()
}

// describe brings the detail pane up to date.
func (s *state) describe() {
	d := &s.detail
	if s.pane != paneDetail || d.gone {
		return
	}
	row := s.seen.find(d.id)
	switch {
	case row == nil && d.of != nil:
		d.gone = true
		return
	case row == nil, row == d.of && s.now.Sub(d.at) < time.Second:
		return
	}
	known := row.Subject.Describe(s.server(row, s.now))
	d.known, d.of, d.at = &known, row, s.now
}

func (s *snapshot) find(id ID) *Row {
	for _, r := range s.rows {
		if r.ID == id {
			return r
		}
	}
	return nil
}

func (s *state) press(p press) effect {
	s.note = ""
	switch p.key {
	case "ctrl+c":
		return effect{quit: true}
	case "ctrl+z":
		return effect{suspend: true}
	case "ctrl+l":
		return effect{redraw: true}
	}
	switch {
	case s.typing:
		s.typeFilter(p)
		return effect{}
	case s.move(p.key):
		return effect{}
	}
	switch p.key {
	case "q":
		return effect{quit: true}
	case "enter":
		return s.open("")
	case "l":
		return s.open(sectionLogs)
	case "e":
		return s.open(sectionEvents)
	case "y":
		return s.copied()
	case "esc":
		s.leave()
	case "?":
		s.turn(paneHelp)
	case "tab":
		s.turn(paneFeed)
	case "space":
		s.paused = !s.paused
	default:
		s.choose(p.key)
	}
	return effect{}
}

// choose changes which rows are shown, and how.
func (s *state) choose(key string) {
	if s.pane != paneTable {
		return
	}
	switch key {
	case "/":
		s.typing = true
	case "s":
		s.order = (s.order + 1) % orders
	case "g":
		s.regroup()
	case "a":
		s.classes = s.classes.next()
	case "1", "2", "3", "4":
		s.classes = s.classes.toggled(class(key[0] - '1'))
	default:
		return
	}
	s.arrange()
}

func (s *state) typeFilter(p press) {
	switch p.key {
	case "enter":
		s.typing = false
		return
	case "esc":
		s.typing, s.filter = false, ""
	case "backspace":
		if r := []rune(s.filter); len(r) > 0 {
			s.filter = string(r[:len(r)-1])
		}
	case "ctrl+u":
		s.filter = ""
	default:
		if text := plaintext.Line(p.text); len(s.filter)+len(text) <= maxFilter {
			if p.key == "space" {
				text = " "
			}
			s.filter += text
		}
	}
	s.arrange()
}

// turn leads to a pane about all pods, and from there back to the table.
func (s *state) turn(to pane) {
	if s.pane == to {
		to = paneTable
	}
	s.pane, s.detail, s.back = to, detail{}, 0
}

// leave leads one step towards the table with nothing filtered away.
func (s *state) leave() {
	switch {
	case s.pane != paneTable:
		s.turn(paneTable)
	case s.filter != "":
		s.filter = ""
		s.arrange()
	}
}
