// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package stream

import (
	"context"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/tools/cache"
	"k8s.io/klog/v2"

	"github.com/podwatch/kubectl-podwatch/pkg/projection"
)

// runInformer runs a SharedIndexInformer over projections until ctx ends.
func (s *Stream) runInformer(ctx context.Context, lw cache.ListerWatcher) {
	informer := cache.NewSharedIndexInformerWithOptions(lw, &corev1.Pod{}, cache.SharedIndexInformerOptions{
		ObjectDescription: "pods",
	})
	// These fail only for an informer that has been started.
	_ = informer.SetTransform(s.transform)
	_ = informer.SetWatchErrorHandlerWithContext(
		// The ListerWatcher has noted it. The default would log it once more.
		func(context.Context, *cache.Reflector, error) {})
	logger := klog.FromContext(ctx)
	h := &informerHandler{stream: s, round: s.delivery.begin()}
	reg, err := informer.AddEventHandlerWithOptions(h, cache.HandlerOptions{Logger: &logger})
	if err != nil {
		s.monitor.giveUp(&ConnectError{Kind: Other, Namespace: s.cfg.Namespace, Err: err})
		return
	}
	store := informer.GetStore()
	s.store.CompareAndSwap(nil, &store)
	go func() {
		select {
		case <-ctx.Done():
		case <-reg.HasSyncedChecker().Done():
			// After a restart the earlier store serves until this one is full.
			s.store.Store(&store)
			s.settle(h.round)
		}
	}()
	informer.RunWithContext(ctx)
}

// transform makes projections of what enters the informer. It is asked again
// about what it has made.
func (s *Stream) transform(obj any) (any, error) {
	if pod, ok := obj.(*corev1.Pod); ok {
		return s.project(pod), nil
	}
	return obj, nil
}

// informerHandler delivers what the informer found. Anything but a pod of the
// initial list shows that all of that list has come.
type informerHandler struct {
	stream *Stream
	round  int
}

var _ cache.ResourceEventHandler = (*informerHandler)(nil)

// OnAdd implements cache.ResourceEventHandler.
func (h *informerHandler) OnAdd(obj any, isInInitialList bool) { //nolint:revive // the signature is client-go's
	if !isInInitialList {
		h.stream.settle(h.round)
	}
	h.upsert(obj)
}

// OnUpdate implements cache.ResourceEventHandler.
func (h *informerHandler) OnUpdate(_, obj any) {
	h.stream.settle(h.round)
	h.upsert(obj)
}

// OnDelete implements cache.ResourceEventHandler.
func (h *informerHandler) OnDelete(obj any) {
	h.stream.settle(h.round)
	switch o := obj.(type) {
	case *projection.Pod:
		h.stream.delivery.remove(h.round, o)
	case cache.DeletedFinalStateUnknown:
		if name, err := cache.ParseObjectName(o.Key); err == nil {
			h.stream.delivery.vanish(h.round, types.NamespacedName{Namespace: name.Namespace, Name: name.Name})
		}
	}
}

func (h *informerHandler) upsert(obj any) {
	p, ok := obj.(*projection.Pod)
	if ok && h.stream.delivery.wants(h.round, p) {
		h.stream.delivery.upsert(h.round, p, p)
	}
}
