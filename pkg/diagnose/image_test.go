// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package diagnose

import "testing"

func TestThePullErrorComesFirst(t *testing.T) {
	t.Parallel()
	const image = "registry.example.com/shop/promo:2.7"
	for name, test := range map[string]struct{ message, want string }{
		"containerd, reference not resolved": {
			`failed to pull and unpack image "` + image + `": failed to resolve reference "` + image + `": ` + image + `: not found`,
			"not found (" + image + ")",
		},
		"containerd behind the CRI": {
			`rpc error: code = NotFound desc = failed to pull and unpack image "` + image + `": failed to copy: 429 Too Many Requests`,
			"429 Too Many Requests (" + image + ")",
		},
		"another runtime": {"initializing source docker://x: access denied", "initializing source docker://x: access denied"},
		"cut in the middle": {
			`failed to pull and unpack image "registry.exam`, `failed to pull and unpack image "registry.exam`,
		},
		"nothing": {"", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := errorFirst(test.message); got != test.want {
				t.Errorf("errorFirst(%q) = %q, want %q", test.message, got, test.want)
			}
		})
	}
}
