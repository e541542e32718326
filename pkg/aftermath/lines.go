// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package aftermath

import (
	"slices"

	"github.com/podwatch/kubectl-podwatch/pkg/logs"
)

// maxText bounds what is shown of one log, in bytes: with every character
// escaped, a JSON line of it stays below 64 KiB.
const maxText = 8 << 10

// clean makes lines fit to be shown: at most n, from the end.
func clean(lines []string, n int) []string {
	out, left := []string{}, maxText
	for _, line := range slices.Backward(logs.Clean(lines, n)) {
		if left -= len(line); left < 0 {
			break
		}
		out = append(out, line)
	}
	slices.Reverse(out)
	return out
}
