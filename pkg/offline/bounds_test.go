// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package offline_test

import (
	"fmt"
	"io"
	"runtime"
	"strings"
	"testing"
	"time"

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
		"JSON":         {head: `{"apiVersion":"v1","items":[{"kind":"Pod"}`, body: "," + inJSON, n: 4000, tail: `],"kind":"List"}`},
		"YAML":         {head: "apiVersion: v1\nitems:\n", body: inYAML, n: 4000, tail: "kind: List\n"},
		"JSON objects": {body: inJSON + "\n", n: 4000},
	}
	for name, input := range tests {
		t.Run(name, func(t *testing.T) {
			var peak uint64
			pods := 0
			before := heap()
			_, err := offline.Read(one(name, input), func(*corev1.Pod) error {
				if pods++; pods%1000 == 0 {
					peak = max(peak, heap())
				}
				return nil
			})
			if err != nil || pods < 4000 {
				t.Fatalf("Read = %d pods, %v", pods, err)
			}
			if peak > before+4<<20 {
				t.Errorf("heap grew by %d KiB while 32 MB were read, want at most 4 MiB", (peak-before)>>10)
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

// What a stranger sends ends soon, in little memory, and with an error.
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
		"an object without an end": {&repeat{head: `{"kind":"`, body: strings.Repeat("x", 1<<16), n: 1 << 20}, "the object is larger than 32 MiB"},
		"items without a kind":     {&repeat{head: `{"items":[{}`, body: strings.Repeat(",{}", 1<<16), n: 1 << 20}, "more than 256 MiB of items without a kind"},
		"commas without an end":    {&repeat{head: `{"kind":"Pod"`, body: strings.Repeat(",", 1<<16), n: 1 << 20}, "the object is larger than 32 MiB"},
		"blanks within an object":  {&repeat{head: `{"kind":"Pod"`, body: strings.Repeat(" ", 1<<16), n: 1 << 20}, "the object is larger than 32 MiB"},
		"an item without an end":   {&repeat{head: `{"items":[`, body: strings.Repeat("[", 1<<16), n: 1 << 20}, "the object is larger than 32 MiB"},
		"a YAML line without end":  {&repeat{head: "kind: ", body: strings.Repeat("x", 1<<16), n: 1 << 20}, "the object is larger than 32 MiB"},
		"a YAML item without end":  {&repeat{head: "items:\n- kind: Pod\n", body: "  a: b\n", n: 1 << 30}, "the object is larger than 32 MiB"},
		"nested JSON":              {strings.NewReader(strings.Repeat(`{"a":`, 1<<20) + "1" + strings.Repeat("}", 1<<20)), "exceeded max depth"},
		"nested YAML in brackets":  {strings.NewReader("a: " + strings.Repeat("[", 1<<20)), "exceeded max depth"},
		"nested YAML in dashes":    {strings.NewReader(strings.Repeat("- ", 1<<20)), "exceeded max depth"},
		"nested YAML in marks":     {strings.NewReader(strings.Repeat("? ", 1<<19)), "exceeded max depth"},
		"aliases of aliases":       {strings.NewReader(bomb.String()), "aliases make the document larger"},
		"aliases of a long string": {strings.NewReader("a: &a " + strings.Repeat("x", 1<<20) + "\nb: [" + strings.Repeat("*a,", 1<<16) + "]\n"), "aliases make the document larger"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			begin := time.Now()
			_, err := offline.Read(one("in", tt.input), func(*corev1.Pod) error { return nil })
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error = %.200v, want %q", err, tt.want)
			}
			if took := time.Since(begin); took > 20*time.Second {
				t.Errorf("Read took %v", took)
			}
		})
	}
}

func TestReadBoundsTheInput(t *testing.T) {
	t.Parallel()
	remarks := &repeat{body: "#" + strings.Repeat("x", 1<<20-2) + "\n", n: offline.MaxInput>>20 + 1}
	_, err := offline.Read(one("in", remarks), func(*corev1.Pod) error { return nil })
	if err == nil || !strings.Contains(err.Error(), "larger than 4 GiB") {
		t.Errorf("error = %v, want one about the size", err)
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
