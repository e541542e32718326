// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

// Package differential compares the columns that podwatch computes with those
// of the API server's own printer. It is a module of its own because the
// printer lives in k8s.io/kubernetes, which the product must not depend on.
package differential
