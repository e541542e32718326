// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package stream

import (
	"context"
	"errors"
	"sync/atomic"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/tools/cache"
	"k8s.io/klog/v2"

	"github.com/podwatch/kubectl-podwatch/pkg/internal/panics"
	"github.com/podwatch/kubectl-podwatch/pkg/projection"
)

// Stream is one list+watch. Make it with New.
type Stream struct {
	cfg      Config
	monitor  *monitor
	history  *history
	delivery *delivery
	started  atomic.Bool
	// store is the informer's, nil with KeepStubs and before Run.
	store atomic.Pointer[cache.Store]
}

// New returns a Stream that has not been started. It returns an error if cfg
// can never work; it sends no request.
func New(cfg Config) (*Stream, error) {
	if err := cfg.validate(); err != nil {
		return nil, err
	}
	cfg = cfg.withDefaults()
	return &Stream{cfg: cfg, monitor: newMonitor(cfg), history: &history{}}, nil
}

// stopGrace is how long Run waits for client-go to end. What sleeps then is left
// to itself.
const stopGrace = 100 * time.Millisecond

// Run delivers pods to h until ctx ends, and then returns nil. Before the first
// Synced it may return a *ConnectError; a panic of Config.Project or Config.Inspect
// ends it as an error at any time. It can be called once.
func (s *Stream) Run(ctx context.Context, h Handler) error {
	if s.started.Swap(true) {
		return errors.New("stream: run a second time")
	}
	ctx, cancel := context.WithCancelCause(klog.NewContext(ctx, s.cfg.Logger))
	s.delivery = newDelivery(h, s.history)
	s.monitor.tell = func(notice string) { s.delivery.tell(s.monitor.snapshot, notice) }
	s.monitor.giveUp = cancel
	s.monitor.started = s.cfg.Clock.Now()
	defer s.delivery.close()
	defer cancel(nil)
	go s.monitor.run(ctx)

	for mode := streamed; s.runReflector(ctx, mode) != nil; mode = paged {
		s.monitor.tell("the server does not finish streaming lists; using list and watch")
	}
	cause := context.Cause(ctx)
	if failed, ok := errors.AsType[*ConnectError](cause); ok {
		return failed
	}
	if fault, ok := errors.AsType[*panics.Error](cause); ok {
		return fault
	}
	return nil
}

// errNoEnd restarts the reflector without streamed lists.
var errNoEnd = errors.New("the streamed list does not end")

// runReflector runs a reflector until ctx ends, or until its streamed list turns
// out not to end, which is errNoEnd.
func (s *Stream) runReflector(ctx context.Context, mode transfer) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	l := &listWatch{stream: s, noEnd: func() { cancel(errNoEnd) }}
	done := make(chan struct{})
	go func() {
		defer close(done)
		switch s.cfg.Keep {
		case KeepProjections:
			s.runInformer(ctx, l.listerWatcher(mode))
		case KeepStubs:
			s.runStubs(ctx, l.listerWatcher(mode))
		}
	}()
	<-ctx.Done()
	grace := s.cfg.Clock.NewTimer(stopGrace)
	defer grace.Stop()
	select {
	case <-done:
	case <-grace.C():
	}
	if err := context.Cause(ctx); errors.Is(err, errNoEnd) {
		return err
	}
	return nil
}

// Get returns the pod as last heard of. It reads the local cache, which may be
// ahead of the handler. With KeepStubs there is nothing to read.
func (s *Stream) Get(namespace, name string) (*projection.Pod, bool) {
	store := s.store.Load()
	if store == nil {
		return nil, false
	}
	key := cache.NewObjectName(namespace, name).String()
	obj, _, err := (*store).GetByKey(key)
	p, ok := obj.(*projection.Pod)
	return p, ok && err == nil
}

// Status returns the present condition, Notice left out. It may be called at any
// time.
func (s *Stream) Status() Status { return s.monitor.snapshot() }

// selectInto applies the selectors, so that the server does (R1).
func (s *Stream) selectInto(opts *metav1.ListOptions) {
	opts.LabelSelector, opts.FieldSelector = s.cfg.LabelSelector, s.cfg.FieldSelector
}

// project makes the projection of a pod and shows both to Config.Inspect. It runs on a
// goroutine of client-go, which would end the process at a panic: that ends the run.
func (s *Stream) project(pod *corev1.Pod) *projection.Pod {
	var p *projection.Pod
	fault := panics.Catch(func() {
		p = s.cfg.Project(pod)
		if s.cfg.Inspect != nil {
			s.cfg.Inspect(pod, p)
		}
	})
	if fault != nil {
		s.monitor.giveUp(fault)
		p = &projection.Pod{ObjectMeta: metav1.ObjectMeta{Namespace: pod.Namespace, Name: pod.Name, UID: pod.UID, ResourceVersion: pod.ResourceVersion}}
	}
	return p
}

// settle tells that a round's list was delivered.
func (s *Stream) settle(round int) {
	if s.delivery.settle(round) {
		s.monitor.sync()
	}
}

// failedInStream notes an ERROR frame. 410 Gone is the server's usual way to
// ask for a relist.
func (s *Stream) failedInStream(err error) {
	if isExpired(err) {
		s.beginRelist()
		return
	}
	s.monitor.failed(err, 1)
}

// beginRelist tells, once, that a list after the initial one is due.
func (s *Stream) beginRelist() {
	if s.history.begin() {
		s.monitor.relisting()
	}
}
