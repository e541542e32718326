// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package live

// current is the row under the cursor, nil if there is none.
func (s *state) current() *Row {
	if s.cursor < 0 || s.cursor >= len(s.lines) {
		return nil
	}
	return s.lines[s.cursor].row
}

// move moves the cursor or the text by a key, if it is one that does.
func (s *state) move(key string) bool {
	page := max(1, s.layout().body-2)
	by, ok := map[string]int{
		"up": -1, "k": -1, "down": 1, "j": 1, "pgup": -page, "pgdown": page, "home": -len(s.lines), "end": len(s.lines),
	}[key]
	switch {
	case !ok:
		return false
	case s.pane == paneDetail:
		s.detail.top = s.scrolled(s.detail.top, by, key)
	case s.pane == paneFeed && s.seen != nil:
		last := max(0, len(s.seen.feed)-s.layout().body)
		s.back = min(max(0, s.back-by), last)
		switch key {
		case "home":
			s.back = last
		case "end":
			s.back = 0
		}
	case s.pane == paneTable:
		s.cursor = s.rowNear(s.cursor+by, by)
	}
	return true
}

// scrolled is the first line of the detail pane after a key.
func (s *state) scrolled(top, by int, key string) int {
	last := max(0, len(s.detailLines(s.width))-s.layout().body)
	switch key {
	case "home":
		return 0
	case "end":
		return last
	}
	return min(max(0, top+by), last)
}

// rowNear is the index of a row at or next to i, first in the direction of by; 0
// if there are no rows.
func (s *state) rowNear(i, by int) int {
	i = min(max(0, i), len(s.lines)-1)
	step := 1
	if by < 0 {
		step = -1
	}
	for _, step := range []int{step, -step} {
		for j := i; j >= 0 && j < len(s.lines); j += step {
			if s.lines[j].row != nil {
				return j
			}
		}
	}
	return 0
}
