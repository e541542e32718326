// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package clean

import (
	"slices"
	"sync"
	"time"

	"k8s.io/apimachinery/pkg/types"

	"github.com/podwatch/kubectl-podwatch/pkg/apis/podwatch/v1alpha1"
)

const (
	// guardWindow is the rolling window of a Guard's limits.
	guardWindow = time.Hour
	// loopRemovals is how many pods of one controller are removed in a window.
	// If as many as that have not helped, the next one will not either.
	loopRemovals = 3
	// maxPause bounds the pause after a loop, which doubles from guardWindow.
	maxPause = 24 * time.Hour
)

// Guard bounds what a run without end removes, as Limits and MaxPerOwner bound
// one plan: the limits hold for every hour, and pods of a controller that have
// been removed three times in an hour are left alone for an hour, then two, then
// four, up to a day. Its methods may be called by several goroutines at once.
type Guard struct {
	limits Limits

	mu            sync.Mutex
	ended, living []time.Time
	owners        map[types.UID]*history
}

// history is what was removed of one controller.
type history struct {
	removals []time.Time
	pause    time.Duration
	// until is the end of the pause.
	until time.Time
}

// NewGuard returns a Guard that has seen nothing.
func NewGuard(l Limits) *Guard { return &Guard{limits: l, owners: map[types.UID]*history{}} }

// Admit reports whether a pod of the category and the controller may be removed
// at the instant now, and then counts it as removed, whatever comes of it: the
// empty reason is a yes. owner is the UID of the controller, or of the pod if it
// has none. Instants must not go backwards.
func (g *Guard) Admit(c v1alpha1.Category, owner types.UID, now time.Time) SkipReason {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.forget(now)
	removals, limit := &g.ended, g.limits.Ended
	if Living(c) {
		removals, limit = &g.living, g.limits.Living
	}
	h := g.owners[owner]
	switch {
	case h != nil && now.Before(h.until):
		return SkipLoopGuard
	case h != nil && len(h.removals) >= loopRemovals:
		h.pause = min(max(guardWindow, 2*h.pause), maxPause)
		h.until, h.removals = now.Add(h.pause), nil
		return SkipLoopGuard
	case len(*removals) >= limit:
		return SkipLimit
	}
	if h == nil {
		h = &history{}
		g.owners[owner] = h
	}
	h.removals = append(h.removals, now)
	*removals = append(*removals, now)
	return ""
}

// forget drops what no decision depends on any more. A controller that has had
// no removal for a day after its pause begins anew.
func (g *Guard) forget(now time.Time) {
	old := func(t time.Time) bool { return now.Sub(t) >= guardWindow }
	g.ended, g.living = slices.DeleteFunc(g.ended, old), slices.DeleteFunc(g.living, old)
	for owner, h := range g.owners {
		h.removals = slices.DeleteFunc(h.removals, old)
		if len(h.removals) == 0 && (h.pause == 0 || now.Sub(h.until) >= maxPause) {
			delete(g.owners, owner)
		}
	}
}
