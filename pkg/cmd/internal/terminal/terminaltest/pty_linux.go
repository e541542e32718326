// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package terminaltest

import (
	"fmt"
	"os"
	"testing"

	"golang.org/x/sys/unix"
)

// Open opens a pseudo-terminal: what is written to keyboard is typed on screen,
// and what is written to screen can be read from keyboard. Both are closed when
// the test ends; a machine without pseudo-terminals skips it.
func Open(tb testing.TB) (keyboard, screen *os.File) {
	tb.Helper()
	keyboard, err := os.OpenFile("/dev/ptmx", os.O_RDWR, 0)
	if err != nil {
		tb.Skipf("this machine has no pseudo-terminals: %v", err)
	}
	tb.Cleanup(func() { _ = keyboard.Close() })
	fd := int(keyboard.Fd())
	if err := unix.IoctlSetPointerInt(fd, unix.TIOCSPTLCK, 0); err != nil {
		tb.Fatal(err)
	}
	number, err := unix.IoctlGetInt(fd, unix.TIOCGPTN)
	if err != nil {
		tb.Fatal(err)
	}
	screen, err = os.OpenFile(fmt.Sprintf("/dev/pts/%d", number), os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { _ = screen.Close() })
	return keyboard, screen
}
