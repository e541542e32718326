// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package v1alpha1

import metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

// TimelineEvent is a word for something that happened to a pod.
type TimelineEvent string

// The words that podwatch has of its own. Everything else that the cluster
// recorded about a pod has the reason of its event as its word, e.g.
// FailedMount, and the end of a pod that a kubelet brought about has the reason
// of the pod's status, e.g. Evicted.
const (
	TimelineReplicaSetCreated    TimelineEvent = "ReplicaSetCreated"
	TimelineCreated              TimelineEvent = "Created"
	TimelineUnschedulable        TimelineEvent = "Unschedulable"
	TimelineScheduled            TimelineEvent = "Scheduled"
	TimelineAcknowledged         TimelineEvent = "Acknowledged" // by the kubelet: status.startTime
	TimelineSandboxReady         TimelineEvent = "SandboxReady"
	TimelinePulling              TimelineEvent = "Pulling"
	TimelinePulled               TimelineEvent = "Pulled"
	TimelinePullFailed           TimelineEvent = "PullFailed"
	TimelineInitialized          TimelineEvent = "Initialized"
	TimelineEarlierRuns          TimelineEvent = "EarlierRuns" // runs of which nothing is known
	TimelineStarted              TimelineEvent = "Started"
	TimelineReady                TimelineEvent = "Ready"
	TimelineNotReady             TimelineEvent = "NotReady"
	TimelineStartupProbeFailed   TimelineEvent = "StartupProbeFailed"
	TimelineReadinessProbeFailed TimelineEvent = "ReadinessProbeFailed"
	TimelineLivenessProbeFailed  TimelineEvent = "LivenessProbeFailed"
	TimelineKilled               TimelineEvent = "Killed" // by the kubelet, for the reason in detail
	TimelineExited               TimelineEvent = "Exited"
	TimelineStartFailed          TimelineEvent = "StartFailed"
	TimelineBackOff              TimelineEvent = "BackOff"
	TimelineNodeNotReady         TimelineEvent = "NodeNotReady"
	TimelineDisrupted            TimelineEvent = "Disrupted"
	TimelineDeleted              TimelineEvent = "Deleted"   // the deletion was asked for
	TimelineGraceOver            TimelineEvent = "GraceOver" // metadata.deletionTimestamp has passed
)

// TimelineEntry is one thing that happened to a pod. What is known of the life
// of a pod has gaps: of the runs of a container only the last two, and events
// are dropped, folded and forgotten after an hour.
type TimelineEntry struct {
	// Time is when it happened; for EarlierRuns before when.
	Time metav1.Time `json:"time"`
	// FirstTime is when it happened for the first time, absent unless it
	// happened more than once.
	FirstTime *metav1.Time `json:"firstTime,omitempty"`
	// Count is how often it happened as far as was recorded, at least 1; for
	// EarlierRuns the number of runs.
	Count int32         `json:"count"`
	Event TimelineEvent `json:"event"`
	// Container is absent if the entry is about the pod.
	Container string `json:"container,omitempty"`
	// Detail is one line for people. It may change between releases.
	Detail string `json:"detail,omitempty"`
	// Source is the field or the object that says so, as in evidence: a path in
	// the pod, Event/REASON, or KIND/NAME.
	Source string `json:"source"`
	// RunSeconds is how long a run that ended had taken, absent when unknown.
	RunSeconds *int64 `json:"runSeconds,omitempty"`
}

// LogSource says which text of a container a LogTail is the end of.
type LogSource string

// The sources of log lines.
const (
	LogTerminationMessage LogSource = "TerminationMessage" // what the container left in its termination log
	LogPrevious           LogSource = "Previous"           // the log of the run before the present one
	LogCurrent            LogSource = "Current"            // the log of the present run, or of the last one if none follows
)

// LogTail is the end of what a container wrote. Credentials in it are replaced
// as far as they can be told from other text.
type LogTail struct {
	Container string    `json:"container"`
	Source    LogSource `json:"source"`
	// Lines are the last lines, the oldest first; empty if nothing was written.
	Lines []string `json:"lines"`
}
