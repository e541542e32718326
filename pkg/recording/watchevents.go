// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package recording

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/watch"

	"github.com/podwatch/kubectl-podwatch/pkg/diagnose"
	"github.com/podwatch/kubectl-podwatch/pkg/projection"
	"github.com/podwatch/kubectl-podwatch/pkg/reconcile"
	"github.com/podwatch/kubectl-podwatch/pkg/reconcile/stream"
)

// watchEvent is what kubectl prints of each frame.
type watchEvent struct {
	Type   watch.EventType `json:"type"`
	Object json.RawMessage `json:"object"`
}

// frame is a watchEvent that has been understood.
type frame struct {
	kind watch.EventType
	pod  *projection.Pod
	at   time.Time
}

// readWatch reads kubectl's format. The frames before the first that is not
// ADDED are the initial list: kubectl does not say where it ends.
func readWatch(first []byte, v *values) (*Recording, error) {
	f, err := frameOf(first)
	if err != nil {
		return nil, err
	}
	w := watchReader{values: v}
	initial := w.initialList(f)
	w.now = newest(initial)
	h := Header{Version: "kubectl", Started: w.now, Sources: []Source{{}}, Thresholds: diagnose.Defaults()}
	return &Recording{Header: h, deliveries: func(yield func(reconcile.Delivery, error) bool) {
		_ = w.initially(initial, yield) && w.rest(yield)
	}}, nil
}

type watchReader struct {
	*values
	now time.Time
	// next is the first frame after the initial list, err why there is none.
	next frame
	err  error
}

// initialList returns first and the frames up to the first that is not ADDED.
func (w *watchReader) initialList(first frame) []frame {
	list := []frame{first}
	for {
		w.next, w.err = w.frame()
		if w.err != nil || w.next.kind != watch.Added {
			return list
		}
		list = append(list, w.next)
	}
}

func (w *watchReader) initially(frames []frame, yield func(reconcile.Delivery, error) bool) bool {
	if !yield(reconcile.Delivery{At: w.now}, nil) {
		return false
	}
	for _, f := range frames {
		if !yield(reconcile.Delivery{At: w.now, Namespace: f.pod.Namespace, Pod: f.pod, Initial: true}, nil) {
			return false
		}
	}
	return yield(reconcile.Delivery{At: w.now, Synced: true}, nil) &&
		yield(reconcile.Delivery{At: w.now, Status: &stream.Status{State: stream.Live}}, nil)
}

func (w *watchReader) rest(yield func(reconcile.Delivery, error) bool) bool {
	for w.err == nil {
		if w.next.at.After(w.now) {
			w.now = w.next.at
		}
		d := reconcile.Delivery{At: w.now, Namespace: w.next.pod.Namespace, Pod: w.next.pod, Gone: w.next.kind == watch.Deleted}
		if !yield(d, nil) {
			return false
		}
		w.next, w.err = w.frame()
	}
	if errors.Is(w.err, io.EOF) {
		return yield(reconcile.Delivery{At: w.now}, nil)
	}
	return yield(reconcile.Delivery{}, w.failed(w.err))
}

// frame returns the next frame, io.EOF after the last.
func (v *values) frame() (frame, error) {
	data, err := v.next()
	if err != nil {
		return frame{}, err
	}
	return frameOf(data)
}

func frameOf(data []byte) (frame, error) {
	var ev watchEvent
	if err := json.Unmarshal(data, &ev); err != nil {
		return frame{}, err
	}
	switch ev.Type {
	case watch.Added, watch.Modified, watch.Deleted:
	case watch.Error:
		var status metav1.Status
		_ = json.Unmarshal(ev.Object, &status) // without a message there is none
		return frame{}, fmt.Errorf("the server has ended the watch: %s", status.Message)
	case watch.Bookmark:
		return frame{}, errors.New("a bookmark is no frame of kubectl's")
	default:
		return frame{}, fmt.Errorf("unknown type %q", ev.Type)
	}
	var pod corev1.Pod
	if err := json.Unmarshal(ev.Object, &pod); err != nil {
		return frame{}, err
	}
	if pod.Kind != "Pod" {
		return frame{}, fmt.Errorf("object of kind %q, want Pod", pod.Kind)
	}
	return frame{ev.Type, projection.From(&pod), latest(&pod)}, nil
}

func newest(frames []frame) time.Time {
	var at time.Time
	for _, f := range frames {
		if f.at.After(at) {
			at = f.at
		}
	}
	return at.UTC()
}

// latest is the newest time that stands in a pod: it is not older than that. When
// it is to be gone is in the future and left out.
func latest(pod *corev1.Pod) time.Time {
	at := pod.CreationTimestamp.Time
	take := func(t time.Time) {
		if t.After(at) {
			at = t
		}
	}
	for i := range pod.ManagedFields {
		if t := pod.ManagedFields[i].Time; t != nil {
			take(t.Time)
		}
	}
	if pod.DeletionTimestamp != nil && pod.DeletionGracePeriodSeconds != nil {
		take(pod.DeletionTimestamp.Add(-time.Duration(*pod.DeletionGracePeriodSeconds) * time.Second))
	}
	if pod.Status.StartTime != nil {
		take(pod.Status.StartTime.Time)
	}
	for i := range pod.Status.Conditions {
		take(pod.Status.Conditions[i].LastTransitionTime.Time)
	}
	for _, statuses := range [][]corev1.ContainerStatus{
		pod.Status.InitContainerStatuses, pod.Status.ContainerStatuses, pod.Status.EphemeralContainerStatuses,
	} {
		for i := range statuses {
			if r := statuses[i].State.Running; r != nil {
				take(r.StartedAt.Time)
			}
			for _, state := range []*corev1.ContainerStateTerminated{statuses[i].State.Terminated, statuses[i].LastTerminationState.Terminated} {
				if state != nil {
					take(state.FinishedAt.Time)
				}
			}
		}
	}
	return at.UTC()
}
