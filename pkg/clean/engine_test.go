// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package clean

import (
	"context"
	"errors"
	"sync"
	"time"

	"k8s.io/apimachinery/pkg/util/wait"

	"github.com/podwatch/kubectl-podwatch/pkg/apis/podwatch/v1alpha1"
)

// grace is how long requests in flight may go on once Apply is to stop.
const grace = 10 * time.Second

// Apply stands in for the engine, which drives a Cleaner in the product. It has workers goroutines go through the plan and returns when they are
// done. see is asked for each pod right before it is acted on, by several
// goroutines at once. Passing errors are tried again with a back-off that holds
// back only the worker that met it.
//
// When ctx ends, no request is begun any more and those in flight are finished
// within 10 s. What was left has no result then.
func (c *Cleaner) Apply(ctx context.Context, workers int, see func(v1alpha1.CleanItem) Sight) {
	acting, cancel := c.outlive(ctx)
	defer cancel()
	next := make(chan v1alpha1.CleanItem)
	var group sync.WaitGroup
	for range max(1, workers) {
		group.Go(func() {
			for item := range next {
				c.applyOne(ctx, acting, item, see)
			}
		})
	}
feed:
	for _, item := range c.Items() {
		select {
		case next <- item:
		case <-ctx.Done():
			break feed
		}
	}
	close(next)
	group.Wait()
}

// applyOne tries item until its result is final or live ends.
func (c *Cleaner) applyOne(live, acting context.Context, item v1alpha1.CleanItem, see func(v1alpha1.CleanItem) Sight) {
	backoff := wait.Backoff{Duration: 200 * time.Millisecond, Factor: 2, Cap: 30 * time.Second, Steps: MaxAttempts}
	for attempt := 1; live.Err() == nil; attempt++ {
		err := c.Clean(acting, uidOf(item), attempt, see(item))
		if err == nil {
			return
		}
		pause := backoff.Step()
		if retry, ok := errors.AsType[*RetryError](err); ok {
			pause = max(pause, retry.After)
		}
		select {
		case <-c.clock.After(pause):
		case <-live.Done():
		}
	}
}

// outlive returns a context that ends grace after ctx.
func (c *Cleaner) outlive(ctx context.Context) (context.Context, context.CancelFunc) {
	acting, cancel := context.WithCancel(context.WithoutCancel(ctx))
	context.AfterFunc(ctx, func() {
		select {
		case <-c.clock.After(grace):
			cancel()
		case <-acting.Done():
		}
	})
	return acting, cancel
}
