// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package diagnose

import (
	"time"

	"github.com/podwatch/kubectl-podwatch/pkg/apis/podwatch/v1alpha1"
	"github.com/podwatch/kubectl-podwatch/pkg/projection"
)

func restartRules() []Rule {
	return []Rule{
		{
			Cause: "OOMKilled", Category: string(categoryCrash),
			Severity: "Critical while the container is down or if the pod failed of it; warning for --restart-window if it runs again.",
			Trigger:  "An end with reason OOMKilled.",
			Doc: "A container was killed because it used more memory than its limit. Critical while it is down or if the pod failed of it; " +
				"a warning for the restart window if it runs again.",
		},
		{
			Cause: "Restarted", Category: string(categoryCrash), SubCauses: exitKinds(),
			Severity: "Info; warning if the container restarts at least once per --restart-window on average.",
			Trigger:  "The last end lies within --restart-window and the container runs. Event Killing tells which probe ended it.",
			Doc: "A container ended within the restart window and runs again. A warning if that happens, on average over the life " +
				"of the pod, at least once per restart window; else info.",
		},
	}
}

// recent judges the end of the run before a container that is well now.
func (in *input) recent(c *projection.Container) {
	last := c.LastTerminated
	if last == nil {
		return
	}
	ended := last.FinishedAt
	if ended.IsZero() && c.Running != nil {
		ended = c.Running.StartedAt
	}
	if !in.within(ended, in.limits.RestartWindow) {
		return
	}
	kind := exitKind(last)
	f := finding{
		severity:  v1alpha1.SeverityInfo,
		category:  categoryCrash,
		cause:     "Restarted",
		subCause:  kind,
		container: c,
		since:     exactly(ended),
		message:   in.endText(c, last),
		evidence:  facts(endFact(c, last)),
		aside:     true,
	}
	switch {
	case isInit(c):
		// It has done its part; that it took several tries is history.
	case isOwn(kind) && in.frequent(c, ended):
		f.severity, f.aside = v1alpha1.SeverityWarning, false
	case kind == exitOOMKilled:
		f.severity = v1alpha1.SeverityWarning
	}
	if kind == exitOOMKilled {
		f.cause, f.subCause = "OOMKilled", ""
	}
	in.killed(&f, c, last)
	in.add(f)
}

// frequent is true if the container restarts, on average since the pod began,
// at least once per restart window. Only the last end is known, so 65 restarts
// say nothing without the time that they took.
func (in *input) frequent(c *projection.Container, last time.Time) bool {
	begun := in.begun()
	if c.RestartCount < loopRestarts || begun.IsZero() {
		return false
	}
	return last.Sub(begun)/time.Duration(c.RestartCount) <= in.limits.RestartWindow
}
