// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package printers

import (
	"strings"
	"time"

	"github.com/podwatch/kubectl-podwatch/pkg/apis/podwatch/v1alpha1"
)

// well is the sentence about a pod without a finding.
func (c Card) well() string {
	p := c.Pod
	name := "Pod " + p.Name
	if p.Workload.Kind != "Pod" {
		name += " of " + workloadText(p.Workload)
	}
	name += prefixed(" in ", p.Namespace)
	if p.State == v1alpha1.StateCompleted {
		return name + " completed" + c.completion() + "."
	}
	if p.State == v1alpha1.StateHealthy {
		return name + " is healthy: " + readyText(p.Ready) + " ready" + c.upSince() + ", " + or(restartsPhrase(p.Restarts), "no restarts") + "."
	}
	return name + " has no problem; it is " + strings.ToLower(string(p.State)) + "."
}

func restartsPhrase(n int64) string {
	if n == 0 {
		return ""
	}
	return count(int(n), "restart") + " in all"
}

// upSince is the youngest start of an app container.
func (c Card) upSince() string {
	var newest time.Time
	for i := range c.Pod.Containers {
		x := &c.Pod.Containers[i]
		if x.Type == v1alpha1.ContainerApp && x.StartedAt != nil && x.StartedAt.After(newest) {
			newest = x.StartedAt.Time
		}
	}
	if newest.IsZero() {
		return ""
	}
	return ", up for " + ageText(newest, c.Now)
}

// completion tells when the last app container ended and how long they took.
func (c Card) completion() string {
	var first, last time.Time
	for i := range c.Pod.Containers {
		t := c.Pod.Containers[i].LastTermination
		if t == nil || c.Pod.Containers[i].Type != v1alpha1.ContainerApp {
			continue
		}
		if t.FinishedAt != nil && t.FinishedAt.After(last) {
			last = t.FinishedAt.Time
		}
		if t.StartedAt != nil && (first.IsZero() || t.StartedAt.Time.Before(first)) {
			first = t.StartedAt.Time
		}
	}
	text := ""
	if !last.IsZero() {
		text = " " + ageText(last, c.Now) + " ago"
		if !first.IsZero() && last.After(first) {
			text += ", after " + spanText(int64(last.Sub(first).Seconds())) + " of work"
		}
	}
	return text
}
