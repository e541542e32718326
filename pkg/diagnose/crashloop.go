// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package diagnose

import (
	"time"

	"github.com/podwatch/kubectl-podwatch/pkg/apis/podwatch/v1alpha1"
	"github.com/podwatch/kubectl-podwatch/pkg/projection"
)

const (
	reasonCrashLoop = "CrashLoopBackOff"
	reasonRunError  = "RunContainerError"

	// A loop is at least this many restarts. Two can be a dependency that came
	// up late; from the third on the kubelet's back-off is what people see.
	loopRestarts = 3
	// The kubelet forgets the back-off of a container 10 minutes after its last
	// crash (kubelet.go, v1.37): a container that has run for longer is no
	// longer in a loop, and one that ran for longer before it crashed begins a
	// new one.
	loopWindow = 10 * time.Minute
)

func crashLoopRules() []Rule {
	return []Rule{{
		Cause: "CrashLoop", Category: string(categoryCrash), SubCauses: exitKinds(),
		Severity: "Critical.",
		Trigger: "Waiting reason CrashLoopBackOff, or 3 restarts with the last one within 10 minutes. Event Killing tells which probe " +
			"ended the container.",
		Doc: "A container ends again and again, and the kubelet restarts it with growing pauses. Recognised by CrashLoopBackOff, or by " +
			"3 restarts with the last one within 10 minutes, so a loop caught running or just ended is the same loop. " +
			"The sub-cause is how the last run ended.",
	}}
}

// crashLoop reports a loop and whether it is one.
func (in *input) crashLoop(c *projection.Container) bool {
	if !in.loops(c) {
		return false
	}
	f := finding{
		severity:  v1alpha1.SeverityCritical,
		category:  categoryCrash,
		cause:     "CrashLoop",
		container: c,
	}
	if c.Waiting != nil {
		f.evidence = facts(waitingFact(c))
		f.message = "restarted again and again" + in.restartsText(c)
	}
	last := lastExit(c)
	switch {
	case last != nil:
		f.subCause = exitKind(last)
		f.message = in.endText(c, last)
		f.evidence = append(f.evidence, endFact(c, last))
		in.killed(&f, c, last)
	case c.Running != nil:
		f.message = "restarted again and again" + in.restartsText(c)
		f.evidence = facts(fact(c.StatusPath("state.running"), "running", c.Running.StartedAt))
	}
	// Only the last two runs are known; the loop is at least as old as they are.
	f.since = atLeast(firstKnownEnd(c))
	in.add(f)
	return true
}

func (in *input) loops(c *projection.Container) bool {
	if c.Waiting != nil && c.Waiting.Reason == reasonCrashLoop {
		return true
	}
	if c.RestartCount < loopRestarts || c.Waiting != nil && hasOwnCause(c.Waiting.Reason) {
		return false
	}
	if c.Terminated != nil && !in.restartsAfter(c, c.Terminated) {
		return false
	}
	if last := lastExit(c); last != nil && (!isOwn(exitKind(last)) || outlived(last)) {
		return false
	}
	return in.within(lastRestart(c), loopWindow)
}

// outlived is true for a run after which the kubelet starts counting anew.
func outlived(t *projection.Terminated) bool {
	return !t.StartedAt.IsZero() && t.FinishedAt.Sub(t.StartedAt) >= loopWindow
}

// hasOwnCause is true for waiting reasons that say more than that the
// container crashed. A start that fails (RunContainerError) alternates with
// CrashLoopBackOff and tells the same in lastState.
func hasOwnCause(reason string) bool {
	switch reason {
	case "", reasonRunError, reasonCreating, reasonInitializing:
		return false
	default:
		return true
	}
}

// firstKnownEnd is the earliest end of a run that the status still knows.
func firstKnownEnd(c *projection.Container) time.Time {
	if c.LastTerminated != nil && !c.LastTerminated.FinishedAt.IsZero() {
		return c.LastTerminated.FinishedAt
	}
	return lastRestart(c)
}
