// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package clean

import (
	"sync"
	"time"

	"k8s.io/apimachinery/pkg/types"

	"github.com/podwatch/kubectl-podwatch/pkg/apis/podwatch/v1alpha1"
)

const (
	// apart is how far apart two verdicts must be that agree on a removal: one
	// may have caught a status in the middle of its change.
	apart = 10 * time.Second
	// respite is how long a pod is left alone that could or should not be removed:
	// what forbids it seldom changes earlier, and looking costs requests.
	respite = 5 * time.Minute
)

// Candidates are the pods that a run without end may come to remove. A pod is
// ripe once two verdicts on it, ten seconds apart or more, have said that it may
// be removed, with the cluster in view all the while. Whether it is removed then
// is the Sweeper's to say; so a pod of a category that is protected by itself gets ripe
// too, once: the user is to hear why it is left alone. Its methods may be called by several goroutines at
// once.
type Candidates struct {
	rules Rules

	mu   sync.Mutex
	pods map[types.UID]*candidate
}

// candidate is one pod that may be removed as far as its verdict tells.
type candidate struct {
	category v1alpha1.Category
	// since is the first verdict of those that count, zero if none does yet.
	since time.Time
	// tired asks for a rest that begins with the next verdict, until is its end.
	tired bool
	until time.Time
	// over is true for a pod that is done with.
	over bool
	// told is the skip reason that was told last.
	told SkipReason
}

// NewCandidates returns none yet.
func NewCandidates(r Rules) *Candidates {
	return &Candidates{rules: r, pods: map[types.UID]*candidate{}}
}

// Consider takes in the verdict of s on its pod at the instant at, of a clock
// behind which the server's is by skew. It reports whether the pod is ripe, and
// when to consider it again even if nothing happens, zero for not at all. With a
// stale sight, no verdict counts.
func (c *Candidates) Consider(s Sight, at time.Time, skew time.Duration) (ripe bool, next time.Time) {
	d := Decide(s.Pod, s.Verdict, at.Add(skew), c.rules, Known{})
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case d.Skip == SkipTooYoung:
		c.drop(s.Pod.UID)
		return false, at.Add(c.rules.least(d.Category) - d.Age.Duration)
	case d.Category == "", d.Skip == SkipAlreadyTerminating, d.Skip == SkipNamespaceExcluded:
		c.drop(s.Pod.UID)
		return false, time.Time{}
	}
	k := c.pods[s.Pod.UID]
	if k == nil || k.category != d.Category {
		c.drop(s.Pod.UID)
		if k = c.pods[s.Pod.UID]; k == nil {
			k = &candidate{}
			c.pods[s.Pod.UID] = k
		}
		k.category = d.Category
	}
	if !d.Planned() && d.Skip == k.told {
		*k = candidate{category: d.Category, told: k.told}
		return false, time.Time{}
	}
	return k.consider(at, s.Stale)
}

// drop forgets all verdicts on a pod, but not what was said about it. The caller holds mu.
func (c *Candidates) drop(uid types.UID) {
	k := c.pods[uid]
	if k == nil || k.told == "" {
		delete(c.pods, uid)
		return
	}
	*k = candidate{told: k.told}
}

func (k *candidate) consider(at time.Time, stale bool) (ripe bool, next time.Time) {
	switch {
	case k.over:
		return false, time.Time{}
	case stale:
		k.since = time.Time{}
		return false, at.Add(apart)
	case k.tired:
		k.tired, k.since, k.until = false, time.Time{}, at.Add(respite)
		return false, k.until
	case at.Before(k.until):
		return false, k.until
	case k.since.IsZero():
		k.since = at
	}
	if ends := k.since.Add(apart); at.Before(ends) {
		return false, ends
	}
	return true, time.Time{}
}

// Forget drops a pod: all verdicts on it count anew. It is called for pods that
// are gone, too.
func (c *Candidates) Forget(uid types.UID) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.pods, uid)
}

// rest leaves a pod alone for a while, and reports whether reason is another one
// than the last time.
func (c *Candidates) rest(uid types.UID, reason SkipReason) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	k := c.pods[uid]
	if k == nil {
		return true
	}
	k.tired = true
	news := k.told != reason
	k.told = reason
	return news
}

// done leaves a pod alone for good, unless it gets into another category.
func (c *Candidates) done(uid types.UID) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if k := c.pods[uid]; k != nil {
		k.over = true
	}
}
