// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package v1alpha1

import metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

// EventType is the closed list of what `kubectl podwatch watch` can say.
type EventType string

// The event types. Pod events are about one pod, stream events about the
// connection to the server. A related event says, once, what could not be read of
// that which stands around pods, and what it means. In lines a node event stands
// for those of the pods of a lost node; documents never have one. A clean.planned
// event is written before the pod is deleted; the one that says what came of it
// follows later. Before the end, gate events name the pods because of
// which a gate does not hold; there is exactly one end event, the last.
const (
	EventPodAdded           EventType = "pod.added"
	EventPodPendingStuck    EventType = "pod.pending_stuck"
	EventPodRunning         EventType = "pod.running"
	EventPodReady           EventType = "pod.ready"
	EventPodNotReady        EventType = "pod.notready"
	EventPodImageFailing    EventType = "pod.image_failing"
	EventPodConfigError     EventType = "pod.config_error"
	EventPodDegraded        EventType = "pod.degraded"
	EventPodFailing         EventType = "pod.failing"
	EventContainerRestarted EventType = "container.restarted"
	EventContainerOOMKilled EventType = "container.oomkilled"
	EventCrashLoopEntered   EventType = "crashloop.entered"
	EventCrashLoopContinues EventType = "crashloop.continues"
	EventPodFailed          EventType = "pod.failed"
	EventPodEvicted         EventType = "pod.evicted"
	EventPodUnknown         EventType = "pod.unknown"
	EventPodSucceeded       EventType = "pod.succeeded"
	EventPodRecovered       EventType = "pod.recovered"
	EventPodReplaced        EventType = "pod.replaced"
	EventPodDeleted         EventType = "pod.deleted"
	EventPodTerminating     EventType = "pod.terminating"
	EventPodTerminatingLate EventType = "pod.terminating_stuck"
	EventStreamLagging      EventType = "stream.lagging"
	EventStreamStale        EventType = "stream.stale"
	EventStreamLive         EventType = "stream.live"
	EventStreamRelisted     EventType = "stream.relisted"
	EventStreamForbidden    EventType = "stream.forbidden"
	EventStreamUnauthorized EventType = "stream.unauthorized"
	EventStreamFailed       EventType = "stream.failed"
	EventStreamNotice       EventType = "stream.notice"
	EventRelatedUnread      EventType = "related.unread"
	EventNodeLost           EventType = "node.lost"
	EventContainerLogs      EventType = "container.logs"
	EventPodEvents          EventType = "pod.events"
	EventGateUnmet          EventType = "gate.unmet"
	EventCleanPlanned       EventType = "clean.planned"
	EventCleanDeleted       EventType = "clean.deleted"
	EventCleanWouldDelete   EventType = "clean.would_delete"
	EventCleanSkipped       EventType = "clean.skipped"
	EventCleanFailed        EventType = "clean.failed"
	EventSummary            EventType = "summary"
	EventEnd                EventType = "end"
)

// PodWatchEvent is one line of `kubectl podwatch watch -o json`.
type PodWatchEvent struct {
	metav1.TypeMeta `json:",inline"`
	Type            EventType `json:"type"`
	// Time is when podwatch saw it, by its own clock; times that the server wrote
	// are by the server's.
	Time metav1.MicroTime `json:"time"`
	// Context is the kubeconfig context, absent in-cluster.
	Context string `json:"context,omitempty"`
	// Namespace, Name, UID and Node name the pod of a pod event.
	Namespace string          `json:"namespace,omitempty"`
	Name      string          `json:"name,omitempty"`
	UID       string          `json:"uid,omitempty"`
	Node      string          `json:"node,omitempty"`
	Owner     *OwnerReference `json:"owner,omitempty"`
	// From and To are the states before and after. From is absent for a pod
	// that was not known before, To for one that is gone.
	From State `json:"from,omitempty"`
	To   State `json:"to,omitempty"`
	// FromKubectlStatus and KubectlStatus are kubectl's STATUS before and
	// after.
	FromKubectlStatus string   `json:"fromKubectlStatus,omitempty"`
	KubectlStatus     string   `json:"kubectlStatus,omitempty"`
	Ready             *Ready   `json:"ready,omitempty"`
	Severity          Severity `json:"severity,omitempty"`
	// Cause, SubCause and Container are those of the primary finding.
	Cause     string `json:"cause,omitempty"`
	SubCause  string `json:"subCause,omitempty"`
	Container string `json:"container,omitempty"`
	// Restarts is kubectl's number, absent on events that are not about a pod.
	Restarts *int64 `json:"restarts,omitempty"`
	Message  string `json:"message,omitempty"`
	// Episode spans from the first bad verdict on a pod to its recovery or
	// end. Absent outside of one.
	Episode *Episode `json:"episode,omitempty"`
	// Initial is true for what was found at the start.
	Initial bool `json:"initial"`
	// Gap is true for what a re-list found: the states in between are unknown.
	Gap bool `json:"gap"`
	// Logs are the last lines of the run that crashed, the oldest first, without
	// what looks like a credential. Set on container.logs events only, which
	// follow the event that they belong to, in time or not at all.
	Logs []string `json:"logs,omitempty"`
	// Events are those about the pod, the oldest first. Set on pod.events events
	// only, likewise.
	Events []PodEvent `json:"events,omitempty"`
	// Clean is the decision on a pod, and its result. Set on clean events only.
	Clean *CleanItem `json:"clean,omitempty"`
	// Summary is set on summary events only, and on the end event.
	Summary *WatchSummary `json:"summary,omitempty"`
	// ExitCode is set on the end event only.
	ExitCode *int `json:"exitCode,omitempty"`
}

// PodEvent is what an Event object says about a pod.
type PodEvent struct {
	// Type is Normal or Warning.
	Type    string `json:"type"`
	Reason  string `json:"reason"`
	Message string `json:"message"`
	// Count is how often it happened as far as the recorder tells.
	Count int32 `json:"count"`
	// Last is when it happened last, absent if the event does not tell.
	Last *metav1.Time `json:"last,omitempty"`
}

// Episode ties together the events of one problem of one pod.
type Episode struct {
	// ID is the same for every run and every replica of podwatch.
	ID    string      `json:"id"`
	Since metav1.Time `json:"since"`
	// Flaps counts how often the pod was ready in between and then not again.
	Flaps int `json:"flaps"`
}

// WatchSummary is the periodic status report of watch.
type WatchSummary struct {
	Pods PodCounts `json:"pods"`
	// Cleaned counts the pods that this run has removed.
	Cleaned int `json:"cleaned"`
	// Reconciliations counts the reconciliations of this run.
	Reconciliations int64 `json:"reconciliations"`
	// Unhealthy counts the pods that Listed was cut from.
	Unhealthy int `json:"unhealthy"`
	// Listed are the pods that --summary-pods asked for, worst first, at most
	// twenty.
	Listed []SummaryPod `json:"listed"`
	// Streams are the parts of the scope whose pods may have changed unseen, or
	// are not counted, by context and namespace. Empty if all that is counted is
	// the present.
	Streams []SummaryStream `json:"streams"`
}

// StreamState is why a part of the scope is not seen.
type StreamState string

// The states of streams in a summary; stream events of the same name say more.
// StreamConnecting follows another one, while pods are read anew, and StreamFailed
// is for good: the pods were never read.
const (
	StreamConnecting   StreamState = "connecting"
	StreamLagging      StreamState = "lagging"
	StreamStale        StreamState = "stale"
	StreamForbidden    StreamState = "forbidden"
	StreamUnauthorized StreamState = "unauthorized"
	StreamFailed       StreamState = "failed"
)

// SummaryStream is a part of the scope that is not seen as it is.
type SummaryStream struct {
	// Context is absent with one context, Namespace if the stream is on all
	// namespaces.
	Context   string      `json:"context,omitempty"`
	Namespace string      `json:"namespace,omitempty"`
	State     StreamState `json:"state"`
	// BlindSeconds is how long ago it was seen last, or since when it was tried.
	BlindSeconds int64 `json:"blindSeconds"`
}

// SummaryPod is the status snapshot of one tracked pod.
type SummaryPod struct {
	// Context is absent with one context.
	Context       string   `json:"context,omitempty"`
	Namespace     string   `json:"namespace"`
	Name          string   `json:"name"`
	UID           string   `json:"uid"`
	Node          string   `json:"node,omitempty"`
	Phase         string   `json:"phase,omitempty"`
	State         State    `json:"state"`
	KubectlStatus string   `json:"kubectlStatus"`
	Ready         Ready    `json:"ready"`
	Restarts      int64    `json:"restarts"`
	Severity      Severity `json:"severity,omitempty"`
	Cause         string   `json:"cause,omitempty"`
	SubCause      string   `json:"subCause,omitempty"`
	Container     string   `json:"container,omitempty"`
	Message       string   `json:"message,omitempty"`
}
