// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

// Package plaintext makes text that strangers wrote (container messages, image
// references, condition reasons) safe to show on a terminal and in a log.
package plaintext

import (
	"strings"
	"unicode/utf8"
)

// Clean returns s without terminal control characters: C0 but newline and tab,
// DEL and C1 (U+0080 to U+009F) are dropped, and each byte that is not valid
// UTF-8 becomes U+FFFD. If there is nothing to do it returns s itself and does
// not allocate. Clean is idempotent.
func Clean(s string) string {
	i := firstUnclean(s)
	if i < 0 {
		return s
	}
	var b strings.Builder
	b.Grow(len(s))
	b.WriteString(s[:i])
	// Ranging over a string yields U+FFFD for each invalid byte.
	for _, r := range s[i:] {
		if !isControl(r) {
			b.WriteRune(r)
		}
	}
	return b.String()
}

// Line returns Clean(s) as one line for a table cell: tabs become spaces, the
// lines are trimmed and joined with " | ", and empty lines are left out. If
// there is nothing to do it returns s itself.
func Line(s string) string {
	s = strings.TrimSpace(Clean(s))
	if !strings.ContainsAny(s, "\n\t") {
		return s
	}
	var b strings.Builder
	b.Grow(len(s))
	for line := range strings.Lines(s) {
		line = strings.TrimSpace(strings.ReplaceAll(line, "\t", " "))
		if line == "" {
			continue
		}
		if b.Len() > 0 {
			b.WriteString(" | ")
		}
		b.WriteString(line)
	}
	return b.String()
}

// Cut returns s if it is at most limit bytes long, else a copy of as much of
// its beginning as fits, with "…" at the end. It never splits a character and
// never keeps the memory of the long string alive. A limit below 3, the size
// of the mark, counts as 3.
func Cut(s string, limit int) string {
	const mark = "…"
	limit = max(limit, len(mark))
	if len(s) <= limit {
		return s
	}
	end := limit - len(mark)
	for end > 0 && !utf8.RuneStart(s[end]) {
		end--
	}
	return s[:end] + mark
}

// firstUnclean returns the index of the first byte that Clean would touch, -1
// if there is none.
func firstUnclean(s string) int {
	for i := 0; i < len(s); {
		c := s[i]
		if c < utf8.RuneSelf {
			if isControl(rune(c)) {
				return i
			}
			i++
			continue
		}
		r, size := utf8.DecodeRuneInString(s[i:])
		if r == utf8.RuneError && size == 1 || isControl(r) {
			return i
		}
		i += size
	}
	return -1
}

func isControl(r rune) bool {
	return r < 0x20 && r != '\n' && r != '\t' || r >= 0x7f && r <= 0x9f
}
