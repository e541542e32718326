// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

// Package diagnose judges a pod: what is wrong with it, since when, and how
// bad that is.
//
// Judge is a pure function of the pod's projection, the related objects that
// could be read, the present instant and the thresholds. It reads no clock and
// asks no server, so a verdict can be had live, offline and in a replay, and
// two verdicts on the same input are equal.
//
// A pod has one state and any number of findings. Each family of causes has a
// file of its own with the rules that find it and the documentation of its
// causes; Rules collects the documentation.
//
// Time enters in one way only: a rule asks its input whether an instant has
// been reached, and the input remembers the next instant at which an answer
// changes. That is Verdict.Next. For the same reason messages hold no ages:
// between now and Next nothing about a verdict changes.
//
// What was not read is not judged: a verdict on the pod alone is never made
// milder by an object that nobody has seen.
package diagnose
