// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

// Package report folds verdicts on pods into a PodReport.
//
// A Collector takes the pods one by one, in any order, as they are judged. Of
// a pod without findings only a stub of about 100 bytes stays, so a report on a
// large healthy cluster is small. When all pods are in, Need tells what
// around them is worth reading, and Build makes the report: every finding joins
// the group of its workload, cause and container. The report depends on the
// pods and the options only, not on the order in which the pods came.
//
// A Gate decides whether a report fails a pipeline. It looks at the whole
// report, never at what a table shows of it.
//
// The package is pure: it reads no clock and asks no server.
package report
