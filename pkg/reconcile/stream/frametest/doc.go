// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

// Package frametest is a scripted API server for tests: it speaks the wire
// protocol of listing and watching pods, in JSON, on a loopback socket, and
// misbehaves on demand.
//
// Left alone it behaves: it lists in pages, streams lists that end in a
// bookmark, applies selectors, resumes a watch at any resourceVersion that is
// not compacted, and numbers resourceVersions like etcd. A test changes its pods
// with Put and Remove, its connections with CloseWatches, Silence, Refuse and
// their like, and its answers to single requests with Next.
package frametest
