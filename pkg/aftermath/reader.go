// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package aftermath

import (
	"context"
	"fmt"
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/types"
	corev1client "k8s.io/client-go/kubernetes/typed/core/v1"

	"github.com/podwatch/kubectl-podwatch/pkg/internal/plaintext"
	"github.com/podwatch/kubectl-podwatch/pkg/logs"
	"github.com/podwatch/kubectl-podwatch/pkg/projection"
)

const (
	// timeout bounds one request: the kubelet of a lost node never answers.
	timeout = 5 * time.Second
	// concurrency is how many crashes are read about at once, queue how many
	// wait. When more pods than that crash together, they crash alike.
	concurrency = 4
	queue       = 64
	// maxEvents bounds one list of events: the kubelet writes some twenty
	// different ones about a pod in all its life.
	maxEvents = 200
)

// Crash names what is to be read about.
type Crash struct {
	Namespace, Pod string
	// Events is the UID that the events about the pod carry.
	Events types.UID
	// Container is "" if no container is to blame: then there are no lines.
	Container string
	// Previous is true if the run that crashed is not the present one.
	Previous bool
}

// CrashOf is the crash of a container of p.
func CrashOf(p *projection.Pod, container string) Crash {
	c := Crash{Namespace: p.Namespace, Pod: p.Name, Events: p.EventUID, Container: container}
	i := slices.IndexFunc(p.Containers, func(c projection.Container) bool { return c.Name == container })
	c.Previous = i >= 0 && p.Containers[i].Terminated == nil && p.Containers[i].LastTerminated != nil
	return c
}

// Reader reads about the crashes of one cluster. It is safe for concurrent use.
type Reader struct {
	// Lines and Events are how many of each are wanted at most; 0 is none.
	Lines, Events int

	logs   logs.Tailer
	events corev1client.EventsGetter
	slots  chan struct{}
	places chan struct{}
}

// NewReader returns a Reader of so many lines and events.
func NewReader(from logs.Tailer, client corev1client.EventsGetter, lines, events int) *Reader {
	return &Reader{
		Lines: lines, Events: events, logs: from, events: client,
		slots: make(chan struct{}, concurrency), places: make(chan struct{}, concurrency+queue),
	}
}

// Reserve takes a place in the queue, or reports false if it is full. Whoever has
// a place calls release once.
func (r *Reader) Reserve() (release func(), ok bool) {
	select {
	case r.places <- struct{}{}:
		return func() { <-r.places }, true
	default:
		return nil, false
	}
}

// Tail returns the last lines of the run that crashed, nil without a container.
func (r *Reader) Tail(ctx context.Context, c Crash) ([]string, error) {
	if r.Lines == 0 || c.Container == "" {
		return nil, nil
	}
	ctx, cancel, err := r.begin(ctx)
	if err != nil {
		return nil, err
	}
	defer cancel()
	lines, err := r.logs.Tail(ctx, c.Namespace, c.Pod, c.Container, c.Previous, r.Lines)
	return clean(lines, r.Lines), err
}

// About returns the last events about the pod, the oldest first.
func (r *Reader) About(ctx context.Context, c Crash) ([]projection.Event, error) {
	if r.Events == 0 || c.Events == "" {
		return nil, nil
	}
	ctx, cancel, err := r.begin(ctx)
	if err != nil {
		return nil, err
	}
	defer cancel()
	list, err := r.events.Events(c.Namespace).List(ctx, metav1.ListOptions{
		FieldSelector: fields.OneTermEqualSelector("involvedObject.uid", string(c.Events)).String(), Limit: maxEvents,
	})
	if err != nil {
		return nil, fmt.Errorf("list events in namespace %q: %w", c.Namespace, err)
	}
	return newest(list.Items, r.Events), nil
}

// begin waits for a slot and starts the clock of one request.
func (r *Reader) begin(ctx context.Context) (context.Context, func(), error) {
	select {
	case r.slots <- struct{}{}:
	case <-ctx.Done():
		return nil, nil, context.Cause(ctx)
	}
	ctx, cancel := context.WithTimeout(ctx, timeout)
	return ctx, func() {
		cancel()
		<-r.slots
	}, nil
}

func newest(events []corev1.Event, n int) []projection.Event {
	out := make([]projection.Event, 0, len(events))
	for i := range events {
		e := projection.FromEvent(&events[i])
		e.Message = plaintext.Redact(e.Message)
		out = append(out, e)
	}
	slices.SortStableFunc(out, func(a, b projection.Event) int { return a.Last.Compare(b.Last) })
	return out[max(0, len(out)-n):]
}
