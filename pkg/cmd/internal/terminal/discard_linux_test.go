// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package terminal_test

import (
	"bufio"
	"os"
	"testing"

	"github.com/podwatch/kubectl-podwatch/pkg/cmd/internal/terminal"
	"github.com/podwatch/kubectl-podwatch/test/pty"
)

func TestDiscardDropsWhatWasTypedBefore(t *testing.T) {
	t.Parallel()
	keyboard, screen := pty.Pair(t)
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
