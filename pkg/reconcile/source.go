// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package reconcile

import (
	"context"
	"errors"
	"fmt"

	"github.com/podwatch/kubectl-podwatch/pkg/projection"
	"github.com/podwatch/kubectl-podwatch/pkg/reconcile/stream"
)

// handler takes in what one source delivers. It computes a key, keeps the frame
// and enqueues the key (R4); UntilSynced judges in place instead.
type handler struct {
	engine *Engine
	source Source
	synced bool
}

var _ stream.Handler = (*handler)(nil)

// Upsert implements stream.Handler.
func (h *handler) Upsert(p *projection.Pod, f stream.Frame) {
	h.engine.take(h.key(p), frame{pod: p, initial: f.Initial, gap: f.Gap})
}

// Delete implements stream.Handler.
func (h *handler) Delete(p *projection.Pod, f stream.Frame) {
	h.engine.take(h.key(p), frame{pod: p, gone: true, initial: f.Initial, gap: f.Gap})
}

// Synced implements stream.Handler.
func (h *handler) Synced() {
	if !h.synced {
		h.synced = true
		h.engine.sourceReady()
	}
}

// Status implements stream.Handler.
func (h *handler) Status(s stream.Status) {
	h.engine.mark(h.source, s.State == stream.Stale || s.State == stream.Forbidden)
	h.engine.say(Event{Type: Stream, Source: h.source, Status: s})
}

func (h *handler) key(p *projection.Pod) Key {
	return Key{Context: h.source.Context, Namespace: p.Namespace, Name: p.Name, UID: p.UID}
}

// take takes in one frame.
func (e *Engine) take(key Key, f frame) {
	if !e.intake.add(key, f) {
		return
	}
	if e.cfg.Until == UntilSynced {
		e.judgeWaiting(key)
		return
	}
	e.queue.Add(key)
}

// runSource runs one source to its end.
func (e *Engine) runSource(ctx context.Context, s Source) {
	h := &handler{engine: e, source: s}
	err := s.Run(ctx, h)
	if ctx.Err() != nil {
		return
	}
	if err == nil {
		err = errors.New("the source ended")
	}
	if h.synced {
		e.finish(fmt.Errorf("watch pods: %w", err))
		return
	}
	e.say(Event{Type: SourceFailed, Source: s, Err: err})
	e.mu.Lock()
	e.failures = append(e.failures, err)
	none := len(e.failures) == len(e.cfg.Sources)
	e.mu.Unlock()
	if none {
		e.finish(e.failure())
		return
	}
	e.sourceReady()
}

// sourceReady counts a source that has delivered its initial list, or never
// will.
func (e *Engine) sourceReady() {
	e.mu.Lock()
	e.unsynced--
	all := e.unsynced == 0
	e.mu.Unlock()
	if all {
		e.say(Event{Type: Synced})
	}
}

// failure is the error of a run all of whose sources have failed.
func (e *Engine) failure() error {
	e.mu.Lock()
	defer e.mu.Unlock()
	return errors.Join(e.failures...)
}

// mark remembers whether the pods of s can be trusted.
func (e *Engine) mark(s Source, stale bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.stale[[2]string{s.Context, s.Namespace}] = stale
}
