// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

// Package gate decides when what `watch --until` and `--for` wait for has come,
// or never will.
//
// A Gate is fed with the events of the engine and answers each with a Decision.
// It looks at the live set: the pods in scope that are not on their way out. A
// pod that is deleted or replaced leaves the set, one that is created later
// enters it. The gate holds when every pod of the set meets every condition, for
// long enough, while all sources are live: what is not known to be so now is not
// so.
//
// Workloads that are named must be rolled out as well, for the pods that they lack
// are not there to look at.
//
// It fails at once when a pod is in a state that only a person can mend, or a
// workload has given up: waiting would only cost time.
//
// The package is pure: it has no clock, no I/O and no goroutines. What changes by
// time alone has an instant, Decision.Next, at which the gate wants an event.
package gate
