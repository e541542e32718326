// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package printers_test

import (
	"strings"
	"testing"

	"github.com/podwatch/kubectl-podwatch/pkg/printers"
)

func TestPalettePrecedence(t *testing.T) {
	t.Parallel()
	type vars = map[string]string
	for name, tt := range map[string]struct {
		mode     printers.ColorMode
		env      vars
		terminal bool
		want     bool
	}{
		"terminal":                              {printers.ColorAuto, nil, true, true},
		"pipe":                                  {printers.ColorAuto, nil, false, false},
		"never on a terminal":                   {printers.ColorNever, nil, true, false},
		"never beats CLICOLOR_FORCE":            {printers.ColorNever, vars{"CLICOLOR_FORCE": "1"}, true, false},
		"always in a pipe":                      {printers.ColorAlways, nil, false, true},
		"always beats NO_COLOR":                 {printers.ColorAlways, vars{"NO_COLOR": "1"}, false, true},
		"always beats TERM=dumb":                {printers.ColorAlways, vars{"TERM": "dumb"}, false, true},
		"NO_COLOR on a terminal":                {printers.ColorAuto, vars{"NO_COLOR": "1"}, true, false},
		"empty NO_COLOR is none":                {printers.ColorAuto, vars{"NO_COLOR": ""}, true, true},
		"NO_COLOR beats CLICOLOR_FORCE":         {printers.ColorAuto, vars{"NO_COLOR": "1", "CLICOLOR_FORCE": "1"}, true, false},
		"CLICOLOR_FORCE in a pipe":              {printers.ColorAuto, vars{"CLICOLOR_FORCE": "1"}, false, true},
		"CLICOLOR_FORCE=0 forces nothing":       {printers.ColorAuto, vars{"CLICOLOR_FORCE": "0"}, false, false},
		"CLICOLOR_FORCE beats TERM=dumb":        {printers.ColorAuto, vars{"CLICOLOR_FORCE": "1", "TERM": "dumb"}, false, true},
		"TERM=dumb on a terminal":               {printers.ColorAuto, vars{"TERM": "dumb"}, true, false},
		"other TERM on a terminal":              {printers.ColorAuto, vars{"TERM": "xterm-256color"}, true, true},
		"TERM alone does not make a pipe tty's": {printers.ColorAuto, vars{"TERM": "xterm-256color"}, false, false},
	} {
		p, err := printers.NewPalette(tt.mode, env(tt.env), tt.terminal)
		if err != nil {
			t.Fatal(err)
		}
		got := strings.Contains(report(t, "table", printers.ReportOptions{Palette: p}, shop()), "\x1b[")
		if got != tt.want {
			t.Errorf("%s: coloured %v, want %v", name, got, tt.want)
		}
	}
}

func TestPaletteRefusesUnknownMode(t *testing.T) {
	t.Parallel()
	_, err := printers.NewPalette("sometimes", env(nil), true)
	if want := `colour mode "sometimes" is none of auto, always, never`; err == nil || err.Error() != want {
		t.Errorf("error %v, want %s", err, want)
	}
}

// TestPaletteIsNotTheProcess sets what fatih/color looks at by itself.
func TestPaletteIsNotTheProcess(t *testing.T) {
	t.Setenv("NO_COLOR", "1")
	opts := printers.ReportOptions{Palette: palette(t, printers.ColorAlways)}
	if !strings.Contains(report(t, "table", opts, shop()), "\x1b[") {
		t.Error("the environment of the process has switched off a palette")
	}
}

func TestColorRepeatsWhatTheWordsSay(t *testing.T) {
	t.Parallel()
	for _, width := range []int{0, 80, 120} {
		opts := printers.ReportOptions{Width: width, Hints: true, ShowInfo: true, Palette: palette(t, printers.ColorAlways)}
		colored := report(t, "table", opts, outage())
		opts.Palette = printers.Palette{}
		if got, want := withoutColor(colored), report(t, "table", opts, outage()); got != want {
			t.Errorf("width %d: without its colours the table is\n%s\nnot\n%s", width, got, want)
		}
	}
}

func TestColorRepeatsWhatTheWordsOfCleanSay(t *testing.T) {
	t.Parallel()
	print := func(p printers.Palette) string {
		c, err := printers.NewClean("table", printers.CleanOptions{Palette: p})
		if err != nil {
			t.Fatal(err)
		}
		return printed(t, c, cleaned())
	}
	colored, plain := print(palette(t, printers.ColorAlways)), print(printers.Palette{})
	if colored == plain || withoutColor(colored) != plain {
		t.Errorf("without its colours the table is\n%s\nnot\n%s", withoutColor(colored), plain)
	}
}

// withoutColor removes the sequences that set colours.
func withoutColor(s string) string {
	var b strings.Builder
	for {
		before, after, found := strings.Cut(s, "\x1b[")
		b.WriteString(before)
		if !found {
			return b.String()
		}
		_, s, _ = strings.Cut(after, "m")
	}
}
