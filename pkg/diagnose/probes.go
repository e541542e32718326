// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package diagnose

import (
	"strings"
	"time"

	"github.com/podwatch/kubectl-podwatch/pkg/projection"
)

// probeEvent returns the newest event about a failed probe of the given kind,
// which begins the message: Readiness, Liveness or Startup. There is no event
// for a probe that succeeds, so one counts only if it is not older than the state
// since t (pkg/kubelet/prober, v1.37).
func (in *input) probeEvent(c *projection.Container, kind string, t time.Time) *projection.Event {
	return in.newestEvent(t, func(e *projection.Event) bool {
		return e.Reason == "Unhealthy" && e.Container == c.Name && strings.HasPrefix(eventText(e), kind+" probe ")
	})
}

// probeAnswer is what a failed probe got, "" if no event tells.
func (in *input) probeAnswer(c *projection.Container, kind string, t time.Time) string {
	if e := in.probeEvent(c, kind, t); e != nil {
		return answerIn(e)
	}
	return ""
}

// answerIn reads the answer from "Readiness probe failed: ANSWER" and
// "Readiness probe errored and resulted in unknown state: ANSWER".
func answerIn(e *projection.Event) string {
	text := eventText(e)
	for _, lead := range [...]string{" probe failed: ", " state: ", " probe errored: "} {
		if _, answer, ok := strings.Cut(text, lead); ok {
			return strings.TrimSpace(answer)
		}
	}
	return text
}

// probed tells what the probe answered that keeps a container from being ready.
func (in *input) probed(f *finding, c *projection.Container) {
	t := c.Running.StartedAt
	if f.since.at.After(t) {
		t = f.since.at
	}
	kinds := [...]string{"Readiness", "Liveness"}
	if f.cause == "Starting" {
		kinds = [...]string{"Startup", "Liveness"}
	}
	for _, kind := range kinds {
		e := in.probeEvent(c, kind, t)
		if e == nil {
			continue
		}
		if f.subCause != kind+"Probe" {
			f.message += "; the " + strings.ToLower(kind) + " probe fails"
		}
		f.message += behind(answerIn(e))
		f.support(eventFact(e))
		return
	}
}
