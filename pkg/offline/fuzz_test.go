// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package offline_test

import (
	"bytes"
	"encoding/json"
	"os"
	"strings"
	"testing"
	"unicode"

	corev1 "k8s.io/api/core/v1"

	"github.com/podwatch/kubectl-podwatch/pkg/offline"
	"github.com/podwatch/kubectl-podwatch/pkg/projection"
)

// Whatever the input is, Read ends with a snapshot or with one line of text,
// hands on what it counts, and decides the same however the input is cut. What
// is one JSON object for encoding/json is no syntax error for Read.
func FuzzRead(f *testing.F) {
	for _, seed := range []string{
		"", "\n", "---", "%", "{", "[", "[]", "{}", podA + podB, podAsY + "---\n" + podBsY,
		`{"items":[` + podA + `,{}],"kind":"PodList"}`, "items:\n- kind: Pod\n  metadata: &a {name: x}\n- *a\nkind: List\n",
		"items:\n  - {kind: Pod}\n\t- x", "{kind: Pod, metadata: {name: a,},}", "a: &a [*a]", "\xff\xfe{\x00}\x00", "\x00",
		`{"kind":"List","items":[{"kind":"List","items":[{"kind":"List"}]}]}`, `{"items":null}`, `{"items" : [ ] }`,
		`{"kind":"Pod","metadata":{"creationTimestamp":"9999-12-31T23:59:59Z","deletionGracePeriodSeconds":-1}}`,
		"{\"kind\":\"Pod\",\"metadata\":{\"creationTimestamp\":\"9999-12-31T\x7f\"}}",
	} {
		f.Add([]byte(seed))
	}
	for _, file := range []string{"001-crashloop-exit1.yaml", "076-deadline-exceeded-bare-status.yaml"} {
		data, err := os.ReadFile("../../testdata/corpus/" + file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		pods := 0
		s, err := offline.Read(one("in", bytes.NewReader(data)), func(p *corev1.Pod) error {
			pods++
			projection.From(p)
			return nil
		})
		switch {
		case err == nil && (s.Pods != pods):
			t.Errorf("Pods = %d, but %d were handed on", s.Pods, pods)
		case err != nil && strings.ContainsFunc(err.Error(), unicode.IsControl):
			t.Errorf("error is not one line of text: %q", err)
		}
		var object map[string]json.RawMessage
		if err != nil && strings.Contains(err.Error(), "cut off") && json.Unmarshal(data, &object) == nil {
			t.Errorf("valid JSON, but Read says: %v", err)
		}
		again, errAgain := offline.Read(one("in", &smallReader{data}), func(*corev1.Pod) error { return nil })
		if (err == nil) != (errAgain == nil) || err != nil && err.Error() != errAgain.Error() || err == nil && again.Pods != s.Pods {
			t.Errorf("in small pieces: %v, at once: %v", errAgain, err)
		}
	})
}

// smallReader reads three bytes at a time.
type smallReader struct{ rest []byte }

func (r *smallReader) Read(p []byte) (int, error) {
	n, err := bytes.NewReader(r.rest).Read(p[:min(3, len(p))])
	r.rest = r.rest[n:]
	return n, err
}
