// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package live

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/podwatch/kubectl-podwatch/pkg/apis/podwatch/v1alpha1"
)

// names are the pods that are shown, in their order; > marks the cursor, groups
// stand in brackets.
func (s *state) names() []string {
	var out []string
	for i, l := range s.lines {
		switch {
		case l.row == nil:
			out = append(out, "["+l.heading+"]")
		case i == s.cursor:
			out = append(out, ">"+l.row.Name)
		default:
			out = append(out, l.row.Name)
		}
	}
	return out
}

func TestKeysOfTheTable(t *testing.T) {
	t.Parallel()
	bad := []string{"worker-6b7-qq1", "api-7c9f5d-x2k9", "cart-0", "漢字-😀-pod"}
	marked := func(at int, names ...string) []string {
		out := slices.Clone(names)
		out[at] = ">" + out[at]
		return out
	}
	for name, test := range map[string]struct {
		keys []string
		want []string
	}{
		"at first the worst and longest":         {nil, marked(0, bad...)},
		"down":                                   {[]string{"down", "j"}, marked(2, bad...)},
		"not beyond the last":                    {[]string{"end", "down"}, marked(3, bad...)},
		"not above the first":                    {[]string{"down", "up", "k", "pgup"}, marked(0, bad...)},
		"filter by name":                         {[]string{"/", "c", "a", "r", "t", "enter"}, []string{">cart-0"}},
		"filter by cause, of any case":           {[]string{"/", "i", "m", "A", "G", "E"}, []string{">worker-6b7-qq1"}},
		"keys are text while typing":             {[]string{"/", "q", "backspace", "c", "a", "r"}, []string{">cart-0"}},
		"a filter is cleared":                    {[]string{"/", "c", "a", "r", "enter", "esc"}, marked(2, bad...)},
		"a filter is cleared while typing":       {[]string{"/", "c", "a", "r", "esc"}, marked(2, bad...)},
		"the cursor stays on its pod":            {[]string{"down", "s", "s"}, []string{">api-7c9f5d-x2k9", "worker-6b7-qq1", "cart-0", "漢字-😀-pod"}},
		"sorted by name":                         {[]string{"s", "s", "s", "s"}, []string{"cart-0", "漢字-😀-pod", "api-7c9f5d-x2k9", ">worker-6b7-qq1"}},
		"all orders lead back to the first":      {[]string{"s", "s", "s", "s", "s", "s"}, marked(0, bad...)},
		"grouped by namespace":                   {[]string{"g", "g"}, []string{"[namespace payments (2)]", ">worker-6b7-qq1", "api-7c9f5d-x2k9", "[namespace orders (2)]", "cart-0", "漢字-😀-pod"}},
		"headings are stepped over":              {[]string{"g", "g", "down", "down", "up"}, []string{"[namespace payments (2)]", "worker-6b7-qq1", ">api-7c9f5d-x2k9", "[namespace orders (2)]", "cart-0", "漢字-😀-pod"}},
		"the home key leads below a heading":     {[]string{"g", "g", "end", "home"}, []string{"[namespace payments (2)]", ">worker-6b7-qq1", "api-7c9f5d-x2k9", "[namespace orders (2)]", "cart-0", "漢字-😀-pod"}},
		"all groupings lead back":                {[]string{"g", "g", "g", "g", "g"}, marked(0, bad...)},
		"healthy pods come behind all others":    {[]string{"a"}, append(marked(0, bad...), "new-1", "web-0", "web-1", "web-2", "web-3", "web-4", "web-5", "web-6")},
		"healthy pods go again":                  {[]string{"a", "a"}, marked(0, bad...)},
		"contexts are no groups if there is one": {[]string{"g", "g", "g", "g", "g", "g"}, []string{"[owner payments ReplicaSet/worker-6b7-qq1 (1)]", ">worker-6b7-qq1", "[owner payments ReplicaSet/api-7c9f5d (1)]", "api-7c9f5d-x2k9", "[owner orders ReplicaSet/cart-0 (1)]", "cart-0", "[owner orders ReplicaSet/漢字-😀-pod (1)]", "漢字-😀-pod"}},
		"critical ones hidden":                   {[]string{"1"}, []string{">cart-0", "漢字-😀-pod"}},
		"warnings hidden":                        {[]string{"2"}, []string{">worker-6b7-qq1", "api-7c9f5d-x2k9"}},
		"starting ones shown too":                {[]string{"3"}, append(marked(0, bad...), "new-1")},
		"only the healthy":                       {[]string{"1", "2", "4"}, []string{">web-0", "web-1", "web-2", "web-3", "web-4", "web-5", "web-6"}},
		"a class twice is as before":             {[]string{"1", "1", "4", "4"}, marked(2, bad...)},
		"all after some were hidden":             {[]string{"1", "a", "a"}, marked(2, bad...)},
		"other keys do nothing":                  {[]string{"x", "f5", "5", "0"}, marked(0, bad...)},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := looking(t, scene(fresh), 80, 24, test.keys...)
			if diff := cmp.Diff(test.want, s.names()); diff != "" {
				t.Errorf("-want +got\n%s", diff)
			}
		})
	}
}

func TestKeysThatLeaveTheView(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		keys []string
		want effect
	}{
		"quit":                           {[]string{"q"}, effect{quit: true}},
		"ctrl+c":                         {[]string{"ctrl+c"}, effect{quit: true}},
		"ctrl+c while typing":            {[]string{"/", "ctrl+c"}, effect{quit: true}},
		"q while typing is a letter":     {[]string{"/", "q"}, effect{}},
		"quit from the details":          {[]string{"enter", "q"}, effect{quit: true}},
		"F40 suspend":                    {[]string{"ctrl+z"}, effect{suspend: true}},
		"draw anew":                      {[]string{"ctrl+l"}, effect{redraw: true}},
		"enter without a row":            {[]string{"/", "z", "z", "enter", "enter"}, effect{}},
		"enter in the help asks nobody":  {[]string{"?", "enter"}, effect{}},
		"copy the next command":          {[]string{"down", "y"}, effect{copied: "kubectl logs -n payments api-7c9f5d-x2k9 -c app --previous"}},
		"copy from the details":          {[]string{"down", "enter", "y"}, effect{copied: "kubectl logs -n payments api-7c9f5d-x2k9 -c app --previous"}},
		"nothing to copy for a well pod": {[]string{"a", "end", "y"}, effect{}},
		"nothing to copy in the help":    {[]string{"?", "y"}, effect{}},
		"nothing to copy without a row":  {[]string{"/", "z", "z", "enter", "y"}, effect{}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := pressAll(looking(t, scene(fresh), 80, 24), test.keys...); got != test.want {
				t.Errorf("%+v, want %+v", got, test.want)
			}
		})
	}
}

func TestThePanes(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		keys []string
		want pane
	}{
		"details":            {[]string{"enter"}, paneDetail},
		"back from details":  {[]string{"enter", "esc"}, paneTable},
		"help":               {[]string{"?"}, paneHelp},
		"help again":         {[]string{"?", "?"}, paneTable},
		"back from the help": {[]string{"?", "esc"}, paneTable},
		"help over details":  {[]string{"enter", "?", "esc"}, paneTable},
		"the feed":           {[]string{"tab"}, paneFeed},
		"back from the feed": {[]string{"tab", "tab"}, paneTable},
		"logs":               {[]string{"l"}, paneDetail},
		"events":             {[]string{"e"}, paneDetail},
		"no logs of a feed":  {[]string{"tab", "l"}, paneFeed},
	} {
		if got := looking(t, scene(fresh), 80, 24, test.keys...).pane; got != test.want {
			t.Errorf("%s: pane %d, want %d", name, got, test.want)
		}
	}
}

func TestTheCursorFollowsItsPod(t *testing.T) {
	t.Parallel()
	b := scene(fresh)
	s := looking(t, b, 80, 24, "down", "down") // cart-0
	b.Put(row("orders", "new-worst", "Error", v1alpha1.StateFailing, finding(v1alpha1.SeverityCritical, "ExitCode", "", "", ago(time.Hour), "")))
	s.update(refreshed{b.snapshot(s.seen), noon})
	if got := s.current().Name; got != "cart-0" {
		t.Errorf("the cursor is on %s", got)
	}
	b.Remove(s.current().ID)
	s.update(refreshed{b.snapshot(s.seen), noon})
	if got := s.current().Name; got != "漢字-😀-pod" {
		t.Errorf("its pod is gone, the cursor is on %s", got)
	}
}

// A pause holds the pods still, never the freshness.
func TestAPauseHidesNoStaleness(t *testing.T) {
	t.Parallel()
	b := scene(fresh)
	s := looking(t, b, 80, 24, "space")
	before := s.names()
	b.Put(row("orders", "another", "Error", v1alpha1.StateFailing, finding(v1alpha1.SeverityCritical, "ExitCode", "", "", nil, "")))
	b.Fresh(Source{Freshness: Stale, LastFrame: noon})
	s.update(refreshed{b.snapshot(s.seen), noon.Add(100 * time.Second)})
	if title := s.title(); !strings.Contains(title, "PAUSED") || !strings.Contains(title, "STALE 1m40s") {
		t.Errorf("title %q", title)
	}
	if diff := cmp.Diff(before, s.names()); diff != "" {
		t.Errorf("the rows have moved:\n%s", diff)
	}
	pressAll(s, "space")
	s.update(refreshed{b.snapshot(s.seen), noon.Add(101 * time.Second)})
	if len(s.names()) != len(before)+1 {
		t.Errorf("after the pause: %q", s.names())
	}
}

func TestDetailsKeepUpWithThePodAndOutliveIt(t *testing.T) {
	t.Parallel()
	b := scene(fresh)
	s := looking(t, b, 80, 60, "enter")
	changed := *s.detail.of
	changed.Status = "Running"
	copied := changed
	changed.Subject = subject{&copied}
	b.Put(changed)
	s.update(refreshed{b.snapshot(s.seen), noon.Add(time.Second)})
	if got := s.view(); !strings.Contains(got, "0/1 Running") {
		t.Errorf("the details have not followed:\n%s", got)
	}
	b.Remove(changed.ID)
	s.update(refreshed{b.snapshot(s.seen), noon.Add(2 * time.Second)})
	if got := s.view(); !strings.Contains(got, "gone; this is what was seen last") || !strings.Contains(got, "0/1 Running") {
		t.Errorf("the pod is gone:\n%s", got)
	}
}

// The machine's clock is set to another hour than the server's: nothing below the
// headline, which tells the machine's, is older or younger for that.
func TestF33_AgesAreByTheServersClock(t *testing.T) {
	t.Parallel()
	screens := func(skew time.Duration) (table, details string) {
		source := fresh
		source.Skew = skew
		b := scene(source)
		s := looking(t, b, 100, 60)
		s.update(refreshed{b.snapshot(s.seen), noon.Add(-skew)})
		_, table, _ = strings.Cut(s.view(), "\n")
		pressAll(s, "enter")
		_, details, _ = strings.Cut(s.view(), "\n")
		return table, details
	}
	table, details := screens(0)
	for _, age := range []string{"3m", "12m"} {
		if !strings.Contains(table, age) {
			t.Errorf("no age %s in:\n%s", age, table)
		}
	}
	for _, age := range []string{"for 3m", "41s ago"} {
		if !strings.Contains(details, age) {
			t.Errorf("no age %q in:\n%s", age, details)
		}
	}
	for _, skew := range []time.Duration{2 * time.Hour, -2 * time.Hour} {
		otherTable, otherDetails := screens(skew)
		if diff := cmp.Diff(table, otherTable); diff != "" {
			t.Errorf("the table with the server %s ahead (-want +got):\n%s", skew, diff)
		}
		if diff := cmp.Diff(details, otherDetails); diff != "" {
			t.Errorf("the details with the server %s ahead (-want +got):\n%s", skew, diff)
		}
	}
}

// What comes too late is for another pod.
func TestAnAnswerForAnotherPodIsDropped(t *testing.T) {
	t.Parallel()
	s := looking(t, scene(fresh), 80, 60)
	first := s.update(press{"enter", ""})
	s.update(press{"esc", ""})
	s.update(press{"down", ""})
	s.update(press{"enter", ""})
	s.update(answered{first.read.ID, Reading{}})
	if s.detail.read != nil {
		t.Error("the answer was taken")
	}
}

func TestTheBadgeIsThatOfTheWorstSource(t *testing.T) {
	t.Parallel()
	at := func(f Freshness, silent time.Duration) Source {
		return Source{Namespace: string(f) + fmt.Sprint(silent), Freshness: f, LastFrame: noon.Add(-silent)}
	}
	for name, test := range map[string]struct {
		sources []Source
		want    string
	}{
		"none yet":                  {nil, "CONNECTING"},
		"one":                       {[]Source{at(Live, 0)}, "LIVE"},
		"all live":                  {[]Source{at(Live, 0), at(Live, 0)}, "LIVE"},
		"one of three is stale":     {[]Source{at(Live, 0), at(Stale, 90*time.Second), at(Lagging, 80*time.Second)}, "STALE 1m30s (1 of 3)"},
		"the longest silence":       {[]Source{at(Stale, 10*time.Second), at(Stale, 20*time.Second)}, "STALE 20s (2 of 2)"},
		"denied is worse":           {[]Source{at(Stale, 10*time.Second), at(Denied, 0)}, "DENIED (1 of 2)"},
		"never heard of":            {[]Source{{Freshness: Stale}}, "STALE"},
		"a clock that was set back": {[]Source{at(Stale, -time.Minute)}, "STALE 0s"},
	} {
		s := &state{latest: noon, sources: test.sources}
		if got, _ := s.badge(); got != test.want {
			t.Errorf("%s: %q, want %q", name, got, test.want)
		}
	}
}

func TestKeysThatLeadToASection(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		keys []string
		want string
	}{
		"logs from the table":     {[]string{"down", "l"}, "Last lines of app before it ended:"},
		"events from the table":   {[]string{"down", "e"}, "Events:"},
		"events from the details": {[]string{"down", "enter", "e"}, "Events:"},
		"back to the logs":        {[]string{"down", "e", "l"}, "Last lines of app before it ended:"},
		"enter is the top again":  {[]string{"down", "enter", "pgdown", "home"}, "payments/api-7c9f5d-x2k9"},
	} {
		s := looking(t, scene(fresh), 80, 12, test.keys...)
		if got := s.detailLines(s.width)[s.detail.top]; got != test.want {
			t.Errorf("%s: the first line is %q, want %q", name, got, test.want)
		}
	}
}

func TestTheFeedIsScrolled(t *testing.T) {
	t.Parallel()
	b := scene(fresh)
	for i := range 50 {
		e := v1alpha1.PodWatchEvent{Type: v1alpha1.EventPodReady, Namespace: "shop", Name: fmt.Sprintf("web-%02d", i)}
		b.Tell(&e)
	}
	for name, test := range map[string]struct {
		keys []string
		want string
	}{
		"the newest at first": {[]string{"tab"}, "web-49"},
		"one up":              {[]string{"tab", "up"}, "web-48"},
		"not below the end":   {[]string{"tab", "down", "down"}, "web-49"},
		"the oldest":          {[]string{"tab", "home", "up"}, "web-15"},
		"the end again":       {[]string{"tab", "home", "end"}, "web-49"},
	} {
		s := looking(t, b, 80, 24, test.keys...)
		lines := strings.Split(s.view(), "\n")
		if last := lines[len(lines)-3]; !strings.Contains(last, test.want) {
			t.Errorf("%s: the last line is %q, want %s", name, last, test.want)
		}
	}
}
