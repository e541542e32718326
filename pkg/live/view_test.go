// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package live

import (
	"os"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/podwatch/kubectl-podwatch/pkg/printers"
)

func TestF37_View(t *testing.T) {
	t.Parallel()
	stale := Source{Freshness: Stale, LastFrame: noon.Add(-100 * time.Second), Attempts: 3, Reason: "401 Unauthorized"}
	for name, test := range map[string]struct {
		source        Source
		width, height int
		keys          []string
		shape         func(*Options)
	}{
		"120x30":                {fresh, 120, 30, nil, nil},
		"80x24":                 {fresh, 80, 24, nil, nil},
		"60x20":                 {fresh, 60, 20, nil, nil},
		"40x10":                 {fresh, 40, 10, nil, nil},
		"50x24":                 {fresh, 50, 24, nil, nil},
		"50x24 grouped":         {fresh, 50, 24, []string{"g", "g"}, nil},
		"feed":                  {fresh, 80, 24, []string{"tab"}, nil},
		"critical ones hidden":  {fresh, 80, 24, []string{"1"}, nil},
		"copied":                {fresh, 80, 24, []string{"y"}, nil},
		"39x10":                 {fresh, 39, 10, nil, nil},
		"ascii":                 {fresh, 80, 24, nil, func(o *Options) { o.ASCII = true }},
		"stale":                 {stale, 80, 24, nil, nil},
		"lagging and paused":    {Source{Freshness: Lagging, LastFrame: noon.Add(-80 * time.Second), Reason: "nothing heard"}, 80, 24, []string{"space"}, nil},
		"all pods":              {fresh, 80, 24, []string{"a"}, nil},
		"filter being typed":    {fresh, 80, 24, []string{"/", "c", "a", "r", "t"}, nil},
		"nothing matches":       {fresh, 80, 24, []string{"/", "z", "z", "enter"}, nil},
		"grouped by namespace":  {fresh, 80, 24, []string{"g", "g"}, nil},
		"help":                  {fresh, 80, 24, []string{"?"}, nil},
		"details":               {fresh, 80, 50, []string{"down", "enter"}, nil},
		"details of a well pod": {fresh, 80, 24, []string{"a", "end", "enter"}, nil},
		"details at 40x10":      {fresh, 40, 10, []string{"down", "enter", "pgdown"}, nil},
		"colours":               {fresh, 80, 24, nil, func(o *Options) { o.Palette = colours(t) }},
		"colours while stale":   {stale, 80, 24, nil, func(o *Options) { o.Palette = colours(t) }},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := looking(t, scene(test.source), test.width, test.height, test.keys...)
			if test.shape != nil {
				test.shape(&s.options)
			}
			got := s.view()
			fits(t, got, test.width, test.height)
			golden(t, got+"\n")
		})
	}
}

// The capture in the README is what is drawn.
func TestTheREADMEShowsTheView(t *testing.T) {
	t.Parallel()
	readme, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	if want := capture(looking(t, outage(), 100, 16)); !strings.Contains(string(readme), want) {
		t.Errorf("README.md does not hold\n%s", want)
	}
}

// capture is the screen without blanks at the ends of lines.
func capture(s *state) string {
	var b strings.Builder
	for line := range strings.Lines(s.view() + "\n") {
		b.WriteString(strings.TrimRight(line, " \n") + "\n")
	}
	return b.String()
}

// fits checks what must hold for every screen.
func fits(t *testing.T, screen string, width, height int) {
	t.Helper()
	lines := strings.Split(screen, "\n")
	if len(lines) > height {
		t.Errorf("%d lines on a terminal of %d", len(lines), height)
	}
	for _, line := range lines {
		if n := printers.Columns(line); n > width {
			t.Errorf("%d columns on a terminal of %d: %q", n, width, line)
		}
	}
	if !utf8.ValidString(screen) || strings.ContainsAny(screen, "\a\r\u009b") {
		t.Errorf("what is not to be on a terminal: %q", screen)
	}
}

// Every size, also the impossible, and every pane.
func TestTheTitleSaysWhatIsWaitedFor(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		waitsFor string
		deadline time.Time
		want     string
	}{
		"nothing":            {"", time.Time{}, "podwatch  prod-eu  all namespaces"},
		"for as long":        {"healthy", time.Time{}, "podwatch  prod-eu  until healthy  all namespaces"},
		"with a timeout":     {"healthy", noon.Add(200 * time.Second), "podwatch  prod-eu  until healthy, 3m20s left  all namespaces"},
		"which is just over": {"healthy", noon.Add(-time.Second), "podwatch  prod-eu  until healthy, 0s left  all namespaces"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := looking(t, scene(fresh), 120, 30)
			s.options.WaitsFor, s.options.Deadline = test.waitsFor, test.deadline
			if got := s.title(); !strings.HasPrefix(got, test.want) {
				t.Errorf("title %q, want %q", got, test.want)
			}
		})
	}
}

func TestF37_EverySizeFits(t *testing.T) {
	t.Parallel()
	for _, keys := range [][]string{nil, {"a", "end"}, {"g"}, {"/", "x"}, {"?"}, {"enter", "end"}, {"space"}, {"tab", "home"}, {"l"}, {"y"}, {"1", "2"}} {
		s := looking(t, scene(fresh), 80, 24, keys...)
		for width := 1; width < 130; width += 3 {
			for height := 1; height < 40; height++ {
				s.update(resized{width, height})
				fits(t, s.view(), width, height)
			}
		}
	}
}

func TestF38_WithoutColoursThereIsNoEscape(t *testing.T) {
	t.Parallel()
	for _, keys := range [][]string{nil, {"a"}, {"enter"}, {"?"}} {
		if got := looking(t, scene(fresh), 120, 30, keys...).view(); strings.Contains(got, "\x1b") {
			t.Errorf("after %q: %q", keys, got)
		}
	}
}

func TestASCIIKeepsToASCIIWhatPodwatchWrites(t *testing.T) {
	t.Parallel()
	for _, keys := range [][]string{nil, {"enter"}, {"?"}, {"g"}} {
		s := looking(t, scene(fresh), 60, 24, keys...)
		s.options.ASCII = true
		for _, r := range strings.NewReplacer("漢字-😀-pod", "", "漢", "", "字", "", "😀", "").Replace(s.view()) {
			if r > 126 {
				t.Errorf("after %q: %q in\n%s", keys, r, s.view())
				break
			}
		}
	}
}

// Colours carry nothing that the text without them does not say.
func TestColoursCarryNoMeaningAlone(t *testing.T) {
	t.Parallel()
	plain, painted := looking(t, scene(fresh), 100, 30), looking(t, scene(fresh), 100, 30)
	painted.options.Palette = colours(t)
	var b strings.Builder
	in := false
	for _, r := range painted.view() {
		switch {
		case r == '\x1b':
			in = true
		case in:
			in = r != 'm'
		default:
			b.WriteRune(r)
		}
	}
	if b.String() != plain.view() {
		t.Errorf("painted:\n%s\nplain:\n%s", b.String(), plain.view())
	}
}
