// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package printers

import (
	"bytes"
	"fmt"
	"time"

	"github.com/fatih/color"

	"github.com/podwatch/kubectl-podwatch/pkg/apis/podwatch/v1alpha1"
	"github.com/podwatch/kubectl-podwatch/pkg/internal/plaintext"
)

// glyph is the one character that says at a glance what a line is about. The
// type behind it says the same in words.
type glyph string

const (
	glyphBaseline glyph = "="
	glyphFailing  glyph = "!"
	glyphDegraded glyph = "?"
	glyphInfo     glyph = "."
	glyphGood     glyph = "+"
	glyphGone     glyph = "-"
	glyphStream   glyph = "~"
	glyphSummary  glyph = "#"
	glyphClean    glyph = "x"
	glyphDetail   glyph = "|"
)

// lineOf returns the encoder of text lines:
//
//	TIME GLYPH [CONTEXT/]NAMESPACE/POD[/CONTAINER] TYPE DETAIL
func lineOf(opts EventOptions) func(*v1alpha1.PodWatchEvent) ([]byte, error) {
	p := linePrinter{opts}
	return func(e *v1alpha1.PodWatchEvent) ([]byte, error) {
		var b bytes.Buffer
		if more := p.aftermath(e); more != nil {
			return more, nil
		}
		g := glyphOf(e)
		c := p.color(e, g)
		what := paint(c, plaintext.Line(string(e.Type)))
		detail := p.detail(e)
		if g == glyphSummary || g == glyphBaseline && e.Summary != nil {
			what, detail = p.numbers(e)
		}
		b.WriteString(joinNonEmpty(" ", p.time(e.Time.Time), paint(c, string(g)), p.subject(e), what, plaintext.Line(detail)))
		b.WriteByte('\n')
		if err := p.listed(&b, e.Summary); err != nil {
			return nil, err
		}
		return b.Bytes(), nil
	}
}

// aftermath is a line for each line of a log and each event, nil if e has none.
func (p linePrinter) aftermath(e *v1alpha1.PodWatchEvent) []byte {
	var b bytes.Buffer
	head := joinNonEmpty(" ", p.time(e.Time.Time), paint(p.Palette.faint, string(glyphDetail)), p.subject(e))
	for _, line := range e.Logs {
		writeLine(&b, head+" ", plaintext.Line(line))
	}
	for _, ev := range e.Events {
		times := ""
		if ev.Count > 1 {
			times = fmt.Sprintf("(x%d)", ev.Count)
		}
		writeLine(&b, head+" ", plaintext.Line(joinNonEmpty(": ", joinNonEmpty(" ", ev.Type, ev.Reason, times), ev.Message)))
	}
	return b.Bytes()
}

type linePrinter struct {
	EventOptions
}

func (p linePrinter) time(at time.Time) string {
	switch p.Timestamps {
	case TimestampsNone:
		return ""
	case TimestampsRFC3339:
		return at.UTC().Format(time.RFC3339)
	case TimestampsTime:
	}
	location := p.Location
	if location == nil {
		location = time.UTC
	}
	return at.In(location).Format(time.TimeOnly)
}

// subject is the pod, and the container if one is at fault; of events that are
// about no pod, the node or the scope.
func (p linePrinter) subject(e *v1alpha1.PodWatchEvent) string {
	context := ""
	if p.ShowContext {
		context = e.Context
	}
	if e.Type == v1alpha1.EventNodeLost {
		return plaintext.Line(joinNonEmpty("/", context, "node", e.Node))
	}
	return plaintext.Line(joinNonEmpty("/", context, e.Namespace, e.Name, e.Container))
}

// detail is what has changed, why, and what is known about it.
func (p linePrinter) detail(e *v1alpha1.PodWatchEvent) string {
	if e.Clean != nil {
		return cleanText(e.Clean)
	}
	why := causeText(e.Cause, e.SubCause)
	if n := restartsOf(e); n > 0 && (why != "" || e.Type == v1alpha1.EventContainerRestarted) {
		why = joinNonEmpty(" ", why, "("+count(n, "restart")+")")
	}
	gap := ""
	if e.Gap {
		gap = "(found by a new list)"
	}
	// The colon parts the words of podwatch from the text of the server.
	head := joinNonEmpty(" ", p.change(e), why)
	if why != "" {
		return joinNonEmpty(" ", joinNonEmpty(": ", head, e.Message), gap)
	}
	return joinNonEmpty(" ", head, e.Message, gap)
}

// change is kubectl's STATUS before and after, as one word.
func (p linePrinter) change(e *v1alpha1.PodWatchEvent) string {
	if e.FromKubectlStatus == "" || e.FromKubectlStatus == e.KubectlStatus {
		return e.KubectlStatus
	}
	arrow := "→"
	if p.ASCII {
		arrow = "->"
	}
	return e.FromKubectlStatus + arrow + e.KubectlStatus
}

func restartsOf(e *v1alpha1.PodWatchEvent) int {
	if e.Restarts == nil {
		return 0
	}
	return int(*e.Restarts)
}

// numbers are the words of a summary: what ended, if it did, and the counts.
func (p linePrinter) numbers(e *v1alpha1.PodWatchEvent) (what, detail string) {
	said := joinNonEmpty("; ", e.Message, countsText(e), p.blind(e.Summary))
	if e.ExitCode == nil {
		return "", said
	}
	return paint(p.endColor(*e.ExitCode), fmt.Sprintf("end exit %d:", *e.ExitCode)), said
}

// countsText tells the numbers of R16: pods, cleaned, reconciliations. At the
// start the last two say nothing.
func countsText(e *v1alpha1.PodWatchEvent) string {
	s := e.Summary
	if s == nil {
		return ""
	}
	pods := joinNonEmpty(": ", count(s.Pods.Total, "pod"), podCountsText(s.Pods))
	if e.Initial {
		return pods
	}
	return fmt.Sprintf("%s; %d cleaned; %d reconciliations", pods, s.Cleaned, s.Reconciliations)
}

// namedStreams bounds the streams that the line of a summary names.
const namedStreams = 3

// blind tells what a summary does not see as it is, and for how long.
func (p linePrinter) blind(s *v1alpha1.WatchSummary) string {
	if s == nil {
		return ""
	}
	var parts []string
	for _, stream := range s.Streams[:min(len(s.Streams), namedStreams)] {
		where := stream.Namespace
		if p.ShowContext {
			where = joinNonEmpty("/", stream.Context, stream.Namespace)
		}
		text := joinNonEmpty(" ", where, string(stream.State))
		if stream.BlindSeconds > 0 {
			text += " for " + (time.Duration(stream.BlindSeconds) * time.Second).String()
		}
		parts = append(parts, text)
	}
	if more := len(s.Streams) - namedStreams; more > 0 {
		parts = append(parts, fmt.Sprintf("and %d more", more))
	}
	return joinNonEmpty("; ", parts...)
}

// listed prints the pods of a summary below it.
func (p linePrinter) listed(b *bytes.Buffer, s *v1alpha1.WatchSummary) error {
	if s == nil || len(s.Listed) == 0 {
		return nil
	}
	type pod = v1alpha1.SummaryPod
	context := func(pod) string { return "" }
	if p.ShowContext {
		context = func(s pod) string { return s.Context }
	}
	specs := []spec[pod]{
		field("", func(p pod) string { return joinNonEmpty("/", context(p), p.Namespace, p.Name) }),
		field("", func(p pod) string { return readyText(p.Ready) }),
		{cell: func(s pod) cell { return cell{s.KubectlStatus, p.Palette.severity(s.Severity)} }},
		field("", func(p pod) string { return count(int(p.Restarts), "restart") }),
		field("", func(p pod) string { return or(p.Node, none) }),
		field("", func(p pod) string { return joinNonEmpty(": ", causeText(p.Cause, p.SubCause), p.Message) }),
	}
	if err := tableOf(specs, s.Listed, nil).print(b, layout{noHeaders: true, indent: indent}); err != nil {
		return err
	}
	if more := s.Unhealthy - len(s.Listed); more > 0 {
		writeLine(b, indent, fmt.Sprintf("and %d more unhealthy", more))
	}
	return nil
}

func (p linePrinter) color(e *v1alpha1.PodWatchEvent, g glyph) *color.Color {
	switch g {
	case glyphGood:
		return p.Palette.good
	case glyphGone, glyphSummary, glyphDetail:
		return p.Palette.faint
	case glyphClean:
		if e.Type != v1alpha1.EventCleanFailed {
			return p.Palette.info
		}
	case glyphBaseline, glyphStream, glyphFailing, glyphDegraded, glyphInfo:
	}
	if e.Summary != nil {
		return p.Palette.faint
	}
	return p.Palette.severity(e.Severity)
}

func (p linePrinter) endColor(exitCode int) *color.Color {
	if exitCode == 0 {
		return p.Palette.good
	}
	return p.Palette.critical
}

// glyphOf says what e is about.
func glyphOf(e *v1alpha1.PodWatchEvent) glyph {
	if e.Initial {
		return glyphBaseline
	}
	switch e.Type {
	case v1alpha1.EventSummary, v1alpha1.EventEnd:
		return glyphSummary
	case v1alpha1.EventPodAdded, v1alpha1.EventPodRunning, v1alpha1.EventPodReady, v1alpha1.EventPodRecovered,
		v1alpha1.EventPodSucceeded, v1alpha1.EventPodReplaced:
		return glyphGood
	case v1alpha1.EventContainerLogs, v1alpha1.EventPodEvents:
		return glyphDetail
	case v1alpha1.EventCleanPlanned, v1alpha1.EventCleanDeleted, v1alpha1.EventCleanWouldDelete,
		v1alpha1.EventCleanSkipped, v1alpha1.EventCleanFailed:
		return glyphClean
	case v1alpha1.EventPodDeleted, v1alpha1.EventPodTerminating:
		return glyphGone
	case v1alpha1.EventStreamLagging, v1alpha1.EventStreamStale, v1alpha1.EventStreamLive,
		v1alpha1.EventStreamRelisted, v1alpha1.EventStreamForbidden, v1alpha1.EventStreamUnauthorized,
		v1alpha1.EventStreamFailed, v1alpha1.EventStreamNotice, v1alpha1.EventRelatedUnread:
		return glyphStream
	case v1alpha1.EventPodPendingStuck, v1alpha1.EventPodNotReady, v1alpha1.EventPodImageFailing,
		v1alpha1.EventPodConfigError, v1alpha1.EventPodDegraded, v1alpha1.EventPodFailing,
		v1alpha1.EventContainerRestarted, v1alpha1.EventContainerOOMKilled, v1alpha1.EventCrashLoopEntered,
		v1alpha1.EventCrashLoopContinues, v1alpha1.EventPodFailed, v1alpha1.EventPodEvicted,
		v1alpha1.EventPodUnknown, v1alpha1.EventPodTerminatingLate, v1alpha1.EventGateUnmet, v1alpha1.EventNodeLost:
	}
	switch e.Severity {
	case v1alpha1.SeverityCritical:
		return glyphFailing
	case v1alpha1.SeverityWarning:
		return glyphDegraded
	case v1alpha1.SeverityInfo:
	}
	return glyphInfo
}
