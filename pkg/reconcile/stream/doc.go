// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

// Package stream is the source side of the engine: one list+watch over the pods
// of one scope, delivered as projections in frame order, and honest about how
// fresh it is.
//
// What it promises. A Handler gets every pod of the scope once per
// resourceVersion: Upsert for a pod that is there, Delete for one that is gone,
// Synced once between the initial list and what follows. The same
// resourceVersion again is dropped, another UID under a known name is Delete of
// the old pod and Upsert of the new one, and a pod never goes back to an older
// resourceVersion, unless the server itself went back (an etcd restored from a
// backup).
//
// Order. Calls are serialised. Those for one pod come in the order of the
// server's frames; those for different pods too, except that a relist delivers
// in no particular order, deletions first with KeepProjections and last with
// KeepStubs. Frame.Gap marks what only a relist found: between the pod's last
// frame and this one others may be missing. It is known from resourceVersions,
// the interval (last one seen before the relist, that of the relist], never
// from timing.
//
// What is kept. KeepProjections runs a SharedIndexInformer whose transform
// makes projections; reads come from its store (Stream.Get). KeepStubs hands
// each pod to the handler when it is decoded, before the list is complete, and
// keeps only namespace, name, UID and resourceVersion: the temporary store of a
// streamed list would otherwise hold every pod until its last frame.
//
// What it survives: a closed watch, 410 Gone in the stream or when opening it,
// refused connections, expired credentials, throttling (Retry-After is
// honoured), garbage frames, a half-open connection, a server that holds back
// its headers, and a server that never ends a streamed list, which is read as
// LIST and WATCH instead. The reflector of client-go v0.37.2 hides most of
// these or hangs on them, so everything is observed in the ListerWatcher below
// it and, if the transport is wrapped with Observe, below the retries that
// rest.Request makes on its own. A watch that ends for a reason that leaves its
// resourceVersion valid is resumed there; only 410 and what client-go treats
// alike cost a relist.
//
// Freshness. The server sends a bookmark about once a minute, so a stream that
// has been silent for 3/4 of Config.IdleTimeout is Lagging, and one silent for
// all of it is Stale: its connection is cut and opened anew. A refused
// connection is Stale at once. Silence is measured by the wall clock, so that it
// is noticed after the machine slept.
//
// End. Run ends with its context, within about 100 ms and the handler call in
// progress. Before the first Synced it also ends with a *ConnectError: see
// Config.FailFast and Config.ConnectTimeout. After it, it never gives up.
//
// Goroutines. Run starts the reflector or informer of client-go, one forwarder
// per open watch and one monitor; they end with it. Only after a 429 inside a
// streamed list may a reflector still sleep in its back-off when Run returns
// (client-go v0.37.2, watchList does not look at its context there); it calls
// nothing in that state and then ends.
//
// Errors of client-go go to Config.Logger only; nothing is written by this
// package itself.
package stream
