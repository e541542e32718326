// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package cmd

import (
	"context"
	"flag"
	"io"
	"os"
	"os/signal"
	"strconv"
	"sync"
	"syscall"

	"k8s.io/cli-runtime/pkg/genericiooptions"
	"k8s.io/klog/v2"

	"github.com/podwatch/kubectl-podwatch/pkg/cmd/internal/exit"
)

// Main runs podwatch with args (without the program's name) and returns its
// exit code. Everything of the process that podwatch uses comes in here:
// streams, environment, and by ctx the signals.
func Main(ctx context.Context, args []string, streams genericiooptions.IOStreams, lookupEnv func(string) (string, bool)) int {
	root := NewCommand(streams, lookupEnv) //nolint:contextcheck // cobra carries ctx to the commands
	root.SetArgs(args)
	err := root.ExecuteContext(ctx)
	exit.Print(streams.ErrOut, err)
	return exit.Code(err)
}

// Signals are those that end a command in good order: an interrupt, a request to end,
// and the end of the terminal, as of a lost ssh connection, unless the process was told
// to outlive that, as by nohup.
func Signals() []os.Signal {
	signals := []os.Signal{os.Interrupt, syscall.SIGTERM}
	if !signal.Ignored(syscall.SIGHUP) {
		signals = append(signals, syscall.SIGHUP)
	}
	return signals
}

// WithSignals returns a context that the first of signals cancels, with
// exit.SignalError as its cause. It then calls stop, so that a second signal meets
// the default of the operating system and ends the process at once.
func WithSignals(ctx context.Context, signals <-chan os.Signal, stop func()) context.Context {
	ctx, cancel := context.WithCancelCause(ctx)
	go func() {
		select {
		case s := <-signals:
			stop()
			cancel(Interrupted(s))
		case <-ctx.Done():
		}
	}()
	return ctx
}

// Interrupted is the cause of a context that s has cancelled.
func Interrupted(s os.Signal) error { return exit.SignalError{Signal: s} }

// klogMu guards klog's settings, which belong to the process: tests run several
// commands in one.
var klogMu sync.Mutex //nolint:gochecknoglobals // it guards what is global

// setVerbosity sends client-go's log to w at the given level, and nowhere at
// level 0: what it has to say about lost connections podwatch says itself.
func setVerbosity(level int, w io.Writer) error {
	klogMu.Lock()
	defer klogMu.Unlock()
	flags := flag.NewFlagSet("klog", flag.ContinueOnError)
	klog.InitFlags(flags)
	if level <= 0 {
		w = io.Discard
	}
	for name, value := range map[string]string{
		"logtostderr": "false", "alsologtostderr": "false", "stderrthreshold": "FATAL",
		"one_output": "true", "v": strconv.Itoa(level),
	} {
		if flags.Lookup(name).Value.String() == value {
			continue // somebody may be logging already
		}
		if err := flags.Set(name, value); err != nil {
			return err
		}
	}
	klog.SetOutput(w)
	return nil
}
