// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package report

import (
	"testing"
	"unicode/utf8"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/podwatch/kubectl-podwatch/pkg/apis/podwatch/v1alpha1"
	"github.com/podwatch/kubectl-podwatch/pkg/projection"
)

func FuzzCommonMessage(f *testing.F) {
	for _, message := range []string{
		"exit 1, needs manual investigation: dial tcp 10.0.0.1:5432 at 2026-11-20T12:00:00.123Z",
		"image@sha256:c66a8eb7e6a7e395bf000e8884c7de131a5cf32a9f42de44a1b9ceaf47c8900e", "1.1.1.1.1.1.1.1", "sha256:", "\xff",
	} {
		f.Add(message, "p-1", "0b0b0b0b")
	}
	f.Add("a*a", "*", "a")
	f.Fuzz(func(t *testing.T, message, name, uid string) {
		pod := func(name, uid string) *projection.Pod {
			return &projection.Pod{ObjectMeta: metav1.ObjectMeta{Name: name, UID: types.UID(uid)}}
		}
		m := member{pod: pod(name, uid), finding: v1alpha1.Finding{Message: message}}
		shape := m.shape()
		if len(shape) > len(message) {
			t.Errorf("shape of %q has %d bytes: %q", message, len(shape), shape)
		}
		if utf8.ValidString(message) && utf8.ValidString(name) && utf8.ValidString(uid) && !utf8.ValidString(shape) {
			t.Errorf("shape of %q is not UTF-8: %q", message, shape)
		}
		if got := commonMessage([]member{m, m}, m); got != message {
			t.Errorf("two of %q say %q", message, got)
		}
	})
}
