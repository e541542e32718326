// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package reconcile

import (
	"cmp"
	"context"
	"slices"
	"time"

	"k8s.io/apimachinery/pkg/types"

	"github.com/podwatch/kubectl-podwatch/pkg/apis/podwatch/v1alpha1"
	"github.com/podwatch/kubectl-podwatch/pkg/diagnose"
	"github.com/podwatch/kubectl-podwatch/pkg/projection"
)

// Surroundings are what was read above the pods of one namespace: what makes a
// finding milder than the pod alone would be. They are immutable.
type Surroundings struct {
	// Since is when reading began: they are at least as new as that.
	Since time.Time
	// Owners are the controllers of pods, and theirs.
	Owners []*projection.Owner
	// Absent are the controllers of pods that do not exist or may not be read.
	// One that is neither here nor in Owners could not be read this time.
	Absent []types.UID
	// Asked is true if the namespace itself was asked for, because pods of it
	// are being deleted, Terminating if it is being deleted as well.
	Asked, Terminating bool
	// Limitations say what could not be read.
	Limitations []v1alpha1.Limitation
	// Named is true for what Config.Named has read: Owners are these workloads and
	// not what stands above the pods, of which nothing is said.
	Named bool
}

// Surveyor reads surroundings.
type Surveyor interface {
	// Concerns reports whether there is anything above p to read. It is pure.
	Concerns(p *projection.Pod) bool
	// Read reads above pods of the context with the given name, in bulk, and
	// returns what it has found for each of their namespaces; what it could not
	// read is a limitation. It ends soon after ctx. Calls for one context never
	// overlap, and a replay makes none.
	Read(ctx context.Context, name string, pods []*projection.Pod) map[string]Surroundings
}

// The times of a doubt: the verdict on a pod is in doubt while it is news and
// nothing recent is known of what stands above the pod.
const (
	// fresh is how old surroundings may be that settle a verdict. They are read
	// again after that, so that what has changed is told a little later.
	fresh = 5 * time.Second
	// patience bounds the doubt: a server answers a list within it or is in
	// trouble itself.
	patience = 2 * time.Second
)

// doubt is a verdict that waits for surroundings.
type doubt struct {
	since time.Time
	// settled is the last verdict without a doubt, nil if there was none.
	settled *diagnose.Verdict
}

// doubts reports whether the verdict v on p is in doubt, and lets the survey
// know of the pod. was is the verdict before. It depends on nothing but the
// frames of the pod and what was delivered before them.
func (e *Engine) doubts(key Key, f frame, p *projection.Pod, was *diagnose.Verdict, v *diagnose.Verdict) bool {
	if e.cfg.Surveyor == nil {
		return false
	}
	e.mu.Lock()
	d, open := e.doubtful[key]
	e.mu.Unlock()
	if !open {
		d = doubt{since: f.at, settled: was}
	}
	concerned := concerning(v) && e.cfg.Surveyor.Concerns(p)
	news := concerned && !same(d.settled, v)
	switch {
	case news:
		e.survey.ask(key, p)
	case concerned:
		e.survey.keep(key, p)
	default:
		e.survey.drop(key)
	}
	if news && !f.around.settles(p, d.since.Add(-fresh)) && !f.waited(d.since) {
		e.mu.Lock()
		defer e.mu.Unlock()
		e.doubtful[key] = d
		return true
	}
	if open {
		e.settle(key)
	}
	return false
}

// settle forgets the doubt about a pod.
func (e *Engine) settle(key Key) {
	e.mu.Lock()
	defer e.mu.Unlock()
	delete(e.doubtful, key)
}

// concerning reports whether anything above the pod can change v: there is a
// finding of warning or worse, or one that would be. A deletion that hangs is
// about the pod itself.
func concerning(v *diagnose.Verdict) bool {
	return slices.ContainsFunc(v.Findings, func(f v1alpha1.Finding) bool {
		return f.Category != "Deletion" && (f.Severity != v1alpha1.SeverityInfo || len(f.SeverityReason) > 0)
	})
}

// waited reports whether the time for surroundings is over for a doubt that has
// begun at since. Nothing is read before the initial lists are complete.
func (f frame) waited(since time.Time) bool {
	if f.synced.IsZero() {
		return false
	}
	if f.synced.After(since) {
		since = f.synced
	}
	return f.at.Sub(since) >= patience
}

// settles reports whether s says all there is to say about p, as of the given
// time or later.
func (s *Surroundings) settles(p *projection.Pod, asOf time.Time) bool {
	switch {
	case s == nil || p.DeletionTimestamp != nil && !s.Asked:
		return false
	case p.Controller != nil && !s.about(p.Controller.UID):
		return false
	}
	return !s.Since.Before(asOf)
}

// about reports whether s says anything of the controller with the given UID,
// if only that it is not there.
func (s *Surroundings) about(uid types.UID) bool {
	_, absent := slices.BinarySearch(s.Absent, uid)
	return absent || s.Owner(uid) != nil
}

// of is what a verdict on p may take into account; nothing if s is nil.
func (s *Surroundings) of(p *projection.Pod) diagnose.Related {
	if s == nil {
		return diagnose.Related{}
	}
	rel := diagnose.Related{NamespaceTerminating: s.Terminating}
	// The API does not forbid that owners own each other.
	const longest = 8
	for c := p.Controller; c != nil && len(rel.Owners) < longest; {
		o := s.Owner(c.UID)
		if o == nil {
			break
		}
		rel.Owners = append(rel.Owners, o)
		c = o.Controller
	}
	return rel
}

// Owner returns the owner with the given UID, nil if it was not read. Owners must be
// sorted by their UIDs, as those of an event are.
func (s *Surroundings) Owner(uid types.UID) *projection.Owner {
	i, ok := slices.BinarySearchFunc(s.Owners, uid, func(o *projection.Owner, uid types.UID) int { return cmp.Compare(o.UID, uid) })
	if !ok {
		return nil
	}
	return s.Owners[i]
}

// after returns s in order, completed by what was known before and could not be
// read this time.
func (s Surroundings) after(before *Surroundings) *Surroundings {
	s.Owners, s.Absent = slices.Clone(s.Owners), slices.Sorted(slices.Values(s.Absent))
	byUID := func(a, b *projection.Owner) int { return cmp.Compare(a.UID, b.UID) }
	slices.SortFunc(s.Owners, byUID)
	if before == nil || len(s.Limitations) == 0 {
		return &s
	}
	read := s
	for _, o := range before.Owners {
		if !read.about(o.UID) {
			s.Owners = append(s.Owners, o)
		}
	}
	slices.SortFunc(s.Owners, byUID)
	return &s
}

// surround takes in what was read above the pods of a namespace, and looks again
// at all pods that it may be about.
func (e *Engine) surround(of place, s *Surroundings) {
	e.fireDue()
	seq, at, keys, ok := e.intake.surround(of, s)
	if !ok {
		return
	}
	e.out.put(seq, &Event{Type: Read, Time: at, Source: Source{Context: of.context, Namespace: of.namespace}, Surroundings: s})
	for _, key := range keys {
		e.judgeSoon(key)
	}
}
