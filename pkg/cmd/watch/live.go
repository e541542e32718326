// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package watch

import (
	"context"
	"errors"
	"io"
	"os"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/cli-runtime/pkg/genericiooptions"
	cliprinters "k8s.io/cli-runtime/pkg/printers"
	"k8s.io/klog/v2"

	"github.com/podwatch/kubectl-podwatch/pkg/apis/podwatch/v1alpha1"
	"github.com/podwatch/kubectl-podwatch/pkg/cmd/internal/exit"
	"github.com/podwatch/kubectl-podwatch/pkg/cmd/internal/terminal"
	"github.com/podwatch/kubectl-podwatch/pkg/live"
	"github.com/podwatch/kubectl-podwatch/pkg/printers"
	"github.com/podwatch/kubectl-podwatch/pkg/reconcile"
	"github.com/podwatch/kubectl-podwatch/pkg/reconcile/stream"
)

// Live says how the live view looks.
type Live struct {
	Palette printers.Palette
	ASCII   bool
	// In is the terminal that keys come from, nil for none; Term the value of TERM.
	In   io.Reader
	Term string
}

// live decides whether there is a live view; nil if there is none.
func (f *flags) live(streams genericiooptions.IOStreams, lookupEnv func(string) (string, bool)) (*Live, error) {
	term, _ := lookupEnv("TERM")
	ci, _ := lookupEnv("CI")
	able := terminal.Is(streams.Out) && term != "dumb"
	switch {
	case f.output == "live" && !able:
		return nil, exit.Hint(errors.New("flag --output live: standard output is no terminal that can be drawn on"), "kubectl podwatch watch -o line")
	case f.output == "live":
	case f.output != "auto" || !able || ci != "":
		return nil, nil //nolint:nilnil // no view is no error
	case f.replay != "" && f.replaySpeed == 0:
		return nil, nil //nolint:nilnil // it would be over at once
	}
	palette, err := printers.NewPalette(printers.ColorMode(f.color), lookupEnv, true)
	l := &Live{Palette: palette, ASCII: f.ascii, Term: term}
	if terminal.Is(streams.In) {
		l.In = streams.In
	}
	return l, err
}

// view is the live view of a run.
type view struct {
	board    *live.Board
	screen   *live.Screen
	subjects subjects
}

func newView(o Options, s *session) *view {
	sources := make([]live.Source, len(s.sources))
	contexts, namespaces := map[string]bool{}, map[string]bool{}
	for i, source := range s.sources {
		sources[i] = live.Source{Context: source.Context, Namespace: source.Namespace, Freshness: live.Connecting}
		contexts[source.Context], namespaces[source.Namespace] = true, true
	}
	board := live.NewBoard(sources)
	scope := scopeText(o, namespaces)
	if o.Clean != nil {
		scope += "  " + o.Clean.headline()
	}
	opts := live.Options{
		Board: board, Scope: scope, ShowContext: len(contexts) > 1, ShowNamespace: namespaces[""] || len(namespaces) > 1,
		Palette: o.Live.Palette, ASCII: o.Live.ASCII, Location: time.Local, Now: o.Clock.Now, In: o.Live.In, Out: o.Out, Term: o.Live.Term,
		WaitsFor: o.Gate.String(), Deadline: s.deadline,
	}
	if len(contexts) == 1 {
		opts.Context = s.sources[0].Context
	}
	return &view{board: board, screen: live.New(opts), subjects: newSubjects(o)}
}

// scopeText is what was asked for, in the words of the flags.
func scopeText(o Options, namespaces map[string]bool) string {
	var words []string
	switch {
	case o.Replay.File != "":
		words = append(words, "replay of "+o.Replay.File)
	case namespaces[""]:
		words = append(words, "all namespaces")
	default:
		words = append(words, "ns "+strings.Join(sortedKeys(namespaces), ","))
	}
	for _, target := range o.Scope.Targets {
		words = append(words, target.String())
	}
	if o.Scope.LabelSelector != "" {
		words = append(words, "-l "+o.Scope.LabelSelector)
	}
	if o.Scope.FieldSelector != "" {
		words = append(words, "--field-selector "+o.Scope.FieldSelector)
	}
	return strings.Join(words, "  ")
}

// take puts on the board what the engine tells.
func (v *view) take(ev reconcile.Event) {
	switch ev.Type {
	case reconcile.Judged:
		// A pod that is there already is shown as it was until its owners are read.
		if !ev.Doubtful || ev.From == nil {
			v.board.Put(v.subjects.row(ev))
		}
	case reconcile.Gone:
		v.board.Remove(idOf(ev.Key))
	case reconcile.Stream, reconcile.SourceFailed:
		v.board.Fresh(freshness(ev))
	case reconcile.Synced:
		v.board.Synced()
	case reconcile.Tick, reconcile.Look, reconcile.Aftermath, reconcile.Read:
	}
}

func freshness(ev reconcile.Event) live.Source {
	s := live.Source{
		Context: ev.Source.Context, Namespace: ev.Source.Namespace, Freshness: live.Connecting,
		LastFrame: ev.Status.LastFrame, Attempts: ev.Status.Attempts, Skew: ev.Status.Skew,
	}
	err := ev.Status.Err
	switch ev.Status.State {
	case stream.Connecting:
	case stream.Live:
		s.Freshness = live.Live
	case stream.Lagging:
		s.Freshness = live.Lagging
	case stream.Stale:
		s.Freshness = live.Stale
	case stream.Forbidden, stream.CredentialsRejected:
		s.Freshness = live.Denied
	}
	if ev.Type == reconcile.SourceFailed {
		s.Freshness, err = live.Failed, ev.Err
	}
	if err != nil {
		s.Reason = err.Error()
	}
	return s
}

// PrintObj implements printers.ResourcePrinter: what is told goes to the feed, but
// for the numbers, which stand above.
func (v *view) PrintObj(obj runtime.Object, _ io.Writer) error {
	if e, ok := obj.(*v1alpha1.PodWatchEvent); ok && e.Summary == nil {
		v.board.Tell(e)
	}
	return nil
}

var _ cliprinters.ResourcePrinter = (*view)(nil)

// run runs the engine to its end, beside the live view if there is to be one. The
// end of either is the end of the other.
func (s *session) run(ctx context.Context, engine func(context.Context, func(reconcile.Event) error) error) error {
	if s.Live == nil {
		return engine(ctx, s.emit)
	}
	lines := s.printer
	s.view = newView(s.Options, s)
	s.printer = s.view
	release := holdLog(s.ErrOut)
	ctx, cancel := context.WithCancelCause(ctx)
	ended := make(chan error, 1)
	go func() {
		err := s.view.screen.Run(ctx)
		if errors.Is(err, live.ErrQuit) {
			// The terminal sends no signal while keys are read one by one.
			err = exit.SignalError{Signal: os.Interrupt}
		}
		cancel(err)
		ended <- err
	}()
	err := engine(ctx, s.emit)
	cancel(nil)
	viewErr := <-ended
	release()
	s.printing.Lock()
	s.view, s.printer = nil, lines
	s.printing.Unlock()
	if broken := new(live.PanicError); errors.As(viewErr, &broken) {
		return broken
	}
	return err
}

// holdLog keeps the log of client-go from being written onto the screen until
// release is called. If it goes elsewhere it is left alone.
func holdLog(errOut io.Writer) (release func()) {
	if !klog.V(1).Enabled() || !terminal.Is(errOut) {
		return func() {}
	}
	held := &tail{}
	klog.SetOutput(held)
	return func() {
		klog.SetOutput(errOut)
		_, _ = errOut.Write(held.text)
	}
}

// maxHeld bounds the log that is held, in bytes.
const maxHeld = 256 << 10

// tail keeps the end of what is written to it. klog writes one line at a time.
type tail struct{ text []byte }

// Write implements io.Writer.
func (t *tail) Write(p []byte) (int, error) {
	t.text = append(t.text, p...)
	t.text = append(t.text[:0], t.text[max(0, len(t.text)-maxHeld):]...)
	return len(p), nil
}
