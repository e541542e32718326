// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package printers

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/podwatch/kubectl-podwatch/pkg/apis/podwatch/v1alpha1"
)

// Card is all that there is to say about one pod: what is wrong with it in a
// sentence, how it got there, what says so, its last words and what to do next.
type Card struct {
	// Pod is nil if the card is about a workload that has no pod to show.
	Pod *v1alpha1.Pod
	// Group is what the card is about; nil if the pod has no finding.
	Group *v1alpha1.Group
	// Others are the other pods of the group.
	Others []*v1alpha1.Pod
	// Now is the instant of all ages.
	Now time.Time
	// Limitations are those of the report.
	Limitations []v1alpha1.Limitation
}

// CardOptions shape a card.
type CardOptions struct {
	// Width is that of the terminal in columns, at least 40. 0 means that there
	// is none: then nothing is cut, and every paragraph is one line.
	Width   int
	Palette Palette
	// ASCII keeps other characters out of what podwatch itself writes.
	ASCII bool
}

// Cards reports whether the tables of o in a format give way to a Card where
// CardOf has one: not where a list was asked for.
func (o ReportOptions) Cards(format string) bool {
	return (format == "" || format == string(narrow)) && (o.GroupBy == "" || o.GroupBy == GroupByWorkload) &&
		!o.NoHeaders && !o.ShowHealthy && !o.ShowCompleted && !o.Expand && o.Limit == 0 && o.Only.empty()
}

func (p reportTable) card(r *v1alpha1.PodReport) (Card, bool) {
	if !p.opts.Cards(string(p.columns)) {
		return Card{}, false
	}
	return CardOf(r)
}

// CardOf returns the card that says all of r. There is one if pods or workloads
// were named, and they are one pod, be it well or not, or fold into one group,
// which may be that of a workload without a pod.
// Info findings do not count beside worse ones; the card lists those of its pod.
// The card shares the report's memory.
func CardOf(r *v1alpha1.PodReport) (Card, bool) {
	c := Card{Now: r.ObservedAt.Time, Limitations: r.Limitations}
	if len(r.Scope.Targets) == 0 {
		return c, false
	}
	groups := worthACard(r.Groups)
	switch {
	case r.Summary.Pods.Total == 0 && len(groups) == 1:
		c.Group = groups[0]
		return c, true
	case r.Summary.Pods.Total == 1 && len(r.Pods) == 1:
		c.Pod = &r.Pods[0]
		c.Group = groupOf(r, c.Pod)
		return c, c.Group != nil || len(c.Pod.Findings) == 0
	case len(groups) == 1:
		c.Group = groups[0]
		for i := range r.Pods {
			p := &r.Pods[i]
			switch {
			case !inGroup(c.Group, p):
			case p.Name == c.Group.ExamplePod && c.Pod == nil:
				c.Pod = p
			default:
				c.Others = append(c.Others, p)
			}
		}
		return c, c.Pod != nil
	}
	return c, false
}

// worthACard returns the groups that no other one explains: those above info,
// if there are any.
func worthACard(groups []v1alpha1.Group) []*v1alpha1.Group {
	var all, bad []*v1alpha1.Group
	for i := range groups {
		if groups[i].RootCause != "" {
			continue
		}
		all = append(all, &groups[i])
		if groups[i].Severity != v1alpha1.SeverityInfo {
			bad = append(bad, &groups[i])
		}
	}
	if len(bad) > 0 {
		return bad
	}
	return all
}

// groupOf returns the group of the worst finding of p, nil if there is none.
func groupOf(r *v1alpha1.PodReport, p *v1alpha1.Pod) *v1alpha1.Group {
	for i := range r.Groups {
		if g := &r.Groups[i]; len(p.Findings) > 0 && g.ID == p.Findings[0].Group {
			return g
		}
	}
	return nil
}

func inGroup(g *v1alpha1.Group, p *v1alpha1.Pod) bool {
	return slices.ContainsFunc(p.Findings, func(f v1alpha1.Finding) bool { return f.Group == g.ID })
}

// Print writes the card with one call of Write.
func (c Card) Print(w io.Writer, o CardOptions) error {
	p := prose{width: o.Width, ascii: o.ASCII}
	switch {
	case c.Pod == nil:
		c.podless(&p, o)
	case c.Group != nil:
		c.problem(&p, o)
	default:
		p.paragraph("", nil, c.well(), 0)
		c.facts(&p)
	}
	return flush(&p.Buffer, w)
}

func (c Card) problem(p *prose, o CardOptions) {
	f := c.finding()
	p.paragraph(string(f.Severity)+": ", o.Palette.severity(f.Severity), c.sentence(), 0)
	c.facts(p)
	c.also(p)
	c.timeline(p)
	c.evidence(p)
	c.logs(p)
	c.next(p, o)
}

// finding is what the card's pod has of the group.
func (c Card) finding() *v1alpha1.Finding {
	for i := 0; c.Pod != nil && i < len(c.Pod.Findings); i++ {
		if f := &c.Pod.Findings[i]; f.Group == c.Group.ID {
			return f
		}
	}
	g := c.Group
	return &v1alpha1.Finding{
		Severity: g.Severity, SeverityReason: g.SeverityReason, Confidence: g.Confidence, Cause: g.Cause, SubCause: g.SubCause, Container: g.Container, ContainerType: g.ContainerType, Message: g.Message,
	}
}

// label pads the word before a fact.
func label(word string) string { return fmt.Sprintf("%-8s", word) }

// facts writes what kubectl would say of the pod, and which others there are.
func (c Card) facts(p *prose) {
	p.WriteByte('\n')
	parts := []string{readyText(c.Pod.Ready) + " " + or(c.Pod.KubectlStatus, unknown), count(int(c.Pod.Restarts), "restart")}
	if c.Pod.Node != "" {
		parts = append(parts, "node "+c.Pod.Node)
	}
	if c.Pod.Cluster != "" {
		parts = append(parts, "cluster "+c.Pod.Cluster)
	}
	if c.Pod.QOSClass != "" {
		parts = append(parts, c.Pod.QOSClass)
	}
	if at := c.Pod.CreatedAt; at != nil {
		parts = append(parts, "created "+ageText(at.Time, c.Now)+" ago")
	}
	p.paragraph(label("pod"), nil, c.Pod.Name+": "+strings.Join(parts, ", "), 0)
	if n := len(c.Others); n > 0 {
		const shown = 5
		names := make([]string, 0, shown)
		for _, o := range c.Others[:min(n, shown)] {
			names = append(names, o.Name)
		}
		more := ""
		if n > shown {
			more = fmt.Sprintf(" and %d more", n-shown)
		}
		p.paragraph(label("others"), nil, strings.Join(names, ", ")+more, 0)
	}
	if c.Group != nil {
		p.paragraph(label("cause"), nil, c.cause(), 0)
	}
}

// cause is the code of the cause, and what else is known about the judgement.
func (c Card) cause() string {
	f := c.finding()
	parts := []string{causeText(f.Cause, f.SubCause), containerPhrase(f.Container, f.ContainerType)}
	if f.Confidence != "" && f.Confidence != v1alpha1.ConfidenceHigh {
		parts = append(parts, "confidence "+strings.ToLower(string(f.Confidence)))
	}
	if len(f.SeverityReason) > 0 {
		parts = append(parts, "severity lowered by "+strings.Join(f.SeverityReason, ", "))
	}
	return joinNonEmpty(", ", parts...)
}

// also lists the other findings of the pod.
func (c Card) also(p *prose) {
	for i := range c.Pod.Findings {
		f := &c.Pod.Findings[i]
		if f.Group == c.Group.ID {
			continue
		}
		text := fmt.Sprintf("%s %s", f.Severity, causeText(f.Cause, f.SubCause))
		text += prefixed(", ", containerPhrase(f.Container, f.ContainerType)) + prefixed(": ", f.Message)
		p.paragraph(label("also"), nil, text, 3)
	}
}

func (c Card) evidence(p *prose) {
	f := c.finding()
	if len(f.Evidence) == 0 {
		return
	}
	p.heading("Evidence:")
	for _, e := range f.Evidence {
		where := e.Path
		if e.Source != "PodStatus" {
			where = joinNonEmpty(" ", e.Source, e.Path)
		}
		p.paragraph("  - ", nil, where+": "+or(e.Value, nothing)+c.at(e.Time), 8)
	}
}

// at tells when something is or was, in brackets.
func (c Card) at(t *metav1.Time) string {
	switch {
	case t == nil:
		return ""
	case t.After(c.Now):
		return " (in " + ageText(c.Now, t.Time) + ")"
	}
	return " (" + ageText(t.Time, c.Now) + " ago)"
}

// next writes the commands, those that change something last and marked.
func (c Card) next(p *prose, o CardOptions) {
	hints := c.finding().Hints
	if len(hints) == 0 {
		hints = c.Group.Hints
	}
	if len(hints) == 0 {
		return
	}
	arrow := "  → "
	if o.ASCII {
		arrow = "  > "
	}
	p.heading("Next:")
	for _, h := range hints {
		if !h.Mutating {
			p.whole(arrow, o.Palette.info, h.Command)
			p.paragraph("    ", nil, h.Reason, 0)
		}
	}
	for _, h := range hints {
		if h.Mutating {
			p.whole("  ! ", o.Palette.warning, h.Command)
			p.paragraph("    ", nil, "changes the cluster: "+h.Reason, 0)
		}
	}
}
