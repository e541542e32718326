// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

// Package aftermath reads what a crash has left behind: the last lines that the
// container wrote, and the events about its pod.
//
// It is best effort and never holds anything up: a few requests at a time, each
// with a limit of its own, and beyond a queue of some length none at all. What it
// returns is clean: escape sequences and control characters are gone, what looks
// like a credential is replaced, and its length is bounded.
package aftermath
