// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

// Package v1alpha1 is the machine-readable output of podwatch: PodReport
// (report), PodWatchEvent (watch) and CleanReport (clean).
//
// The contract, for every kind:
//
//   - Times are RFC 3339 in UTC. A time, a container or an optional text that
//     is not known is absent; it is never the zero time, "" or 0.
//   - Counts, booleans and lists are always present: 0, false and [].
//   - Lists are sorted, so the same input and the same now give the same bytes.
//   - Durations end in Seconds, sizes in Bytes and are whole numbers.
//   - Strings that came from the server carry no terminal control characters.
//   - Within v1alpha1 fields are only ever added. Unknown fields must be
//     ignored by readers.
//
// The package holds data, its registration, and nothing that decides.
package v1alpha1
