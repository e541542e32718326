// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package printers_test

import (
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/olekukonko/tablewriter/pkg/twwidth"

	"github.com/podwatch/kubectl-podwatch/pkg/apis/podwatch/v1alpha1"
	"github.com/podwatch/kubectl-podwatch/pkg/printers"
)

// A card per family of causes, of pods that were real.
func TestCard(t *testing.T) {
	t.Parallel()
	for name, s := range cardScenes() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, width := range []int{0, 60, 80} {
				t.Run(fmt.Sprintf("width-%d", width), func(t *testing.T) {
					t.Parallel()
					golden(t, card(t, printers.CardOptions{Width: width}, s.report(t)))
				})
			}
		})
	}
}

// card prints the card of r, which must have one.
func card(t *testing.T, o printers.CardOptions, r *v1alpha1.PodReport) string {
	t.Helper()
	c, ok := printers.CardOf(r)
	if !ok {
		t.Fatalf("no card for a report with %d groups and %d pods", len(r.Groups), len(r.Pods))
	}
	var b strings.Builder
	if err := c.Print(&b, o); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestCardKeepsToTheTerminal(t *testing.T) {
	t.Parallel()
	command := regexp.MustCompile(`^  [→!] kubectl `)
	for name, s := range cardScenes() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := s.report(t)
			for width := 40; width <= 130; width++ {
				for line := range strings.Lines(card(t, printers.CardOptions{Width: width}, r)) {
					line = strings.TrimSuffix(line, "\n")
					if twwidth.Width(line) > width && !command.MatchString(line) {
						t.Errorf("at width %d a line has %d columns: %s", width, twwidth.Width(line), line)
					}
				}
			}
		})
	}
}

func TestCardWithoutTerminalIsWhole(t *testing.T) {
	t.Parallel()
	s := cardScenes()["crash-loop-exit-code"]
	r := s.report(t)
	long := strings.Repeat("a long story ", 500) + "with an end"
	r.Pods[0].LogsTail[0].Lines[0] = long
	r.Pods[0].Findings[0].Evidence[0].Value = long
	r.Pods[0].Timeline[0].Detail = long
	got := card(t, printers.CardOptions{}, r)
	if n := strings.Count(got, long); n != 3 {
		t.Errorf("%d of 3 long texts are whole:\n%s", n, got)
	}
}

func TestCardColorRepeatsWhatTheWordsSay(t *testing.T) {
	t.Parallel()
	for name, s := range cardScenes() {
		r := s.report(t)
		plain := card(t, printers.CardOptions{Width: 80}, r)
		colored := card(t, printers.CardOptions{Width: 80, Palette: palette(t, printers.ColorAlways)}, r)
		if withoutColor(colored) != plain {
			t.Errorf("%s differs without its colours:\n%s", name, colored)
		}
	}
}

func TestCardInASCII(t *testing.T) {
	t.Parallel()
	for name, s := range cardScenes() {
		r := s.report(t)
		for _, width := range []int{0, 40, 80} {
			got := card(t, printers.CardOptions{Width: width, ASCII: true}, r)
			if i := strings.IndexFunc(got, func(r rune) bool { return r > 126 }); i >= 0 {
				t.Errorf("%s at width %d has %q:\n%s", name, width, got[i:min(len(got), i+3)], got)
			}
		}
	}
}

// What strangers write neither moves the cursor nor begins a line of its own.
func TestCardOfHostileText(t *testing.T) {
	t.Parallel()
	const hostile = "\x1b[2J\x9b1mred\r\nsecond\tline\x00"
	r := cardScenes()["crash-loop-exit-code"].report(t)
	p := &r.Pods[0]
	p.Findings[0].Message, p.Findings[0].Evidence[0].Value = hostile, hostile
	p.Findings[0].Hints[0].Command = hostile
	p.LogsTail[0].Lines[0], p.LogsTail[0].Container = hostile, hostile
	p.Timeline[0].Detail, p.Timeline[0].Event = hostile, hostile
	p.KubectlStatus, p.Node, p.QOSClass = hostile, hostile, hostile
	for _, width := range []int{0, 40, 80} {
		got := card(t, printers.CardOptions{Width: width}, r)
		if i := strings.IndexFunc(got, func(r rune) bool { return r < ' ' && r != '\n' || r >= 0x7f && r < 0xa0 }); i >= 0 {
			t.Errorf("control character %q in\n%s", got[i], got)
		}
		for line := range strings.Lines(got) {
			if strings.HasPrefix(line, "second") {
				t.Errorf("a stranger's line stands by itself in\n%s", got)
			}
		}
	}
}

func TestCardOrTable(t *testing.T) {
	t.Parallel()
	crash := cardScenes()["crash-loop-exit-code"]
	for name, tt := range map[string]struct {
		report *v1alpha1.PodReport
		format string
		opts   printers.ReportOptions
		card   bool
	}{
		"one pod was named":           {crash.report(t), "table", printers.ReportOptions{}, true},
		"nothing was named":           {withTargets(crash.report(t)), "table", printers.ReportOptions{}, false},
		"several groups":              {withTargets(outage(), "node/ip-10-0-1-2"), "table", printers.ReportOptions{}, false},
		"nobody there":                {withTargets(allWell(), "deployment/web"), "table", printers.ReportOptions{}, false},
		"wide was asked for":          {crash.report(t), "wide", printers.ReportOptions{}, false},
		"rows were asked for":         {crash.report(t), "table", printers.ReportOptions{NoHeaders: true}, false},
		"another key was asked for":   {crash.report(t), "table", printers.ReportOptions{GroupBy: printers.GroupByPod}, false},
		"healthy pods were asked for": {crash.report(t), "table", printers.ReportOptions{ShowHealthy: true}, false},
	} {
		got := report(t, tt.format, tt.opts, tt.report)
		if isCard := strings.Contains(got, "\nTimeline (UTC):\n"); isCard != tt.card {
			t.Errorf("%s: a card is %t, want %t:\n%s", name, isCard, tt.card, got)
		}
	}
}

func withTargets(r *v1alpha1.PodReport, targets ...string) *v1alpha1.PodReport {
	r.Scope.Targets = targets
	return r
}

// A finding about the past beside the one that counts does not bring back the
// table.
func TestCardDespiteInfoFindings(t *testing.T) {
	t.Parallel()
	r := cardScenes()["out-of-memory-three-pods"].report(t)
	r.Groups = append(r.Groups, v1alpha1.Group{Severity: v1alpha1.SeverityInfo, Cause: "Restarted", Workload: r.Groups[0].Workload})
	if _, ok := printers.CardOf(r); !ok {
		t.Error("no card")
	}
	r.Groups[1].Severity = v1alpha1.SeverityWarning
	if _, ok := printers.CardOf(r); ok {
		t.Error("a card for two problems")
	}
}

func TestReportTableWithLogs(t *testing.T) {
	t.Parallel()
	r := withTargets(cardScenes()["crash-loop-exit-code"].report(t))
	for _, width := range []int{0, 80} {
		t.Run(fmt.Sprintf("width-%d", width), func(t *testing.T) {
			t.Parallel()
			golden(t, report(t, "table", printers.ReportOptions{Width: width, Hints: width > 0}, r))
		})
	}
}

func TestCardTimelineOfALongLifeIsShort(t *testing.T) {
	t.Parallel()
	r := cardScenes()["crash-loop-exit-code"].report(t)
	p := &r.Pods[0]
	p.Timeline = nil
	for i := range 100 {
		p.Timeline = append(p.Timeline, v1alpha1.TimelineEntry{
			Time: *ago(time.Hour - time.Duration(i)*time.Second), Count: 1, Event: "Nagged", Detail: fmt.Sprintf("nag %d.", i),
		})
	}
	got := card(t, printers.CardOptions{Width: 80}, r)
	for _, want := range []string{"nag 0.", "nag 4.", "83 more, see -o json", "nag 88.", "nag 99."} {
		if !strings.Contains(got, want) {
			t.Errorf("%q is missing from\n%s", want, got)
		}
	}
	if strings.Contains(got, "nag 5.") || strings.Contains(got, "nag 87.") {
		t.Errorf("the middle is not left out of\n%s", got)
	}
}

func TestCardSaysWhomItIsAbout(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		scene           string
		affected, total int
		want            string
	}{
		"the only pod in scope loops": {"out-of-memory", 1, 1, "Pod forms-web-qsd2fgq7gd-tgp48 of Deployment/forms-web in forms is crash-looping: container forms-web exits with 137 (out of memory, limit 512Mi), 15s after its last start, since at least 57s ago (4 restarts in 2m40s)."},
		"one of three loops":          {"out-of-memory", 1, 3, "Deployment/forms-web in forms is crash-looping: 1 of 3 pods exits with 137 (out of memory, limit 512Mi), 15s after its last start, since at least 57s ago (4 restarts in 2m40s)."},
		"two of three loop":           {"out-of-memory", 2, 3, "Deployment/forms-web in forms is crash-looping: 2 of 3 pods exit with 137 (out of memory, limit 512Mi), 15s after the last start, since at least 57s ago (4 restarts in all)."},
		"one of three cannot start":   {"unschedulable", 1, 3, "1 of 3 pods of Deployment/solver in batch has no node, since 42m ago: 0/5 nodes are available: 2 node(s) had untolerated taint(s), 3 Insufficient cpu."},
		"two of three cannot start":   {"unschedulable", 2, 3, "2 of 3 pods of Deployment/solver in batch have no node, since 42m ago: 0/5 nodes are available: 2 node(s) had untolerated taint(s), 3 Insufficient cpu."},
		"two leftovers":               {"node-shutdown", 2, 5, "2 of 5 pods of Deployment/java-web in web ended with the shutdown of node spot-04 3h ago; their ReplicaSet replaces them, these are leftovers."},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := cardScenes()[tt.scene].report(t)
			r.Groups[0].AffectedPods, r.Groups[0].TotalPods = tt.affected, tt.total
			got := card(t, printers.CardOptions{}, r)
			if line, _, _ := strings.Cut(got, "\n"); !strings.HasSuffix(line, ": "+tt.want) {
				t.Errorf("got  %s\nwant %s", line, tt.want)
			}
		})
	}
}
