// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

// Package policy holds no code, only tests that keep the rules of the house
// which a linter cannot see: what may reach what, what every file and package
// must have, and that the documentation names things that exist. They read the
// files of the checkout and run nothing but `go list`.
package policy
