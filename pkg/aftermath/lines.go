// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package aftermath

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"

	corev1 "k8s.io/api/core/v1"
	corev1client "k8s.io/client-go/kubernetes/typed/core/v1"

	"github.com/podwatch/kubectl-podwatch/pkg/internal/plaintext"
)

const (
	// maxLine and maxText bound what is shown, in bytes: with every character
	// escaped, a JSON line of them stays below 64 KiB.
	maxLine = 1 << 10
	maxText = 8 << 10
	// maxRaw is what is kept of a line while it is read, so that a credential at
	// the cut is whole when it is looked for.
	maxRaw = 8 * maxLine
)

// escapes are the sequences that colour and move the cursor: without their first
// character the rest of them would be left as text.
var escapes = regexp.MustCompile(`\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?)`)

// clean makes lines fit to be shown: at most n, from the end.
func clean(lines []string, n int) []string {
	out, left := []string{}, maxText
	for _, line := range slices.Backward(lines[max(0, len(lines)-n):]) {
		line = plaintext.Cut(plaintext.Redact(plaintext.Line(escapes.ReplaceAllString(line, ""))), maxLine)
		if left -= len(line); left < 0 {
			break
		}
		out = append(out, line)
	}
	slices.Reverse(out)
	return out
}

// FromCluster returns a Tailer that asks the kubelets through the API server. It
// needs the right to get pods/log.
func FromCluster(client corev1client.PodsGetter) Tailer { return cluster{client} }

type cluster struct{ client corev1client.PodsGetter }

// Tail implements Tailer.
func (c cluster) Tail(ctx context.Context, namespace, pod, container string, previous bool, lines int) ([]string, error) {
	n := int64(lines)
	body, err := c.client.Pods(namespace).GetLogs(pod, &corev1.PodLogOptions{
		Container: container, Previous: previous, TailLines: &n,
	}).Stream(ctx)
	if err != nil {
		return nil, fmt.Errorf("read log of container %q: %w", container, err)
	}
	defer func() { _ = body.Close() }()
	out, err := tail(body, lines)
	if err != nil {
		return nil, fmt.Errorf("read log of container %q: %w", container, err)
	}
	return out, nil
}

// tail returns the last lines of r, in memory for those alone.
func tail(r io.Reader, n int) ([]string, error) {
	var out []string
	var line []byte
	for br := bufio.NewReader(r); ; {
		part, err := br.ReadSlice('\n')
		line = append(line, part[:min(len(part), maxRaw-len(line))]...)
		if errors.Is(err, bufio.ErrBufferFull) {
			continue
		}
		if len(line) > 0 {
			out = append(out, string(line))
			out, line = out[max(0, len(out)-n):], line[:0]
		}
		switch {
		case errors.Is(err, io.EOF):
			return out, nil
		case err != nil:
			return out, err
		}
	}
}
