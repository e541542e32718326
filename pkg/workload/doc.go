// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

// Package workload tells which workload a pod belongs to: the object that a
// kubectl user would name, the Deployment rather than the ReplicaSet and the
// CronJob rather than the Job.
//
// An Origin is what a pod itself says about its owner. An Index holds the
// ReplicaSets and Jobs that were read, and Index.Of puts the two together. A
// Need collects which owners are worth reading, and Read reads them: metadata
// only, in bulk, and never more namespaces than are needed. An owner that
// cannot be read costs a Limitation, never the report.
package workload
