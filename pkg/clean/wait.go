// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package clean

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/watch"
	corev1client "k8s.io/client-go/kubernetes/typed/core/v1"

	"github.com/podwatch/kubectl-podwatch/pkg/apis/podwatch/v1alpha1"
)

const (
	// watchFor is after how long a wait looks at its pods even if the watch says
	// nothing: a connection can be dead without anybody noticing.
	watchFor = 15 * time.Second
	// pollEvery is the pause between two looks while there is no watch.
	pollEvery = 2 * time.Second
)

// Wait returns when none of the pods with the result terminating is there any
// more, or when ctx ends, with its cause. The result of a pod that has gone
// becomes deleted, in the journal of archive, too; another pod under its name
// makes no difference. Each namespace that has such pods is watched, and where
// the server refuses that its pods are asked for one by one. Wait must not be
// called while Clean is under way.
func (c *Cleaner) Wait(ctx context.Context, client corev1client.PodsGetter, archive *Archive) error {
	leaving := map[string]departures{}
	for _, item := range c.Items() {
		if item.Result != v1alpha1.ResultTerminating {
			continue
		}
		if leaving[item.Namespace] == nil {
			leaving[item.Namespace] = departures{}
		}
		leaving[item.Namespace][item.Name] = uidOf(item)
	}
	var group sync.WaitGroup
	for _, namespace := range slices.Sorted(maps.Keys(leaving)) {
		group.Go(func() {
			w := departure{pods: client.Pods(namespace), left: leaving[namespace], gone: func(uid types.UID) { c.left(uid, archive) }}
			w.run(ctx)
		})
	}
	group.Wait()
	for _, left := range leaving {
		if len(left) > 0 {
			return fmt.Errorf("wait for pods to be gone: %w", context.Cause(ctx))
		}
	}
	return nil
}

// left keeps that the pod is no longer terminating but gone.
func (c *Cleaner) left(uid types.UID, archive *Archive) {
	c.mu.Lock()
	item := &c.items[c.index[uid]]
	item.Result = v1alpha1.ResultDeleted
	gone := *item
	c.mu.Unlock()
	archive.conclude(gone, c.clock.Now())
}

// departures are the UIDs, by name, of the pods of a namespace that are on
// their way out.
type departures map[string]types.UID

// departure waits for the pods of one namespace.
type departure struct {
	pods corev1client.PodInterface
	// left loses the pods that are gone.
	left departures
	gone func(types.UID)
}

// run returns when no pod is left or ctx ends. The watch is open before the
// pods are looked at, so that none can go unseen in between.
func (w *departure) run(ctx context.Context) {
	for len(w.left) > 0 && ctx.Err() == nil {
		events, err := w.open(ctx)
		w.look(ctx)
		if err == nil && w.follow(ctx, events) {
			continue
		}
		if len(w.left) > 0 {
			pause(ctx, pollEvery)
		}
	}
}

func pause(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
	}
}

// open starts a watch at the present state. A list of a single pod tells which
// one that is; without it the server would send every pod of the namespace.
func (w *departure) open(ctx context.Context) (watch.Interface, error) {
	options := metav1.ListOptions{Limit: 1}
	if len(w.left) == 1 {
		for name := range w.left {
			options.FieldSelector = fields.OneTermEqualSelector(metav1.ObjectNameField, name).String()
		}
	}
	list, err := w.pods.List(ctx, options)
	if err != nil {
		return nil, err
	}
	options.Limit, options.ResourceVersion = 0, list.ResourceVersion
	return w.pods.Watch(ctx, options)
}

// look asks for each pod that is left.
func (w *departure) look(ctx context.Context) {
	var mu sync.Mutex
	each(slices.Collect(maps.Keys(w.left)), func(name string) {
		pod, err := w.pods.Get(ctx, name, metav1.GetOptions{})
		mu.Lock()
		defer mu.Unlock()
		switch {
		case apierrors.IsNotFound(err), err == nil && pod.UID != w.left[name]:
			w.leave(name)
		}
	})
}

// follow reads events until no pod is left or the watch ends, and reports
// whether it went on for as long as it was to.
func (w *departure) follow(ctx context.Context, events watch.Interface) bool {
	defer events.Stop()
	ctx, cancel := context.WithTimeout(ctx, watchFor)
	defer cancel()
	for len(w.left) > 0 {
		select {
		case <-ctx.Done():
			return true
		case event, open := <-events.ResultChan():
			pod, isPod := event.Object.(*corev1.Pod)
			if !open || !isPod {
				return false
			}
			uid, waited := w.left[pod.Name]
			if waited && (event.Type == watch.Deleted || pod.UID != uid) {
				w.leave(pod.Name)
			}
		}
	}
	return true
}

func (w *departure) leave(name string) {
	uid := w.left[name]
	delete(w.left, name)
	w.gone(uid)
}
