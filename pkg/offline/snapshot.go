// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package offline

import (
	"cmp"
	"errors"
	"fmt"
	"iter"
	"maps"
	"slices"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/podwatch/kubectl-podwatch/pkg/internal/plaintext"
	"github.com/podwatch/kubectl-podwatch/pkg/related"
)

// Snapshot is what a capture holds besides its pods.
type Snapshot struct {
	// Pods counts the pods that were handed on.
	Pods int
	// Related are the objects of the capture that matter to a verdict on a pod.
	Related related.Index
	// CaptureTime is the newest time that the capture states about anything:
	// it cannot be older than that. Zero if it states none.
	CaptureTime time.Time

	// lists is true if there was a list that may hold pods, even none.
	lists bool
	// others counts the objects that are no pods, by kind.
	others map[string]int
}

// maxKinds bounds the kinds that are counted apart. The API servers that are
// known have some hundred.
const maxKinds = 1000

// Read reads all inputs to their end and calls yield for every pod, in order.
// The pod is yield's to keep. An error of yield ends Read and is returned as it
// is; any other error names the input. An input without pods is an error,
// unless it says that there are none: an empty List or PodList.
func Read(inputs iter.Seq2[Input, error], yield func(*corev1.Pod) error) (*Snapshot, error) {
	return read(inputs, yield, limits{input: MaxInput, document: MaxDocument, pending: maxPending})
}

func read(inputs iter.Seq2[Input, error], yield func(*corev1.Pod) error, most limits) (*Snapshot, error) {
	s := &Snapshot{others: map[string]int{}}
	names := []string{}
	for input, err := range inputs {
		if err != nil {
			return nil, err
		}
		names = append(names, input.Name)
		if err := s.read(input, yield, most); err != nil {
			return nil, err
		}
	}
	if s.Pods == 0 && !s.lists {
		return nil, fmt.Errorf("read %s: %w", quoted(names), s.noPods())
	}
	return s, nil
}

func (s *Snapshot) read(input Input, yield func(*corev1.Pod) error, most limits) error {
	r := text(&bounded{r: input.Reader, max: most.input}, bufferSize)
	d := &decoder{
		source:     source{r: r, max: most.document, line: 1, fresh: true},
		snapshot:   s,
		yield:      yield,
		maxPending: most.pending,
	}
	err := d.documents()
	if err == nil {
		return nil
	}
	if own, ok := errors.AsType[*yieldError](err); ok {
		return own.err
	}
	return fmt.Errorf("read %q: %w", input.Name, err)
}

// yieldError carries an error of the caller's past our own wording.
type yieldError struct{ err error }

func (e *yieldError) Error() string { return e.err.Error() }

func (s *Snapshot) count(kind string) {
	if _, known := s.others[kind]; known || len(s.others) < maxKinds {
		s.others[kind]++
	}
}

func (s *Snapshot) observe(t time.Time) {
	if t.After(s.CaptureTime) {
		s.CaptureTime = t
	}
}

// noPods says what the inputs hold instead of pods.
func (s *Snapshot) noPods() error {
	if len(s.others) == 0 {
		return errors.New("there is nothing in it, want pods as JSON or YAML")
	}
	kinds := slices.SortedFunc(maps.Keys(s.others), func(a, b string) int {
		return cmp.Or(cmp.Compare(s.others[b], s.others[a]), cmp.Compare(a, b))
	})
	const most = 8
	held := []string{}
	for _, kind := range kinds[:min(most, len(kinds))] {
		held = append(held, fmt.Sprintf("%s (%d)", kind, s.others[kind]))
	}
	if more := len(kinds) - most; more > 0 {
		held = append(held, fmt.Sprintf("%d more kinds", more))
	}
	return fmt.Errorf("no pods, only %s", strings.Join(held, ", "))
}

func quoted(names []string) string {
	if len(names) == 0 {
		return "pods"
	}
	out := make([]string, len(names))
	for i, name := range names {
		out[i] = fmt.Sprintf("%q", name)
	}
	return strings.Join(out, ", ")
}

// printable makes a kind of a capture fit for an error text.
func printable(kind string) string { return plaintext.Cut(plaintext.Line(kind), 80) }
