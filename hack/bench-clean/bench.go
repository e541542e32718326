// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/podwatch/kubectl-podwatch/test/controlplane"
)

const (
	// makers make pods at once.
	makers = 16
	// padding brings a pod to the size that one has in the wild.
	padding = 6 << 10
)

// bench has a server and the two programs.
type bench struct {
	server            *controlplane.Server
	podwatch, kubectl string
	// state is the home of what clean archives.
	state string
}

// round measures both on sets of equal size. Who comes
// first changes with the round.
func (b *bench) round(ctx context.Context, i, pods int) (kubectl, clean usage, err error) {
	theirs, ours := fmt.Sprintf("kubectl-%d", i), fmt.Sprintf("podwatch-%d", i)
	for _, namespace := range []string{theirs, ours} {
		if err := b.fill(ctx, namespace, pods); err != nil {
			return kubectl, clean, err
		}
	}
	measure := []func() error{
		func() error {
			kubectl, err = b.run(ctx, b.kubectl, "delete", "pods", "-n", theirs, "--field-selector=status.phase=Failed", "--wait=false")
			return err
		},
		func() error {
			clean, err = b.clean(ctx, ours, pods)
			return err
		},
	}
	for j := range measure {
		if err := measure[(i+j)%len(measure)](); err != nil {
			return kubectl, clean, err
		}
	}
	for _, namespace := range []string{theirs, ours} {
		left, err := b.server.Client().CoreV1().Pods(namespace).List(ctx, metav1.ListOptions{Limit: 1})
		if err != nil {
			return kubectl, clean, err
		}
		if len(left.Items) > 0 {
			return kubectl, clean, fmt.Errorf("clean namespace %q: pods are left", namespace)
		}
	}
	return kubectl, clean, nil
}

func (b *bench) clean(ctx context.Context, namespace string, pods int) (usage, error) {
	return b.run(ctx, b.podwatch, "clean", "-n", namespace, "--older-than", "0s", "--yes", "--max", strconv.Itoa(pods))
}

func (b *bench) run(ctx context.Context, program string, args ...string) (usage, error) {
	cmd := exec.CommandContext(ctx, program, args...)
	cmd.Env = append(os.Environ(), "KUBECONFIG="+b.server.Kubeconfig(), "XDG_STATE_HOME="+b.state)
	var talk strings.Builder
	cmd.Stderr = &talk
	begin := time.Now()
	err := cmd.Run()
	took := usage{wall: time.Since(begin)}
	if err != nil {
		return took, fmt.Errorf("run %s %s: %w: %s", program, strings.Join(args, " "), err, talk.String())
	}
	took.cpu = cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()
	if r, ok := cmd.ProcessState.SysUsage().(*syscall.Rusage); ok {
		took.peakBytes = r.Maxrss << 10 // in KiB on Linux
	}
	return took, nil
}

// fill makes a namespace with failed pods.
func (b *bench) fill(ctx context.Context, namespace string, pods int) error {
	_, err := b.server.Client().CoreV1().Namespaces().Create(ctx,
		&corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: namespace}}, metav1.CreateOptions{})
	if err != nil {
		return fmt.Errorf("make namespace: %w", err)
	}
	numbers := make(chan int)
	failures := make(chan error, makers)
	var group sync.WaitGroup
	for range makers {
		group.Go(func() {
			for i := range numbers {
				if _, err := b.server.CreatePod(ctx, failedPod(namespace, i)); err != nil {
					select {
					case failures <- err:
					default:
					}
				}
			}
		})
	}
	for i := range pods {
		numbers <- i
	}
	close(numbers)
	group.Wait()
	select {
	case err := <-failures:
		return err
	default:
		return nil
	}
}

func failedPod(namespace string, i int) *corev1.Pod {
	return &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{
			Namespace: namespace, Name: fmt.Sprintf("web-5d8f7c9b4-%05d", i),
			Annotations: map[string]string{"example.com/padding": strings.Repeat("x", padding)},
		},
		Spec: corev1.PodSpec{
			NodeName: "n1", Containers: []corev1.Container{{Name: "app", Image: "registry.example.com/web:1"}},
		},
		Status: corev1.PodStatus{Phase: corev1.PodFailed, Reason: "Evicted", Message: "The node was low on resource: memory. "},
	}
}
