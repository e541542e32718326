// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package clean

import (
	"testing"
	"time"
)

func TestS14_ParseAge(t *testing.T) {
	t.Parallel()
	const day = 24 * time.Hour
	for s, want := range map[string]time.Duration{
		"0": 0, "0s": 0, "5m": 5 * time.Minute, "90s": 90 * time.Second, "36h": 36 * time.Hour, "7d": 7 * day,
		"2w": 14 * day, "1w2d3h": 9*day + 3*time.Hour, "1.5d": 36 * time.Hour, "500ms": 500 * time.Millisecond,
	} {
		if got, err := ParseAge(s); err != nil || got != want {
			t.Errorf("ParseAge(%q) = %v, %v; want %v", s, got, err, want)
		}
	}
	for _, s := range []string{
		"", " ", "5", "m", "-5m", "+5m", "5 m", "5m ", "7days", "1y", "1d-2h", "soon", "1e3s", "..s", "1.2.3h",
		"999999999w", "15000w15000w", "∞d", "5m\x1b[31m",
	} {
		if got, err := ParseAge(s); err == nil {
			t.Errorf("ParseAge(%q) = %v, want an error", s, got)
		}
	}
}

func FuzzParseAge(f *testing.F) {
	for _, s := range []string{"0", "5m", "7d", "1w2d", "1.5h", "-1s", "d", "9999999999999999999w", "1d1d1d"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		d, err := ParseAge(s)
		if err != nil {
			return
		}
		if d < 0 {
			t.Errorf("ParseAge(%q) = %v", s, d)
		}
		if again, err := ParseAge(d.String()); err != nil || again != d {
			t.Errorf("ParseAge(%q) = %v, %v; want %v, as for %q", d.String(), again, err, d, s)
		}
		// What the standard library reads, means the same here.
		if std, err := time.ParseDuration(s); err == nil && std != d {
			t.Errorf("ParseAge(%q) = %v, time.ParseDuration gives %v", s, d, std)
		}
	})
}
