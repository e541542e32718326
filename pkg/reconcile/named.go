// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package reconcile

import (
	"context"
	"reflect"
	"sync"
	"time"
)

// namedEvery is the distance of two readings of the workloads that a run was asked
// for: somebody waits for them, and there are few.
const namedEvery = 2 * time.Second

// startNamed starts to read the named workloads of all sources.
func (e *Engine) startNamed(ctx context.Context, wg *sync.WaitGroup) {
	if e.cfg.Named == nil {
		return
	}
	for _, source := range e.cfg.Sources {
		wg.Go(func() { e.guard(func() { e.readNamed(ctx, source) }) })
	}
}

// readNamed reads the named workloads of one source until ctx ends.
func (e *Engine) readNamed(ctx context.Context, of Source) {
	select {
	case <-ctx.Done():
		return
	case <-e.synced:
	}
	ticks := e.cfg.Clock.NewTicker(namedEvery)
	defer ticks.Stop()
	var last *Surroundings
	for {
		found := e.readNamedOnce(ctx, of)
		if ctx.Err() != nil {
			return
		}
		if last == nil || !reflect.DeepEqual(last.Owners, found.Owners) || !reflect.DeepEqual(last.Limitations, found.Limitations) {
			e.surround(place{of.Context, of.Namespace}, found)
			last = found
		}
		select {
		case <-ctx.Done():
			return
		case <-ticks.C():
		}
	}
}

func (e *Engine) readNamedOnce(ctx context.Context, of Source) *Surroundings {
	since := e.cfg.Clock.Now()
	ctx, cancel := context.WithTimeout(ctx, readFor)
	defer cancel()
	found := e.cfg.Named(ctx, of)
	found.Since, found.Named = since, true
	return found.after(nil)
}
