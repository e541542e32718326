// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package terminal

import "golang.org/x/sys/windows"

// flush drops what was typed on the console fd and not read yet.
func flush(fd uintptr) error { return windows.FlushConsoleInputBuffer(windows.Handle(fd)) }
