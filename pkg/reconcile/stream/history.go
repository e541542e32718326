// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package stream

import (
	"sync"

	"k8s.io/apimachinery/pkg/util/resourceversion"
)

// history remembers which resourceVersions were seen frame by frame and which
// were jumped over by a relist.
type history struct {
	mu sync.Mutex
	// last is the newest resourceVersion up to which nothing was missed.
	last string
	// listed is true after the initial list.
	listed bool
	// relisting is true while a relist is under way; from is last at its start.
	relisting bool
	from      string
	gaps      []gap
	// odd holds the resourceVersions of the last relist that are not numbers.
	odd map[string]struct{}
}

// gap is the interval (after, upTo] of resourceVersions. An empty after means
// that the server's history went back: everything that differs was missed.
type gap struct{ after, upTo string }

// maxGaps bounds the memory of gaps. Frames older than that many relists are
// not on their way any more.
const maxGaps = 64

// begin notes that a list is due, and reports whether a relist begins with it.
// Repeated without end it changes nothing.
func (h *history) begin() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	if !h.listed || h.relisting {
		return false
	}
	h.relisting, h.from, h.odd = true, h.last, nil
	return true
}

// end notes that a list is complete at rv, and reports whether it was a relist.
func (h *history) end(rv string) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	relist := h.listed
	if relist {
		g := gap{after: h.from, upTo: rv}
		if newer(h.from, rv) {
			g.after, h.gaps = "", nil
		}
		h.gaps = append(h.gaps, g)
		h.gaps = h.gaps[max(0, len(h.gaps)-maxGaps):]
	}
	h.listed, h.relisting, h.last = true, false, rv
	return relist
}

// advance notes a frame of a watch that is past its initial list.
func (h *history) advance(rv string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if !newer(h.last, rv) {
		h.last = rv
	}
}

// found notes a pod of the list under way.
func (h *history) found(rv string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if !h.relisting || numeric(rv) {
		return
	}
	if h.odd == nil {
		h.odd = map[string]struct{}{}
	}
	h.odd[rv] = struct{}{}
}

// judge tells of a pod at rv, last delivered at known (empty if never), whether
// only a relist showed it and whether it is older than what is known and to be
// dropped. A relist is authoritative: what it found is never dropped.
func (h *history) judge(rv, known string) (missed, old bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	old = newer(known, rv)
	if _, ok := h.odd[rv]; ok {
		return true, false
	}
	if h.relisting && (old || newer(rv, h.from)) {
		return true, false
	}
	for _, g := range h.gaps {
		if !newer(rv, g.upTo) && (g.after == "" || newer(rv, g.after)) && numeric(rv) {
			return true, false
		}
	}
	return false, old
}

// newer reports whether a is newer than b. Versions that are not numbers cannot
// be compared and are not newer.
func newer(a, b string) bool {
	c, err := resourceversion.CompareResourceVersion(a, b)
	return err == nil && c > 0
}

func numeric(rv string) bool {
	_, err := resourceversion.CompareResourceVersion(rv, rv)
	return err == nil
}
