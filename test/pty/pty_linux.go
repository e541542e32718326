// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package pty

import (
	"bytes"
	"fmt"
	"os"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// patience bounds how long a test waits for what it expects.
const patience = time.Minute

// What a program writes to take the whole screen, and to give it back.
const (
	enterScreen = "\x1b[?1049h"
	leaveScreen = "\x1b[?1049l"
	hideCursor  = "\x1b[?25l"
	showCursor  = "\x1b[?25h"
)

// Terminal is a pseudo-terminal.
type Terminal struct {
	// Tty is the end that a program uses.
	Tty *os.File

	t       testing.TB
	master  *os.File
	initial *unix.Termios
	mu      sync.Mutex
	written bytes.Buffer
	news    chan struct{}
}

// Pair opens a pseudo-terminal: what is written to keyboard is typed on screen, and
// what is written to screen can be read from keyboard. Both are closed when the test
// ends; a machine without pseudo-terminals skips it.
func Pair(tb testing.TB) (keyboard, screen *os.File) {
	tb.Helper()
	keyboard, err := os.OpenFile("/dev/ptmx", os.O_RDWR|unix.O_NOCTTY, 0)
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

// Open opens a terminal of so many columns and lines until the test ends.
func Open(tb testing.TB, columns, lines int) *Terminal {
	tb.Helper()
	master, tty := Pair(tb)
	p := &Terminal{Tty: tty, t: tb, master: master, news: make(chan struct{}, 1)}
	p.Resize(columns, lines)
	p.initial = p.settings()
	go p.read() // until master is closed
	return p
}

func (p *Terminal) read() {
	buf := make([]byte, 32<<10)
	for {
		n, err := p.master.Read(buf)
		p.mu.Lock()
		p.written.Write(buf[:n])
		p.mu.Unlock()
		select {
		case p.news <- struct{}{}:
		default:
		}
		if err != nil {
			return
		}
	}
}

// Resize changes the size; the programs on the terminal get a SIGWINCH.
func (p *Terminal) Resize(columns, lines int) {
	p.t.Helper()
	size := &unix.Winsize{Col: uint16(columns), Row: uint16(lines)}
	if err := unix.IoctlSetWinsize(int(p.master.Fd()), unix.TIOCSWINSZ, size); err != nil {
		p.t.Fatal(err)
	}
}

// Press types keys.
func (p *Terminal) Press(keys string) {
	p.t.Helper()
	if _, err := p.master.WriteString(keys); err != nil {
		p.t.Fatal(err)
	}
}

// Written is all that was written to the terminal so far.
func (p *Terminal) Written() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.written.String()
}

// Await waits until text was written behind the first from bytes, and returns how
// many bytes there are then.
func (p *Terminal) Await(from int, text string) int {
	p.t.Helper()
	timeout := time.NewTimer(patience)
	defer timeout.Stop()
	for {
		if got := p.Written(); strings.Contains(got[from:], text) {
			return len(got)
		}
		select {
		case <-p.news:
		case <-timeout.C:
			p.t.Fatalf("%q was not written; there is %q", text, p.Written()[from:])
		}
	}
}

// Restored fails the test unless the whole screen was taken and given back, with
// the cursor and the settings, and returns what was written after that.
func (p *Terminal) Restored() string {
	p.t.Helper()
	const end = "(all was read)"
	if _, err := p.Tty.WriteString(end); err != nil {
		p.t.Fatal(err)
	}
	p.Await(0, end)
	got := strings.TrimSuffix(p.Written(), end)
	entered, left := strings.LastIndex(got, enterScreen), strings.LastIndex(got, leaveScreen)
	if entered < 0 || left < entered {
		p.t.Fatalf("the screen was taken at %d and given back at %d: %q", entered, left, got)
	}
	if strings.LastIndex(got, showCursor) < strings.LastIndex(got, hideCursor) {
		p.t.Errorf("the cursor is hidden: %q", got)
	}
	if now := p.settings(); !reflect.DeepEqual(p.initial, now) {
		p.t.Errorf("the settings are %+v, were %+v", now, p.initial)
	}
	return got[left+len(leaveScreen):]
}

func (p *Terminal) settings() *unix.Termios {
	p.t.Helper()
	s, err := unix.IoctlGetTermios(int(p.Tty.Fd()), unix.TCGETS)
	if err != nil {
		p.t.Fatal(err)
	}
	return s
}
