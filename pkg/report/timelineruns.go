// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package report

import (
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/podwatch/kubectl-podwatch/pkg/apis/podwatch/v1alpha1"
	"github.com/podwatch/kubectl-podwatch/pkg/diagnose"
	"github.com/podwatch/kubectl-podwatch/pkg/projection"
)

// container enters the runs that the status knows, and that there were others.
func (t *timeline) container(c *projection.Container, events []projection.Event) {
	known, first := int32(0), time.Time{}
	note := func(times ...time.Time) {
		known++
		for _, at := range times {
			if !at.IsZero() && (first.IsZero() || at.Before(first)) {
				first = at
			}
		}
	}
	if last := c.LastTerminated; last != nil {
		t.run(c, last, "lastState.terminated")
		note(last.StartedAt, last.FinishedAt)
	}
	switch {
	case c.Terminated != nil:
		t.run(c, c.Terminated, "state.terminated")
		note(c.Terminated.StartedAt, c.Terminated.FinishedAt)
	case c.Running != nil:
		t.started(c, c.Running.StartedAt, "state.running")
		note(c.Running.StartedAt)
	}
	// A container that was restarted n times has run n + 1 times; while it waits
	// for its next run, that run is counted and has not begun.
	if unknown := c.RestartCount + 1 - known; c.RestartCount > 0 && unknown > 0 && known > 0 {
		e := v1alpha1.TimelineEntry{
			Event: v1alpha1.TimelineEarlierRuns, Container: c.Name, Count: unknown,
			Detail: "nothing is known of them", Source: c.StatusPath("restartCount"),
		}
		if at := firstStart(c, events); !at.IsZero() && at.Before(first) {
			e.FirstTime = timestamp(at)
		}
		t.add(first, e)
	}
}

// run enters the beginning and the end of a run.
func (t *timeline) run(c *projection.Container, run *projection.Terminated, field string) {
	if !run.StartedAt.IsZero() {
		t.started(c, run.StartedAt, field)
	}
	e := v1alpha1.TimelineEntry{Event: v1alpha1.TimelineExited, Container: c.Name, Source: c.StatusPath(field)}
	switch run.Reason {
	case "StartError", "ContainerCannotRun":
		e.Event, e.Detail = v1alpha1.TimelineStartFailed, startError(run.Message)
	case "ContainerStatusUnknown", "RestartingAllContainers":
		e.Detail = "the kubelet does not know how (" + run.Reason + ")"
	case "Unknown":
		e.Detail = "lost over a restart of the node or its container runtime"
	case "OOMKilled":
		e.Detail = "out of memory, " + exitText(run)
	case "", "Error", "Completed":
		e.Detail = exitText(run)
	default:
		e.Detail = run.Reason + ", " + exitText(run)
	}
	if took := run.FinishedAt.Sub(run.StartedAt); !run.StartedAt.IsZero() && took >= 0 {
		seconds := int64(took / time.Second)
		e.RunSeconds = &seconds
	}
	t.add(run.FinishedAt, e)
}

func (t *timeline) started(c *projection.Container, at time.Time, field string) {
	t.add(at, v1alpha1.TimelineEntry{
		Event: v1alpha1.TimelineStarted, Container: c.Name, Source: c.StatusPath(field),
	})
}

// startError drops the wrapping that every layer of the runtime adds.
func startError(message string) string {
	for _, wrapping := range []string{"unable to start container process: ", "error during container init: "} {
		if _, rest, ok := strings.Cut(message, wrapping); ok {
			message = rest
		}
	}
	return message
}

// exitText is the exit code with the signal that it stands for.
func exitText(run *projection.Terminated) string {
	if run.ExitCode < -math.MaxInt16 {
		// Windows reports NTSTATUS values, which people know in hexadecimal.
		return "exit 0x" + strconv.FormatUint(uint64(uint32(run.ExitCode)), 16)
	}
	text := "exit " + strconv.Itoa(int(run.ExitCode))
	if name := diagnose.SignalName(run.ExitCode); name != "" {
		text += " (" + name + ")"
	}
	return text
}

// firstStart is the earliest start of a container that an event still knows.
func firstStart(c *projection.Container, events []projection.Event) time.Time {
	first := time.Time{}
	for i := range events {
		e := &events[i]
		if e.Reason == "Started" && e.Container == c.Name && !e.First.IsZero() && (first.IsZero() || e.First.Before(first)) {
			first = e.First
		}
	}
	return first
}
