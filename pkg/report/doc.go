// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

// Package report folds verdicts on pods into a PodReport.
//
// A Collector takes the pods one by one, in any order, as they are judged. Of
// a pod without findings only a stub of about 100 bytes stays, so a report on a
// large healthy cluster is small. When all pods are in, Need tells what around them
// is worth reading, AddOwner takes what is wrong with owners themselves,
// and Build makes the report. The report depends on what was added and the
// options only, not on the order in which it came.
//
// Build folds twice. Every finding joins the group of its workload, cause and
// container. Then two kinds of groups explain others: an object that several
// workloads suffer from, a node or a registry, becomes the root of their groups,
// and the worst problem of a workload is why its rollout does not get on or its
// Job has failed.
// Nothing is taken away: a group that is explained says by which.
//
// Clusters are collected and built one by one, because names say nothing beyond
// their cluster. Merge makes one report of theirs.
//
// A Gate decides whether a report fails a pipeline. It looks at the whole
// report, never at what a table shows of it.
//
// The package is pure: it reads no clock and asks no server.
package report
