// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package watch

import (
	"bytes"
	"context"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/cli-runtime/pkg/genericiooptions"
	cliprinters "k8s.io/cli-runtime/pkg/printers"
	corev1client "k8s.io/client-go/kubernetes/typed/core/v1"
	"k8s.io/client-go/rest"
	"k8s.io/utils/clock"

	"github.com/podwatch/kubectl-podwatch/pkg/cmd/internal/exit"
	"github.com/podwatch/kubectl-podwatch/pkg/diagnose"
	"github.com/podwatch/kubectl-podwatch/pkg/printers"
	"github.com/podwatch/kubectl-podwatch/pkg/projection"
	"github.com/podwatch/kubectl-podwatch/pkg/reconcile"
	"github.com/podwatch/kubectl-podwatch/pkg/reconcile/stream"
	"github.com/podwatch/kubectl-podwatch/pkg/reconcile/stream/frametest"
	"github.com/podwatch/kubectl-podwatch/pkg/recording"
	"github.com/podwatch/kubectl-podwatch/test/pty"
)

// core is a client of pods alone.
type core struct{ corev1client.CoreV1Interface }

func (c core) CoreV1() corev1client.CoreV1Interface { return c.CoreV1Interface }

// A panic anywhere below the live view gives the terminal back and is reported there.
func TestF39_APanicBelowTheLiveViewRestoresTheTerminal(t *testing.T) {
	t.Parallel()
	for name, source := range map[string]func(*testing.T, <-chan struct{}) func(context.Context, stream.Handler) error{
		"in a source": func(_ *testing.T, drawn <-chan struct{}) func(context.Context, stream.Handler) error {
			return func(_ context.Context, h stream.Handler) error {
				h.Synced()
				<-drawn
				panic("the source is broken")
			}
		},
		"in the engine": func(_ *testing.T, drawn <-chan struct{}) func(context.Context, stream.Handler) error {
			return func(ctx context.Context, h stream.Handler) error {
				h.Synced()
				<-drawn
				h.Upsert(nil, stream.Frame{})
				<-ctx.Done()
				return nil
			}
		},
		"on a goroutine of client-go": func(t *testing.T, drawn <-chan struct{}) func(context.Context, stream.Handler) error {
			t.Helper()
			srv := frametest.New(t)
			client, err := corev1client.NewForConfig(&rest.Config{Host: srv.Config().Host})
			if err != nil {
				t.Fatal(err)
			}
			s, err := stream.New(stream.Config{
				Client: core{client}, Keep: stream.KeepProjections,
				Project: func(*corev1.Pod) *projection.Pod { panic("the projection is broken") },
			})
			if err != nil {
				t.Fatal(err)
			}
			go func() {
				<-drawn
				srv.Put(&corev1.Pod{ObjectMeta: judged().Pod.ObjectMeta})
			}()
			return s.Run
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p, drawn := pty.Open(t, 80, 24), make(chan struct{})
			var stderr bytes.Buffer
			palette, err := printers.NewPalette(printers.ColorNever, func(string) (string, bool) { return "", false }, true)
			if err != nil {
				t.Fatal(err)
			}
			none, err := printers.NewEvents("none", printers.EventOptions{})
			if err != nil {
				t.Fatal(err)
			}
			o := Options{
				IOStreams: genericiooptions.IOStreams{In: p.Tty, Out: p.Tty, ErrOut: &stderr},
				Clock:     clock.RealClock{}, Thresholds: diagnose.Defaults(), Live: &Live{Palette: palette, In: p.Tty, Term: "xterm-256color"},
				Printer: func(int) cliprinters.ResourcePrinter { return none },
			}
			cfg := reconcile.Config{
				Sources: []reconcile.Source{{Namespace: "shop", Run: source(t, drawn)}},
				Until:   reconcile.UntilStopped, Thresholds: o.Thresholds, Clock: o.Clock,
			}
			header := recording.Header{Sources: []recording.Source{{Namespace: "shop"}}}
			ended := make(chan error, 1)
			go func() {
				ctx, cancel := context.WithCancelCause(t.Context())
				defer cancel(nil)
				ended <- watchOn(ctx, o, cancel, cfg, header, nil)
			}()
			p.Await(0, "no pods")
			close(drawn)
			err = <-ended
			if exit.Code(err) != 1 || !strings.Contains(err.Error(), "panic: ") {
				t.Errorf("ended with %v, exit code %d", err, exit.Code(err))
			}
			p.Restored()
			exit.Print(&stderr, err)
			if said := stderr.String(); !strings.Contains(said, " pods: panic: ") || !strings.Contains(said, "goroutine ") {
				t.Errorf("reported %q", said)
			}
		})
	}
}
