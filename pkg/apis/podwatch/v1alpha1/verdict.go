// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package v1alpha1

import metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

// State is the one word that describes a pod as a whole.
type State string

// The states, in the order in which they are tried; the first that holds wins.
const (
	StateTerminating State = "Terminating" // metadata.deletionTimestamp is set
	StateCompleted   State = "Completed"   // status.phase is Succeeded
	StateFailed      State = "Failed"      // status.phase is Failed
	StateUnknown     State = "Unknown"     // status.phase is Unknown
	StateFailing     State = "Failing"     // a critical finding
	StateDegraded    State = "Degraded"    // a warning that is still in force
	StateProgressing State = "Progressing" // not up yet, at most info
	StateHealthy     State = "Healthy"     // up; may carry a finding about the past
)

// Severity says how much a finding matters.
type Severity string

// The severities, worst first.
const (
	SeverityCritical Severity = "critical"
	SeverityWarning  Severity = "warning"
	SeverityInfo     Severity = "info"
)

// ContainerType says which list of the pod spec a container stands in.
type ContainerType string

// The container types. A Sidecar is an init container with restartPolicy
// Always (KEP-753).
const (
	ContainerApp       ContainerType = "App"
	ContainerInit      ContainerType = "Init"
	ContainerSidecar   ContainerType = "Sidecar"
	ContainerEphemeral ContainerType = "Ephemeral"
)

// SincePrecision says how well the beginning of a finding is known.
type SincePrecision string

// The precisions. AtLeast: it began then or earlier. AtMost: then or later.
const (
	SinceExact   SincePrecision = "Exact"
	SinceAtLeast SincePrecision = "AtLeast"
	SinceAtMost  SincePrecision = "AtMost"
	SinceUnknown SincePrecision = "Unknown"
)

// Confidence says what a finding rests on.
type Confidence string

// The confidences. High: the status says it. Medium: an event or the order of
// times says it. Low: it is inferred from what is missing.
const (
	ConfidenceHigh   Confidence = "High"
	ConfidenceMedium Confidence = "Medium"
	ConfidenceLow    Confidence = "Low"
)

// Finding is one thing that is worth saying about a pod, or about a workload
// that has no pod to say it of.
type Finding struct {
	// ID identifies the finding in a report; it is stable as long as the pod
	// lives. Group is the ID of the group that it is in. Primary is true for
	// the first finding of a pod. A verdict that is not in a report has none of
	// the three.
	ID      string `json:"id"`
	Group   string `json:"group"`
	Primary bool   `json:"primary"`

	Severity Severity `json:"severity"`
	// SeverityReason names what has lowered the severity, in the order in which
	// it did: OwnerSatisfied, Rollout, JobAttemptsLeft, JobComplete,
	// NamespaceTerminating. Empty if the severity is that of the cause.
	SeverityReason []string   `json:"severityReason"`
	Confidence     Confidence `json:"confidence"`
	// Category groups causes by the layer that must act, e.g. Image or Node.
	Category string `json:"category"`
	// Cause is a stable CamelCase code, e.g. CrashLoop. Listed in docs/causes.md.
	Cause string `json:"cause"`
	// SubCause narrows the cause, e.g. OOMKilled. Absent when there is none.
	SubCause string `json:"subCause,omitempty"`
	// Container is the name of the container at fault, absent when no
	// container is.
	Container     string        `json:"container,omitempty"`
	ContainerType ContainerType `json:"containerType,omitempty"`
	// Object is what besides the pod is to blame and may be shared by others:
	// the node, the registry, the claim, the ConfigMap, Secret or quota. Absent
	// if nothing is.
	Object *ObjectReference `json:"object,omitempty"`
	// Since is when the finding began, absent when SincePrecision is Unknown.
	Since          *metav1.Time   `json:"since,omitempty"`
	SincePrecision SincePrecision `json:"sincePrecision"`
	// Message is one line for people. It may change between releases.
	Message  string     `json:"message"`
	Evidence []Evidence `json:"evidence"`
	Hints    []Hint     `json:"hints"`
}

// Evidence is one fact that a finding rests on.
type Evidence struct {
	// Source is the object that the fact was read from, e.g. PodStatus.
	Source string `json:"source"`
	// Path is the field within the source, with list entries by name.
	Path string `json:"path"`
	// Value is the fact as the server gave it.
	Value string `json:"value"`
	// Time is when the fact was recorded, absent when unknown.
	Time *metav1.Time `json:"time,omitempty"`
}

// Hint is a command that brings the reader one step further.
type Hint struct {
	// Command can be pasted into a POSIX shell as it stands.
	Command string `json:"command"`
	// Reason says what the command shows or does.
	Reason string `json:"reason"`
	// Mutating is true if the command changes the cluster.
	Mutating bool `json:"mutating"`
}

// Ready counts containers as kubectl's READY column does.
type Ready struct {
	Ready int32 `json:"ready"`
	Total int32 `json:"total"`
}

// OwnerReference names a controller of a pod.
type OwnerReference struct {
	Kind string `json:"kind"`
	Name string `json:"name"`
}

// ObjectReference names something that more than one pod can depend on.
type ObjectReference struct {
	// Kind is a kind of the API, or Registry for the host that images come from.
	Kind string `json:"kind"`
	// Namespace is absent for what is in none.
	Namespace string `json:"namespace,omitempty"`
	Name      string `json:"name"`
}
