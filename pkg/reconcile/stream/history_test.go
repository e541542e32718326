// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package stream

import "testing"

func TestHistoryKnowsGapsFromResourceVersions(t *testing.T) {
	t.Parallel()
	h := &history{}
	h.begin()
	if h.end("100") {
		t.Error("the initial list is a relist")
	}
	h.advance("110")
	h.begin()
	check := func(when, rv, known string, wantMissed, wantOld bool) {
		t.Helper()
		if missed, old := h.judge(rv, known); missed != wantMissed || old != wantOld {
			t.Errorf("%s: judge(%q, %q) = %t, %t, want %t, %t", when, rv, known, missed, old, wantMissed, wantOld)
		}
	}
	check("during the relist", "111", "100", true, false)
	check("a late live frame during the relist", "110", "100", false, false)
	if !h.end("120") {
		t.Error("the second list is no relist")
	}
	check("after the relist", "120", "110", true, false)
	check("a late live frame after the relist", "110", "105", false, false)
	check("a live frame after the relist", "121", "120", false, false)
	check("a frame older than what is known", "121", "122", false, true)
	h.advance("130")
	h.begin()
	check("during a relist that goes back", "40", "130", true, false)
	h.end("50")
	check("a server restored from a backup", "40", "130", true, false)
	check("new versions after the restoration", "51", "40", false, false)
}

func TestHistoryWithoutNumbersKnowsWhatTheRelistFound(t *testing.T) {
	t.Parallel()
	h := &history{}
	h.begin()
	h.end("a1")
	h.advance("a2")
	h.begin()
	h.found("a3")
	h.end("a4")
	if missed, old := h.judge("a3", "a2"); !missed || old {
		t.Errorf("judge(a3) = %t, %t, want a gap", missed, old)
	}
	if missed, old := h.judge("a5", "a3"); missed || old {
		t.Errorf("judge(a5) = %t, %t, want a live frame", missed, old)
	}
}

func TestHistoryOfGapsIsBounded(t *testing.T) {
	t.Parallel()
	h := &history{}
	for range 10 * maxGaps {
		h.begin()
		h.end("1")
	}
	if len(h.gaps) > maxGaps {
		t.Errorf("%d gaps are remembered, want at most %d", len(h.gaps), maxGaps)
	}
}
