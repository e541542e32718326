// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

// Package pty gives tests a terminal: what is drawn on it can be read, and keys can
// be pressed. It is there on Linux alone.
package pty
