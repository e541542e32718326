// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package recording

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"k8s.io/apimachinery/pkg/types"

	"github.com/podwatch/kubectl-podwatch/pkg/apis/podwatch/v1alpha1"
	"github.com/podwatch/kubectl-podwatch/pkg/diagnose"
	"github.com/podwatch/kubectl-podwatch/pkg/projection"
	"github.com/podwatch/kubectl-podwatch/pkg/reconcile"
	"github.com/podwatch/kubectl-podwatch/pkg/reconcile/stream"
)

// kind is the kind of the header.
const kind = "PodWatchRecording"

// Header says what was recorded.
type Header struct {
	// Version is that of the podwatch that has recorded, for people.
	Version string `json:"version"`
	// Started is when the run began.
	Started time.Time `json:"started"`
	// Sources are those of the run, at least one.
	Sources []Source `json:"sources"`
	// Thresholds are the clocks of its verdicts.
	Thresholds diagnose.Thresholds `json:"thresholds"`
	// Owners is what was wanted of what stands above pods, as --owners says it; ""
	// if nothing was read.
	Owners string `json:"owners,omitempty"`
	// Workloads are those that were read because a gate waited for them, as
	// TYPE/NAME; none if only the pods counted.
	Workloads []string `json:"workloads,omitempty"`
}

// Source names a source: its context and its namespace, "" being all.
type Source struct {
	Context   string `json:"context"`
	Namespace string `json:"namespace"`
}

// header is the first line.
type header struct {
	APIVersion string `json:"apiVersion"`
	Kind       string `json:"kind"`
	Header
}

func newHeader(h Header) header { return header{v1alpha1.TypeMeta(kind).APIVersion, kind, h} }

// line is every other line.
type line struct {
	At        time.Time       `json:"at"`
	Context   string          `json:"context,omitempty"`
	Namespace string          `json:"namespace,omitempty"`
	Pod       *projection.Pod `json:"pod,omitempty"`
	Gone      bool            `json:"gone,omitempty"`
	Initial   bool            `json:"initial,omitempty"`
	Gap       bool            `json:"gap,omitempty"`
	Synced    bool            `json:"synced,omitempty"`
	Status    *status         `json:"status,omitempty"`
	Failed    *failure        `json:"failed,omitempty"`
	// Aftermath is an event as it was printed.
	Aftermath *v1alpha1.PodWatchEvent `json:"aftermath,omitempty"`
	Around    *surroundings           `json:"around,omitempty"`
}

// status is a stream.Status whose error is its text.
type status struct {
	State     stream.State  `json:"state"`
	Error     string        `json:"error,omitempty"`
	Attempts  int           `json:"attempts,omitempty"`
	Relists   int           `json:"relists,omitempty"`
	Relisting bool          `json:"relisting,omitempty"`
	LastFrame time.Time     `json:"lastFrame"`
	Skew      time.Duration `json:"skewNanoseconds,omitempty"`
	Notice    string        `json:"notice,omitempty"`
}

// failure is a stream.ConnectError whose cause is its text. Kind is empty for
// any other error.
type failure struct {
	Kind      stream.Kind `json:"kind,omitempty"`
	Namespace string      `json:"namespace,omitempty"`
	Error     string      `json:"error"`
}

// surroundings are reconcile.Surroundings.
type surroundings struct {
	Since       time.Time             `json:"since"`
	Owners      []*projection.Owner   `json:"owners,omitempty"`
	Absent      []types.UID           `json:"absent,omitempty"`
	Asked       bool                  `json:"asked,omitempty"`
	Terminating bool                  `json:"terminating,omitempty"`
	Limitations []v1alpha1.Limitation `json:"limitations,omitempty"`
	Named       bool                  `json:"named,omitempty"`
}

func lineOf(d reconcile.Delivery) line {
	l := line{
		At: d.At.UTC(), Context: d.Context, Namespace: d.Namespace,
		Pod: d.Pod, Gone: d.Gone, Initial: d.Initial, Gap: d.Gap, Synced: d.Synced,
		Aftermath: d.Aftermath,
		Around:    (*surroundings)(d.Around),
	}
	if s := d.Status; s != nil {
		l.Status = &status{
			State: s.State, Attempts: s.Attempts, Relists: s.Relists, Relisting: s.Relisting, LastFrame: s.LastFrame.UTC(), Skew: s.Skew, Notice: s.Notice,
		}
		if s.Err != nil {
			l.Status.Error = s.Err.Error()
		}
	}
	if d.Err != nil {
		l.Failed = &failure{Error: d.Err.Error()}
		if c, ok := errors.AsType[*stream.ConnectError](d.Err); ok {
			l.Failed = &failure{Kind: c.Kind, Namespace: c.Namespace, Error: c.Err.Error()}
		}
	}
	return l
}

func (l line) delivery() reconcile.Delivery {
	d := reconcile.Delivery{
		At: l.At, Context: l.Context, Namespace: l.Namespace,
		Pod: l.Pod, Gone: l.Gone, Initial: l.Initial, Gap: l.Gap, Synced: l.Synced,
		Aftermath: l.Aftermath,
	}
	if s := l.Around; s != nil {
		s.Owners = slices.DeleteFunc(s.Owners, func(o *projection.Owner) bool { return o == nil })
		d.Around = (*reconcile.Surroundings)(s)
	}
	if s := l.Status; s != nil {
		d.Status = &stream.Status{
			State: s.State, Attempts: s.Attempts, Relists: s.Relists, Relisting: s.Relisting, LastFrame: s.LastFrame, Skew: s.Skew, Notice: s.Notice,
		}
		if s.Error != "" {
			d.Status.Err = errors.New(s.Error)
		}
	}
	if f := l.Failed; f != nil {
		d.Err = errors.New(f.Error)
		if f.Kind != "" {
			d.Err = &stream.ConnectError{Kind: f.Kind, Namespace: f.Namespace, Err: d.Err}
		}
	}
	return d
}

// mark reports whether l is the first or the last line.
func (l line) mark() bool {
	return l.Pod == nil && !l.Synced && l.Status == nil && l.Failed == nil && l.Aftermath == nil && l.Around == nil
}

// maxAftermath bounds the line of an aftermath: printed, it has 64 KiB at most.
const maxAftermath = 128 << 10

// decode fills l, and refuses what podwatch has not written.
func (l *line) decode(data []byte) error {
	if err := json.Unmarshal(data, l); err != nil {
		return err
	}
	switch a := l.Aftermath; {
	case a == nil:
	case a.Type != v1alpha1.EventContainerLogs && a.Type != v1alpha1.EventPodEvents && a.Type != v1alpha1.EventStreamNotice:
		return fmt.Errorf("aftermath of type %q", a.Type)
	case len(data) > maxAftermath:
		return fmt.Errorf("an aftermath of %d bytes", len(data))
	}
	return nil
}
