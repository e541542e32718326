// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package projection

import (
	"time"

	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/podwatch/kubectl-podwatch/pkg/internal/plaintext"
)

// The kinds of owners that are projected.
const (
	KindReplicaSet  = "ReplicaSet"
	KindDeployment  = "Deployment"
	KindStatefulSet = "StatefulSet"
	KindDaemonSet   = "DaemonSet"
	KindJob         = "Job"
)

// annotationRevision is what the Deployment controller numbers ReplicaSets
// with.
const annotationRevision = "deployment.kubernetes.io/revision"

// Owner is what is kept of an object that makes pods, or that makes such
// objects. The numbers are those of its status, as old as the status is.
type Owner struct {
	APIVersion, Kind, Namespace, Name string
	UID                               types.UID
	// Controller is the owner's own owner, nil if it has none.
	Controller        *Controller
	CreationTimestamp time.Time
	Deleting          bool
	// Desired is how many pods there should be, Created how many there are,
	// Available how many of them do their work. For a Job they are the
	// parallelism, the active and the ready pods.
	Desired, Created, Available int32
	// Updated is how many pods are of the newest template. MaxUnavailable is how
	// many may be missing during a rollout; it is 0 for everything but a
	// Deployment with a rolling update.
	Updated, MaxUnavailable int32
	// MustUpdate is how many pods a rollout brings to the newest template: all but
	// those below the partition of a StatefulSet, none where only a deletion
	// updates a pod, and for a ReplicaSet and a Job.
	MustUpdate int32
	// Observed is true if the status speaks about the present spec.
	Observed bool
	// Revision is the number of the rollout, for Deployments and their
	// ReplicaSets; else empty.
	Revision string
	// Paused is true for a paused Deployment and for a suspended Job.
	Paused bool
	// Failed and Succeeded count the ended pods of a Job, BackoffLimit is how
	// many may fail; 0 for other kinds.
	Failed, Succeeded, BackoffLimit int32
	// Conditions are those of the status.
	Conditions []Condition
}

// Condition returns the condition of type t, or nil.
func (o *Owner) Condition(t string) *Condition {
	for i := range o.Conditions {
		if string(o.Conditions[i].Type) == t {
			return &o.Conditions[i]
		}
	}
	return nil
}

// FromReplicaSet returns the projection of r.
func FromReplicaSet(r *appsv1.ReplicaSet) *Owner {
	o := owner("apps/v1", KindReplicaSet, &r.ObjectMeta)
	o.Desired, o.Created, o.Available = orOne(r.Spec.Replicas), r.Status.Replicas, r.Status.AvailableReplicas
	o.Updated = o.Created
	o.Observed = r.Status.ObservedGeneration >= r.Generation
	o.Revision = plaintext.Clean(r.Annotations[annotationRevision])
	for _, c := range r.Status.Conditions {
		o.condition(string(c.Type), c.Status, c.Reason, c.Message, c.LastTransitionTime)
	}
	return o
}

// FromDeployment returns the projection of d.
func FromDeployment(d *appsv1.Deployment) *Owner {
	o := owner("apps/v1", KindDeployment, &d.ObjectMeta)
	o.Desired, o.Created, o.Available = orOne(d.Spec.Replicas), d.Status.Replicas, d.Status.AvailableReplicas
	o.Updated = d.Status.UpdatedReplicas
	o.Observed = d.Status.ObservedGeneration >= d.Generation
	o.Revision = plaintext.Clean(d.Annotations[annotationRevision])
	o.Paused = d.Spec.Paused
	o.MustUpdate, o.MaxUnavailable = o.Desired, maxUnavailable(&d.Spec, o.Desired)
	for _, c := range d.Status.Conditions {
		o.condition(string(c.Type), c.Status, c.Reason, c.Message, c.LastTransitionTime)
	}
	return o
}

// maxUnavailable resolves the setting as the Deployment controller does: a
// percentage is rounded down, and if neither surge nor unavailability is left,
// one pod may be missing (pkg/controller/deployment/util, v1.37.2).
func maxUnavailable(spec *appsv1.DeploymentSpec, desired int32) int32 {
	r := spec.Strategy.RollingUpdate
	if spec.Strategy.Type == appsv1.RecreateDeploymentStrategyType || r == nil || desired == 0 {
		return 0
	}
	quarter := intstr.FromString("25%")
	surge, err := intstr.GetScaledValueFromIntOrPercent(intstr.ValueOrDefault(r.MaxSurge, quarter), int(desired), true)
	if err != nil {
		return 0
	}
	missing, err := intstr.GetScaledValueFromIntOrPercent(intstr.ValueOrDefault(r.MaxUnavailable, quarter), int(desired), false)
	if err != nil {
		return 0
	}
	if surge == 0 && missing == 0 {
		return 1
	}
	return int32(min(max(missing, 0), int(desired)))
}

// FromStatefulSet returns the projection of s.
func FromStatefulSet(s *appsv1.StatefulSet) *Owner {
	o := owner("apps/v1", KindStatefulSet, &s.ObjectMeta)
	o.Desired, o.Created, o.Available = orOne(s.Spec.Replicas), s.Status.Replicas, s.Status.AvailableReplicas
	o.Updated = s.Status.UpdatedReplicas
	o.Observed = s.Status.ObservedGeneration >= s.Generation
	if s.Spec.UpdateStrategy.Type != appsv1.OnDeleteStatefulSetStrategyType {
		o.MustUpdate = o.Desired
		if r := s.Spec.UpdateStrategy.RollingUpdate; r != nil && r.Partition != nil {
			o.MustUpdate = max(o.Desired-*r.Partition, 0)
		}
	}
	for _, c := range s.Status.Conditions {
		o.condition(string(c.Type), c.Status, c.Reason, c.Message, c.LastTransitionTime)
	}
	return o
}

// FromDaemonSet returns the projection of d.
func FromDaemonSet(d *appsv1.DaemonSet) *Owner {
	o := owner("apps/v1", KindDaemonSet, &d.ObjectMeta)
	o.Desired, o.Created, o.Available = d.Status.DesiredNumberScheduled, d.Status.CurrentNumberScheduled, d.Status.NumberAvailable
	o.Updated = d.Status.UpdatedNumberScheduled
	o.Observed = d.Status.ObservedGeneration >= d.Generation
	if d.Spec.UpdateStrategy.Type != appsv1.OnDeleteDaemonSetStrategyType {
		o.MustUpdate = o.Desired
	}
	for _, c := range d.Status.Conditions {
		o.condition(string(c.Type), c.Status, c.Reason, c.Message, c.LastTransitionTime)
	}
	return o
}

// FromJob returns the projection of j.
func FromJob(j *batchv1.Job) *Owner {
	o := owner("batch/v1", KindJob, &j.ObjectMeta)
	o.Desired, o.Created = orOne(j.Spec.Parallelism), j.Status.Active
	if j.Status.Ready != nil {
		o.Available = *j.Status.Ready
	}
	o.Updated, o.Observed = o.Created, true
	o.Paused = j.Spec.Suspend != nil && *j.Spec.Suspend
	o.Failed, o.Succeeded = j.Status.Failed, j.Status.Succeeded
	// The API server fills in 6, or the largest number for an indexed Job with a
	// limit per index (pkg/apis/batch/v1/defaults.go, v1.37.2).
	o.BackoffLimit = 6
	if j.Spec.BackoffLimit != nil {
		o.BackoffLimit = *j.Spec.BackoffLimit
	}
	for _, c := range j.Status.Conditions {
		o.condition(string(c.Type), c.Status, c.Reason, c.Message, c.LastTransitionTime)
	}
	return o
}

func owner(apiVersion, kind string, m *metav1.ObjectMeta) *Owner {
	return &Owner{
		APIVersion:        apiVersion,
		Kind:              kind,
		Namespace:         shared(m.Namespace),
		Name:              plaintext.Clean(m.Name),
		UID:               types.UID(plaintext.Clean(string(m.UID))),
		Controller:        controller(m.OwnerReferences),
		CreationTimestamp: known(m.CreationTimestamp),
		Deleting:          m.DeletionTimestamp != nil,
	}
}

func (o *Owner) condition(t string, status corev1.ConditionStatus, reason, text string, since metav1.Time) {
	o.Conditions = append(o.Conditions, Condition{
		Type:               corev1.PodConditionType(shared(t)),
		Status:             shared(status),
		Reason:             shared(reason),
		Message:            message(text),
		LastTransitionTime: known(since),
	})
}

func orOne(n *int32) int32 {
	if n == nil {
		return 1
	}
	return *n
}

// FromMetadata returns the projection of an owner of which only the metadata
// is known. Kind and numbers are empty, and its Desired tells nothing.
func FromMetadata(m metav1.Object) *Owner {
	return &Owner{
		Namespace:         shared(m.GetNamespace()),
		Name:              plaintext.Clean(m.GetName()),
		UID:               types.UID(plaintext.Clean(string(m.GetUID()))),
		Controller:        controller(m.GetOwnerReferences()),
		CreationTimestamp: known(m.GetCreationTimestamp()),
		Deleting:          m.GetDeletionTimestamp() != nil,
	}
}
