// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package gate

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/podwatch/kubectl-podwatch/pkg/apis/podwatch/v1alpha1"
	"github.com/podwatch/kubectl-podwatch/pkg/diagnose"
	"github.com/podwatch/kubectl-podwatch/pkg/projection"
	"github.com/podwatch/kubectl-podwatch/pkg/reconcile"
	"github.com/podwatch/kubectl-podwatch/pkg/reconcile/stream"
)

// Options say what to wait for. Durations of zero stand for none.
type Options struct {
	// Conditions are at least one. All of them must hold for all pods.
	Conditions []Condition
	// MinPods is how many pods there must be. It does not count for deletion.
	MinPods int
	// StableFor is how long the conditions must hold without a break.
	StableFor time.Duration
	// Timeout counts from the start.
	Timeout time.Duration
	// MaxStale is how long any source may be other than live.
	MaxStale time.Duration
	// Sources is the number of sources of the run.
	Sources int
	// Workloads are those that must be rolled out as well if the gate is Whole. Of
	// each there must be one in some namespace, unless they may not be read.
	Workloads []Workload
}

// Outcome is where a gate stands.
type Outcome string

// The outcomes. All but Pending are final.
const (
	Pending Outcome = "Pending"
	// Held: the conditions hold, and have long enough.
	Held Outcome = "Held"
	// Failed: a pod cannot meet them any more.
	Failed Outcome = "Failed"
	// TimedOut: they did not hold within Options.Timeout.
	TimedOut Outcome = "TimedOut"
	// GaveUp: the pods could not be seen for Options.MaxStale.
	GaveUp Outcome = "GaveUp"
)

// Decision is the answer to one event.
type Decision struct {
	Outcome Outcome
	// Reason says in one clause why, or what is missing.
	Reason string
	// Next is the instant at which the gate wants a Look if nothing comes before;
	// zero if time alone changes nothing.
	Next time.Time
}

// Gate is a state machine. It is not safe for concurrent use.
type Gate struct {
	opts    Options
	start   time.Time
	synced  bool
	members map[reconcile.Key]*member
	// unmet counts the members that do not meet a condition, those that have
	// failed left out: failed holds them, for they may have a replacement.
	unmet  int
	failed map[reconcile.Key]*member
	lost   map[reconcile.Key]*member
	// alive are the pods of each owner that have not failed, youngest is the last of
	// them.
	alive    map[owner]map[reconcile.Key]*member
	youngest map[owner]*member
	states   map[at]stream.State
	unread   int
	// around is what was read above pods, by their namespaces, workloads what was
	// read of Options.Workloads, by source.
	around, workloads map[at]*reconcile.Surroundings
	// blinded is the last error of any source, nil once one was heard of again.
	blinded error
	// metSince and blindSince are zero while the conditions do not hold, or all
	// is live.
	metSince, blindSince time.Time
}

// member is a pod of the live set.
type member struct {
	key      reconcile.Key
	pod      *projection.Pod
	verdict  *diagnose.Verdict
	met      bool
	hopeless *v1alpha1.Finding
}

// New returns a gate that opens at the instant start.
func New(opts Options, start time.Time) *Gate {
	return &Gate{
		opts: opts, start: start, blindSince: start,
		members: map[reconcile.Key]*member{}, failed: map[reconcile.Key]*member{}, lost: map[reconcile.Key]*member{},
		alive: map[owner]map[reconcile.Key]*member{}, youngest: map[owner]*member{}, states: map[at]stream.State{},
		around: map[at]*reconcile.Surroundings{}, workloads: map[at]*reconcile.Surroundings{},
	}
}

// String names what the gate waits for.
func (o Options) String() string {
	texts := make([]string, 0, len(o.Conditions))
	for _, c := range o.Conditions {
		texts = append(texts, c.String())
	}
	return strings.Join(texts, " and ")
}

// Earliest is the first instant at which a gate that opens at start can be
// decided without any event, zero if there is none.
func (o Options) Earliest(start time.Time) time.Time {
	next := earliest{now: start}
	for _, d := range []time.Duration{o.Timeout, o.MaxStale} {
		if d > 0 {
			next.reached(start, d)
		}
	}
	return next.at
}

// Absence reports whether the gate waits for the end of all pods.
func (o Options) Absence() bool {
	return slices.ContainsFunc(o.Conditions, func(c Condition) bool { return c.absent })
}

// Take takes in an event and decides as of its time.
func (g *Gate) Take(ev reconcile.Event) Decision {
	switch ev.Type {
	case reconcile.Judged:
		old := g.leave(ev.Key)
		if ev.Pod.DeletionTimestamp == nil || g.opts.Absence() {
			g.enter(&member{key: ev.Key, pod: ev.Pod, verdict: ev.To})
		}
		g.age(old)
	case reconcile.Gone:
		g.age(g.leave(ev.Key))
	case reconcile.Stream:
		g.states[at{ev.Source.Context, ev.Source.Namespace}] = ev.Status.State
		g.blinded = ev.Status.Err
	case reconcile.SourceFailed:
		g.unread++
		delete(g.states, at{ev.Source.Context, ev.Source.Namespace})
	case reconcile.Synced:
		g.synced = true
	case reconcile.Read:
		g.read(at{ev.Source.Context, ev.Source.Namespace}, ev.Surroundings)
	case reconcile.Tick, reconcile.Look, reconcile.Aftermath:
	}
	return g.decide(ev.Time)
}

// enter takes m into the live set.
func (g *Gate) enter(m *member) {
	g.members[m.key] = m
	patient := false
	m.met = true
	for _, c := range g.opts.Conditions {
		m.met = m.met && !c.absent && c.met(m.pod, m.verdict)
		patient = patient || c.patient
	}
	g.compare(m)
	switch {
	case m.met:
		return
	case m.pod.Phase == corev1.PodFailed && m.pod.Controller != nil:
		g.failed[m.key] = m
	default:
		g.unmet++
	}
	if m.hopeless = g.hopeless(m); m.hopeless != nil && !patient {
		g.lost[m.key] = m
	}
}

// leave takes the pod of key out of the live set and returns it, nil if it was
// not in there.
func (g *Gate) leave(key reconcile.Key) *member {
	m := g.members[key]
	if m == nil {
		return nil
	}
	if g.failed[key] == nil && !m.met {
		g.unmet--
	}
	delete(g.members, key)
	delete(g.failed, key)
	delete(g.lost, key)
	if o, ok := m.owner(); ok {
		delete(g.alive[o], key)
	}
	return m
}

// decide weighs everything as of now.
func (g *Gate) decide(now time.Time) Decision {
	live := g.live()
	g.blindSince = since(g.blindSince, !live, now)
	missing := g.missing()
	g.metSince = since(g.metSince, missing == "" && g.synced && live, now)
	if m := g.firstLost(); m != nil && g.synced {
		return Decision{Outcome: Failed, Reason: m.describe(m.hopeless)}
	}
	if text := g.stuck(); text != "" && g.synced {
		return Decision{Outcome: Failed, Reason: g.naming(text, "; ")}
	}
	next := earliest{now: now}
	if !g.metSince.IsZero() && next.reached(g.metSince, g.opts.StableFor) {
		return Decision{Outcome: Held, Reason: g.opts.String()}
	}
	d := Decision{Outcome: Pending, Reason: cmp.Or(g.blindness(live), missing, "not yet for "+g.opts.StableFor.String())}
	if g.opts.Timeout > 0 && next.reached(g.start, g.opts.Timeout) {
		d.Outcome = TimedOut
		if missing == d.Reason {
			d.Reason = g.naming(missing, ": ")
		}
	} else if g.opts.MaxStale > 0 && !live && next.reached(g.blindSince, g.opts.MaxStale) {
		d.Outcome = GaveUp
	}
	d.Next = next.at
	return d
}

// live reports whether all sources that can be read are up to date.
func (g *Gate) live() bool {
	n := 0
	for _, s := range g.states {
		if s != stream.Live {
			return false
		}
		n++
	}
	return n+g.unread >= g.opts.Sources && n > 0
}

func (g *Gate) blindness(live bool) string {
	var text string
	switch {
	case g.synced && live:
		return ""
	case g.synced:
		text = "the pods cannot be seen at present"
	case g.blinded == nil:
		return "the pods could not be read yet"
	default:
		text = "the pods could not be read"
	}
	if g.blinded != nil {
		text += ": " + g.blinded.Error()
	}
	return text
}

// missing says what the live set lacks, "" if nothing.
func (g *Gate) missing() string {
	unmet := g.unmet
	for _, m := range g.failed {
		if !g.replaced(m) {
			unmet++
		}
	}
	switch {
	case g.opts.Absence() && len(g.members) > 0:
		return fmt.Sprintf("%s %s still there", pods(len(g.members)), are(len(g.members)))
	case g.opts.Absence():
		return ""
	case unmet > 0:
		return fmt.Sprintf("%s not %s", share(unmet, len(g.members)), g.opts)
	case len(g.members) == 0 && g.opts.MinPods > 0:
		return "there are no pods"
	case len(g.members)-len(g.failed) < g.opts.MinPods:
		n := len(g.members) - len(g.failed)
		return fmt.Sprintf("there %s %s, want at least %d", are(n), pods(n), g.opts.MinPods)
	}
	return g.rollingOut()
}

// since is when a state began: then, or now if it begins, or zero if it is over.
func since(then time.Time, holds bool, now time.Time) time.Time {
	switch {
	case !holds:
		return time.Time{}
	case then.IsZero():
		return now
	}
	return then
}

// earliest collects the instants that are still to come.
type earliest struct{ now, at time.Time }

// reached reports whether d has passed since t, and otherwise remembers when it
// will have.
func (e *earliest) reached(t time.Time, d time.Duration) bool {
	t = t.Add(d)
	if !t.After(e.now) {
		return true
	}
	if e.at.IsZero() || t.Before(e.at) {
		e.at = t
	}
	return false
}
