// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

// Package reconcile is the engine behind report, watch and clean: list and
// watch pods, judge each of them, tell what was found, and act on what a plan
// names.
//
//	sources → intake → queue → workers (judge, act) → sequencer → emit
//
// What it promises. Every pod of every source is judged once the server has
// sent it, again whenever the server sends it anew, and again when its verdict
// can change by time alone. Events reach emit one at a time, in the order in
// which frames were taken in, so that the output is the same for any number of
// workers.
//
// Clocks. Pods are judged by the clock of their server, which is Config.Clock and what
// the last Status of their source said that it is ahead. Times of events, of looks and
// of deliveries are Config.Clock's.
//
// Surroundings. What stands above a pod, its owners and its namespace, can make a
// verdict milder. Config.Surveyor reads it beside the stream, in bulk per namespace
// and at a bounded rate, from the first sync on and only where pods have findings
// that it matters to. What was read is a delivery with a place of its own: it counts
// for all frames behind that place, where looks at the pods in question follow, and
// it is recorded and replayed like a frame. The verdict on a pod is Doubtful while
// it is news and what stands above the pod was not read within the last five
// seconds; two seconds later it stands as it is. So nobody waits in the sequence:
// the reader of the events decides what to hold back. Above pods with such findings
// it is read again after five seconds and then at doubling distances up to five
// minutes, so that a Job that gives up is noticed although no pod of it changes.
// What may not be read counts as not there; what could not be read this time stays
// as it was known.
//
// Level or edge. Verdicts are level-based: a function of the pod as it is and
// of the time. Events carry the edge, the verdict before and after. An edge is
// lost only if more than eight frames of one pod wait for a worker at once, or
// in a gap of the stream; then the event carries Gap.
//
// Ordering. The position of an event is taken when its frame arrives, under
// one lock. Frames of one pod are never judged at the same time or out of
// order. Synced comes after the verdict on every pod of the initial lists.
//
// Failures. What a source survives (a closed watch, 410 Gone, a bookmark, a
// restarted server, expired credentials) is its own business and reaches emit
// as a Stream event at most; see package stream. A source that ends before its
// first sync is told as SourceFailed; when all of them have, Run returns. A
// verdict is pure and cannot fail. An act that fails is retried with back-off
// 200 ms doubling to 30 s, and never holds up events.
//
// End. Run returns nil when what Config.Until asks for is reached, the cause
// of ctx when that is cancelled, the error of emit when the reader is gone, and
// the error of the sources when none is left. A panic is an error, too (package
// panics). Before it returns it stops taking
// frames, finishes what is in hand for at most Config.Grace, and emits what that
// yields.
//
// Memory. A projection and a verdict per pod; behind a reader that has stopped,
// 1024 events and up to eight frames per pod, pods that have come and gone
// meanwhile included.
//
// Goroutines. One per source, Config.Workers workers, as many that act beside them
// UntilStopped, with a Surveyor one per context, one each for the sequencer, the
// schedule, the ticks and the plan; all of them have ended when
// Run returns, except for a client-go reflector asleep in its back-off and,
// with ErrLate, an act or an emit that outlived the grace.
//
// The engine never writes to the cluster on its own: only Config.Actor does,
// and only for the keys that Config.Plan has returned or ActOn was told. It holds projections,
// never whole pods.
package reconcile
