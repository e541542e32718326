// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

// Package wildcard is the one kind of pattern that podwatch's flags and
// variables take for names: * stands for any number of characters, ? for one.
// Unlike in path.Match both stand for slashes, too: images and the names of
// contexts are full of them.
package wildcard

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Check returns an error if pattern is none: if it is blank, has a blank at an
// end, or is written in the richer syntax of a shell or a regular expression,
// where it would match nothing and so, in silence, protect or leave out nothing.
func Check(pattern string) error {
	switch {
	case strings.TrimSpace(pattern) == "":
		return errors.New("the pattern is empty")
	case strings.TrimSpace(pattern) != pattern:
		return fmt.Errorf("pattern %q: has a blank at its end", pattern)
	}
	if i := strings.IndexAny(pattern, `[]{}()\^$|`); i >= 0 {
		return fmt.Errorf("pattern %q: %q has no meaning, only * and ? have", pattern, pattern[i])
	}
	return nil
}

// Match reports whether pattern stands for all of text. Case counts.
func Match(pattern, text string) bool {
	p, t := []rune(pattern), []rune(text)
	// Only the last * that was met can be worth trying again.
	star, from := -1, 0
	i, j := 0, 0
	for j < len(t) {
		switch {
		case i < len(p) && p[i] == '*':
			star, from = i, j
			i++
		case i < len(p) && (p[i] == '?' || p[i] == t[j]):
			i++
			j++
		case star >= 0:
			from++
			i, j = star+1, from
		default:
			return false
		}
	}
	return !slices.ContainsFunc(p[i:], func(r rune) bool { return r != '*' })
}

// MatchFold is Match without regard to case.
func MatchFold(pattern, text string) bool {
	return Match(strings.ToLower(pattern), strings.ToLower(text))
}

// Any reports whether one of patterns stands for all of text.
func Any(patterns []string, text string) bool {
	return slices.ContainsFunc(patterns, func(p string) bool { return Match(p, text) })
}

// Literal reports whether pattern stands for one text only.
func Literal(pattern string) bool { return !strings.ContainsAny(pattern, "*?") }
