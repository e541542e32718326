// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

// Package controlplane is a real Kubernetes control plane for tests, demos and benchmarks: etcd and
// kube-apiserver, if asked also kube-controller-manager and kwok in the place of the kubelets. It
// needs no container engine, no root and no network but 127.0.0.1.
//
// # Executables
//
// [Build] makes them from the modules that hack/tools pins; `make control-plane` calls it. They lie
// in a cache folder below $XDG_CACHE_HOME (or ~/.cache) that all checkouts with the same pins share.
// A test that finds none fails with that hint; with -short it is skipped.
//
// # Life of a server
//
// [Shared] is one server for all tests of a test binary and the normal use, each test in a
// [Server.Namespace] of its own. [New] is a server for one test: for tests that restart the API
// server, look at all namespaces, or need controllers. [Start] is for programs.
//
// A server owns one temporary folder, one process group and free ports. They are gone when Stop
// returns, and also when the process that started them ends in any other way, by os.Exit, a panic
// or SIGKILL: a watchdog process holds the read end of a pipe whose write end only the starter
// has, and the end of that pipe is its order to kill and to clean up. So a test binary needs no
// TestMain. This works on Unix; elsewhere Start returns an error.
//
// # What differs from a production cluster
//
//   - No scheduler: pods name their node, and an unscheduled pod stays Pending.
//   - The admission plugins ServiceAccount (unless it is asked for), Priority and
//     TaintNodesByCondition are off, so that a pod that was taken from another cluster is accepted as
//     it is.
//   - The controllers that judge nodes or remove pods on their own (node lifecycle, taint eviction,
//     pod garbage collection) do not run: a fault state stays until the test changes it. With
//     Controllers set, the garbage collector still removes a pod whose owners do not exist.
//   - Creation and deletion times come from the server and cannot be in the past; times in a pod's
//     status can.
package controlplane
