// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

// Package terminaltest gives tests a real terminal, on Linux.
package terminaltest
