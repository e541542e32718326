// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package terminal_test

import (
	"bufio"
	"fmt"
	"os"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/podwatch/kubectl-podwatch/pkg/cmd/internal/terminal"
)

// pty opens a pseudo-terminal: what is written to keyboard is typed on screen.
func pty(t *testing.T) (keyboard, screen *os.File) {
	t.Helper()
	keyboard, err := os.OpenFile("/dev/ptmx", os.O_RDWR, 0)
	if err != nil {
		t.Skipf("this machine has no pseudo-terminals: %v", err)
	}
	t.Cleanup(func() { _ = keyboard.Close() })
	fd := int(keyboard.Fd())
	if err := unix.IoctlSetPointerInt(fd, unix.TIOCSPTLCK, 0); err != nil {
		t.Fatal(err)
	}
	number, err := unix.IoctlGetInt(fd, unix.TIOCGPTN)
	if err != nil {
		t.Fatal(err)
	}
	screen, err = os.OpenFile(fmt.Sprintf("/dev/pts/%d", number), os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = screen.Close() })
	return keyboard, screen
}

func TestDiscardDropsWhatWasTypedBefore(t *testing.T) {
	t.Parallel()
	keyboard, screen := pty(t)
	if !terminal.Is(screen) {
		t.Fatal("a pseudo-terminal is no terminal")
	}
	if _, err := keyboard.WriteString("y\n"); err != nil {
		t.Fatal(err)
	}
	if err := terminal.Discard(screen); err != nil {
		t.Fatal(err)
	}
	if _, err := keyboard.WriteString("n\n"); err != nil {
		t.Fatal(err)
	}
	if line, err := bufio.NewReader(screen).ReadString('\n'); line != "n\n" || err != nil {
		t.Errorf("read %q, %v after the question, want what was typed after it", line, err)
	}
}

func TestDiscardLeavesWhatIsNoTerminal(t *testing.T) {
	t.Parallel()
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.WriteString("y\n"); err != nil {
		t.Fatal(err)
	}
	if err := terminal.Discard(r); err != nil {
		t.Fatal(err)
	}
	if line, err := bufio.NewReader(r).ReadString('\n'); line != "y\n" || err != nil {
		t.Errorf("read %q, %v, want the pipe untouched", line, err)
	}
}
