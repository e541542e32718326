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
	"k8s.io/apimachinery/pkg/types"

	"github.com/podwatch/kubectl-podwatch/pkg/apis/podwatch/v1alpha1"
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
	// Source is what made the capture; SourceFile also for inputs of different
	// kinds.
	Source SourceType
	// Limitations are the parts that could not be read, in the order of the
	// input.
	Limitations []v1alpha1.Limitation

	// lists is true if there was a list that may hold pods, even none.
	lists bool
	// others counts the objects that are no pods, by kind.
	others map[string]int
	// uids are those of the pods that were handed on.
	uids map[types.UID]bool
	// held are the plural names of the resources that the capture holds.
	held map[string]bool
	logs tails
	origins
}

// maxKinds bounds the kinds that are counted apart. The API servers that are
// known have some hundred.
const maxKinds = 1000

// maxLimitations bounds the limitations of one resource. Whoever sees so many has seen enough.
const maxLimitations = 100

// Read reads all inputs to their end and calls yield for every pod, in order.
// The pod is yield's to keep. A pod that comes again, by its UID, is passed over.
//
// An error of yield ends Read and is returned as it is; any other error names
// the input. Inside of a directory or an archive a file that is no manifest is
// passed over, and one that is broken costs a limitation. An input without pods
// is an error, unless it says that there are none: an empty List or PodList.
func Read(inputs iter.Seq2[Input, error], yield func(*corev1.Pod) error) (*Snapshot, error) {
	return read(inputs, yield, defaultLimits())
}

func read(inputs iter.Seq2[Input, error], yield func(*corev1.Pod) error, most limits) (*Snapshot, error) {
	s := &Snapshot{
		Limitations: []v1alpha1.Limitation{}, others: map[string]int{}, uids: map[types.UID]bool{}, held: map[string]bool{},
		origins: newOrigins(),
	}
	names := []string{}
	for input, err := range inputs {
		if len(names) == 0 || names[len(names)-1] != input.Name {
			names = append(names, input.Name)
		}
		if err == nil {
			err = s.read(input, yield, most)
		}
		if own, ok := errors.AsType[*yieldError](err); ok {
			return nil, own.err
		}
		switch {
		case err == nil:
		case input.Entry == "":
			return nil, fmt.Errorf("read %q: %w", input.Name, err)
		default:
			place := placeOf(input.Entry)
			s.limit(place.plural(), place.namespace, input, err)
		}
	}
	if s.Pods == 0 && !s.lists {
		return nil, fmt.Errorf("read %s: %w", quoted(names), s.noPods())
	}
	s.settle(s)
	if s.Holds("events") {
		s.Related.AllEvents()
	}
	return s, nil
}

// read reads one input, which may turn out to be none.
func (s *Snapshot) read(input Input, yield func(*corev1.Pod) error, most limits) error {
	place := placeOf(input.Entry)
	if place.log != (Log{}) {
		s.captureAt(input, place)
		return s.logs.read(place.log, input.Reader, most.input)
	}
	r := text(&bounded{r: input.Reader, max: most.input}, bufferSize)
	if input.Entry != "" && !looksRight(r, place) {
		return nil
	}
	s.captureAt(input, place)
	d := &decoder{
		source:     source{r: r, max: most.document, line: 1, fresh: true},
		snapshot:   s,
		yield:      yield,
		input:      input,
		place:      place,
		maxPending: most.pending,
	}
	err := d.documents()
	if input.Entry != "" && !d.handled && (errors.Is(err, errNoKind) || errors.Is(err, errNotObject)) {
		return nil // Some file of another program.
	}
	return err
}

// yieldError carries an error of the caller's past our own wording.
type yieldError struct{ err error }

func (e *yieldError) Error() string { return e.err.Error() }

// Holds reports whether the capture holds objects of a resource that matters to
// a verdict, by its plural name, or a list that says that there are none.
func (s *Snapshot) Holds(plural string) bool { return s.held[plural] }

func (s *Snapshot) hold(r resource) { s.held[r.plural] = true }

// knows reports whether the pod was handed on before. Only the UID tells: a
// capture may hold pods of several clusters.
func (s *Snapshot) knows(pod *corev1.Pod) bool {
	if pod.UID == "" {
		return false
	}
	known := s.uids[pod.UID]
	s.uids[pod.UID] = true
	return known
}

// limit says that a part of a capture was not read.
func (s *Snapshot) limit(resource, namespace string, input Input, err error) {
	if s.unread[resource]++; s.unread[resource] > maxLimitations {
		return
	}
	s.Limitations = append(s.Limitations, v1alpha1.Limitation{
		Resource: resource, Namespace: plaintext.Line(namespace), Reason: "Error",
		Effect: fmt.Sprintf("what is broken in %q is not in the report: %v", cmp.Or(input.Entry, input.Name), err),
	})
}

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
	if len(s.Limitations) > 0 {
		return errors.New("no pods, and " + s.Limitations[0].Effect)
	}
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
