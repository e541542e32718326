// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package clean

import (
	"iter"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/podwatch/kubectl-podwatch/pkg/diagnose"
	"github.com/podwatch/kubectl-podwatch/pkg/projection"
)

// noon is the now of the tests.
var noon = time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)

var fiveMinutes = Rules{OlderThan: 5 * time.Minute}

// jobActive knows the Job that controlledBy names.
func jobActive() Known { return Known{Jobs: map[types.UID]JobState{"uid-owner": JobActive}} }

func ago(d time.Duration) metav1.Time { return metav1.Time{Time: noon.Add(-d)} }

type option func(*corev1.Pod)

// failedPod is a pod of a ReplicaSet whose only container ended with exit code
// 1 an hour ago. The UID is made of namespace and name.
func failedPod(namespace, name string, options ...option) *corev1.Pod {
	pod := &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{
			Namespace:         namespace,
			Name:              name,
			UID:               types.UID("uid-" + namespace + "-" + name),
			CreationTimestamp: ago(10 * 24 * time.Hour),
		},
		Spec: corev1.PodSpec{
			NodeName: "n1",
			Containers: []corev1.Container{
				{Name: "app", Env: []corev1.EnvVar{{Name: "PASSWORD", Value: "hunter2"}}},
			},
		},
		Status: corev1.PodStatus{
			Phase:             corev1.PodFailed,
			StartTime:         new(ago(10 * 24 * time.Hour)),
			ContainerStatuses: []corev1.ContainerStatus{ended("app", 1, "Error", ago(time.Hour))},
		},
	}
	controlledBy("apps/v1", "ReplicaSet")(pod)
	for _, o := range options {
		o(pod)
	}
	return pod
}

func ended(name string, code int32, reason string, at metav1.Time) corev1.ContainerStatus {
	return corev1.ContainerStatus{Name: name, State: corev1.ContainerState{
		Terminated: &corev1.ContainerStateTerminated{ExitCode: code, Reason: reason, FinishedAt: at},
	}}
}

func controlledBy(apiVersion, kind string) option {
	return func(pod *corev1.Pod) {
		pod.OwnerReferences = []metav1.OwnerReference{
			{APIVersion: apiVersion, Kind: kind, Name: "owner", UID: "uid-owner", Controller: new(true)},
		}
	}
}

// ownedBy adds an owner that is no controller.
func ownedBy(apiVersion, kind string) option {
	return func(pod *corev1.Pod) {
		pod.OwnerReferences = append(pod.OwnerReferences, metav1.OwnerReference{APIVersion: apiVersion, Kind: kind, Name: "x", UID: "uid-x"})
	}
}

func bare(pod *corev1.Pod) { pod.OwnerReferences = nil }

func annotated(key, value string) option {
	return func(pod *corev1.Pod) { pod.Annotations = map[string]string{key: value} }
}

func finalizer(name string) option {
	return func(pod *corev1.Pod) { pod.Finalizers = []string{name} }
}

func deleted(pod *corev1.Pod) { pod.DeletionTimestamp = new(ago(time.Minute)) }

func created(at metav1.Time) option {
	return func(pod *corev1.Pod) { pod.CreationTimestamp = at }
}

func because(reason, message string) option {
	return func(pod *corev1.Pod) { pod.Status.Reason, pod.Status.Message = reason, message }
}

func containers(statuses ...corev1.ContainerStatus) option {
	return func(pod *corev1.Pod) { pod.Status.ContainerStatuses = statuses }
}

func initContainers(statuses ...corev1.ContainerStatus) option {
	return func(pod *corev1.Pod) {
		for i := range statuses {
			pod.Spec.InitContainers = append(pod.Spec.InitContainers, corev1.Container{Name: statuses[i].Name})
		}
		pod.Status.InitContainerStatuses = statuses
	}
}

func condition(kind corev1.PodConditionType, status corev1.ConditionStatus, reason string, at metav1.Time) option {
	return func(pod *corev1.Pod) {
		pod.Status.Conditions = append(pod.Status.Conditions,
			corev1.PodCondition{Type: kind, Status: status, Reason: reason, LastTransitionTime: at})
	}
}

func disrupted(at metav1.Time) option {
	return condition(corev1.DisruptionTarget, corev1.ConditionTrue, "TerminationByKubelet", at)
}

// evictedPod ended at the given time.
func evictedPod(namespace, name string, at metav1.Time, options ...option) *corev1.Pod {
	options = append([]option{
		because("Evicted", "The node was low on resource: memory."), containers(), disrupted(at),
	}, options...)
	return failedPod(namespace, name, options...)
}

func judge(pod *corev1.Pod, now time.Time) (*projection.Pod, diagnose.Verdict) {
	p := projection.From(pod)
	return p, diagnose.Judge(p, diagnose.Related{}, now, diagnose.Defaults())
}

func decide(pod *corev1.Pod, r Rules) Decision {
	p, v := judge(pod, noon)
	return Decide(p, v, noon, r, jobActive())
}

func judged(pods ...*corev1.Pod) iter.Seq2[*projection.Pod, diagnose.Verdict] {
	return func(yield func(*projection.Pod, diagnose.Verdict) bool) {
		for _, pod := range pods {
			if !yield(judge(pod, noon)) {
				return
			}
		}
	}
}

func planOf(pods ...*corev1.Pod) *Plan {
	return Make(judged(pods...), noon, fiveMinutes, jobActive(), ListCandidates)
}
