// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

// Command bench-clean compares kubectl podwatch clean with kubectl delete
// --wait=false on a control plane of its own: the same failed pods, in turns, on
// one server, so that the ratio of the two does not depend on the machine. It
// then cleans many pods at once and prints how much memory that took.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"slices"
	"syscall"
	"time"

	"github.com/podwatch/kubectl-podwatch/test/controlplane"
)

const (
	// target is the ratio that the product promises.
	target = 0.7
	// growth is how fast memory may grow, in relation to the number of pods.
	growth = 0.5
)

func main() {
	rounds := flag.Int("rounds", 5, "how often both are measured")
	pods := flag.Int("pods", 1000, "failed pods in each measurement")
	many := flag.Int("many", 20000, "failed pods of the last run; 0 for none")
	binary := flag.String("binary", "bin/kubectl-podwatch", "the program to measure")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, *binary, *rounds, *pods, *many)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "error:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, binary string, rounds, pods, many int) (err error) {
	server, err := controlplane.Start(ctx, controlplane.Options{})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, server.Stop()) }()
	b := &bench{server: server, podwatch: binary}
	if b.kubectl, err = controlplane.Binary("kubectl"); err != nil {
		return err
	}
	if b.state, err = os.MkdirTemp("", "bench-clean-"); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(b.state)) }()
	var ours, theirs, ratios []float64
	for i := range rounds {
		kubectl, clean, err := b.round(ctx, i, pods)
		if err != nil {
			return err
		}
		ratio := clean.wall.Seconds() / kubectl.wall.Seconds()
		ours, theirs, ratios = append(ours, clean.wall.Seconds()), append(theirs, kubectl.wall.Seconds()), append(ratios, ratio)
		fmt.Printf("round %d: kubectl delete --wait=false %s, podwatch clean %s, ratio %.2f\n", i+1, kubectl, clean, ratio)
	}
	fmt.Printf("median of %d rounds of %d pods: kubectl %.2f s, podwatch %.2f s, ratio %.2f (target %.1f)\n",
		rounds, pods, median(theirs), median(ours), median(ratios), target)
	if err := b.memory(ctx, pods, many); err != nil {
		return err
	}
	if median(ratios) > target {
		return fmt.Errorf("compare: the ratio %.2f is above the target of %.1f", median(ratios), target)
	}
	return nil
}

// memory cleans few and many pods, prints what both took, and returns an error
// if memory grows too fast.
func (b *bench) memory(ctx context.Context, few, many int) error {
	if many == 0 {
		return nil
	}
	peaks := map[int]float64{}
	for _, pods := range []int{few, many} {
		namespace := fmt.Sprintf("many-%d", pods)
		if err := b.fill(ctx, namespace, pods); err != nil {
			return err
		}
		took, err := b.clean(ctx, namespace, pods)
		if err != nil {
			return err
		}
		fmt.Printf("%d pods: %s\n", pods, took)
		peaks[pods] = float64(took.peakBytes)
	}
	more, bytes := float64(many)/float64(few), peaks[many]/peaks[few]
	fmt.Printf("%.1f x the pods take %.1f x the memory (limit %.1f)\n", more, bytes, more*growth)
	if many > few && bytes > more*growth {
		return fmt.Errorf("compare: memory grows %.1f x for %.1f x the pods", bytes, more)
	}
	return nil
}

func median(values []float64) float64 {
	sorted := slices.Sorted(slices.Values(values))
	if len(sorted) == 0 {
		return 0
	}
	return sorted[len(sorted)/2]
}

// usage is what a program took.
type usage struct {
	wall, cpu time.Duration
	peakBytes int64
}

// String returns the times and the memory.
func (u usage) String() string {
	return fmt.Sprintf("%.2f s (%.2f s of CPU, peak of %d MB)", u.wall.Seconds(), u.cpu.Seconds(), u.peakBytes>>20)
}
