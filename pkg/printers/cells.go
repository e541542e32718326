// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package printers

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/duration"

	"github.com/podwatch/kubectl-podwatch/pkg/apis/podwatch/v1alpha1"
)

// The words for what is not there. kubectl has the last two.
const (
	nothing = "-"
	none    = "<none>"
	unknown = "<unknown>"
)

// sinceText tells how long ago at was, and how well that is known: 42m,
// >6m (at least), <1h (at most), ? (unknown).
func sinceText(at *metav1.Time, precision v1alpha1.SincePrecision, now time.Time) string {
	if at == nil {
		return "?"
	}
	age := ageText(at.Time, now)
	switch precision {
	case v1alpha1.SinceExact:
		return age
	case v1alpha1.SinceAtLeast:
		return ">" + age
	case v1alpha1.SinceAtMost:
		return "<" + age
	case v1alpha1.SinceUnknown:
	}
	return "?"
}

// ageText is kubectl's short form of an age. Clocks that disagree give 0s.
func ageText(at, now time.Time) string {
	return duration.HumanDuration(max(0, now.Sub(at)))
}

// causeText joins cause and sub-cause as in CrashLoop/OOMKilled.
func causeText(cause, subCause string) string { return joinNonEmpty("/", cause, subCause) }

// containerText says which list of the spec a container is in, unless it is
// the usual one.
func containerText(name string, kind v1alpha1.ContainerType) string {
	if name == "" {
		return nothing
	}
	switch kind {
	case v1alpha1.ContainerApp:
	case v1alpha1.ContainerInit, v1alpha1.ContainerSidecar, v1alpha1.ContainerEphemeral:
		return strings.ToLower(string(kind)) + ":" + name
	}
	return name
}

// restartsText is what kubectl prints under RESTARTS: 27 (2m ago).
func restartsText(r v1alpha1.Restarts, now time.Time) string {
	if r.Total == 0 || r.LastAt == nil {
		return strconv.Itoa(int(r.Total))
	}
	return fmt.Sprintf("%d (%s ago)", r.Total, ageText(r.LastAt.Time, now))
}

// readyText is what kubectl prints under READY.
func readyText(r v1alpha1.Ready) string { return fmt.Sprintf("%d/%d", r.Ready, r.Total) }

// readyOf is what kubectl prints under READY for p, if it is a pod.
func readyOf(p *v1alpha1.Pod) string {
	if p.Ready.Total == 0 {
		return nothing
	}
	return readyText(p.Ready)
}

// exitText is the exit code of the last run of c, and the signal behind it.
func exitText(c *v1alpha1.Container) string {
	if c == nil || c.LastTermination == nil {
		return nothing
	}
	return joinNonEmpty(" ", strconv.Itoa(int(c.LastTermination.ExitCode)), c.LastTermination.Signal)
}

// firstOf abbreviates a list to its first entry and the number of others.
func firstOf(list []string) string {
	switch len(list) {
	case 0:
		return none
	case 1:
		return list[0]
	}
	return fmt.Sprintf("%s +%d", list[0], len(list)-1)
}

// ownerText is KIND/NAME.
func ownerText(o *v1alpha1.OwnerReference) string {
	if o == nil {
		return none
	}
	return o.Kind + "/" + o.Name
}

// ownersText leads from the workload down to what owns the pod:
// CronJob/a > Job/a-1. A pod that is its own workload has no owners.
func ownersText(w v1alpha1.Workload, chain []v1alpha1.Owner) string {
	if w.Kind == "Pod" || w.Kind == "" {
		return none
	}
	links := []string{workloadText(w)}
	for _, o := range chain {
		links = append(links, o.Kind+"/"+o.Name)
	}
	return strings.Join(links, " > ")
}

// workloadText is KIND/NAME.
func workloadText(w v1alpha1.Workload) string { return w.Kind + "/" + w.Name }

// or returns s, or word if s is empty.
func or(s, word string) string {
	if s == "" {
		return word
	}
	return s
}

// count is a number and its noun in the right form.
func count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

// The ways in which cells fold into the line below their row.

func foldWhole(cell string) string {
	if cell == nothing || cell == none {
		return ""
	}
	return cell
}

// labelled puts a word before what is there.
func labelled(word string) func(string) string {
	return func(cell string) string {
		if cell == nothing || cell == none || cell == unknown {
			return ""
		}
		return word + " " + cell
	}
}

// foldOwners leaves out what the workload has said.
func foldOwners(cell string) string {
	if !strings.Contains(cell, " > ") {
		return ""
	}
	return "owners " + cell
}

func foldReady(cell string) string {
	if cell == nothing {
		return ""
	}
	return cell + " ready"
}

func foldSince(cell string) string {
	if cell == "?" {
		return ""
	}
	return "for " + cell
}

func foldRestarts(cell string) string {
	n, ago, _ := strings.Cut(cell, " ")
	switch n {
	case "0":
		return ""
	case "1":
		return joinNonEmpty(" ", "1 restart", ago)
	}
	return joinNonEmpty(" ", n, "restarts", ago)
}
