// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build !linux && !darwin && !freebsd && !netbsd && !openbsd && !dragonfly && !windows

package terminal

import "errors"

// flush is not known for this system.
func flush(uintptr) error { return errors.ErrUnsupported }
