// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

// Command kubectl-podwatch is a kubectl plugin; run it as `kubectl podwatch`.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"

	"k8s.io/cli-runtime/pkg/genericiooptions"

	"github.com/podwatch/kubectl-podwatch/pkg/cmd"
)

func main() {
	// A reader that goes away is an error of a write, not a reason to be killed.
	signal.Ignore(syscall.SIGPIPE)
	streams := genericiooptions.IOStreams{In: os.Stdin, Out: os.Stdout, ErrOut: os.Stderr}
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, cmd.Signals()...)
	ctx := cmd.WithSignals(context.Background(), signals, func() { signal.Stop(signals) })
	os.Exit(cmd.Main(ctx, os.Args[1:], streams, os.LookupEnv))
}
