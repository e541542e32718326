// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

// Package scope turns the flags and arguments that say which pods are meant,
// the same for report, watch and clean, into a Scope, and a Scope into clients.
//
// Everything that can be wrong with the flags is found by Flags.Scope, before
// any client exists; everything that can be wrong with the kubeconfig by
// Flags.Clusters, before any request is sent.
package scope
