// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build unix

package terminal

import (
	"context"
	"io/fs"
	"os"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// pollEvery bounds how long the end of a context goes unnoticed.
const pollEvery = 200 * time.Millisecond

// AwaitUnread waits until nobody can read any more what is written to stream, as
// after `| head -1`, and returns the error that a write would get. It returns nil
// when ctx ends, and at once for what is no file. Without it, a program that has
// nothing to write never learns that its reader has gone.
func AwaitUnread(ctx context.Context, stream any) error {
	f, ok := stream.(*os.File)
	if !ok {
		return nil
	}
	conn, err := f.SyscallConn()
	if err != nil {
		return nil //nolint:nilerr // a file that is closed has no reader to lose
	}
	for ctx.Err() == nil {
		unread := false
		err := conn.Control(func(fd uintptr) {
			// Errors are always reported, whatever is asked for.
			fds := []unix.PollFd{{Fd: int32(fd)}}
			n, err := unix.Poll(fds, int(pollEvery.Milliseconds()))
			unread = err == nil && n > 0
		})
		if err != nil {
			return nil //nolint:nilerr // as above
		}
		if unread {
			return &fs.PathError{Op: "write", Path: f.Name(), Err: syscall.EPIPE}
		}
	}
	return nil
}
