// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build unix

package controlplane

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"strconv"
	"syscall"
)

// watchdogScript gets the process group in $1 and the folder in $2. A line on its standard input
// lets both live, the end of the input without a line removes them. rm is repeated because a killed
// process may still finish the system call that makes a file.
const watchdogScript = `read -r line && exit
kill -s KILL -- "-$1"
for try in 1 2 3 4 5 6 7 8 9 10; do rm -rf -- "$2" && exit; sleep 1; done`

// leash ties a process group and a folder to the life of this process.
//
// The death signal that Linux offers (Pdeathsig) is not used: it follows the thread that started
// the child, which the Go runtime may end at any time, and other systems do not have it.
type leash struct {
	// anchor only founds the process group, so that the watchdog can know it before there is
	// anything to kill. It ends with its standard input, like the watchdog.
	anchor, watchdog         *exec.Cmd
	anchorHold, watchdogHold io.WriteCloser
	dir                      string
}

// newLeash starts the watchdog for dir. Processes join with [leash.attach].
func newLeash(ctx context.Context, dir string) (*leash, error) {
	l := &leash{dir: dir, anchor: exec.CommandContext(ctx, "cat")}
	var err error
	if l.anchorHold, err = startInOwnGroup(l.anchor); err != nil {
		return nil, fmt.Errorf("start watchdog: %w", err)
	}
	l.watchdog = exec.CommandContext(ctx, "sh", "-c", watchdogScript,
		"watchdog", strconv.Itoa(l.group()), dir)
	if l.watchdogHold, err = startInOwnGroup(l.watchdog); err != nil {
		_ = l.anchorHold.Close() // which ends it
		return nil, fmt.Errorf("start watchdog: %w", err)
	}
	return l, nil
}

// startInOwnGroup starts cmd where a Ctrl-C on the terminal does not reach it.
func startInOwnGroup(cmd *exec.Cmd) (io.WriteCloser, error) {
	hold, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	return hold, cmd.Start()
}

// group is the id of the process group on the leash.
func (l *leash) group() int { return l.anchor.Process.Pid }

// attach makes cmd a member of the group; call it before cmd starts.
func (l *leash) attach(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pgid: l.group()}
}

// release ends the watchdog; what is on the leash stays as it is.
func (l *leash) release() error {
	_, err := io.WriteString(l.watchdogHold, "\n")
	err = errors.Join(err, l.watchdogHold.Close(), l.anchorHold.Close(),
		l.watchdog.Wait(), l.anchor.Wait())
	if err != nil {
		return fmt.Errorf("end watchdog: %w", err)
	}
	return nil
}

// endCommand is a shell command that ends what is on the leash after it was released.
func (l *leash) endCommand() string {
	return fmt.Sprintf("kill -s KILL -- -%d; rm -rf -- '%s'", l.group(), l.dir)
}
