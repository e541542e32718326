// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package stream

import "github.com/podwatch/kubectl-podwatch/pkg/projection"

// Handler takes in what a Stream delivers. Its methods are never called at the
// same time, and not after Run has returned. They must return soon: with
// KeepStubs they run on the goroutine that decodes frames, so that a slow
// handler slows the server down; with KeepProjections frames queue up in memory
// behind them. They may call Stream.Get and Stream.Status, but must not wait
// for Run.
type Handler interface {
	// Upsert tells that p is there, new or changed. p is shared and immutable.
	Upsert(p *projection.Pod, f Frame)
	// Delete tells that the pod is gone. p is its final state if the server sent
	// one. Otherwise p is its last known projection with KeepProjections, and
	// holds namespace, name, UID and resourceVersion only with KeepStubs.
	Delete(p *projection.Pod, f Frame)
	// Synced is called once, after all of the initial list was delivered.
	Synced()
	// Status is called when something other than Status.LastFrame has changed.
	Status(s Status)
}

// Frame says how a pod came.
type Frame struct {
	// Initial is true until Synced.
	Initial bool
	// Gap is true if only a relist showed this: earlier frames of the pod may be
	// missing. It is false in the initial list, except for a pod that was
	// delivered and is gone after that list had to be started again.
	Gap bool
}
