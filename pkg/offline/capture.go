// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package offline

import (
	"encoding/json"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// other is what is read of an object that is no pod: the items of a list, the
// owner of an owner, and the times.
type other struct {
	metav1.ObjectMeta `json:"metadata"`
	Items             []json.RawMessage `json:"items"`
	Status            struct {
		StartTime      metav1.Time `json:"startTime"`
		CompletionTime metav1.Time `json:"completionTime"`
		Conditions     []struct {
			LastHeartbeatTime  metav1.Time `json:"lastHeartbeatTime"`
			LastTransitionTime metav1.Time `json:"lastTransitionTime"`
			LastUpdateTime     metav1.Time `json:"lastUpdateTime"`
		} `json:"conditions"`
	} `json:"status"`
	// The times of an Event, of both API groups.
	FirstTimestamp          metav1.Time      `json:"firstTimestamp"`
	LastTimestamp           metav1.Time      `json:"lastTimestamp"`
	DeprecatedLastTimestamp metav1.Time      `json:"deprecatedLastTimestamp"`
	EventTime               metav1.MicroTime `json:"eventTime"`
	Series                  struct {
		LastObservedTime metav1.MicroTime `json:"lastObservedTime"`
	} `json:"series"`
}

// latest is the newest of the times that it was shown.
type latest struct{ time.Time }

func (l *latest) see(times ...metav1.Time) {
	for _, t := range times {
		if t.After(l.Time) {
			l.Time = t.Time
		}
	}
}

func (o *other) newest() time.Time {
	var l latest
	l.meta(&o.ObjectMeta)
	l.see(o.Status.StartTime, o.Status.CompletionTime)
	for _, c := range o.Status.Conditions {
		l.see(c.LastHeartbeatTime, c.LastTransitionTime, c.LastUpdateTime)
	}
	l.see(o.FirstTimestamp, o.LastTimestamp, o.DeprecatedLastTimestamp)
	l.see(metav1.Time(o.EventTime), metav1.Time(o.Series.LastObservedTime))
	return l.Time
}

// newest returns the newest time that a pod states, zero if it states none.
func newest(pod *corev1.Pod) time.Time {
	var l latest
	l.meta(&pod.ObjectMeta)
	if pod.Status.StartTime != nil {
		l.see(*pod.Status.StartTime)
	}
	for i := range pod.Status.Conditions {
		l.see(pod.Status.Conditions[i].LastTransitionTime, pod.Status.Conditions[i].LastProbeTime)
	}
	for _, statuses := range [][]corev1.ContainerStatus{
		pod.Status.InitContainerStatuses, pod.Status.ContainerStatuses, pod.Status.EphemeralContainerStatuses,
	} {
		for i := range statuses {
			l.state(&statuses[i].State)
			l.state(&statuses[i].LastTerminationState)
		}
	}
	return l.Time
}

func (l *latest) meta(m *metav1.ObjectMeta) {
	l.see(m.CreationTimestamp)
	if t := m.DeletionTimestamp; t != nil {
		// It lies ahead by the grace period; the request was made before.
		requested := t.Time
		if s := m.DeletionGracePeriodSeconds; s != nil && *s > 0 && *s < 1<<31 {
			requested = requested.Add(-time.Duration(*s) * time.Second)
		}
		l.see(metav1.NewTime(requested))
	}
	for i := range m.ManagedFields {
		if t := m.ManagedFields[i].Time; t != nil {
			l.see(*t)
		}
	}
}

func (l *latest) state(s *corev1.ContainerState) {
	if s.Running != nil {
		l.see(s.Running.StartedAt)
	}
	if s.Terminated != nil {
		l.see(s.Terminated.StartedAt, s.Terminated.FinishedAt)
	}
}
