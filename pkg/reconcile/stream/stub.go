// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package stream

import (
	"unique"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
)

// stub is what KeepStubs holds of a pod, and what its reflector sees instead of
// it. The metadata that client-go asks for is made on the way, because an
// ObjectMeta in every stub would take four times the room.
type stub struct {
	namespace, name string
	uid             types.UID
	resourceVersion string
}

var (
	_ runtime.Object            = (*stub)(nil)
	_ metav1.ObjectMetaAccessor = (*stub)(nil)
)

func stubOf(pod *corev1.Pod) *stub {
	return &stub{
		// Every decoded pod brings its own copy of the same few names.
		namespace:       unique.Make(pod.Namespace).Value(),
		name:            pod.Name,
		uid:             pod.UID,
		resourceVersion: pod.ResourceVersion,
	}
}

// GetObjectMeta implements metav1.ObjectMetaAccessor.
func (s *stub) GetObjectMeta() metav1.Object {
	return &metav1.ObjectMeta{
		Namespace: s.namespace, Name: s.name, UID: s.uid, ResourceVersion: s.resourceVersion,
	}
}

// GetObjectKind implements runtime.Object.
func (s *stub) GetObjectKind() schema.ObjectKind { return schema.EmptyObjectKind }

// DeepCopyObject implements runtime.Object. A stub is never changed.
func (s *stub) DeepCopyObject() runtime.Object { return s }

// GetUID implements tracked.
func (s *stub) GetUID() types.UID { return s.uid }

// GetResourceVersion implements tracked.
func (s *stub) GetResourceVersion() string { return s.resourceVersion }

// discard is the store of a reflector whose frames were delivered before it saw
// them.
type discard struct{}

func (discard) Add(any) error               { return nil }
func (discard) Update(any) error            { return nil }
func (discard) Delete(any) error            { return nil }
func (discard) Replace([]any, string) error { return nil }
func (discard) Resync() error               { return nil }
