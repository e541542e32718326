// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package printers

import (
	"fmt"

	"github.com/podwatch/kubectl-podwatch/pkg/apis/podwatch/v1alpha1"
)

// logs writes the last lines, or why there are none.
func (c Card) logs(p *prose) {
	for i := range c.Pod.LogsTail {
		tail := &c.Pod.LogsTail[i]
		p.heading(tailHeading(tail))
		for _, line := range tailLines(tail) {
			p.short("  ", line)
		}
	}
	if len(c.Pod.LogsTail) > 0 {
		return
	}
	for _, l := range c.Limitations {
		if l.Resource == "pods/log" && l.Cluster == c.Pod.Cluster && (l.Namespace == "" || l.Namespace == c.Pod.Namespace) {
			p.heading(unreadText(l.Reason))
			return
		}
	}
}

func unreadText(reason string) string {
	switch reason {
	case "Offline":
		return "The input holds no log."
	case "Forbidden":
		return "The log could not be read: that needs the right to get pods/log."
	case "NotFound":
		return "No log was found."
	}
	return "The log could not be read (" + reason + ")."
}

func tailHeading(tail *v1alpha1.LogTail) string {
	switch tail.Source {
	case v1alpha1.LogTerminationMessage:
		return fmt.Sprintf("Last words of %s (termination message):", tail.Container)
	case v1alpha1.LogPrevious:
		return fmt.Sprintf("Last lines of %s before it ended:", tail.Container)
	case v1alpha1.LogCurrent:
	}
	return fmt.Sprintf("Last lines of %s:", tail.Container)
}

func tailLines(tail *v1alpha1.LogTail) []string {
	if len(tail.Lines) == 0 {
		return []string{"(nothing was written)"}
	}
	return tail.Lines
}

// podName is a pod in a report.
type podName struct{ cluster, namespace, name string }

func nameOf(p *v1alpha1.Pod) podName { return podName{p.Cluster, p.Namespace, p.Name} }

// exampleOf is the example pod of g.
func exampleOf(g *v1alpha1.Group) podName {
	return podName{g.Cluster, or(g.ExampleNamespace, g.Workload.Namespace), g.ExamplePod}
}

// podsWithLogs are the pods whose last lines were read.
func podsWithLogs(r *v1alpha1.PodReport) map[podName]*v1alpha1.Pod {
	pods := map[podName]*v1alpha1.Pod{}
	for i := range r.Pods {
		if p := &r.Pods[i]; len(p.LogsTail) > 0 {
			pods[nameOf(p)] = p
		}
	}
	return pods
}

// lastLines are the lines below the row of a group: what its worst pod wrote, if
// that was asked for.
func (v *reportView) lastLines(g *v1alpha1.Group) []below {
	p := v.logged[exampleOf(g)]
	if p == nil {
		return nil
	}
	var out []below
	for i := range p.LogsTail {
		tail := &p.LogsTail[i]
		if tail.Container != g.Container {
			continue
		}
		out = append(out, below{cell: cell{tailHeading(tail), v.Palette.faint}})
		for _, line := range tailLines(tail) {
			out = append(out, below{cell: cell{"| " + line, nil}})
		}
	}
	return out
}
