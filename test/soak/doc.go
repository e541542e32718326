// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

// Package soak measures a watch under load: a process of its own, fed by a
// scripted API server with more updates than any real one sends. `make soak` runs
// it for a minute and holds it against the targets; the short run of `go test`
// checks that nothing is lost and that memory does not grow without bound.
package soak
