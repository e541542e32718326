// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package v1alpha1

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// PodReport is the output of `kubectl podwatch report`: every problem in
// scope at one instant.
type PodReport struct {
	metav1.TypeMeta `json:",inline"`
	// GeneratedAt is the wall clock when the report was made.
	GeneratedAt metav1.Time `json:"generatedAt"`
	// ObservedAt is the now of every age in the report, by the server's clock.
	// Offline it is the instant of the capture.
	ObservedAt metav1.Time `json:"observedAt"`
	// ObservedAtSource is Clock, Flag (--now) or Inferred (the newest time
	// found in the input).
	ObservedAtSource string    `json:"observedAtSource"`
	Tool             Tool      `json:"tool"`
	Source           Source    `json:"source"`
	Scope            Scope     `json:"scope"`
	Selection        Selection `json:"selection"`
	Summary          Summary   `json:"summary"`
	// Groups are the findings folded by workload, cause and container, worst
	// first, and one more for each object that several workloads suffer from.
	Groups []Group `json:"groups"`
	// Pods are the pods with findings, sorted by cluster, namespace, name and UID; with
	// --show-healthy every scanned pod, with --include-completed also those that
	// have succeeded.
	Pods []Pod `json:"pods"`
	// Limitations say what could not be read and what that may hide.
	Limitations []Limitation `json:"limitations"`
}

// Tool is the program that made the report.
type Tool struct {
	Name string `json:"name"`
	// Version is absent when the build does not tell.
	Version string `json:"version,omitempty"`
}

// Source says where the pods of a report came from.
type Source struct {
	// Type is Cluster, or what made the capture: ClusterInfoDump, MustGather,
	// SupportBundle, or File for all else and for captures of several types.
	Type string `json:"type"`
	// Context is the kubeconfig context, absent offline, in-cluster and if there
	// are several.
	Context string `json:"context,omitempty"`
	// Contexts are the kubeconfig contexts of a report on several clusters,
	// sorted, those that could not be read included; else absent.
	Contexts []string `json:"contexts,omitempty"`
	// File is the file or directory as it was named on the command line, "-"
	// for standard input, absent for a cluster.
	File string `json:"file,omitempty"`
}

// Scope repeats which pods were asked for.
type Scope struct {
	// Namespaces are sorted; empty means all namespaces. Of several clusters
	// they are those of any.
	Namespaces    []string `json:"namespaces"`
	AllNamespaces bool     `json:"allNamespaces"`
	LabelSelector string   `json:"labelSelector,omitempty"`
	FieldSelector string   `json:"fieldSelector,omitempty"`
	Targets       []string `json:"targets"`
}

// Selection narrows down the scope: what is not in it counts nowhere. An empty
// list does not narrow.
type Selection struct {
	// ExcludeNamespaces and Images are patterns in which * stands for anything
	// and ? for one character.
	ExcludeNamespaces []string `json:"excludeNamespaces"`
	Images            []string `json:"images"`
	// Containers are names.
	Containers []string `json:"containers"`
	// Owners are KIND/NAME.
	Owners []string `json:"owners"`
	// QOSClasses are Guaranteed, Burstable and BestEffort.
	QOSClasses []string `json:"qosClasses"`
}

// Summary counts the whole scope, before any display filter.
type Summary struct {
	Pods      PodCounts      `json:"pods"`
	Workloads WorkloadCounts `json:"workloads"`
	Findings  FindingCounts  `json:"findings"`
	// ByCause has one entry per cause and sub-cause, worst first.
	ByCause []CauseCount `json:"byCause"`
}

// WorkloadCounts counts the workloads of the scanned pods and of the owners with
// a finding.
type WorkloadCounts struct {
	Total int `json:"total"`
	// Affected counts those with a finding that is worse than info.
	Affected int `json:"affected"`
}

// CauseCount counts the pods with one cause.
type CauseCount struct {
	// Cause is CAUSE or CAUSE/SUBCAUSE.
	Cause string `json:"cause"`
	// Severity is the worst that the cause has anywhere.
	Severity Severity `json:"severity"`
	// Pods counts each pod once; it is 0 for what only an owner has.
	Pods int `json:"pods"`
}

// PodCounts counts each scanned pod once, by its state.
type PodCounts struct {
	Total       int `json:"total"`
	Healthy     int `json:"healthy"`
	Progressing int `json:"progressing"`
	Degraded    int `json:"degraded"`
	Failing     int `json:"failing"`
	Failed      int `json:"failed"`
	Terminating int `json:"terminating"`
	Completed   int `json:"completed"`
	Unknown     int `json:"unknown"`
}

// FindingCounts counts groups, not pods: one crash-looping Deployment of
// thirty replicas is one critical finding. Groups that another one explains are
// not counted.
type FindingCounts struct {
	Critical int `json:"critical"`
	Warning  int `json:"warning"`
	Info     int `json:"info"`
}

// Group is one problem of one workload: all pods of it with the same cause and
// container. The problem of an object that two or more workloads suffer from,
// a node or a registry, is a group of its own: its workload is that object, its
// members name it as their RootCause, and it speaks for all of their pods.
type Group struct {
	// ID is stable over pod restarts, rollouts and podwatch runs.
	ID string `json:"id"`
	// Cluster is the kubeconfig context, absent unless there are several. It is
	// part of what ID stands for.
	Cluster string `json:"cluster,omitempty"`
	// RootCause is the ID of the group that explains this one, absent if none
	// does. A group can be explained by one that is explained itself.
	RootCause string `json:"rootCause,omitempty"`
	// Severity, SeverityReason, Confidence and Hints are those of the worst pod
	// of the group, or of its owner if no pod has the finding.
	Severity       Severity   `json:"severity"`
	SeverityReason []string   `json:"severityReason"`
	Confidence     Confidence `json:"confidence"`
	Category       string     `json:"category"`
	Cause          string     `json:"cause"`
	SubCause       string     `json:"subCause,omitempty"`
	Workload       Workload   `json:"workload"`
	// OwnerChain leads from the workload down to the example pod, both left
	// out: the ReplicaSet of a Deployment, the Job of a CronJob. Without an
	// example pod it ends with the owner that has the finding.
	OwnerChain []Owner `json:"ownerChain"`
	// Container is absent when no container is at fault.
	Container     string        `json:"container,omitempty"`
	ContainerType ContainerType `json:"containerType,omitempty"`
	// AffectedPods counts pods with this finding, TotalPods the scanned pods
	// of the workload, or of all workloads of the members. If it is no pod but
	// an owner that has the finding, they are the pods that exist and those that
	// should.
	AffectedPods int `json:"affectedPods"`
	TotalPods    int `json:"totalPods"`
	// Since is the earliest beginning among the pods, absent when unknown.
	Since          *metav1.Time   `json:"since,omitempty"`
	SincePrecision SincePrecision `json:"sincePrecision"`
	Restarts       Restarts       `json:"restarts"`
	Message        string         `json:"message"`
	// Nodes and Images are those of the affected pods, sorted.
	Nodes  []string `json:"nodes"`
	Images []string `json:"images"`
	// ExamplePod is the worst pod of the group and ExampleNamespace where it is.
	// Both are absent if no pod has the finding, only an owner.
	ExamplePod       string `json:"examplePod,omitempty"`
	ExampleNamespace string `json:"exampleNamespace,omitempty"`
	Hints            []Hint `json:"hints"`
}

// Workload is the top controller of a pod: the Deployment rather than the
// ReplicaSet, the CronJob rather than the Job, the Pod itself when it has no
// controller. Of a group it can be the object that several workloads suffer
// from; then Kind is one of ObjectReference.
type Workload struct {
	Kind string `json:"kind"`
	// Namespace is empty for what is in none.
	Namespace string `json:"namespace"`
	Name      string `json:"name"`
	// APIVersion, Desired and Available are given in groups only, and absent
	// there unless the object was read. The numbers are pods of its status.
	APIVersion string `json:"apiVersion,omitempty"`
	Desired    *int32 `json:"desired,omitempty"`
	Available  *int32 `json:"available,omitempty"`
}

// Owner is an object between a workload and its pod.
type Owner struct {
	Kind string `json:"kind"`
	Name string `json:"name"`
	// Revision is the number of the rollout, absent unless the owner was read
	// and has one.
	Revision string `json:"revision,omitempty"`
}

// Restarts sums the restarts of the containers that a group is about.
type Restarts struct {
	Total int64 `json:"total"`
	// LastAt is the newest crash, absent when there was none or its time is
	// unknown.
	LastAt *metav1.Time `json:"lastAt,omitempty"`
}

// Pod is what was seen of one pod, and the verdict on it.
type Pod struct {
	// Cluster is the kubeconfig context, absent unless there are several.
	Cluster   string `json:"cluster,omitempty"`
	Namespace string `json:"namespace"`
	Name      string `json:"name"`
	UID       string `json:"uid"`
	// Node is absent until the pod is bound.
	Node string `json:"node,omitempty"`
	// Phase is status.phase, absent in the first moments of a pod's life.
	Phase string `json:"phase,omitempty"`
	State State  `json:"state"`
	// KubectlStatus is what `kubectl get pods` prints under STATUS.
	KubectlStatus string `json:"kubectlStatus"`
	Ready         Ready  `json:"ready"`
	// Restarts is what `kubectl get pods` counts under RESTARTS; containers[]
	// carry their own.
	Restarts  int64        `json:"restarts"`
	CreatedAt *metav1.Time `json:"createdAt,omitempty"`
	// QOSClass is status.qosClass, absent when the status has none.
	QOSClass string          `json:"qosClass,omitempty"`
	Owner    *OwnerReference `json:"owner,omitempty"`
	Workload Workload        `json:"workload"`
	// Containers stand in the order init, app, ephemeral of the spec.
	Containers []Container `json:"containers"`
	// Findings are sorted worst first; the first one is the primary finding.
	Findings []Finding `json:"findings"`
	// Timeline is what is known of the pod's life, the oldest first; empty for a
	// pod without findings.
	Timeline []TimelineEntry `json:"timeline"`
	// LogsTail is absent unless logs were asked for and this is the worst pod of
	// a group.
	LogsTail []LogTail `json:"logsTail,omitempty"`
}

// Container is what was seen of one container.
type Container struct {
	Name  string        `json:"name"`
	Type  ContainerType `json:"type"`
	Image string        `json:"image,omitempty"`
	// State is Waiting, Running or Terminated; absent when never reported.
	State        string       `json:"state,omitempty"`
	Reason       string       `json:"reason,omitempty"`
	Message      string       `json:"message,omitempty"`
	Ready        bool         `json:"ready"`
	RestartCount int32        `json:"restartCount"`
	StartedAt    *metav1.Time `json:"startedAt,omitempty"`
	// NextStartAt is when the kubelet starts the container again: the end of
	// the last run and the delay that the back-off message names. It can lie
	// shortly before observedAt. Absent when the container is not in back-off.
	NextStartAt     *metav1.Time `json:"nextStartAt,omitempty"`
	LastTermination *Termination `json:"lastTermination,omitempty"`
	// Resources is absent if no limit that matters to a finding is set.
	Resources *Resources `json:"resources,omitempty"`
}

// Resources are limits of a container that are in force.
type Resources struct {
	// MemoryLimitBytes is absent if there is no limit.
	MemoryLimitBytes int64 `json:"memoryLimitBytes,omitempty"`
}

// Termination is how a run of a container ended.
type Termination struct {
	Reason   string `json:"reason,omitempty"`
	ExitCode int32  `json:"exitCode"`
	// Signal is the name of the signal that the exit code stands for, e.g.
	// SIGKILL, absent for exit codes up to 128.
	Signal     string       `json:"signal,omitempty"`
	StartedAt  *metav1.Time `json:"startedAt,omitempty"`
	FinishedAt *metav1.Time `json:"finishedAt,omitempty"`
	Message    string       `json:"message,omitempty"`
}

// Limitation is something that the report could not take into account.
type Limitation struct {
	// Resource is the plural resource name, e.g. replicasets.
	Resource string `json:"resource"`
	// Cluster is the kubeconfig context, absent unless there are several.
	Cluster string `json:"cluster,omitempty"`
	// Namespace is absent when all of them are meant.
	Namespace string `json:"namespace,omitempty"`
	// Reason is Forbidden, NotFound, Unauthorized, Timeout, Offline or Error.
	Reason string `json:"reason"`
	// Effect says what the reader may miss because of it.
	Effect string `json:"effect"`
}

// Count counts one pod of the given state.
func (c *PodCounts) Count(s State) {
	c.Total++
	switch s {
	case StateTerminating:
		c.Terminating++
	case StateCompleted:
		c.Completed++
	case StateFailed:
		c.Failed++
	case StateUnknown:
		c.Unknown++
	case StateFailing:
		c.Failing++
	case StateDegraded:
		c.Degraded++
	case StateProgressing:
		c.Progressing++
	case StateHealthy:
		c.Healthy++
	}
}
