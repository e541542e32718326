// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build darwin || freebsd || netbsd || openbsd || dragonfly

package terminal

import "golang.org/x/sys/unix"

// flushRead is FREAD of <sys/file.h>: the input queue.
const flushRead = 1

// flush drops what was typed on the terminal fd and not read yet.
func flush(fd uintptr) error { return unix.IoctlSetPointerInt(int(fd), unix.TIOCFLUSH, flushRead) }
