// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package v1alpha1

import metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

// DryRun says how far a clean goes.
type DryRun string

// The dry-run strategies, with kubectl's meaning.
const (
	DryRunNone   DryRun = "none"
	DryRunClient DryRun = "client"
	DryRunServer DryRun = "server"
)

// Category says why a pod can be cleaned.
type Category string

// The categories, in the order in which plans are sorted.
const (
	CategoryEvicted   Category = "evicted"
	CategoryShutdown  Category = "shutdown"
	CategoryRejected  Category = "rejected"
	CategoryFailed    Category = "failed"
	CategorySucceeded Category = "succeeded"
	CategoryCrashLoop Category = "crashloop"
	CategoryImagePull Category = "imagepull"
)

// Decision says what clean makes of a pod.
type Decision string

// The decisions.
const (
	DecisionPlanned Decision = "planned"
	DecisionSkipped Decision = "skipped"
)

// Action is the request that a planned pod is removed with.
type Action string

// The actions. Skipped pods have none.
const (
	// ActionDelete is a DELETE, for pods that have ended.
	ActionDelete Action = "delete"
	// ActionEvict is an Eviction, for pods that live: it respects disruption
	// budgets.
	ActionEvict Action = "evict"
	// ActionCreate makes a pod again out of the archive.
	ActionCreate Action = "create"
)

// Warning is something worth knowing before a living pod is removed or an
// archived one is made anew. It keeps nobody from doing that.
type Warning string

// The warnings.
const (
	// WarningLocalData: an emptyDir or a generic ephemeral volume, whose data goes
	// with the pod.
	WarningLocalData Warning = "local-data"
	// WarningVolumeClaim: a PersistentVolumeClaim, which a pod on another node may
	// have to wait for.
	WarningVolumeClaim Warning = "volume-claim"
	// WarningPrivileged: an archived pod with a privileged container.
	WarningPrivileged Warning = "privileged"
	// WarningHostNamespace: an archived pod that shares the network, processes or
	// IPC of its node.
	WarningHostNamespace Warning = "host-namespace"
	// WarningHostPath: an archived pod that mounts files of its node.
	WarningHostPath Warning = "host-path"
)

// Result says what became of a planned pod, as the server's answer tells it.
type Result string

// The results.
const (
	ResultDeleted       Result = "deleted"       // the server removed it
	ResultTerminating   Result = "terminating"   // accepted; a finalizer or grace period holds it
	ResultGone          Result = "gone"          // it was no longer there
	ResultReplaced      Result = "replaced"      // another pod has taken its name
	ResultRecovered     Result = "recovered"     // it no longer matched when judged again
	ResultBlocked       Result = "blocked"       // a disruption budget forbids it
	ResultConflict      Result = "conflict"      // it changed in between
	ResultForbidden     Result = "forbidden"     // no permission
	ResultArchiveFailed Result = "archiveFailed" // not archived, therefore not deleted
	ResultWouldDelete   Result = "wouldDelete"   // dry run
	ResultError         Result = "error"         // anything else; see error

	ResultCreated     Result = "created"     // restored from the archive
	ResultExists      Result = "exists"      // not restored: a pod has its name
	ResultWouldCreate Result = "wouldCreate" // dry run of a restore
)

// CleanReport is the output of `kubectl podwatch clean`.
type CleanReport struct {
	metav1.TypeMeta `json:",inline"`
	// ObservedAt is the now of every age in the report.
	ObservedAt metav1.Time `json:"observedAt"`
	// Context is the kubeconfig context, absent in-cluster.
	Context string `json:"context,omitempty"`
	// Server is the host of the API server, without credentials; absent offline.
	Server string `json:"server,omitempty"`
	Scope  Scope  `json:"scope"`
	// Items are the planned pods and the skipped candidates, with --explain
	// all scanned pods, in plan order.
	Items       []CleanItem  `json:"items"`
	Summary     CleanSummary `json:"summary"`
	Limitations []Limitation `json:"limitations"`
}

// CleanItem is the decision on one pod, and its result.
type CleanItem struct {
	Namespace string `json:"namespace"`
	Name      string `json:"name"`
	UID       string `json:"uid"`
	Node      string `json:"node,omitempty"`
	// Phase is status.phase, absent if the server gives none.
	Phase string `json:"phase,omitempty"`
	// Category is absent for a pod that is no candidate.
	Category Category `json:"category,omitempty"`
	// Reason is the server's word for the failure, e.g. Evicted or OOMKilled.
	Reason string `json:"reason,omitempty"`
	// ExitCode is that of the container at fault, absent if none has ended.
	ExitCode *int32 `json:"exitCode,omitempty"`
	// Container is the one at fault, absent if it is none.
	Container string `json:"container,omitempty"`
	// Finalizers are those that the pod waits for when it is removed.
	Finalizers []string `json:"finalizers,omitempty"`
	// Restarts is the greatest restart count of the pod's containers.
	Restarts int32 `json:"restarts"`
	// AgeSeconds is how long ago the pod ended or, while it lives, stopped being
	// ready; absent when unknown.
	AgeSeconds *int64 `json:"ageSeconds,omitempty"`
	// AgeBasis names the field that AgeSeconds was computed from.
	AgeBasis string `json:"ageBasis,omitempty"`
	// Owner is the controller, absent for a pod without one.
	Owner    *OwnerReference `json:"owner,omitempty"`
	Decision Decision        `json:"decision"`
	// SkipReason is set on skipped pods only.
	SkipReason string `json:"skipReason,omitempty"`
	// Action is set on planned pods only.
	Action Action `json:"action,omitempty"`
	// CreatedAt and Images, sorted, are set on archived pods only; absent if the
	// manifest has none.
	CreatedAt *metav1.Time `json:"createdAt,omitempty"`
	Images    []string     `json:"images,omitempty"`
	// Warnings are set on planned pods only that live or are to be made anew,
	// absent if there are none.
	Warnings []Warning `json:"warnings,omitempty"`
	// ResourceVersion is the version of the pod that an eviction was bound to,
	// absent for deletions: a pod that has ended does not come back to life.
	ResourceVersion string `json:"resourceVersion,omitempty"`
	DryRun          DryRun `json:"dryRun"`
	// Result is absent until the pod was acted on.
	Result Result `json:"result,omitempty"`
	// Error is the server's answer, absent on success.
	Error string `json:"error,omitempty"`
	// ArchivePath is the file that holds the manifest, absent in a dry run.
	ArchivePath string `json:"archivePath,omitempty"`
	// LogsPath is the file that holds the last lines of the pod's logs, absent
	// unless they were asked for and there were any. Logs are read by name: those
	// of a pod with the result replaced may be its successor's.
	LogsPath string `json:"logsPath,omitempty"`
	// LogsError says which logs are not in that file and why, absent if none is
	// missing.
	LogsError string `json:"logsError,omitempty"`
}

// CleanSummary counts results. Scanned is Planned plus the sum of
// SkippedByReason.
type CleanSummary struct {
	Scanned       int `json:"scanned"`
	Planned       int `json:"planned"`
	Deleted       int `json:"deleted"`
	Terminating   int `json:"terminating"`
	Gone          int `json:"gone"`
	Replaced      int `json:"replaced"`
	Recovered     int `json:"recovered"`
	Blocked       int `json:"blocked"`
	Conflict      int `json:"conflict"`
	Forbidden     int `json:"forbidden"`
	ArchiveFailed int `json:"archiveFailed"`
	WouldDelete   int `json:"wouldDelete"`
	Errors        int `json:"errors"`
	// Created, Exists and WouldCreate count the results of a restore.
	Created     int `json:"created"`
	Exists      int `json:"exists"`
	WouldCreate int `json:"wouldCreate"`
	// ByCategory and ByNamespace count the planned pods.
	ByCategory  map[string]int `json:"byCategory"`
	ByNamespace map[string]int `json:"byNamespace"`
	// ClockSkewSeconds is the server's clock minus the local one, in whole seconds.
	ClockSkewSeconds int64 `json:"clockSkewSeconds,omitempty"`
	// SkippedByReason counts skipped pods by skip reason.
	SkippedByReason map[string]int `json:"skippedByReason"`
}
