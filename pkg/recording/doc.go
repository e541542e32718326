// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

// Package recording keeps what a watch has seen in a file, and reads it back for
// a replay.
//
// A recording is JSON lines: a header, then one delivery of the engine per line,
// with the time at which the engine took it in. It holds projections of pods
// and, where they were read, of their owners, and nothing else of them: no
// environment, no annotations, no volumes. Of logs and events
// it holds the lines that were printed, and no others, each among the deliveries where
// it was printed. The first and the last delivery are marks without content; a file
// without the last one was cut off, and is replayed up to where it ends. Behind the
// last stands what was printed about the pods because of which a gate has not held.
//
// What `kubectl get pods -w -o json --output-watch-events` prints is read too. It
// says no times, so the newest time that stands in each pod is taken.
package recording
