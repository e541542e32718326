// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package recording

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"

	"github.com/podwatch/kubectl-podwatch/pkg/apis/podwatch/v1alpha1"
	"github.com/podwatch/kubectl-podwatch/pkg/reconcile"
)

// maxValue bounds one line of a recording. etcd takes objects of 1.5 MiB, and
// what kubectl prints of one is a few times as long at most.
const maxValue = 32 << 20

var (
	// ErrCut is wrapped by the error at the end of a recording that has no end.
	ErrCut = errors.New("the recording was cut off")
	// ErrNoRecording is wrapped by the error about a file that is none.
	ErrNoRecording = errors.New("neither a recording of podwatch nor of kubectl get pods -w -o json --output-watch-events")
	errTooLong     = errors.New("a line is longer than 32 MiB")
)

// Recording is a file being read.
type Recording struct {
	Header
	deliveries iter.Seq2[reconcile.Delivery, error]
	// lines is nil for what kubectl has printed.
	lines *lines
}

// Read begins to read a recording; the rest is read while Deliveries is ranged
// over. An error is about the first line.
func Read(r io.Reader) (*Recording, error) {
	v := &values{limit: &limit{r: r}}
	v.decoder = json.NewDecoder(v.limit)
	first, err := v.next()
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrNoRecording, err)
	}
	var probe struct{ Kind, Type string }
	if err := json.Unmarshal(first, &probe); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrNoRecording, err)
	}
	switch {
	case probe.Kind == kind:
		return readLines(first, v)
	case probe.Type != "":
		return readWatch(first, v)
	}
	return nil, ErrNoRecording
}

// Deliveries are those of the run, in their order. After an error there are no
// more; what came before it is good. They can be ranged over once.
func (r *Recording) Deliveries() iter.Seq2[reconcile.Delivery, error] { return r.deliveries }

// readLines reads podwatch's own format.
func readLines(first []byte, v *values) (*Recording, error) {
	var h header
	if err := json.Unmarshal(first, &h); err != nil {
		return nil, fmt.Errorf("%w: header: %w", ErrNoRecording, err)
	}
	if want := newHeader(Header{}).APIVersion; h.APIVersion != want || len(h.Sources) == 0 {
		return nil, fmt.Errorf("header: want apiVersion %s and at least one source", want)
	}
	r := &Recording{Header: h.Header, lines: &lines{values: v}}
	r.deliveries = r.lines.deliveries
	return r, nil
}

// lines are those behind the header.
type lines struct {
	values *values
	// marks counts the lines without content: the second ends the run.
	marks int
}

func (ls *lines) ended() bool { return ls.marks >= 2 }

// next returns io.EOF only where a line could begin.
func (ls *lines) next() (line, error) {
	data, err := ls.values.next()
	if err != nil {
		return line{}, err
	}
	var l line
	if err := l.decode(data); err != nil {
		ls.values.count-- // it is this one that is wrong
		return line{}, err
	}
	if l.mark() {
		ls.marks++
	}
	return l, nil
}

func (ls *lines) deliveries(yield func(reconcile.Delivery, error) bool) {
	for !ls.ended() {
		l, err := ls.next()
		if err != nil {
			yield(reconcile.Delivery{}, ls.values.failed(err))
			return
		}
		if !yield(l.delivery(), nil) {
			return
		}
	}
}

// maxLast bounds what is kept of the lines behind the end of a run.
const maxLast = 64

// Last is what was read after the run had ended, about the pods because of which a
// gate has not held. It reads the rest of the recording, so that Deliveries are over;
// what cannot be read is left out.
func (r *Recording) Last() []*v1alpha1.PodWatchEvent {
	var last []*v1alpha1.PodWatchEvent
	for ls := r.lines; ls != nil && len(last) < maxLast; {
		over := ls.ended()
		l, err := ls.next()
		if err != nil {
			break
		}
		if over && l.Aftermath != nil {
			last = append(last, l.Aftermath)
		}
	}
	return last
}

// values reads JSON values one after another.
type values struct {
	decoder *json.Decoder
	limit   *limit
	count   int
}

// next returns io.EOF only between two values.
func (v *values) next() ([]byte, error) {
	var raw json.RawMessage
	v.limit.left = maxValue
	if err := v.decoder.Decode(&raw); err != nil {
		return nil, err
	}
	v.count++
	return bytes.TrimSpace(raw), nil
}

// failed says where and why reading has ended.
func (v *values) failed(err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return fmt.Errorf("%w after entry %d", ErrCut, v.count)
	}
	return fmt.Errorf("entry %d: %w", v.count+1, err)
}

// limit refuses to read more than is left.
type limit struct {
	r    io.Reader
	left int
}

// Read implements io.Reader.
func (l *limit) Read(p []byte) (int, error) {
	if l.left <= 0 {
		return 0, errTooLong
	}
	n, err := l.r.Read(p[:min(len(p), l.left)])
	l.left -= n
	return n, err
}
