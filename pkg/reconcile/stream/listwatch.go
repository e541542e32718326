// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package stream

import (
	"context"
	"fmt"
	"io"
	"reflect"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metainternalversion "k8s.io/apimachinery/pkg/apis/meta/internalversion"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/client-go/tools/cache"
	"k8s.io/client-go/tools/pager"
	"k8s.io/utils/ptr"
)

// listWatch stands between the reflector and the client. Every request and
// every frame passes here first: it applies the selectors, notes what goes
// wrong, cuts what is silent, and delivers pods at once with KeepStubs.
//
// There is one for each time that a reflector is started.
type listWatch struct {
	stream *Stream
	// noEnd is called when a streamed list does not end.
	noEnd func()

	mu sync.Mutex
	// short counts consecutive watches that ended within a second.
	short int
}

// listerWatcher returns l for a reflector. Only without streaming does it read
// the scope with LIST from the start.
func (l *listWatch) listerWatcher(mode transfer) cache.ListerWatcher {
	lw := &cache.ListWatch{ListWithContextFunc: l.list, WatchFuncWithContext: l.watch}
	if mode == paged {
		return cache.ToListWatcherWithWatchListSemantics(lw, noStreaming{})
	}
	return cache.ToListWatcherWithWatchListSemantics(lw, l.stream.cfg.Client)
}

// transfer is how the reflector first asks for a list.
type transfer string

const (
	streamed transfer = "streamed"
	paged    transfer = "paged"
)

// noStreaming makes a reflector read with LIST and WATCH; see
// watchlist.DoesClientNotSupportWatchListSemantics in client-go v0.37.2.
type noStreaming struct{}

func (noStreaming) IsWatchListSemanticsUnSupported() bool { return true }

// list reads the scope in pages, whatever the reflector asks for: the server
// ignores the limit for the resourceVersion "0" that it starts with, and it
// leaves the limit out of a relist. Whole pods live as long as their page.
func (l *listWatch) list(ctx context.Context, opts metav1.ListOptions) (runtime.Object, error) {
	if opts.ResourceVersion == "0" {
		opts.ResourceVersion = ""
	}
	s := l.stream
	s.beginRelist()
	round := s.beginList()
	p := pager.New(func(ctx context.Context, opts metav1.ListOptions) (runtime.Object, error) {
		return l.page(ctx, round, opts)
	})
	list, _, err := p.ListWithAlloc(ctx, opts)
	if err != nil {
		return nil, err
	}
	if m, ok := list.(*metainternalversion.List); ok {
		s.completeList(round, m.ResourceVersion)
	}
	return list, nil
}

func (l *listWatch) page(parent context.Context, round int, opts metav1.ListOptions) (runtime.Object, error) {
	s := l.stream
	s.selectInto(&opts)
	ctx, a := s.monitor.attempt(parent)
	defer a.end()
	pods, err := s.cfg.Client.CoreV1().Pods(s.cfg.Namespace).List(ctx, opts)
	if err != nil {
		if err = a.failed(parent, ctx, err); parent.Err() == nil {
			s.monitor.judge(err, listing)
		}
		return nil, err
	}
	a.succeeded()
	list := &metainternalversion.List{ListMeta: pods.ListMeta, Items: make([]runtime.Object, 0, len(pods.Items))}
	for i := range pods.Items {
		pod := &pods.Items[i]
		s.history.found(pod.ResourceVersion)
		list.Items = append(list.Items, s.listed(round, pod))
		*pod = corev1.Pod{}
	}
	return list, nil
}

// watch opens a watch whose context ends when it is silent for too long.
func (l *listWatch) watch(parent context.Context, opts metav1.ListOptions) (watch.Interface, error) {
	s := l.stream
	l.pause(parent)
	initial := ptr.Deref(opts.SendInitialEvents, false)
	s.selectInto(&opts)
	ctx, a := s.monitor.attempt(parent)
	in, err := s.cfg.Client.CoreV1().Pods(s.cfg.Namespace).Watch(ctx, opts)
	if err == nil && reflect.TypeOf(in) == reflect.TypeOf(watch.NewEmptyWatch()) {
		// What rest.Request returns when its last retry has failed.
		err = fmt.Errorf("watch pods: %w", io.ErrUnexpectedEOF)
	}
	if err != nil {
		err = a.failed(parent, ctx, err)
		a.end()
		if parent.Err() == nil {
			s.monitor.judge(err, watching)
		}
		if isExpired(err) {
			s.beginRelist()
		}
		switch {
		case initial && (KindOf(err) == Refused || apierrors.IsTooManyRequests(err)):
			return nil, opaque{err}
		case !initial && isResumable(err):
			return nil, resumable{err}
		}
		return nil, err
	}
	a.succeeded()
	f := &forwarder{
		lw: l, attempt: a, in: in, out: make(chan watch.Event), initial: initial, begun: s.cfg.Clock.Now(),
	}
	if initial {
		s.beginRelist()
		f.round = s.beginList()
	} else {
		f.round = s.delivery.current()
	}
	go f.run(ctx)
	return f, nil
}

const (
	minPause = 800 * time.Millisecond
	maxPause = 30 * time.Second
)

// pause keeps a server that ends every watch at once from being asked without
// end: the reflector opens a watch again immediately if it has brought a frame.
func (l *listWatch) pause(ctx context.Context) {
	l.mu.Lock()
	n := l.short - 1
	l.mu.Unlock()
	if n < 1 {
		return
	}
	d := min(minPause<<min(n-1, 6), maxPause)
	select {
	case <-ctx.Done():
	case <-l.stream.cfg.Clock.After(d):
	}
}

// ended notes how long a watch has lasted.
func (l *listWatch) ended(lasted time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if lasted >= time.Second {
		l.short = 0
		return
	}
	l.short++
}
