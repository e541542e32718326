// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/podwatch/kubectl-podwatch/test/controlplane"
)

// bundled is the snapshot of a broken cluster, from the top folder of the checkout.
const bundled = "hack/demo/snapshot.yaml"

// watchTime is how long watch looks on: until the acts are over, and a moment more.
const watchTime = 18 * time.Second

// tour shows everything. finish says what becomes of the control plane when all went well; else it
// is stopped.
func tour(ctx context.Context, finish func(*controlplane.Server) error) (err error) {
	if err := offlineReport(ctx); err != nil {
		return err
	}
	say("The rest needs a cluster: a local control plane, built once.")
	if err := controlplane.Build(ctx, os.Stdout); err != nil {
		return err
	}
	c, err := startCluster(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, c.server.Stop()) }()
	if err := c.show(ctx); err != nil {
		return err
	}
	return finish(c.server)
}

// offlineReport is the part that needs no control plane.
func offlineReport(ctx context.Context) (err error) {
	sh, err := newShell(os.DevNull)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, sh.close()) }()
	say("What is broken in a cluster that somebody else has saved with kubectl get?")
	return sh.podwatch(ctx, "report", "-f", bundled)
}

// startCluster starts a control plane and the outage on it. The caller must stop the server.
func startCluster(ctx context.Context) (c cluster, err error) {
	began := time.Now()
	say("Starting etcd, kube-apiserver, kube-controller-manager and kwok, and an outage ...")
	server, err := controlplane.Start(ctx, controlplane.Options{Controllers: true, Kubelets: true})
	if err != nil {
		return cluster{}, err
	}
	c = cluster{server: server, client: server.Client()}
	if err := c.bringUp(ctx); err != nil {
		return cluster{}, errors.Join(err, server.Stop())
	}
	if err := c.strike(ctx); err != nil {
		return cluster{}, errors.Join(err, server.Stop())
	}
	say("... ready after %s.", time.Since(began).Round(100*time.Millisecond))
	return c, nil
}

// show runs the commands on the outage.
func (c cluster) show(ctx context.Context) (err error) {
	sh, err := newShell(c.server.Kubeconfig())
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, sh.close()) }()
	say("What is broken, worst first?")
	if err := sh.podwatch(ctx, "report", "-A"); err != nil {
		return err
	}
	if err := c.watch(ctx, sh); err != nil {
		return err
	}
	say("Which pods are mere leftovers? A dry run changes nothing.")
	if err := sh.podwatch(ctx, "clean", "-A", "--older-than", "0s", "--dry-run=client"); err != nil {
		return err
	}
	say("Remove them. Each is written to the archive first (here a temporary folder).")
	if err := sh.podwatch(ctx, "clean", "-A", "--older-than", "0s", "--yes"); err != nil {
		return err
	}
	say("And what is left?")
	return sh.podwatch(ctx, "report", "-A")
}

// watch shows the watch command while the acts are played.
func (c cluster) watch(ctx context.Context, sh *shell) error {
	pods, err := c.pods(ctx, "shop", "app=cart", 1, isUp)
	if err != nil {
		return fmt.Errorf("find a pod to crash: %w", err)
	}
	say("Live, for %s: promo is rolled out with an image that exists, and cart loses its database.", watchTime)
	playing, cancel := context.WithCancel(ctx)
	defer cancel()
	played := make(chan error, 1)
	go func() { played <- play(playing, c.acts(&pods[0])) }()
	err = sh.podwatchFor(ctx, watchTime, "watch", "-A")
	cancel()
	return errors.Join(err, <-played)
}

// shutDown leaves the server to be stopped.
func shutDown(*controlplane.Server) error {
	say("That was it. The control plane is being shut down; KEEP=1 make demo leaves it up.")
	return nil
}

// leave detaches the server and says how to use and how to end it.
func leave(server *controlplane.Server) error {
	kubeconfig := server.Kubeconfig()
	end, err := server.Detach()
	if err != nil {
		return err
	}
	bin, err := filepath.Abs("bin")
	if err != nil {
		return err
	}
	kubectl, err := controlplane.Binary("kubectl")
	if err != nil {
		return err
	}
	say("The control plane lives on. To use it, with this kubectl and this plugin:")
	fmt.Printf("export KUBECONFIG='%s'\n", kubeconfig)
	fmt.Printf("export PATH='%s:%s':\"$PATH\"\n", bin, filepath.Dir(kubectl))
	say("To stop it and to remove its files:")
	fmt.Println(end)
	return nil
}
