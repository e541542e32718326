// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package terminal

import "golang.org/x/sys/unix"

// flush drops what was typed on the terminal fd and not read yet.
func flush(fd uintptr) error { return unix.IoctlSetInt(int(fd), unix.TCFLSH, unix.TCIFLUSH) }
