// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package transition

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strings"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/podwatch/kubectl-podwatch/pkg/apis/podwatch/v1alpha1"
	"github.com/podwatch/kubectl-podwatch/pkg/diagnose"
	"github.com/podwatch/kubectl-podwatch/pkg/projection"
	"github.com/podwatch/kubectl-podwatch/pkg/reconcile"
)

// Teller turns engine events into transitions. It is not safe for concurrent
// use; the engine's emit is sequential anyway.
type Teller struct {
	opts   Options
	synced bool
	pods   map[reconcile.Key]*pod
	// streams holds what was last heard of every source, by context and namespace.
	streams map[[2]string]seen
	// skews holds the skew that was told of the servers, by context.
	skews map[string]time.Duration
	// deleted holds the names of pods that were deleted lately, and when.
	deleted map[name]time.Time
	// unreadable holds what was told of that could not be read.
	unreadable map[unreadable]bool
}

// name is what a pod and its replacement have in common.
type name struct{ context, namespace, name string }

// replacedWithin is how long after the end of a pod another one of its name
// counts as its replacement: a StatefulSet makes it at once, one behind a quota
// or a webhook a little later.
const replacedWithin = time.Minute

// Options say what to tell.
type Options struct {
	// MinSeverity hides pod events below it, but for the end of an episode that has
	// reached it; "" tells everything.
	MinSeverity v1alpha1.Severity
	// SummaryPods says which pods a summary lists.
	SummaryPods SummaryPods
	// RecoverAfter is how long a pod must be well to have recovered. Zero stands
	// for twice the time that the container has run before its last crash, at
	// least a minute and at most ten.
	RecoverAfter time.Duration
	// Selective is true if the scope has selectors, so that a pod can leave it
	// and live.
	Selective bool
	// SeveralContexts is true if the scope has more than one context: then a
	// summary names that of each pod and stream.
	SeveralContexts bool
}

// SummaryPods says which pods a summary lists.
type SummaryPods string

// The choices of --summary-pods. At most twenty pods are listed.
const (
	SummaryUnhealthy SummaryPods = "unhealthy"
	SummaryAll       SummaryPods = "all"
	SummaryNone      SummaryPods = "none"
)

// pod is what the Teller remembers of one pod.
type pod struct {
	last    *projection.Pod
	verdict *diagnose.Verdict
	// episode is nil outside of one.
	episode *episode
	// hold is how long the pod must be well to have recovered.
	hold time.Duration
	// skew is that of the last verdict.
	skew time.Duration
	// held is what is not told yet because it is in doubt, nil if nothing is.
	held *held
}

type episode struct {
	v1alpha1.Episode
	// worst is the highest severity told in this episode, per finding.
	worst map[problem]v1alpha1.Severity
	// restarts is the count at which the crash loop was last told.
	restarts int64
}

// peak is the rank of the highest severity told in the episode.
func (e *episode) peak() int {
	peak := 0
	for _, severity := range e.worst {
		peak = max(peak, rank(severity))
	}
	return peak
}

// problem identifies a finding within one pod.
type problem struct{ cause, subCause, container string }

// problemOf is the problem behind f. The runs of one crash loop may end in different
// ways, and the kubelet may forget how.
func problemOf(f *v1alpha1.Finding) problem {
	if f.Cause == "CrashLoop" {
		return problem{cause: f.Cause, container: f.Container}
	}
	return problem{f.Cause, f.SubCause, f.Container}
}

// New returns a Teller that has seen nothing.
func New(opts Options) *Teller {
	return &Teller{
		opts: opts, pods: map[reconcile.Key]*pod{}, streams: map[[2]string]seen{}, deleted: map[name]time.Time{},
		skews:      map[string]time.Duration{},
		unreadable: map[unreadable]bool{},
	}
}

// Tell returns what ev gives reason to say, mostly nothing or one event.
func (t *Teller) Tell(ev reconcile.Event) []v1alpha1.PodWatchEvent {
	switch ev.Type {
	case reconcile.Judged:
		passed := t.passed(&ev)
		return append(passed, t.tellPod(ev, t.judged(ev))...)
	case reconcile.Gone:
		passed := t.passed(&ev)
		return append(passed, t.tellPod(ev, t.gone(ev))...)
	case reconcile.Synced:
		t.synced = true
		return t.baseline(ev)
	case reconcile.Stream:
		return t.streamEvents(ev)
	case reconcile.SourceFailed:
		return t.sourceFailed(ev)
	case reconcile.Tick:
		return []v1alpha1.PodWatchEvent{t.Summary(ev.Time, ev.Reconciliations)}
	case reconcile.Read:
		return t.unread(ev)
	case reconcile.Look, reconcile.Aftermath:
	}
	return nil
}

// tellPod completes what judged and gone have found, unless it is too early for it.
func (t *Teller) tellPod(ev reconcile.Event, found *v1alpha1.PodWatchEvent) []v1alpha1.PodWatchEvent {
	if !t.synced || found == nil {
		return nil
	}
	found.Initial, found.Gap = ev.Initial, ev.Gap
	return []v1alpha1.PodWatchEvent{*found}
}

// judged keeps the verdict and names the edge that it makes, nil if none.
func (t *Teller) judged(ev reconcile.Event) *v1alpha1.PodWatchEvent {
	p := t.pods[ev.Key]
	if p == nil {
		p = &pod{}
		t.pods[ev.Key] = p
	}
	was := *p
	if p.held != nil {
		was = p.held.was
	}
	isNew := was.verdict == nil
	p.last, p.verdict, p.skew, p.held = ev.Pod, ev.To, ev.Skew, nil
	if ev.Doubtful {
		p.held = &held{was, ev}
		return nil
	}
	p.hold = cmp.Or(t.opts.RecoverAfter, hold(ev.Pod))
	p.hop(was)
	kind, finding := p.edge(was, ev)
	if ev.To.State == v1alpha1.StateCompleted {
		p.last = stub(ev.Pod)
	}
	replaced := isNew && t.takesPlace(ev)
	switch {
	case kind == "" && replaced:
		kind = v1alpha1.EventPodReplaced
	case kind == "" && isNew && !ev.Initial:
		kind = v1alpha1.EventPodAdded
	case kind == "":
		return nil
	}
	e := event(kind, ev, was, finding, cmp.Or(p.episode, was.episode))
	if p.episode != nil {
		return t.shown(e, nil)
	}
	return t.shown(e, was.episode)
}

// shown returns e unless Options.MinSeverity hides it. ended is the episode that
// ends with e, nil if none does: whoever was told of a problem is told of its end.
func (t *Teller) shown(e *v1alpha1.PodWatchEvent, ended *episode) *v1alpha1.PodWatchEvent {
	least := rank(t.opts.MinSeverity)
	if rank(e.Severity) >= least || ended != nil && ended.peak() >= least {
		return e
	}
	return nil
}

// stub is what is kept of a pod that has succeeded: it is counted, not tracked
// (R12).
func stub(p *projection.Pod) *projection.Pod {
	return &projection.Pod{ObjectMeta: p.ObjectMeta, NodeName: p.NodeName, Phase: p.Phase, Kubectl: p.Kubectl, Controller: p.Controller}
}

// takesPlace reports whether the new pod of ev has the name of one that was
// deleted lately.
func (t *Teller) takesPlace(ev reconcile.Event) bool {
	n := nameOf(ev.Key)
	at, ok := t.deleted[n]
	delete(t.deleted, n)
	return ok && ev.Time.Sub(at) <= replacedWithin
}

func nameOf(k reconcile.Key) name { return name{k.Context, k.Namespace, k.Name} }

// gone forgets the pod and says so.
func (t *Teller) gone(ev reconcile.Event) *v1alpha1.PodWatchEvent {
	p := t.pods[ev.Key]
	delete(t.pods, ev.Key)
	if p == nil {
		return nil
	}
	for n, at := range t.deleted {
		if ev.Time.Sub(at) > replacedWithin {
			delete(t.deleted, n)
		}
	}
	t.deleted[nameOf(ev.Key)] = ev.Time
	e := event(v1alpha1.EventPodDeleted, ev, *p, nil, p.episode)
	if t.opts.Selective && p.last.DeletionTimestamp == nil && ev.Pod.DeletionTimestamp == nil {
		e.Message = "deleted, or not selected any more"
	}
	return t.shown(e, p.episode)
}

// baseline tells how things are at the start: the numbers, then every pod that
// is bad already.
func (t *Teller) baseline(ev reconcile.Event) []v1alpha1.PodWatchEvent {
	summary := t.Summary(ev.Time, ev.Reconciliations)
	summary.Initial = true
	summary.Summary.Listed = []v1alpha1.SummaryPod{}
	events := append([]v1alpha1.PodWatchEvent{summary}, t.unseen(ev)...)
	for _, key := range t.worstFirst() {
		p := t.pods[key]
		finding := p.verdict.Primary()
		if p.episode == nil || finding == nil || rank(finding.Severity) < rank(t.opts.MinSeverity) {
			continue
		}
		initial := reconcile.Event{Time: ev.Time, Key: key, Pod: p.last, To: p.verdict}
		e := event(typeOf(p.last, finding), initial, pod{}, finding, p.episode)
		e.Initial = true
		events = append(events, *e)
	}
	return events
}

// About is an event of the given type about the pod of key as it was told last,
// because of f, which may be nil. It returns false for a pod that is gone.
func (t *Teller) About(kind v1alpha1.EventType, at time.Time, key reconcile.Key, f *v1alpha1.Finding) (v1alpha1.PodWatchEvent, bool) {
	p := t.pods[key]
	if p == nil {
		return v1alpha1.PodWatchEvent{}, false
	}
	return *event(kind, reconcile.Event{Time: at, Key: key, Pod: p.last, To: p.verdict}, pod{}, f, p.episode), true
}

// Pods is how many pods of the namespace are there, "" being all namespaces.
func (t *Teller) Pods(context, namespace string) int {
	n := 0
	for key := range t.pods {
		if key.Context == context && (namespace == "" || key.Namespace == namespace) {
			n++
		}
	}
	return n
}

// worstFirst returns the keys of all pods by severity, then key.
func (t *Teller) worstFirst() []reconcile.Key {
	keys := make([]reconcile.Key, 0, len(t.pods))
	for key := range t.pods {
		keys = append(keys, key)
	}
	slices.SortFunc(keys, func(a, b reconcile.Key) int {
		return cmp.Or(
			rank(t.pods[b].verdict.Severity())-rank(t.pods[a].verdict.Severity()),
			a.Compare(b),
		)
	})
	return keys
}

// event makes the event of the given type about a pod.
func event(kind v1alpha1.EventType, ev reconcile.Event, was pod, f *v1alpha1.Finding, ep *episode) *v1alpha1.PodWatchEvent {
	restarts := ev.Pod.Kubectl.Restarts
	e := &v1alpha1.PodWatchEvent{
		TypeMeta: v1alpha1.TypeMeta("PodWatchEvent"), Type: kind, Time: metav1.NewMicroTime(ev.Time.UTC()),
		Context: ev.Key.Context, Namespace: ev.Key.Namespace, Name: ev.Key.Name, UID: string(ev.Key.UID),
		Node: ev.Pod.NodeName, KubectlStatus: ev.Pod.Kubectl.Status, Restarts: &restarts,
		Ready:    &v1alpha1.Ready{Ready: ev.Pod.Kubectl.Ready, Total: ev.Pod.Kubectl.Total},
		Severity: v1alpha1.SeverityInfo,
	}
	if c := ev.Pod.Controller; c != nil {
		e.Owner = &v1alpha1.OwnerReference{Kind: c.Kind, Name: c.Name}
	}
	if was.verdict != nil {
		e.From = was.verdict.State
		e.FromKubectlStatus = was.last.Kubectl.Status
	}
	if ev.To != nil {
		e.To = ev.To.State
	}
	if f != nil {
		e.Severity, e.Cause, e.SubCause = f.Severity, f.Cause, f.SubCause
		e.Container, e.Message = f.Container, f.Message
	}
	if ep != nil {
		e.Episode = new(ep.Episode)
	}
	if kind == v1alpha1.EventPodRecovered && ep != nil {
		e.Message = recoveredText(&was, ep, ev)
	}
	return e
}

// newEpisode opens an episode. Its id depends on nothing but the pod and the
// cause, so that every run and every replica gives it the same one.
func newEpisode(key reconcile.Key, f *v1alpha1.Finding, at time.Time) *episode {
	sum := sha256.Sum256([]byte(strings.Join([]string{
		key.Context, key.Namespace, string(key.UID), f.Cause, f.Container,
	}, "\x00")))
	since := metav1.NewTime(at.UTC())
	if f.Since != nil {
		since = *f.Since
	}
	return &episode{
		Episode: v1alpha1.Episode{ID: hex.EncodeToString(sum[:])[:16], Since: since},
		worst:   map[problem]v1alpha1.Severity{},
	}
}

// rank orders severities; "" is the lowest.
func rank(s v1alpha1.Severity) int {
	switch s {
	case v1alpha1.SeverityCritical:
		return 3
	case v1alpha1.SeverityWarning:
		return 2
	case v1alpha1.SeverityInfo:
		return 1
	default:
		return 0
	}
}
