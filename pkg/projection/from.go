// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package projection

import (
	"strings"
	"time"
	"unique"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/utils/ptr"

	"github.com/podwatch/kubectl-podwatch/pkg/internal/plaintext"
)

// MaxMessage bounds the messages in a projection, in bytes. An API server
// accepts condition messages of up to 32 KiB and the kubelet keeps at most
// 4 KiB of a termination message; beyond that a message tells nothing more,
// and it would stay in memory for as long as the pod lives.
const MaxMessage = 4096

// MaxName bounds every other string, in bytes. Names end at 253, keys at 317; an
// API server takes nothing near the bound, a file can hold anything.
const MaxName = 1024

const (
	annotationMirror = corev1.MirrorPodAnnotationKey
	annotationSource = "kubernetes.io/config.source"
	annotationKeep   = "podwatch.dev/keep"
	labelHash        = "pod-template-hash"
)

// From returns the projection of pod. It shares nothing with pod but strings
// (one copy of those that many pods have in common), and pod may be anything that decodes: statuses without a spec, names twice,
// every field empty. A nil pod gives an empty projection.
//
// Every string is clean in the sense of plaintext.Clean and cut to MaxName,
// messages to MaxMessage, and the messages of containers have passed plaintext.Redact.
// Times that the API writes for "unknown" become the zero time: null, year 1,
// and the Unix epoch that containerd gives as startedAt of a container that
// did not start.
func From(pod *corev1.Pod) *Pod {
	if pod == nil {
		return &Pod{}
	}
	p := &Pod{
		ObjectMeta:        objectMeta(pod),
		Controller:        controller(pod.OwnerReferences),
		TemplateHash:      shared(pod.Labels[labelHash]),
		Mirror:            mirror(pod.Annotations),
		Keep:              keep(pod.Annotations),
		NoDisruption:      noDisruption(pod.Annotations),
		Priority:          ptr.Deref(pod.Spec.Priority, 0),
		NodeName:          shared(pod.Spec.NodeName),
		RestartPolicy:     shared(pod.Spec.RestartPolicy),
		QOSClass:          shared(pod.Status.QOSClass),
		EventUID:          eventUID(pod),
		GracePeriod:       gracePeriod(pod.Spec.TerminationGracePeriodSeconds),
		Waits:             waits(pod),
		Phase:             shared(pod.Status.Phase),
		Reason:            shared(pod.Status.Reason),
		Message:           message(pod.Status.Message),
		NominatedNodeName: shared(pod.Status.NominatedNodeName),
		Conditions:        conditions(&pod.Status),
		Containers:        containers(pod),
		Kubectl:           columns(pod),
		StatusWritten:     statusWritten(pod),
	}
	if t := pod.Status.StartTime; t != nil {
		p.StartTime = known(*t)
	}
	for i := range pod.Spec.Volumes {
		v := &pod.Spec.Volumes[i]
		p.LocalData = p.LocalData || v.EmptyDir != nil || v.Ephemeral != nil
		p.Claims = p.Claims || v.PersistentVolumeClaim != nil
	}
	for i := range pod.Spec.SchedulingGates {
		p.SchedulingGates = append(p.SchedulingGates, shared(pod.Spec.SchedulingGates[i].Name))
	}
	for i := range pod.Spec.ReadinessGates {
		p.ReadinessGates = append(p.ReadinessGates, string(shared(pod.Spec.ReadinessGates[i].ConditionType)))
	}
	return p
}

func objectMeta(pod *corev1.Pod) metav1.ObjectMeta {
	m := metav1.ObjectMeta{
		Name:              bounded(pod.Name),
		Namespace:         shared(pod.Namespace),
		UID:               bounded(pod.UID),
		ResourceVersion:   bounded(pod.ResourceVersion),
		CreationTimestamp: metav1.Time{Time: known(pod.CreationTimestamp)},
	}
	// A deletionTimestamp marks the pod as deleted whatever its value is.
	if t := pod.DeletionTimestamp; t != nil {
		m.DeletionTimestamp = &metav1.Time{Time: known(*t)}
	}
	if s := pod.DeletionGracePeriodSeconds; s != nil {
		grace := *s
		m.DeletionGracePeriodSeconds = &grace
	}
	for _, f := range pod.Finalizers {
		m.Finalizers = append(m.Finalizers, shared(f))
	}
	m.OwnerReferences = strangers(pod.OwnerReferences)
	return m
}

// strangers returns the kinds of those owners beside the controller that
// Kubernetes does not know; few pods have any. Groups without a dot are its own.
func strangers(refs []metav1.OwnerReference) []metav1.OwnerReference {
	var out []metav1.OwnerReference
	for i := range refs {
		ref := &refs[i]
		gv, err := schema.ParseGroupVersion(ref.APIVersion)
		own := err == nil && !strings.Contains(gv.Group, ".")
		if own || ref.Controller != nil && *ref.Controller {
			continue
		}
		out = append(out, metav1.OwnerReference{APIVersion: shared(ref.APIVersion), Kind: shared(ref.Kind)})
	}
	return out
}

func controller(refs []metav1.OwnerReference) *Controller {
	for i := range refs {
		if c := refs[i].Controller; c != nil && *c {
			return &Controller{
				APIVersion: shared(refs[i].APIVersion),
				Kind:       shared(refs[i].Kind),
				Name:       shared(refs[i].Name),
				UID:        shared(refs[i].UID),
			}
		}
	}
	return nil
}

func mirror(annotations map[string]string) bool {
	if _, ok := annotations[annotationMirror]; ok {
		return true
	}
	source, ok := annotations[annotationSource]
	return ok && source != "api"
}

// eventUID: see GetPodUID in pkg/kubelet/types and describe in kubectl, v1.37.
func eventUID(pod *corev1.Pod) types.UID {
	if hash := pod.Annotations[annotationMirror]; hash != "" {
		return bounded(types.UID(hash))
	}
	return bounded(pod.UID)
}

func gracePeriod(seconds *int64) time.Duration {
	if seconds == nil || *seconds < 0 || *seconds >= 1<<31 {
		return corev1.DefaultTerminationGracePeriodSeconds * time.Second
	}
	return time.Duration(*seconds) * time.Second
}

func waits(pod *corev1.Pod) *Waits {
	if pod.Status.Phase != corev1.PodPending {
		return nil
	}
	w := &Waits{}
	for _, t := range pod.Spec.Tolerations {
		w.Tolerations = append(w.Tolerations, corev1.Toleration{
			Key: plaintext.Clean(t.Key), Operator: t.Operator, Value: plaintext.Clean(t.Value), Effect: t.Effect,
		})
	}
	for i := range pod.Spec.Volumes {
		v := &pod.Spec.Volumes[i]
		switch {
		case v.PersistentVolumeClaim != nil:
			w.Claims = append(w.Claims, plaintext.Clean(v.PersistentVolumeClaim.ClaimName))
		case v.Ephemeral != nil:
			w.Claims = append(w.Claims, plaintext.Clean(pod.Name+"-"+v.Name))
		}
	}
	if len(w.Tolerations) == 0 && len(w.Claims) == 0 {
		return nil
	}
	return w
}

// statusWritten: a manager's time moves on with each of its writes that changes
// anything (apimachinery managedfields/internal/managedfieldsupdater.go, v0.37).
func statusWritten(pod *corev1.Pod) *time.Time {
	if pod.Status.Phase != corev1.PodFailed && pod.Status.Phase != corev1.PodSucceeded {
		return nil
	}
	var last time.Time
	for i := range pod.ManagedFields {
		m := &pod.ManagedFields[i]
		if m.Subresource == "status" && m.Time != nil && m.Time.After(last) {
			last = known(*m.Time)
		}
	}
	if last.IsZero() {
		return nil
	}
	return &last
}

func keep(annotations map[string]string) bool {
	value, ok := annotations[annotationKeep]
	return ok && !strings.EqualFold(value, "false")
}

// noDisruption errs on the side of the pod: whatever the autoscalers make of a
// value, one that says neither yes nor no protects.
func noDisruption(annotations map[string]string) bool {
	karpenter, asked := annotations["karpenter.sh/do-not-disrupt"]
	_, descheduler := annotations["descheduler.alpha.kubernetes.io/prefer-no-eviction"]
	autoscaler, answered := annotations["cluster-autoscaler.kubernetes.io/safe-to-evict"]
	return descheduler || asked && !strings.EqualFold(karpenter, "false") || answered && !strings.EqualFold(autoscaler, "true")
}

func conditions(status *corev1.PodStatus) []Condition {
	n := 0
	for i := range status.Conditions {
		if !settled(status, &status.Conditions[i]) {
			n++
		}
	}
	if n == 0 {
		return nil
	}
	out := make([]Condition, 0, n)
	for i := range status.Conditions {
		c := &status.Conditions[i]
		if settled(status, c) {
			continue
		}
		out = append(out, Condition{
			Type:               shared(c.Type),
			Status:             shared(c.Status),
			Reason:             shared(c.Reason),
			Message:            message(c.Message),
			LastTransitionTime: known(c.LastTransitionTime),
		})
	}
	return out
}

// settled is true for the conditions that say nothing any more once the pod
// runs: that it was scheduled, and that its sandbox was made. They are not
// kept, since nearly every pod has them.
func settled(status *corev1.PodStatus, c *corev1.PodCondition) bool {
	return (c.Type == corev1.PodScheduled || c.Type == corev1.PodReadyToStartContainers) &&
		c.Status == corev1.ConditionTrue && status.Phase == corev1.PodRunning && status.StartTime != nil
}

// known returns the time in UTC, or the zero time if it stands for "unknown".
func known(t metav1.Time) time.Time {
	if t.Unix() <= 0 {
		return time.Time{}
	}
	return t.UTC()
}

// shared cleans a string that many pods have in common, such as a namespace or
// an image, and returns the one copy that all projections hold.
func shared[T ~string](s T) T {
	if s == "" {
		return ""
	}
	return unique.Make(bounded(s)).Value()
}

// bounded cleans and bounds a string that is no message.
func bounded[T ~string](s T) T { return T(plaintext.Cut(plaintext.Clean(string(s)), MaxName)) }

// message cleans and bounds a text of the API server or the kubelet.
func message(s string) string { return plaintext.Cut(plaintext.Clean(s), MaxMessage) }

// containerText does the same for text that a container may have written.
func containerText(s string) string {
	return plaintext.Cut(plaintext.Redact(plaintext.Clean(s)), MaxMessage)
}
