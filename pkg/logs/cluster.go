// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package logs

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"

	corev1 "k8s.io/api/core/v1"
	corev1client "k8s.io/client-go/kubernetes/typed/core/v1"
)

// maxRaw is what is kept of a line while it is read, in bytes. It is more than
// MaxLine, so that a credential at the cut is whole when it is looked for.
const maxRaw = 8 * MaxLine

// FromCluster returns a Tailer that asks the kubelets through the API server.
// It needs the right to get pods/log.
func FromCluster(client corev1client.PodsGetter) Tailer { return cluster{client} }

type cluster struct{ client corev1client.PodsGetter }

func (c cluster) Tail(ctx context.Context, namespace, pod, container string, previous bool, lines int) ([]string, error) {
	n := int64(lines)
	body, err := c.client.Pods(namespace).GetLogs(pod, &corev1.PodLogOptions{
		Container: container, Previous: previous, TailLines: &n,
	}).Stream(ctx)
	if err != nil {
		return nil, fmt.Errorf("read log of %s/%s container %s: %w", namespace, pod, container, err)
	}
	defer func() { _ = body.Close() }() // read only: it has no more to say
	out, err := tail(body, lines)
	if err != nil {
		return nil, fmt.Errorf("read log of %s/%s container %s: %w", namespace, pod, container, err)
	}
	return out, nil
}

// tail returns the last lines of r in memory for those lines alone, however
// long the text and its lines are.
func tail(r io.Reader, lines int) ([]string, error) {
	var out []string
	var line []byte
	for br := bufio.NewReader(r); ; {
		part, err := br.ReadSlice('\n')
		line = append(line, part[:min(len(part), maxRaw-len(line))]...)
		if errors.Is(err, bufio.ErrBufferFull) {
			continue
		}
		if len(line) > 0 {
			out = last(append(out, string(line)), lines)
			line = line[:0]
		}
		if errors.Is(err, io.EOF) {
			return out, nil
		}
		if err != nil {
			return nil, err
		}
	}
}
