// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

// Command demo shows the three commands of the plugin on a broken cluster. `make demo` builds the
// plugin and calls it, in the top folder of the checkout.
//
// It first shows the report on a bundled snapshot, which needs no cluster, and then starts a local
// control plane with a scripted outage. The controllers and kwok move the healthy pods, the
// replacements and the rollout; only the fault states are written by hand, through the status
// subresource. With KEEP=1 in the environment the control plane lives on.
//
// With -snapshot FILE it shows nothing and writes the outage as it stands before the tour to FILE:
// go run ./hack/demo -snapshot hack/demo/snapshot.yaml renews the bundled one.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"syscall"
)

func main() {
	file := flag.String("snapshot", "", "write the outage to this file and show nothing")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	var err error
	if *file != "" {
		err = writeSnapshot(ctx, *file)
	} else {
		finish := shutDown
		if keep := os.Getenv("KEEP"); keep != "" && keep != "0" {
			finish = leave
		}
		err = tour(ctx, finish)
	}
	interrupted := ctx.Err() != nil
	stop()
	switch {
	case interrupted:
		fmt.Fprintln(os.Stderr, "interrupted")
		os.Exit(130)
	case err != nil:
		fmt.Fprintln(os.Stderr, "error:", err)
		os.Exit(1)
	}
}
