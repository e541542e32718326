// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package clean

import (
	"fmt"
	"math"
	"strings"
	"time"
)

// ParseAge reads a duration as in --older-than: numbers with the units w, d,
// h, m and s (and those below a second), as in 5m, 36h, 1.5d or 1w2d. A day
// has 24 hours. Zero is written 0 or 0s; there are no negative ages.
func ParseAge(s string) (time.Duration, error) {
	if s == "0" {
		return 0, nil
	}
	if s == "" || strings.ContainsAny(s, "+-") {
		return 0, invalidAge(s)
	}
	var total time.Duration
	for rest := s; rest != ""; {
		number, unit, tail := cutQuantity(rest)
		part, err := quantity(number, unit)
		if err != nil || part > math.MaxInt64-total {
			return 0, invalidAge(s)
		}
		total += part
		rest = tail
	}
	return total, nil
}

func invalidAge(s string) error {
	return fmt.Errorf("parse age %q: want a number and a unit, such as 5m, 36h, 7d or 2w", s)
}

// cutQuantity splits the first number and its unit off s.
func cutQuantity(s string) (number, unit, rest string) {
	isNumber := func(r rune) bool { return r >= '0' && r <= '9' || r == '.' }
	number = s[:len(s)-len(strings.TrimLeftFunc(s, isNumber))]
	rest = s[len(number):]
	end := strings.IndexFunc(rest, isNumber)
	if end < 0 {
		end = len(rest)
	}
	return number, rest[:end], rest[end:]
}

// quantity adds days and weeks to what time.ParseDuration knows.
func quantity(number, unit string) (time.Duration, error) {
	hours := time.Duration(1)
	switch unit {
	case "d":
		hours, unit = 24, "h"
	case "w":
		hours, unit = 7*24, "h"
	}
	d, err := time.ParseDuration(number + unit)
	if err != nil {
		return 0, err
	}
	if d > math.MaxInt64/hours {
		return 0, fmt.Errorf("parse %q: too long", number)
	}
	return d * hours, nil
}
