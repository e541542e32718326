// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

// Command controlplane builds the executables of the test control plane into the cache folder that
// every checkout shares. Run it from the checkout: go run ./hack/controlplane.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/podwatch/kubectl-podwatch/test/controlplane"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := controlplane.Build(ctx, os.Stdout)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "error:", err)
		os.Exit(1)
	}
}
