// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package live

import (
	"context"
	"errors"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/podwatch/kubectl-podwatch/pkg/apis/podwatch/v1alpha1"
	"github.com/podwatch/kubectl-podwatch/test/pty"
)

// hole is a subject that makes whoever looks at it fall over.
type hole struct{ reading bool }

func (h hole) Describe(now time.Time) Detail {
	if !h.reading {
		panic("described")
	}
	return subject{new(row("orders", "hole", "Running", v1alpha1.StateFailing, nil))}.Describe(now)
}

func (h hole) Read(context.Context) Reading { panic("read") }

// counted is a terminal that counts what is written to it.
type counted struct {
	*os.File
	writes *atomic.Int64
}

func (c counted) Write(p []byte) (int, error) {
	c.writes.Add(1)
	return c.File.Write(p)
}

// started shows a board on a new terminal.
func started(ctx context.Context, t *testing.T, b *Board) (*pty.Terminal, <-chan error, *atomic.Int64) {
	t.Helper()
	p, writes := pty.Open(t, 80, 24), new(atomic.Int64)
	s := New(Options{
		Board: b, Location: time.UTC, Now: func() time.Time { return noon }, In: p.Tty, Out: counted{p.Tty, writes}, Term: "xterm-256color", Palette: colours(t),
	})
	end := make(chan error, 1)
	go func() { end <- s.Run(ctx) }()
	p.Await(0, "critical")
	return p, end, writes
}

func TestF39_APanicRestoresTheTerminal(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		subject Subject
		want    string
	}{
		"in what is drawn":       {hole{}, "draw live view: panic: described"},
		"in what is read beside": {hole{reading: true}, "draw live view: panic: read"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := NewBoard([]Source{fresh})
			r := row("orders", "hole", "Running", v1alpha1.StateFailing, finding(v1alpha1.SeverityCritical, "CrashLoop", "", "", nil, ""))
			r.Subject = test.subject
			b.Put(r)
			b.Synced()
			p, end, _ := started(t.Context(), t, b)
			p.Press("\r")
			err := <-end
			if broken := new(PanicError); !errors.As(err, &broken) || err.Error() != test.want || !strings.Contains(string(broken.Stack), "hole") {
				t.Errorf("ended with %v", err)
			}
			p.Restored()
		})
	}
}

func TestTheEndOfTheContextRestoresTheTerminal(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	p, end, _ := started(ctx, t, scene(fresh))
	cancel()
	if err := <-end; err != nil {
		t.Error(err)
	}
	p.Restored()
}

// Every key is drawn, but no more than four times a second, and a stream of
// changes on the board makes no difference.
func TestAtMostFourFramesASecond(t *testing.T) {
	t.Parallel()
	b := scene(fresh)
	p, end, writes := started(t.Context(), t, b)
	begin := time.Now()
	for i := range 2000 {
		r := row("orders", "busy", "Running", v1alpha1.StateDegraded, finding(v1alpha1.SeverityWarning, "NotReady", "", "", nil, ""))
		r.Restarts = int64(i)
		b.Put(r)
		if i%100 == 0 {
			p.Press("j")
		}
	}
	from := p.Await(0, "busy")
	p.Press("?")
	p.Await(from, "draw anew")
	p.Press("q")
	if err := <-end; !errors.Is(err, ErrQuit) {
		t.Errorf("ended with %v", err)
	}
	took := time.Since(begin)
	p.Restored()
	// The last writes give the terminal back.
	const about = 8
	if most := perSecond*took.Seconds() + about; float64(writes.Load()) > most {
		t.Errorf("%d writes in %v, want at most %.0f", writes.Load(), took, most)
	}
}
