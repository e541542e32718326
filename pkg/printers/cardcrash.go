// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package printers

import (
	"fmt"
	"strconv"
	"strings"

	"k8s.io/apimachinery/pkg/api/resource"

	"github.com/podwatch/kubectl-podwatch/pkg/apis/podwatch/v1alpha1"
)

// The sentences about containers that ended.

func (v *verdict) crashLoop() string {
	subject, who := v.subject()+v.verb("is", "are")+"crash-looping", v.container()
	if v.Group.TotalPods > 1 {
		subject, who = v.workload()+" is crash-looping", v.who()
		if v.Group.ContainerType != v1alpha1.ContainerApp {
			subject += " in " + v.container()
		}
	}
	how := v.how()
	if how == "" {
		return subject + v.since() + v.often() + ": " + v.message() + "."
	}
	return subject + ": " + who + " " + how + prefixed(", ", v.run()) + v.since() + v.often() + "."
}

// often sets the number of restarts against the age of the pod: since when it
// loops is known for the last runs only.
func (v *verdict) often() string {
	c := v.status()
	switch {
	case v.many():
		return fmt.Sprintf(" (%s in all)", count(int(v.Group.Restarts.Total), "restart"))
	case c == nil:
		return ""
	case v.Pod.CreatedAt == nil || v.Group.Since != nil && v.Group.Since.Before(v.Pod.CreatedAt):
		return " (" + count(int(c.RestartCount), "restart") + ")"
	}
	return fmt.Sprintf(" (%s in %s)", count(int(c.RestartCount), "restart"), ageText(v.Pod.CreatedAt.Time, v.Now))
}

// how tells the way in which the runs of a looping container end, empty if that
// is not known.
func (v *verdict) how() string {
	exits, ends, is := "exits", "ends", "is"
	if v.many() {
		exits, ends, is = "exit", "end", "are"
	}
	t := v.end()
	if t == nil {
		return ""
	}
	switch v.Group.SubCause {
	case "SigKilled":
		return ends + " with " + v.message()
	case "OOMKilled", "ExitedZero", "ExitCode":
		return exits + " with " + v.code(t)
	case "SeccompKilled":
		return is + " killed by seccomp, exit " + v.code(t)
	case "LivenessKilled", "StartupKilled":
		return is + " killed by the kubelet because its " + v.probe() + " probe fails"
	}
	return ""
}

// probe is the one that a sub-cause names.
func (v *verdict) probe() string {
	return strings.ToLower(strings.TrimSuffix(v.Group.SubCause, "Killed"))
}

func (v *verdict) end() *v1alpha1.Termination {
	if c := v.status(); c != nil {
		return c.LastTermination
	}
	return nil
}

// code is an exit code with what it stands for.
func (v *verdict) code(t *v1alpha1.Termination) string {
	var means []string
	switch {
	case t.Reason == "OOMKilled":
		means = append(means, "out of memory")
		if c := v.status(); c != nil && c.Resources != nil && c.Resources.MemoryLimitBytes > 0 {
			means = append(means, "limit "+resource.NewQuantity(c.Resources.MemoryLimitBytes, resource.BinarySI).String())
		}
	case v.Group.SubCause == "LivenessKilled" || v.Group.SubCause == "StartupKilled":
		means = append(means, "its "+v.probe()+" probe failed")
	case t.ExitCode == 0:
		means = append(means, "no error, but it is meant to run on")
	case t.ExitCode == 126:
		means = append(means, "the command cannot be executed")
	case t.ExitCode == 127:
		means = append(means, "command not found")
	case t.Signal != "":
		means = append(means, t.Signal)
	}
	text := strconv.Itoa(int(t.ExitCode))
	if len(means) > 0 {
		text += " (" + strings.Join(means, ", ") + ")"
	}
	return text
}

// run tells how long the known runs took. Two that are alike stand for all.
func (v *verdict) run() string {
	var runs []int64
	for i := range v.Pod.Timeline {
		if e := &v.Pod.Timeline[i]; e.Container == v.Group.Container && e.RunSeconds != nil {
			runs = append(runs, *e.RunSeconds)
		}
	}
	if len(runs) == 0 {
		return ""
	}
	last := runs[len(runs)-1]
	each := "its last start"
	if v.many() {
		each = "the last start"
	}
	about := ""
	if len(runs) > 1 && alike(runs[len(runs)-2], last) {
		each, about = "each start", "about "
	}
	if last < 1 {
		return "within a second of " + each
	}
	return about + spanText(last) + " after " + each
}

// alike is true for spans that differ by little.
func alike(a, b int64) bool {
	const slack = 5
	return max(a, b)-min(a, b) <= max(slack, max(a, b)/4)
}

func (v *verdict) oomKilled() string {
	who, t := v.container(), v.end()
	kill := who + " was killed"
	if t != nil {
		kill += " with exit " + v.code(t)
	}
	switch {
	case v.Pod.State == v1alpha1.StateFailed:
		return v.subject() + " failed" + v.when() + ": " + kill + "."
	case v.status() != nil && v.status().State == "Running":
		return v.subject() + v.verb("runs", "run") + "again, but " + kill + v.when() + "."
	}
	return v.subject() + v.verb("is", "are") + "down: " + kill + v.when() + "."
}

func (v *verdict) restarted() string {
	again := v.subject() + v.verb("runs", "run") + "again: " + v.container()
	switch t := v.end(); {
	case v.killed():
		return v.subject() + v.verb("runs", "run") + "again:" + v.when() + " " + v.container() + " was " + v.message() + "."
	case t == nil || v.ownWords():
		return again + " ended" + v.when() + ": " + v.message() + "."
	default:
		return again + " ended with exit " + v.code(t) + v.when() + "."
	}
}

// killed is true for an end that the kubelet brought about; the message begins
// with "ended by".
func (v *verdict) killed() bool {
	switch v.Group.SubCause {
	case "LivenessKilled", "StartupKilled", "SpecChanged":
		return strings.HasPrefix(v.finding.Message, "ended by ")
	}
	return false
}

// ownWords is true for an end that its message tells better than its code.
func (v *verdict) ownWords() bool {
	for _, kind := range []string{"SigKilled", "SeccompKilled", "StatusLost", "RuntimeRestarted", "RestartingAll", "ContainerStart"} {
		if v.Group.SubCause == kind || v.Group.Cause == kind {
			return true
		}
	}
	return false
}

// ended is about a container that is down, or that made its pod fail.
func (v *verdict) ended() string {
	state := v.verb("is", "are") + "down"
	if v.Pod.State == v1alpha1.StateFailed {
		state = " failed"
	}
	t := v.end()
	if t == nil || v.ownWords() {
		return v.subject() + state + v.when() + ": " + joinNonEmpty(": ", v.container(), v.message()) + "."
	}
	took := ""
	if t.StartedAt != nil && t.FinishedAt != nil {
		if span := t.FinishedAt.Sub(t.StartedAt.Time); span > 0 {
			took = " after " + spanText(int64(span.Seconds()))
		}
	}
	return v.subject() + state + ": " + v.container() + " ended with exit " + v.code(t) + took + prefixed(", ", v.ago()) + "."
}
