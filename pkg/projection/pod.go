// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

// Package projection defines what podwatch keeps of a pod, and of the objects
// around it: what a verdict needs and nothing else. A whole Pod takes 14 to 17 KB in a cache, its
// projection about 1.3 KB, and env, annotations and volumes of strangers never
// enter memory that outlives one frame.
//
// From makes a projection. A projection is immutable from then on: it is
// shared between the cache, the engine and the printers without copying.
package projection

import (
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"

	"github.com/podwatch/kubectl-podwatch/pkg/apis/podwatch/v1alpha1"
)

// Pod is the projection of a corev1.Pod. Zero times mean that the server gave
// none. It is a runtime.Object, so informers and reflectors hold it as they
// hold a Pod.
type Pod struct {
	metav1.TypeMeta
	// ObjectMeta holds name, namespace, uid, resourceVersion, creation and
	// deletion, finalizers, the apiVersion and kind of owners that are neither the
	// controller nor of a kind of Kubernetes itself, and nothing else.
	metav1.ObjectMeta

	// Controller is the owner reference with controller=true, nil if none.
	Controller *Controller
	// TemplateHash is the label pod-template-hash: with a ReplicaSet as
	// controller it tells the Deployment's name without reading the ReplicaSet.
	TemplateHash string
	// Mirror is true for the API's image of a static pod (annotation
	// kubernetes.io/config.mirror, or a config.source other than api).
	Mirror bool
	// EventUID is the UID that events about the pod carry: its own, and for a
	// mirror pod the hash in its annotation kubernetes.io/config.mirror, since the
	// kubelet records events before the API server knows the pod.
	EventUID types.UID
	// Keep is true if the annotation podwatch.dev/keep protects the pod from
	// clean: any value but "false".
	Keep bool
	// NoDisruption is true if an annotation of another tool asks not to disturb
	// the pod while it lives: karpenter.sh/do-not-disrupt,
	// cluster-autoscaler.kubernetes.io/safe-to-evict=false, or
	// descheduler.alpha.kubernetes.io/prefer-no-eviction.
	NoDisruption bool
	// LocalData is true if the pod has an emptyDir or a generic ephemeral volume:
	// what is in it goes with the pod. Claims is true if it mounts a
	// PersistentVolumeClaim.
	LocalData, Claims bool
	// Priority is spec.priority, 0 if there is none.
	Priority int32

	// NodeName is spec.nodeName, empty until the pod is bound.
	NodeName      string
	RestartPolicy corev1.RestartPolicy
	// SchedulingGates are the names of spec.schedulingGates.
	SchedulingGates []string
	// ReadinessGates are the condition types of spec.readinessGates.
	ReadinessGates []string
	QOSClass       corev1.PodQOSClass
	// GracePeriod is spec.terminationGracePeriodSeconds, the API's default of 30
	// seconds if it is not set.
	GracePeriod time.Duration
	// Waits is what matters to a pod only while it waits for a node or for its
	// volumes; nil once the pod is not Pending any more.
	Waits *Waits

	Phase   corev1.PodPhase
	Reason  string
	Message string
	// StartTime is when the kubelet acknowledged the pod.
	StartTime time.Time
	// StatusWritten is when anybody last changed the status, by the server's
	// clock, as metadata.managedFields tells. It is nil unless the pod has ended.
	StatusWritten     *time.Time
	NominatedNodeName string
	// Conditions are those of the status. Of a pod that runs, PodScheduled and
	// PodReadyToStartContainers are left out while they are True.
	Conditions []Condition
	// Containers stand in the order init, app, ephemeral of the spec, followed
	// by statuses that no container of the spec has.
	Containers []Container

	// Kubectl is what `kubectl get pods` prints for the pod.
	Kubectl Kubectl
}

// Waits is what a pod needs in order to be scheduled and started.
type Waits struct {
	Tolerations []corev1.Toleration
	// Claims are the names of the PersistentVolumeClaims that the pod mounts,
	// those of generic ephemeral volumes included.
	Claims []string
}

// Controller names the object that manages a pod.
type Controller struct {
	APIVersion string
	Kind       string
	Name       string
	UID        types.UID
}

// Kubectl holds the columns of `kubectl get pods`.
type Kubectl struct {
	// Status is the STATUS column.
	Status string
	// Ready and Total are the two numbers of the READY column.
	Ready, Total int32
	// Restarts is the number in the RESTARTS column.
	Restarts int64
	// LastRestart is the time behind "(5m ago)", zero if kubectl prints none.
	LastRestart time.Time
}

// Condition is one entry of status.conditions.
type Condition struct {
	Type               corev1.PodConditionType
	Status             corev1.ConditionStatus
	Reason             string
	Message            string
	LastTransitionTime time.Time
}

// Container joins what the spec and the status say of one container.
type Container struct {
	Name  string
	Type  v1alpha1.ContainerType
	Image string
	// Restart is the container's own restart policy, nil if the pod's applies.
	// Few containers have one, so it is a pointer.
	Restart *Restart
	// MemoryLimit is in bytes, 0 if there is none.
	MemoryLimit int64
	// Startup and Readiness are the time that the probe grants before it has
	// failed for good: initial delay + failure threshold x period. Zero means
	// that there is no such probe.
	Startup, Readiness time.Duration
	// Unhealthy are the devices of the container that their plugin reports as
	// unhealthy (status.allocatedResourcesStatus, KEP-4680), as RESOURCE/ID with
	// a comma between them; empty if there is none.
	Unhealthy string
	// Liveness is true if there is a liveness probe.
	Liveness bool

	// Reported is true if the status names the container at all; without it
	// the fields below are zero.
	Reported     bool
	Ready        bool
	Started      bool
	RestartCount int32
	// At most one of Waiting, Running and Terminated is set.
	Waiting    *Waiting
	Running    *Running
	Terminated *Terminated
	// LastTerminated is how the run before the present one ended.
	LastTerminated *Terminated
}

// Restart is the restart policy of a container: the first of its rules that
// matches an exit code restarts the container or the whole pod; for all other
// codes Policy holds.
type Restart struct {
	Policy corev1.ContainerRestartPolicy
	Rules  []RestartRule
}

// RestartRule matches an exit code that is one of Codes, or with Except one
// that is not.
type RestartRule struct {
	Codes  []int32
	Except bool
}

// Matches reports whether a rule matches the exit code.
func (r *Restart) Matches(code int32) bool {
	return slices.ContainsFunc(r.Rules, func(rule RestartRule) bool {
		return slices.Contains(rule.Codes, code) != rule.Except
	})
}

// Waiting is state.waiting.
type Waiting struct{ Reason, Message string }

// Running is state.running.
type Running struct{ StartedAt time.Time }

// Terminated is state.terminated or lastState.terminated.
type Terminated struct {
	Reason, Message       string
	ExitCode, Signal      int32
	StartedAt, FinishedAt time.Time
}

var (
	_ runtime.Object = (*Pod)(nil)
	_ metav1.Object  = (*Pod)(nil)
)

// DeepCopyObject returns the receiver: a projection is immutable, and the
// callers of this method (the fake clientset's tracker, cache mutation
// detection) only guard against changes.
func (p *Pod) DeepCopyObject() runtime.Object { return p }

// Condition returns the condition of type t, or nil.
func (p *Pod) Condition(t corev1.PodConditionType) *Condition {
	for i := range p.Conditions {
		if p.Conditions[i].Type == t {
			return &p.Conditions[i]
		}
	}
	return nil
}

// StatusPath is the path of the container's status within the pod, with field
// behind it, as evidence names it.
func (c *Container) StatusPath(field string) string {
	list := "containerStatuses"
	switch c.Type {
	case v1alpha1.ContainerInit, v1alpha1.ContainerSidecar:
		list = "initContainerStatuses"
	case v1alpha1.ContainerEphemeral:
		list = "ephemeralContainerStatuses"
	case v1alpha1.ContainerApp:
	}
	return "status." + list + "[" + c.Name + "]." + field
}
