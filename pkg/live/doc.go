// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

// Package live is the full-screen view of watch: what is broken now, for how long
// and why, how fresh that is, and what has happened lately.
//
// A Board holds what is known; whoever watches writes to it and is never made to
// wait for a terminal. A Screen looks at the board four times a second. What it
// shows is a pure function of the board, the keys pressed and the size of the
// terminal: no pod's event is a message of its own, and rows that are not on the
// screen cost nothing but their place in the order.
//
// The package knows neither the engine nor the cluster. What is not on the board
// it asks a Subject for, which the command gives along with each row.
package live
