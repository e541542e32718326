// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package report

import (
	"slices"
	"strings"
	"time"

	"github.com/podwatch/kubectl-podwatch/pkg/apis/podwatch/v1alpha1"
	"github.com/podwatch/kubectl-podwatch/pkg/projection"
)

// event enters what was recorded about the pod, unless the pod says it itself.
// The wordings are those of pkg/kubelet, v1.37.
func (t *timeline) event(ev *projection.Event) {
	e := v1alpha1.TimelineEntry{
		Container: ev.Container, Count: ev.Count, Detail: ev.Message, Source: "Event/" + ev.Reason,
	}
	if ev.Count > 1 && ev.First.Before(ev.Last) {
		e.FirstTime = timestamp(ev.First)
	}
	if ev.Reason == "Pulled" {
		t.drop(v1alpha1.TimelinePulling, ev.Container)
	}
	if !t.read(ev, &e) || t.told(e.Event, e.Container) {
		return
	}
	t.add(ev.Last, e)
}

// read gives an event its word and shortens what it says; false if it says
// nothing that another one does not say better.
func (t *timeline) read(ev *projection.Event, e *v1alpha1.TimelineEntry) bool {
	switch ev.Reason {
	case "Created": // a container, which was started right after
		return false
	case "Started":
		e.Event, e.Detail = v1alpha1.TimelineStarted, ""
	case "Scheduled":
		e.Event, e.Detail = v1alpha1.TimelineScheduled, onNode(t.pod.NodeName)
	case "FailedScheduling":
		e.Event, e.Detail = v1alpha1.TimelineUnschedulable, unschedulable(ev.Message)
	case "Pulling":
		e.Event, e.Detail = v1alpha1.TimelinePulling, quoted(ev.Message)
	case "Pulled":
		e.Event, e.Detail = v1alpha1.TimelinePulled, pulled(ev.Message)
	case "Failed":
		return failed(ev, e)
	case "BackOff":
		e.Event, e.Detail = v1alpha1.TimelineBackOff, backOff(ev.Message)
	case "Unhealthy":
		e.Event, e.Detail = probe(ev.Message)
	case "Killing":
		e.Event, e.Detail = v1alpha1.TimelineKilled, killed(ev)
	default:
		e.Event = v1alpha1.TimelineEvent(ev.Reason)
		return isWord(ev.Reason)
	}
	return true
}

func backOff(message string) string {
	if strings.HasPrefix(message, "Back-off restarting") {
		return "waits longer before each restart"
	}
	return "waits longer before each pull"
}

// drop takes back what events said about a container.
func (t *timeline) drop(event v1alpha1.TimelineEvent, container string) {
	t.entries = append(t.entries[:t.own], slices.DeleteFunc(t.entries[t.own:], func(e v1alpha1.TimelineEntry) bool {
		return e.Event == event && e.Container == container
	})...)
}

// failed tells what failed; false if the event adds nothing to the one before
// it.
func failed(ev *projection.Event, e *v1alpha1.TimelineEntry) bool {
	switch text := ev.Message; {
	case strings.HasPrefix(text, "Failed to pull image"):
		e.Event = v1alpha1.TimelinePullFailed
		// The runtime wraps the error of the registry, which comes last, into
		// what it tried to do with the image, in quotes.
		if i := strings.LastIndex(text, `": `); i >= 0 {
			e.Detail = text[i+len(`": `):]
		}
	case text == "Error: ErrImagePull", text == "Error: ImagePullBackOff":
		return false
	default:
		e.Event, e.Detail = v1alpha1.TimelineStartFailed, startError(strings.TrimPrefix(text, "Error: "))
	}
	return true
}

// pulled shortens `Successfully pulled image "X" in 1.2s (3s including waiting).
// Image size: 5 bytes.` and `Container image "X" already present on machine`.
func pulled(message string) string {
	image := quoted(message)
	if strings.Contains(message, "already present") {
		return image + ", already on the node"
	}
	_, took, ok := strings.Cut(message, `" in `)
	if !ok {
		return message
	}
	took, _, _ = strings.Cut(took, " ")
	if d, err := time.ParseDuration(strings.TrimSuffix(took, ".")); err == nil {
		if d >= time.Second {
			d = d.Round(time.Second / 10)
		}
		return image + " in " + d.String()
	}
	return image
}

// probe tells which probe failed, and how.
func probe(message string) (v1alpha1.TimelineEvent, string) {
	kind, rest, _ := strings.Cut(message, " ")
	word := map[string]v1alpha1.TimelineEvent{
		"Startup":   v1alpha1.TimelineStartupProbeFailed,
		"Readiness": v1alpha1.TimelineReadinessProbeFailed,
		"Liveness":  v1alpha1.TimelineLivenessProbeFailed,
	}[kind]
	if word == "" {
		return "Unhealthy", message
	}
	return word, strings.TrimPrefix(rest, "probe failed: ")
}

// killed drops the container's name, which the entry has.
func killed(ev *projection.Event) string {
	if strings.HasPrefix(ev.Message, "Stopping container") {
		return "stopped by the kubelet"
	}
	return strings.TrimPrefix(ev.Message, "Container "+ev.Container+" ")
}

// quoted returns what stands in the first pair of quotes, else the text.
func quoted(text string) string {
	_, rest, _ := strings.Cut(text, `"`)
	if inner, _, ok := strings.Cut(rest, `"`); ok {
		return inner
	}
	return text
}

// isWord is true for what can stand as an event: the reasons that the parts of
// Kubernetes write are words of ASCII letters and digits.
func isWord(s string) bool {
	return s != "" && len(s) <= 63 && strings.IndexFunc(s, func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && r != '-'
	}) < 0
}
