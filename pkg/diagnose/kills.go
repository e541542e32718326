// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package diagnose

import (
	"strings"
	"time"

	"github.com/podwatch/kubectl-podwatch/pkg/apis/podwatch/v1alpha1"
	"github.com/podwatch/kubectl-podwatch/pkg/projection"
)

// Kinds of an end that the kubelet brought about and says so in an event only.
const (
	exitLiveness    = "LivenessKilled"
	exitStartup     = "StartupKilled"
	exitSpecChanged = "SpecChanged"
	exitPostStart   = "PostStartHook"
)

// killKinds are the words in the message of a Killing event
// (pkg/kubelet/kuberuntime, v1.37). The event is of type Normal.
func killKinds() []pattern {
	return []pattern{
		{exitLiveness, []string{"failed liveness probe"}},
		{exitStartup, []string{"failed startup probe"}},
		{exitSpecChanged, []string{"definition changed", "hash changed"}},
		{exitPostStart, []string{"failedpoststarthook"}},
	}
}

// Between the event and the end lies at most the grace period. The runtime
// needs a moment on top of it, and all of these times have whole seconds.
const (
	killBefore = 5 * time.Second
	killAfter  = 2 * time.Second
)

// killing returns the event by which the kubelet ended the run t of c because
// of a probe or a changed definition, nil if there is none. Events about a loop
// are counted up in one object, so a repeated one stands for every end since its
// first time.
func (in *input) killing(c *projection.Container, t *projection.Terminated) *projection.Event {
	if t.FinishedAt.IsZero() || !mayBeKilled(exitKind(t)) {
		return nil
	}
	earliest, latest := t.FinishedAt.Add(-in.pod.GracePeriod-killBefore), t.FinishedAt.Add(killAfter)
	return in.newestEvent(time.Time{}, func(e *projection.Event) bool {
		return e.Reason == "Killing" && about(e, c) && killKind(e) != "" && !e.First.After(latest) && !e.Last.Before(earliest)
	})
}

func killKind(e *projection.Event) string { return classify(eventText(e), killKinds()) }

// mayBeKilled is true for an end that can be the answer to a signal: a process
// may also leave with any code of its own. Out of memory is reported as such.
func mayBeKilled(kind string) bool {
	return kind == exitZero || kind == exitCode || kind == exitSigKilled
}

// about is true for an event about c. Events of old recorders have no field
// path; then the message names the container.
func about(e *projection.Event, c *projection.Container) bool {
	if e.Container != "" {
		return e.Container == c.Name
	}
	return strings.Contains(strings.ToLower(e.Message), "container "+strings.ToLower(c.Name)+" ")
}

// killed refines the finding of an end by the event that tells why it came.
func (in *input) killed(f *finding, c *projection.Container, t *projection.Terminated) {
	e := in.killing(c, t)
	if e == nil {
		return
	}
	f.subCause = killKind(e)
	f.confidence = v1alpha1.ConfidenceMedium
	f.support(eventFact(e))
}

// killText describes an end that the kubelet brought about.
func (in *input) killText(c *projection.Container, t *projection.Terminated, e *projection.Event) string {
	var text, answer string
	switch killKind(e) {
	case exitLiveness:
		text, answer = "ended by the kubelet because the liveness probe failed, ", in.probeAnswer(c, "Liveness", time.Time{})
	case exitStartup:
		text, answer = "ended by the kubelet because the startup probe failed, ", in.probeAnswer(c, "Startup", time.Time{})
	case exitPostStart:
		text = "ended by the kubelet because the postStart hook failed, "
	default:
		text = "ended by the kubelet because the definition of the container changed, "
	}
	return text + codeText(t) + in.restartsText(c) + behind(answer)
}
