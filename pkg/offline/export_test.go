// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package offline

import (
	"io"
	"io/fs"
	"iter"

	corev1 "k8s.io/api/core/v1"
)

// ReadLimited is Read with other bounds, so that tests reach them soon.
func ReadLimited(inputs iter.Seq2[Input, error], input int64, document, pending int) (*Snapshot, error) {
	most := defaultLimits()
	most.input, most.document, most.pending = input, document, pending
	return read(inputs, func(*corev1.Pod) error { return nil }, most)
}

// OpenLimited is Open of standard input with other bounds.
func OpenLimited(r io.Reader, archive int64, entries int) iter.Seq2[Input, error] {
	most := defaultLimits()
	most.archive, most.entries = archive, entries
	return openAll([]string{"-"}, r, most)
}

// OpenFolder is Open of a directory with these files in it.
func OpenFolder(files fs.FS) iter.Seq2[Input, error] {
	return func(yield func(Input, error) bool) { walk("dir", files, defaultLimits(), yield) }
}
