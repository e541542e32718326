// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package offline

import (
	"iter"

	corev1 "k8s.io/api/core/v1"
)

// ReadLimited is Read with other bounds, so that tests reach them soon.
func ReadLimited(inputs iter.Seq2[Input, error], input int64, document, pending int) (*Snapshot, error) {
	return read(inputs, func(*corev1.Pod) error { return nil }, limits{input: input, document: document, pending: pending})
}
