// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package offline_test

import (
	"fmt"
	"io"
	"runtime"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"

	"github.com/podwatch/kubectl-podwatch/pkg/offline"
)

// repeat is a reader of head, n times body, and tail.
type repeat struct {
	head, body, tail string
	n                int
	rest             string
}

func (r *repeat) Read(p []byte) (int, error) {
	for r.rest == "" {
		switch {
		case r.head != "":
			r.rest, r.head = r.head, ""
		case r.n > 0:
			r.rest = r.body
			r.n--
		case r.tail != "":
			r.rest, r.tail = r.tail, ""
		default:
			return 0, io.EOF
		}
	}
	n := copy(p, r.rest)
	r.rest = r.rest[n:]
	return n, nil
}

// padded returns a pod of about 8 KB in each format.
func padded() (inJSON, inYAML string) {
	pad := strings.Repeat("x", 8000)
	return `{"apiVersion":"v1","kind":"Pod","metadata":{"name":"a","namespace":"x","annotations":{"pad":"` + pad + `"}}}`,
		"- apiVersion: v1\n  kind: Pod\n  metadata:\n    annotations:\n      pad: " + pad + "\n    name: a\n    namespace: x\n"
}

// Memory must not grow with the number of pods: what is on the heap is looked
// at while the list is being read.
func TestReadStreamsLists(t *testing.T) {
	inJSON, inYAML := padded()
	tests := map[string]*repeat{
		"JSON":         {head: `{"apiVersion":"v1","items":[{"kind":"Pod"}`, body: "," + inJSON, n: 1500, tail: `],"kind":"List"}`},
		"YAML":         {head: "apiVersion: v1\nitems:\n", body: inYAML, n: 1500, tail: "kind: List\n"},
		"JSON objects": {body: inJSON + "\n", n: 1500},
	}
	for name, input := range tests {
		t.Run(name, func(t *testing.T) {
			var peak uint64
			pods := 0
			before := heap()
			_, err := offline.Read(one(name, input), func(*corev1.Pod) error {
				if pods++; pods%500 == 0 {
					peak = max(peak, heap())
				}
				return nil
			})
			if err != nil || pods < 1500 {
				t.Fatalf("Read = %d pods, %v", pods, err)
			}
			if peak > before+(4<<20) {
				t.Errorf("heap grew by %d KiB while 12 MB were read, want at most 4 MiB", (peak-before)>>10)
			}
		})
	}
}

func heap() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

// What a stranger sends ends, in bounded memory and with an error. The time is
// bounded by the test's own timeout.
func TestReadIsBounded(t *testing.T) {
	bomb := strings.Builder{}
	bomb.WriteString("a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n")
	for i := range 12 {
		fmt.Fprintf(&bomb, "a%d: &a%d [%s]\n", i+1, i+1, strings.TrimSuffix(strings.Repeat(fmt.Sprintf("*a%d,", i), 10), ","))
	}
	tests := map[string]struct {
		input io.Reader
		want  string
	}{
		"an object without an end":  {&repeat{head: `{"kind":"`, body: strings.Repeat("x", 1<<16), n: 1 << 20}, "the object is larger than 1 MiB"},
		"items without a kind":      {&repeat{head: `{"items":[{}`, body: `,{"a":"` + strings.Repeat("x", 1<<16) + `"}`, n: 1 << 20}, "more than 2 MiB of items without a kind"},
		"remarks without an end":    {&repeat{body: "#" + strings.Repeat("x", 1<<16) + "\n", n: 1 << 20}, "larger than 64 MiB"},
		"blanks without an end":     {&repeat{body: strings.Repeat("\n", 1<<16), n: 1 << 20}, "larger than 64 MiB"},
		"commas without an end":     {&repeat{head: `{"kind":"Pod"`, body: strings.Repeat(",", 1<<16), n: 1 << 20}, "the object is larger than 1 MiB"},
		"blanks within an object":   {&repeat{head: `{"kind":"Pod"`, body: strings.Repeat(" ", 1<<16), n: 1 << 20}, "the object is larger than 1 MiB"},
		"an item without an end":    {&repeat{head: `{"items":[`, body: strings.Repeat("[", 1<<16), n: 1 << 20}, "the object is larger than 1 MiB"},
		"a YAML line without end":   {&repeat{head: "kind: ", body: strings.Repeat("x", 1<<16), n: 1 << 20}, "the object is larger than 1 MiB"},
		"a YAML item without end":   {&repeat{head: "items:\n- kind: Pod\n", body: "  a: " + strings.Repeat("x", 1<<16) + "\n", n: 1 << 20}, "the object is larger than 1 MiB"},
		"containers without an end": {strings.NewReader(`{"kind":"Pod","spec":{"containers":[` + strings.Repeat("{},", 1<<17) + `{}]}}`), "more elements than a pod can have"},
		"nested JSON":               {strings.NewReader(strings.Repeat(`{"a":`, 1<<16) + "1" + strings.Repeat("}", 1<<16)), "exceeded max depth"},
		"nested YAML in brackets":   {strings.NewReader("a: " + strings.Repeat("[", 1<<16)), "exceeded max depth"},
		"nested YAML in dashes":     {strings.NewReader(strings.Repeat("- ", 1<<16)), "exceeded max depth"},
		"nested YAML in marks":      {strings.NewReader(strings.Repeat("? ", 1<<16)), "exceeded max depth"},
		"aliases of aliases":        {strings.NewReader(bomb.String()), "aliases make the document larger"},
		"aliases of a long string":  {strings.NewReader("a: &a " + strings.Repeat("x", 1<<18) + "\nb: [" + strings.Repeat("*a,", 1<<10) + "]\n"), "aliases make the document larger"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			_, err := offline.ReadLimited(one("in", tt.input), 64<<20, 1<<20, 2<<20)
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error = %.200v, want %q", err, tt.want)
			}
		})
	}
}

func BenchmarkRead(b *testing.B) {
	inJSON, inYAML := padded()
	inputs := map[string]func() *repeat{
		"JSON": func() *repeat {
			return &repeat{head: `{"items":[{"kind":"Pod"}`, body: "," + inJSON, n: 1000, tail: `],"kind":"List"}`}
		},
		"YAML": func() *repeat { return &repeat{head: "items:\n", body: inYAML, n: 1000, tail: "kind: List\n"} },
	}
	for name, input := range inputs {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(1000 * len(inJSON)))
			b.ReportAllocs()
			for b.Loop() {
				if _, err := offline.Read(one(name, input()), func(*corev1.Pod) error { return nil }); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
