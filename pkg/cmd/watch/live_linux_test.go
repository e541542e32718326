// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package watch

import (
	"bytes"
	"context"
	"os"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/cli-runtime/pkg/genericiooptions"
	cliprinters "k8s.io/cli-runtime/pkg/printers"
	"k8s.io/utils/clock"

	"github.com/podwatch/kubectl-podwatch/pkg/cmd/internal/exit"
	"github.com/podwatch/kubectl-podwatch/pkg/diagnose"
	"github.com/podwatch/kubectl-podwatch/pkg/gate"
	"github.com/podwatch/kubectl-podwatch/pkg/printers"
	"github.com/podwatch/kubectl-podwatch/pkg/projection"
	"github.com/podwatch/kubectl-podwatch/pkg/reconcile"
	"github.com/podwatch/kubectl-podwatch/pkg/reconcile/stream"
	"github.com/podwatch/kubectl-podwatch/pkg/recording"
	"github.com/podwatch/kubectl-podwatch/pkg/transition"
	"github.com/podwatch/kubectl-podwatch/test/pty"
)

// The gate stands in the title while it runs; what stays on the terminal has the
// counts and the pods once.
func TestTheLiveViewShowsItsGateAndLeavesOneSummary(t *testing.T) {
	t.Parallel()
	p := pty.Open(t, 100, 24)
	lines, err := printers.NewEvents("line", printers.EventOptions{Timestamps: printers.TimestampsNone})
	if err != nil {
		t.Fatal(err)
	}
	o := Options{
		IOStreams: genericiooptions.IOStreams{In: p.Tty, Out: p.Tty, ErrOut: &bytes.Buffer{}},
		Clock:     clock.RealClock{}, Thresholds: diagnose.Defaults(), Live: &Live{In: p.Tty, Term: "xterm-256color"},
		Printer: func(int) cliprinters.ResourcePrinter { return lines },
		Tell:    transition.Options{SummaryPods: transition.SummaryAll},
		Gate:    gate.Options{Conditions: []gate.Condition{gate.Healthy()}, MinPods: 2, Timeout: time.Hour},
	}
	run := func(ctx context.Context, h stream.Handler) error {
		h.Upsert(projection.From(&corev1.Pod{
			ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: "web", UID: "u1", CreationTimestamp: metav1.Now()},
			Status:     corev1.PodStatus{Phase: corev1.PodPending},
		}), stream.Frame{Initial: true})
		h.Synced()
		<-ctx.Done()
		return nil
	}
	cfg := reconcile.Config{
		Sources: []reconcile.Source{{Namespace: "shop", Run: run}},
		Until:   reconcile.UntilStopped, Thresholds: o.Thresholds, Clock: o.Clock,
	}
	header := recording.Header{Started: o.Clock.Now(), Sources: []recording.Source{{Namespace: "shop"}}}
	ended := make(chan error, 1)
	go func() {
		ctx, cancel := context.WithCancelCause(t.Context())
		defer cancel(nil)
		ended <- watchOn(ctx, o, cancel, cfg, header, nil)
	}()
	p.Await(0, "s left  ns shop")
	p.Await(0, "1 pod")
	p.Press("q")
	if err := <-ended; exit.Code(err) != exit.Code(exit.SignalError{Signal: os.Interrupt}) {
		t.Errorf("ended with %v", err)
	}
	left := p.Restored()
	if n := strings.Count(left, "1 pod: 1 progressing"); n != 1 || !strings.Contains(left, "# end exit ") {
		t.Errorf("the counts were left %d times:\n%s", n, left)
	}
	if !strings.Contains(left, "\n  shop/web ") {
		t.Errorf("the pod is not listed below the end:\n%s", left)
	}
}
