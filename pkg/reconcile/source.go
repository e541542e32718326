// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package reconcile

import (
	"context"
	"errors"
	"fmt"

	"github.com/podwatch/kubectl-podwatch/pkg/internal/panics"
	"github.com/podwatch/kubectl-podwatch/pkg/projection"
	"github.com/podwatch/kubectl-podwatch/pkg/reconcile/stream"
)

// handler takes in what one source delivers. It computes a key, keeps the frame
// and enqueues the key (R4); UntilSynced judges in place instead. It is called on
// goroutines of client-go, which would end the process at a panic.
type handler struct {
	engine *Engine
	source Source
	synced bool
	// late is true if the others do not wait for this source.
	late bool
}

var _ stream.Handler = (*handler)(nil)

// Upsert implements stream.Handler.
func (h *handler) Upsert(p *projection.Pod, f stream.Frame) {
	h.engine.guard(func() { h.engine.take(h.key(p), frame{pod: p, initial: f.Initial, gap: f.Gap}) })
}

// Delete implements stream.Handler.
func (h *handler) Delete(p *projection.Pod, f stream.Frame) {
	h.engine.guard(func() { h.engine.take(h.key(p), frame{pod: p, gone: true, initial: f.Initial, gap: f.Gap}) })
}

// Synced implements stream.Handler.
func (h *handler) Synced() {
	if h.synced {
		return
	}
	h.synced = true
	if h.late {
		h.engine.rejoin()
	}
	h.engine.sourceSynced(h.source)
}

// failed gives up a source that was never read.
func (h *handler) failed(err error) {
	h.engine.sourceFailed(h.source, err)
	if !h.late {
		h.engine.goOn(h.source, nil)
	}
}

// Status implements stream.Handler.
func (h *handler) Status(s stream.Status) {
	h.engine.mark(h.source, s)
	h.engine.say(Event{Type: Stream, Source: h.source, Status: s}, h.source.delivers(Delivery{Status: &s}))
	if s.State != stream.Connecting && !h.synced && !h.late && h.engine.cfg.Until == UntilStopped {
		h.late = true
		h.engine.goOn(h.source, nil)
	}
}

func (h *handler) key(p *projection.Pod) Key {
	return Key{Context: h.source.Context, Namespace: p.Namespace, Name: p.Name, UID: p.UID}
}

// delivers completes d as a delivery of s.
func (s Source) delivers(d Delivery) *Delivery {
	d.Context, d.Namespace = s.Context, s.Namespace
	return &d
}

// take takes in one frame.
func (e *Engine) take(key Key, f frame) {
	e.fireDue()
	e.enqueue(key, f)
}

// enqueue gives f its place and key to a worker.
func (e *Engine) enqueue(key Key, f frame) {
	if !e.intake.add(key, f) {
		return
	}
	e.judgeSoon(key)
}

// judgeSoon has what waits for key judged.
func (e *Engine) judgeSoon(key Key) {
	if e.inPlace {
		e.judgeInPlace(key)
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
	_, fault := errors.AsType[*panics.Error](err)
	if h.synced || fault {
		e.finish(fmt.Errorf("watch pods: %w", err))
		return
	}
	h.failed(err)
}

// sourceFailed tells of a source that was never read, and ends the run if it was
// the last.
func (e *Engine) sourceFailed(s Source, err error) {
	e.say(Event{Type: SourceFailed, Source: s, Err: err}, s.delivers(Delivery{Err: err}))
	e.mu.Lock()
	e.failures = append(e.failures, err)
	none := len(e.failures) == len(e.cfg.Sources)
	e.mu.Unlock()
	if none {
		e.finish(e.failure())
	}
}

// rejoin counts a source in again that goOn has not waited for.
func (e *Engine) rejoin() {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.awaited++
}

// sourceSynced counts a source that has delivered its initial list.
func (e *Engine) sourceSynced(s Source) {
	e.mu.Lock()
	e.read = true
	e.mu.Unlock()
	e.goOn(s, s.delivers(Delivery{Synced: true}))
}

// goOn waits for one source less. When none is left and something was read, the
// run is synced. d is what the source has delivered, nil if nothing new.
func (e *Engine) goOn(s Source, d *Delivery) {
	e.mu.Lock()
	e.awaited--
	say := e.awaited == 0 && e.read && !e.told
	e.told = e.told || say
	e.mu.Unlock()
	switch {
	case say:
		e.say(Event{Type: Synced, Source: s}, d)
	case d != nil:
		e.intake.note(*d)
	}
}

// failure is the error of a run all of whose sources have failed.
func (e *Engine) failure() error {
	e.mu.Lock()
	defer e.mu.Unlock()
	return errors.Join(e.failures...)
}

// mark remembers how far the pods of s can be trusted.
func (e *Engine) mark(s Source, status stream.Status) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.status[[2]string{s.Context, s.Namespace}] = status
}
