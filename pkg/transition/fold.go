// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package transition

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/podwatch/kubectl-podwatch/pkg/apis/podwatch/v1alpha1"
)

// How long the pods of a lost node are gathered: until no more have come for
// quiet, and longest at most. The node controller marks them one after another,
// twenty in a second (--kube-api-qps of kube-controller-manager, v1.37).
const (
	quiet   = 2 * time.Second
	longest = 10 * time.Second
)

// namedPods bounds the pods that the event about a node names.
const namedPods = 3

// Folder folds the events about the pods of a lost node into one about the node,
// for readers of lines. What it is told by is what the pods say of their node.
// The zero value is ready for use; like a Teller it has no clock.
type Folder struct {
	nodes map[node]*gathered
}

// node is a node of a context. What was so at the start is told apart.
type node struct {
	context, name string
	initial       bool
}

type gathered struct {
	events      []v1alpha1.PodWatchEvent
	first, last time.Time
}

func (g *gathered) due() time.Time {
	at := g.last.Add(quiet)
	if end := g.first.Add(longest); end.Before(at) {
		return end
	}
	return at
}

// Take takes in an event of the instant now and returns what is to be told of it
// at once: nothing if it is kept until the pods of its node are gathered, else it,
// and before it what was kept of the same pod.
func (f *Folder) Take(e v1alpha1.PodWatchEvent, now time.Time) []v1alpha1.PodWatchEvent {
	if e.Cause != "NodeNotReady" || e.Name == "" || e.Node == "" || e.Type == v1alpha1.EventGateUnmet {
		kept := f.release(func(g *gathered) bool { return g.holds(&e) })
		return append(kept, e)
	}
	of := node{e.Context, e.Node, e.Initial}
	g := f.nodes[of]
	if g == nil {
		g = &gathered{first: now}
		if f.nodes == nil {
			f.nodes = map[node]*gathered{}
		}
		f.nodes[of] = g
	}
	g.events, g.last = append(g.events, e), now
	return nil
}

// holds reports whether g has an event about the pod of e.
func (g *gathered) holds(e *v1alpha1.PodWatchEvent) bool {
	return e.UID != "" && slices.ContainsFunc(g.events, func(other v1alpha1.PodWatchEvent) bool {
		return other.Context == e.Context && other.UID == e.UID
	})
}

// Due is when Release has something to tell, zero if it never has.
func (f *Folder) Due() time.Time {
	var due time.Time
	for _, g := range f.nodes {
		if at := g.due(); due.IsZero() || at.Before(due) {
			due = at
		}
	}
	return due
}

// Release returns what is to be told by now, in the order in which it has begun: an
// event about each node, or the event about its only pod.
func (f *Folder) Release(now time.Time) []v1alpha1.PodWatchEvent {
	return f.release(func(g *gathered) bool { return !g.due().After(now) })
}

// Rest returns all that is kept, at the end of a run.
func (f *Folder) Rest() []v1alpha1.PodWatchEvent {
	return f.release(func(*gathered) bool { return true })
}

func (f *Folder) release(due func(*gathered) bool) []v1alpha1.PodWatchEvent {
	var events []v1alpha1.PodWatchEvent
	nodes := slices.SortedFunc(maps.Keys(f.nodes), func(a, b node) int {
		return cmp.Or(f.nodes[a].first.Compare(f.nodes[b].first), cmp.Compare(a.context, b.context), cmp.Compare(a.name, b.name))
	})
	for _, of := range nodes {
		if g := f.nodes[of]; due(g) {
			events = append(events, g.event())
			delete(f.nodes, of)
		}
	}
	return events
}

// event is the one event of a node.
func (g *gathered) event() v1alpha1.PodWatchEvent {
	first := &g.events[0]
	if len(g.events) == 1 {
		return *first
	}
	out := v1alpha1.PodWatchEvent{
		TypeMeta: first.TypeMeta, Type: v1alpha1.EventNodeLost, Time: first.Time, Context: first.Context, Node: first.Node,
		Cause: first.Cause, SubCause: first.SubCause, Initial: first.Initial,
	}
	var names []string
	for i := range g.events {
		e := &g.events[i]
		if rank(e.Severity) > rank(out.Severity) {
			out.Severity = e.Severity
		}
		out.Gap = out.Gap || e.Gap
		if name := e.Namespace + "/" + e.Name; !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	more := ""
	if n := len(names) - namedPods; n > 0 {
		more = fmt.Sprintf(" and %d more", n)
	}
	out.Message = fmt.Sprintf("%s; %d pods: %s%s", first.Message, len(names), strings.Join(names[:min(len(names), namedPods)], ", "), more)
	return out
}
