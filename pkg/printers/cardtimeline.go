// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package printers

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/util/duration"

	"github.com/podwatch/kubectl-podwatch/pkg/apis/podwatch/v1alpha1"
)

const (
	// Of a long life the beginning and the end tell most.
	timelineHead, timelineTail = 5, 12
	// compact is the width below which clock times go without seconds.
	compact = 60
)

// timeline writes the life of the pod, one line per entry.
func (c Card) timeline(p *prose) {
	entries := c.Pod.Timeline
	if len(entries) == 0 {
		return
	}
	p.heading("Timeline (UTC):")
	layout := c.clock(p.width)
	left := make([]string, len(entries))
	age, clock := 0, 0
	for i := range entries {
		age = max(age, len(ageText(entries[i].Time.Time, c.Now)))
		clock = max(clock, len(entries[i].Time.UTC().Format(layout)))
	}
	for i := range entries {
		if entries[i].Event == v1alpha1.TimelineEarlierRuns {
			left[i] = strings.Repeat(" ", len("  ")+age+len("  ")+clock+len("  "))
			continue
		}
		left[i] = fmt.Sprintf("  %*s  %-*s  ", age, ageText(entries[i].Time.Time, c.Now), clock, entries[i].Time.UTC().Format(layout))
	}
	for i := range entries {
		if hidden := len(entries) - timelineHead - timelineTail; hidden > 1 && i >= timelineHead && i < timelineHead+hidden {
			if i == timelineHead {
				p.paragraph("  ", nil, fmt.Sprintf("%d more, see -o json", hidden), 0)
			}
			continue
		}
		p.paragraph(left[i], nil, c.entryText(&entries[i]), 3)
	}
}

// clock is the layout for all times of a timeline: with the day, or the year,
// only if one of them needs it.
func (c Card) clock(width int) string {
	seconds := ":05"
	if width > 0 && width < compact {
		seconds = ""
	}
	day, year := false, false
	now := c.Now.UTC()
	for i := range c.Pod.Timeline {
		at := c.Pod.Timeline[i].Time.UTC()
		day = day || at.Truncate(24*time.Hour) != now.Truncate(24*time.Hour)
		year = year || at.Year() != now.Year()
	}
	switch {
	case year:
		return "2006-01-02 15:04" + seconds
	case day:
		return "Jan _2 15:04" + seconds
	default:
		return "15:04" + seconds
	}
}

// entryText is an entry in words.
func (c Card) entryText(e *v1alpha1.TimelineEntry) string {
	if e.Event == v1alpha1.TimelineEarlierRuns {
		return c.earlierRuns(e)
	}
	text := joinNonEmpty(" ", e.Container, eventPhrase(e.Event)) + prefixed(beforeDetail(e.Event), e.Detail)
	if e.Event == v1alpha1.TimelineBackOff {
		text = joinNonEmpty(" ", e.Container, or(e.Detail, "backs off"))
	}
	if e.RunSeconds != nil {
		text += ", " + runText(*e.RunSeconds)
	}
	if e.Count > 1 {
		text += fmt.Sprintf(" (%d times", e.Count)
		if e.FirstTime != nil {
			text += " in " + ageText(e.FirstTime.Time, e.Time.Time)
		}
		text += ")"
	}
	return text
}

// earlierRuns says what is not known.
func (c Card) earlierRuns(e *v1alpha1.TimelineEntry) string {
	i := slices.IndexFunc(c.Pod.Containers, func(x v1alpha1.Container) bool { return x.Name == e.Container })
	if i < 0 {
		return fmt.Sprintf("%s: nothing is known of %s before", e.Container, count(int(e.Count), "run"))
	}
	restarts := c.Pod.Containers[i].RestartCount
	times, last := fmt.Sprintf("%d times", restarts), "only the last run is known"
	if restarts == 1 {
		times = "once"
	}
	if known := restarts + 1 - e.Count; known > 1 {
		last = fmt.Sprintf("only the last %d runs are known", known)
	}
	text := fmt.Sprintf("%s was restarted %s; %s", e.Container, times, last)
	if e.FirstTime != nil {
		text += ", the first began " + ageText(e.FirstTime.Time, c.Now) + " ago"
	}
	return text
}

// eventPhrase is an event in words; one that is not podwatch's own stays as it
// is.
func eventPhrase(event v1alpha1.TimelineEvent) string {
	phrase := map[v1alpha1.TimelineEvent]string{
		v1alpha1.TimelineReplicaSetCreated:    "ReplicaSet created",
		v1alpha1.TimelineCreated:              "pod created",
		v1alpha1.TimelineUnschedulable:        "no node takes the pod",
		v1alpha1.TimelineScheduled:            "scheduled",
		v1alpha1.TimelineAcknowledged:         "taken by the kubelet",
		v1alpha1.TimelineSandboxReady:         "sandbox ready",
		v1alpha1.TimelinePulling:              "pulls image",
		v1alpha1.TimelinePulled:               "image pulled",
		v1alpha1.TimelinePullFailed:           "image pull failed",
		v1alpha1.TimelineInitialized:          "init containers done",
		v1alpha1.TimelineStarted:              "started",
		v1alpha1.TimelineReady:                "ready",
		v1alpha1.TimelineNotReady:             "not ready",
		v1alpha1.TimelineStartupProbeFailed:   "startup probe failed",
		v1alpha1.TimelineReadinessProbeFailed: "readiness probe failed",
		v1alpha1.TimelineLivenessProbeFailed:  "liveness probe failed",
		v1alpha1.TimelineKilled:               "killed",
		v1alpha1.TimelineExited:               "ended",
		v1alpha1.TimelineStartFailed:          "could not be started",
		v1alpha1.TimelineNodeNotReady:         "node not ready",
		v1alpha1.TimelineDisrupted:            "marked for disruption",
		v1alpha1.TimelineDeleted:              "deletion requested",
		v1alpha1.TimelineGraceOver:            "grace period over",
	}[event]
	return or(phrase, string(event))
}

// beforeDetail is what stands between an event in words and its detail.
func beforeDetail(event v1alpha1.TimelineEvent) string {
	between := map[v1alpha1.TimelineEvent]string{
		v1alpha1.TimelineAcknowledged: " of ",
		v1alpha1.TimelineScheduled:    " to ",
		v1alpha1.TimelineDeleted:      " ",
	}[event]
	return or(between, ": ")
}

func runText(seconds int64) string {
	if seconds < 1 {
		return "at once"
	}
	return "after " + spanText(seconds)
}

// spanText is kubectl's short form of a number of seconds.
func spanText(seconds int64) string {
	return duration.HumanDuration(time.Duration(min(seconds, math.MaxInt32)) * time.Second)
}
