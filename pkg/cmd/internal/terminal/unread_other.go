// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build !unix

package terminal

import "context"

// AwaitUnread returns nil at once: this system does not tell, so that a reader
// that has gone is noticed at the next write.
func AwaitUnread(context.Context, any) error { return nil }
