// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

// Package related knows the objects around a pod: its owners, the events about
// it, its node and its claims.
//
// An Index holds the projections of those that were read. Index.Of returns what
// a verdict on a pod may take into account, Index.Workload the workload that the
// pod belongs to: the object that a kubectl user would name, the Deployment
// rather than the ReplicaSet and the CronJob rather than the Job. An Origin is
// what a pod itself says about its owner.
//
// A Need collects what is worth reading, and Read reads it: in bulk, never more
// namespaces than are needed, and only what a Policy wants. A Search finds the
// workloads that cannot create a single pod, and so have none to judge. What
// cannot be read costs a Limitation, never the report.
package related
