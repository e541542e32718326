// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package v1alpha1

import (
	"encoding/json"

	"k8s.io/apimachinery/pkg/runtime"
)

// The kinds are runtime.Objects because cli-runtime's printers want that.
// Nothing in podwatch copies them on a hot path, so the copy goes through JSON
// instead of through generated code.
var (
	_ runtime.Object = (*PodReport)(nil)
	_ runtime.Object = (*PodWatchEvent)(nil)
	_ runtime.Object = (*CleanReport)(nil)
)

// DeepCopyObject returns a copy that shares nothing with the receiver.
func (in *PodReport) DeepCopyObject() runtime.Object { return deepCopy(in) }

// DeepCopyObject returns a copy that shares nothing with the receiver.
func (in *PodWatchEvent) DeepCopyObject() runtime.Object { return deepCopy(in) }

// DeepCopyObject returns a copy that shares nothing with the receiver.
func (in *CleanReport) DeepCopyObject() runtime.Object { return deepCopy(in) }

// deepCopy returns nil for what does not marshal, which the tests rule out:
// the kinds hold strings, numbers, times and lists of those.
func deepCopy[T any](in *T) *T {
	if in == nil {
		return nil
	}
	data, err := json.Marshal(in)
	if err != nil {
		return nil
	}
	out := new(T)
	if err := json.Unmarshal(data, out); err != nil {
		return nil
	}
	return out
}
