// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package report

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/podwatch/kubectl-podwatch/pkg/apis/podwatch/v1alpha1"
	"github.com/podwatch/kubectl-podwatch/pkg/diagnose"
	"github.com/podwatch/kubectl-podwatch/pkg/internal/plaintext"
	"github.com/podwatch/kubectl-podwatch/pkg/projection"
)

const (
	// maxDetail bounds the text of an entry, in bytes.
	maxDetail = 1024
	// oneMoment is how far apart two records of one thing can be: the parts of
	// the kubelet stamp it one after the other, in whole seconds.
	oneMoment = 2 * time.Second
)

// timelineOf tells the life of a pod with findings up to now, the oldest first;
// never nil. What the pod itself says goes before an event that says the same.
func timelineOf(j judged, rel diagnose.Related, now time.Time) []v1alpha1.TimelineEntry {
	t := timeline{pod: j.pod, now: now, entries: []v1alpha1.TimelineEntry{}}
	if len(j.findings) == 0 {
		return t.entries
	}
	t.owner(rel.Owners)
	t.beginning()
	for i := range j.pod.Containers {
		t.container(&j.pod.Containers[i], rel.Events)
	}
	t.readiness()
	t.node(rel.Node)
	t.end(j.findings)
	t.own = len(t.entries)
	for i := range rel.Events {
		t.event(&rel.Events[i])
	}
	slices.SortStableFunc(t.entries, compareEntries)
	return t.entries
}

type timeline struct {
	pod     *projection.Pod
	now     time.Time
	entries []v1alpha1.TimelineEntry
	// own is the number of entries that come from the objects themselves; those
	// of events stand behind them.
	own int
}

// add enters what happened at a known instant that is not in the future.
func (t *timeline) add(at time.Time, e v1alpha1.TimelineEntry) {
	if at.IsZero() || at.After(t.now) {
		return
	}
	e.Time = *timestamp(at)
	e.Count = max(e.Count, 1)
	e.Detail = plaintext.Cut(plaintext.Line(plaintext.Redact(e.Detail)), maxDetail)
	t.entries = append(t.entries, e)
}

// told is true if an object itself says the same about the same container.
func (t *timeline) told(event v1alpha1.TimelineEvent, container string) bool {
	return slices.ContainsFunc(t.entries[:t.own], func(e v1alpha1.TimelineEntry) bool { return e.Event == event && e.Container == container })
}

// owner enters the revision that the pod belongs to.
func (t *timeline) owner(owners []*projection.Owner) {
	if len(owners) == 0 || owners[0].Kind != projection.KindReplicaSet {
		return
	}
	rs := owners[0]
	detail := rs.Name
	if rs.Revision != "" {
		detail += ", now revision " + rs.Revision
	}
	t.add(rs.CreationTimestamp, v1alpha1.TimelineEntry{
		Event: v1alpha1.TimelineReplicaSetCreated, Detail: detail, Source: rs.Kind + "/" + rs.Name,
	})
}

// beginning enters how the pod got to its node.
func (t *timeline) beginning() {
	p := t.pod
	t.add(p.CreationTimestamp.Time, v1alpha1.TimelineEntry{Event: v1alpha1.TimelineCreated, Source: "metadata.creationTimestamp"})
	if c := p.Condition(corev1.PodScheduled); c != nil && c.Reason != corev1.PodReasonSchedulingGated {
		e := v1alpha1.TimelineEntry{Event: v1alpha1.TimelineScheduled, Detail: onNode(p.NodeName), Source: conditionPath(c)}
		if c.Status != corev1.ConditionTrue {
			e.Event, e.Detail = v1alpha1.TimelineUnschedulable, unschedulable(c.Message)
		}
		t.add(c.LastTransitionTime, e)
	}
	t.add(p.StartTime, v1alpha1.TimelineEntry{
		Event: v1alpha1.TimelineAcknowledged, Detail: onNode(p.NodeName), Source: "status.startTime",
	})
	if c := p.Condition(corev1.PodReadyToStartContainers); holds(c) && p.Phase == corev1.PodPending {
		t.add(c.LastTransitionTime, v1alpha1.TimelineEntry{Event: v1alpha1.TimelineSandboxReady, Source: conditionPath(c)})
	}
	if c := p.Condition(corev1.PodInitialized); holds(c) && t.hasInit() {
		t.add(c.LastTransitionTime, v1alpha1.TimelineEntry{Event: v1alpha1.TimelineInitialized, Source: conditionPath(c)})
	}
}

// unschedulable leaves out the outcome of preemption: it repeats the count.
func unschedulable(message string) string {
	message, _, _ = strings.Cut(message, " preemption: ")
	return strings.TrimSuffix(message, ".")
}

func (t *timeline) hasInit() bool {
	return slices.ContainsFunc(t.pod.Containers, func(c projection.Container) bool {
		return c.Type == v1alpha1.ContainerInit || c.Type == v1alpha1.ContainerSidecar
	})
}

// readiness enters when the pod became ready, or stopped being so. While a pod
// is Pending the condition tells nothing but its creation, after its end
// nothing but that; and at a crash it repeats the crash.
func (t *timeline) readiness() {
	c := t.pod.Condition(corev1.PodReady)
	if c == nil || t.pod.Phase != corev1.PodRunning {
		return
	}
	if holds(c) {
		t.add(c.LastTransitionTime, v1alpha1.TimelineEntry{Event: v1alpha1.TimelineReady, Source: conditionPath(c)})
		return
	}
	e := v1alpha1.TimelineEntry{Event: v1alpha1.TimelineNotReady, Detail: cmp.Or(c.Message, c.Reason), Source: conditionPath(c)}
	if c.Reason == "" && holds(t.pod.Condition(corev1.ContainersReady)) {
		// The mark of the node controller, see package diagnose.
		e.Event, e.Detail = v1alpha1.TimelineNodeNotReady, "the node controller gave the node up"
	}
	obvious := slices.ContainsFunc(t.entries, func(e v1alpha1.TimelineEntry) bool {
		return (e.Event == v1alpha1.TimelineExited || e.Event == v1alpha1.TimelineAcknowledged || e.Event == v1alpha1.TimelineCreated) &&
			e.Time.Sub(c.LastTransitionTime).Abs() <= oneMoment
	})
	if !obvious {
		t.add(c.LastTransitionTime, e)
	}
}

// node enters when the node stopped being ready, if it was read.
func (t *timeline) node(n *projection.Node) {
	if n == nil || n.Ready == nil || holds(n.Ready) || terminal(t.pod.Phase) {
		return
	}
	t.add(n.Ready.LastTransitionTime, v1alpha1.TimelineEntry{
		Event: v1alpha1.TimelineNodeNotReady, Detail: reasonAndMessage(n.Ready), Source: "Node/" + n.Name,
	})
}

// end enters what ended the pod from outside, and its deletion.
func (t *timeline) end(findings []v1alpha1.Finding) {
	p := t.pod
	if c := p.Condition(corev1.DisruptionTarget); holds(c) {
		e := v1alpha1.TimelineEntry{Event: v1alpha1.TimelineDisrupted, Detail: reasonAndMessage(c), Source: conditionPath(c)}
		if c.Message == p.Message {
			e.Detail = c.Reason // the end of the pod says the rest
		}
		t.add(c.LastTransitionTime, e)
	}
	const reason = "status.reason"
	for i := range findings {
		f := &findings[i]
		if f.Since != nil && f.SincePrecision == v1alpha1.SinceExact && p.Phase == corev1.PodFailed && isWord(p.Reason) &&
			slices.ContainsFunc(f.Evidence, func(e v1alpha1.Evidence) bool { return e.Path == reason }) {
			t.add(f.Since.Time, v1alpha1.TimelineEntry{Event: v1alpha1.TimelineEvent(p.Reason), Detail: p.Message, Source: reason})
			break
		}
	}
	t.deletion()
}

// deletion enters the request, which lies the grace period before the
// deletionTimestamp, and the end of the grace period.
func (t *timeline) deletion() {
	at := t.pod.DeletionTimestamp
	if at == nil || at.IsZero() {
		return
	}
	const field = "metadata.deletionTimestamp"
	grace := time.Duration(0)
	if s := t.pod.DeletionGracePeriodSeconds; s != nil && *s > 0 && *s < 1<<31 {
		grace = time.Duration(*s) * time.Second
		t.add(at.Time, v1alpha1.TimelineEntry{Event: v1alpha1.TimelineGraceOver, Source: field})
	}
	t.add(at.Add(-grace), v1alpha1.TimelineEntry{
		Event: v1alpha1.TimelineDeleted, Detail: "with a grace period of " + strconv.Itoa(int(grace/time.Second)) + "s", Source: field,
	})
}

// compareEntries puts the oldest first and what happened in the same second in
// the order of a pod's life.
func compareEntries(a, b v1alpha1.TimelineEntry) int {
	return cmp.Or(
		a.Time.Compare(b.Time.Time), cmp.Compare(step(a.Event), step(b.Event)),
		cmp.Compare(a.Container, b.Container), cmp.Compare(a.Event, b.Event), cmp.Compare(a.Detail, b.Detail),
	)
}

// step is where in a pod's life an event has its place.
func step(event v1alpha1.TimelineEvent) int {
	order := []v1alpha1.TimelineEvent{
		v1alpha1.TimelineReplicaSetCreated, v1alpha1.TimelineCreated, v1alpha1.TimelineUnschedulable, v1alpha1.TimelineScheduled,
		v1alpha1.TimelineAcknowledged, v1alpha1.TimelineSandboxReady, v1alpha1.TimelinePulling, v1alpha1.TimelinePulled,
		v1alpha1.TimelineEarlierRuns, v1alpha1.TimelineStarted, v1alpha1.TimelineInitialized, v1alpha1.TimelineReady, v1alpha1.TimelineNodeNotReady,
		v1alpha1.TimelineStartupProbeFailed, v1alpha1.TimelineReadinessProbeFailed, v1alpha1.TimelineLivenessProbeFailed,
		v1alpha1.TimelineDeleted, v1alpha1.TimelineKilled,
	}
	if i := slices.Index(order, event); i >= 0 {
		return i
	}
	return len(order)
}

func holds(c *projection.Condition) bool { return c != nil && c.Status == corev1.ConditionTrue }

func terminal(phase corev1.PodPhase) bool {
	return phase == corev1.PodSucceeded || phase == corev1.PodFailed
}

func onNode(name string) string {
	if name == "" {
		return ""
	}
	return "node " + name
}

func conditionPath(c *projection.Condition) string {
	return "status.conditions[" + string(c.Type) + "]"
}

func reasonAndMessage(c *projection.Condition) string {
	return strings.Trim(c.Reason+": "+c.Message, ": ")
}
