// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package clean

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"k8s.io/apimachinery/pkg/types"
	"k8s.io/utils/clock"

	"github.com/podwatch/kubectl-podwatch/pkg/apis/podwatch/v1alpha1"
	"github.com/podwatch/kubectl-podwatch/pkg/diagnose"
	"github.com/podwatch/kubectl-podwatch/pkg/projection"
)

// MaxAttempts is how often a pod is tried before its error is final. With the
// engine's back-off, 200 ms doubling to 30 s, that takes 81 s, longer than an
// API server needs to restart.
const MaxAttempts = 10

// blockedRetry is after how long a disruption budget is asked again, as by
// kubectl drain, unless the server wants more.
const blockedRetry = 5 * time.Second

// Sight is what is known of a planned pod at the moment of acting.
type Sight struct {
	// Pod is the pod of the plan, or the one that has taken its name; nil if
	// there is none.
	Pod *projection.Pod
	// Verdict is the one on Pod.
	Verdict diagnose.Verdict
	// Outside is true for a pod that is no longer among those that were asked for,
	// although it is there, or may be.
	Outside bool
	// Stale is true if the view of the cluster is too old to act on.
	Stale bool
	// There reports whether the pod with a UID is there and not on its way out.
	// Nil stands for a yes about all pods.
	There func(types.UID) bool
}

// Cleaner carries out one plan. Its methods may be called by several
// goroutines at once, Clean not for the same pod.
type Cleaner struct {
	// BlockedTimeout is how long a pod that a disruption budget protects is
	// tried again. It must not be changed once Clean was called.
	BlockedTimeout time.Duration

	rules Rules
	known Known
	kept  map[string][]types.UID
	actor Actor
	clock clock.WithTicker
	index map[types.UID]int

	mu    sync.Mutex
	items []v1alpha1.CleanItem
	// begun is when a pod was tried first.
	begun map[types.UID]time.Time
	// waiting has the pods for which another attempt was asked for.
	waiting map[types.UID]bool
}

// New returns a Cleaner that has actor remove what plan has planned.
func New(plan *Plan, actor Actor, clk clock.WithTicker) *Cleaner {
	c := &Cleaner{
		rules:   plan.rules,
		known:   plan.known,
		kept:    plan.kept,
		begun:   map[types.UID]time.Time{},
		waiting: map[types.UID]bool{},
		actor:   actor,
		clock:   clk,
		items:   slices.Clone(plan.Planned()),
		index:   make(map[types.UID]int, plan.planned),
	}
	for i := range c.items {
		c.items[i].DryRun = actor.DryRun()
		c.index[uidOf(c.items[i])] = i
	}
	return c
}

// Know replaces what was known of the surroundings of the pods when the plan was
// made. It must not be called once Clean was.
func (c *Cleaner) Know(k Known) { c.known = k }

// Clean decides once more on the planned pod with the given UID, as it is seen
// now, has it removed if the decision still holds, and keeps the result. Pods
// that are not in the plan are left alone. attempt counts from 1; an error, a
// *RetryError, asks for another attempt and is not returned on the last. Waiting
// for a disruption budget is bounded by time and not by attempts.
func (c *Cleaner) Clean(ctx context.Context, uid types.UID, attempt int, s Sight) error {
	i, ok := c.index[uid]
	if !ok {
		return nil
	}
	c.mu.Lock()
	item := c.items[i]
	if c.begun[uid].IsZero() {
		c.begun[uid] = c.clock.Now()
	}
	begun := c.begun[uid]
	c.mu.Unlock()

	item, err := c.step(ctx, item, s)
	retry, again := errors.AsType[*RetryError](err)
	switch left := c.BlockedTimeout - c.clock.Since(begun); {
	case again && item.Result == v1alpha1.ResultBlocked && left > 0 && left >= retry.After:
		pause := max(min(blockedRetry, left), retry.After)
		err = &RetryError{After: pause, Within: pause, Err: retry.Err}
	case attempt >= MaxAttempts, item.Result == v1alpha1.ResultBlocked:
		err = nil
	}

	c.mu.Lock()
	defer c.mu.Unlock()
	c.items[i] = item
	delete(c.waiting, uid)
	if err != nil {
		c.waiting[uid] = true
	}
	return err
}

// Waiting returns how many pods wait for another attempt: what Items has of them
// is not their end.
func (c *Cleaner) Waiting() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.waiting)
}

// Items returns the planned pods in plan order with the results so far. The
// result of a pod that was not tried is empty, that of one that waits for another
// attempt is of the last.
func (c *Cleaner) Items() []v1alpha1.CleanItem {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.items)
}

func (c *Cleaner) step(ctx context.Context, item v1alpha1.CleanItem, s Sight) (v1alpha1.CleanItem, error) {
	switch {
	case s.Stale:
		out := retryable(v1alpha1.ResultError, errors.New("not deleted: the view of the cluster is stale"), 0)
		return out.on(item), out.retry
	case s.Outside:
		return outcome{result: v1alpha1.ResultRecovered, skip: SkipNotMatching}.on(item), nil
	case s.Pod == nil:
		return outcome{result: v1alpha1.ResultGone}.on(item), nil
	case s.Pod.UID != uidOf(item):
		return outcome{result: v1alpha1.ResultReplaced}.on(item), nil
	}
	d := Decide(s.Pod, s.Verdict, c.clock.Now(), c.rules, c.known)
	switch {
	case d.Skip == SkipAlreadyTerminating:
		// Somebody was faster, or the reply to an earlier attempt was lost.
		return outcome{result: v1alpha1.ResultTerminating}.on(item), nil
	case !d.Planned():
		return outcome{result: v1alpha1.ResultRecovered, skip: d.Skip}.on(item), nil
	case d.Category != item.Category:
		return outcome{result: v1alpha1.ResultRecovered, skip: SkipNotMatching}.on(item), nil
	case s.There != nil && !all(c.kept[item.UID], s.There):
		// Somebody has removed pods that were to be kept. This one may be among the
		// newest that are left.
		return outcome{result: v1alpha1.ResultRecovered, skip: SkipKeptLast}.on(item), nil
	default:
		item.SkipReason = ""
		if item.Action == v1alpha1.ActionEvict {
			item.ResourceVersion = s.Pod.ResourceVersion
		}
		return c.actor.Remove(ctx, item)
	}
}

func all(uids []types.UID, is func(types.UID) bool) bool {
	return !slices.ContainsFunc(uids, func(uid types.UID) bool { return !is(uid) })
}
