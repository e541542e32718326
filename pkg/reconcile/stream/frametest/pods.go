// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package frametest

import (
	"encoding/json"
	"fmt"
	"strconv"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/watch"
)

// stored is a pod and its encoding.
type stored struct {
	pod *corev1.Pod
	raw json.RawMessage
}

// change is one entry of the log. before and after have no pod if there was or
// is none; a deletion carries the final state in before.
type change struct {
	version       int
	before, after stored
}

// Put creates or updates pods, in order. It gives each a resourceVersion, and a
// UID if it has none: that of the pod of the same name, or a new one. A pod with
// another UID replaces the old one, as a deletion and a creation.
func (s *Server) Put(pods ...*corev1.Pod) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, p := range pods {
		key := types.NamespacedName{Namespace: p.Namespace, Name: p.Name}
		old := s.pods[key]
		pod := p.DeepCopy()
		switch {
		case pod.UID == "" && old.pod != nil:
			pod.UID = old.pod.UID
		case pod.UID == "":
			pod.UID = types.UID(fmt.Sprintf("uid-%d", s.version+1))
		case old.pod != nil && old.pod.UID != pod.UID:
			s.remove(key)
			old = stored{}
		}
		s.version++
		now := s.encode(pod)
		s.pods[key] = now
		s.log = append(s.log, change{version: s.version, before: old, after: now})
	}
	s.notify()
}

// Remove deletes a pod.
func (s *Server) Remove(namespace, name string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.remove(types.NamespacedName{Namespace: namespace, Name: name})
	s.notify()
}

func (s *Server) remove(key types.NamespacedName) {
	old, ok := s.pods[key]
	if !ok {
		s.tb.Errorf("remove pod %s: there is none", key)
		return
	}
	delete(s.pods, key)
	s.version++
	s.log = append(s.log, change{version: s.version, before: s.encode(old.pod.DeepCopy())})
}

// encode stamps pod with the present version.
func (s *Server) encode(pod *corev1.Pod) stored {
	pod.TypeMeta = metav1.TypeMeta{APIVersion: "v1", Kind: "Pod"}
	pod.ResourceVersion = strconv.Itoa(s.version)
	raw, err := json.Marshal(pod)
	if err != nil {
		s.tb.Errorf("encode pod %q: %v", pod.Name, err)
	}
	return stored{pod, raw}
}

// Compact makes all resourceVersions before the present one unknown: a watch
// that has not caught up ends with 410, and one that starts there gets it as its
// answer.
func (s *Server) Compact() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.log, s.floor = nil, s.version
	s.notify()
}

// Rewind sets the version counter to v, as an etcd restored from a backup does,
// and forgets the log and every pod.
func (s *Server) Rewind(v int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	clear(s.pods)
	s.log, s.version, s.floor = nil, v, v
	s.notify()
}

// frame returns what a watch of the scope sees of the change; ok is false if
// that is nothing.
func (c change) frame(sc scope) (frame, bool) {
	before, after := sc.covers(c.before.pod), sc.covers(c.after.pod)
	switch {
	case after && before:
		return frame{watch.Modified, c.after.raw}, true
	case after:
		return frame{watch.Added, c.after.raw}, true
	case before:
		return frame{watch.Deleted, c.before.raw}, true
	default:
		return frame{}, false
	}
}

// frame is one line of a watch.
type frame struct {
	Type   watch.EventType `json:"type"`
	Object json.RawMessage `json:"object"`
}
