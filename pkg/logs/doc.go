// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

// Package logs brings the last lines that a container wrote into a report.
//
// Read asks a Tailer, a cluster or what a capture holds, about the worst pods
// only, within fixed bounds of time and size, and never asks for what a
// termination message tells already. What cannot be read costs a Limitation,
// never the report.
//
// Lines come from strangers: they lose escape sequences and control characters,
// what looks like a credential in them is replaced (best effort, see
// plaintext.Redact), and they are cut to MaxLine bytes.
package logs
