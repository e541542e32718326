// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

// Package cmd is the command tree of podwatch: what can be typed, and what
// becomes of it. Each command is a package of its own below this one.
package cmd
