// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

// Package clean removes pods that have ended or, if asked, will not get well,
// and tells what it did.
//
// A run goes one way: Look reads what surrounds the pods; Decide says for one pod
// whether it may be removed and if not why not; Make collects the decisions of
// all pods in a Plan, which freezes their UIDs; the caller shows the plan and
// asks; a Cleaner goes through it, and Report sums up. Decide, Make and Report are
// pure: no clock, no client, no disk.
//
// A run without end keeps Candidates, and has a Sweeper read each of them anew,
// ask a Guard, tell the plan of the one pod, and only then carry it out.
//
// What never happens:
//
//   - A pod that is not in the plan is never touched. Every DELETE carries the
//     UID of the plan as its precondition, so a pod that has taken the name of
//     a planned one is out of reach.
//   - A pod is never removed on old knowledge: it is judged again on what the
//     cache says at the moment of acting, and not acted on if the cache is stale.
//   - A pod is never removed before its manifest and the decision to remove it
//     are on stable storage.
//   - A dry run never changes anything: it is an Actor of its own that holds
//     neither an archive nor the request that deletes.
package clean
