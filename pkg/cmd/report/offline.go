// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package report

import (
	"context"
	"io"
	"strings"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/clock"

	"github.com/podwatch/kubectl-podwatch/pkg/apis/podwatch/v1alpha1"
	"github.com/podwatch/kubectl-podwatch/pkg/cmd/internal/capture"
	"github.com/podwatch/kubectl-podwatch/pkg/cmd/internal/exit"
	"github.com/podwatch/kubectl-podwatch/pkg/cmd/internal/failure"
	"github.com/podwatch/kubectl-podwatch/pkg/logs"
	"github.com/podwatch/kubectl-podwatch/pkg/reconcile"
)

// offlineReport reports on a file. Its now is the newest time in the file,
// because a capture is not older than that and ages grow from there. partial is
// set if the capture lacks something that is required, or a file of it could not
// be read; the report says which.
func offlineReport(ctx context.Context, o Options) (r *v1alpha1.PodReport, partial, err error) {
	c, err := capture.Read(o.Scope, o.In)
	if err != nil {
		return nil, nil, err
	}
	generated := clock.RealClock{}.Now()
	now, nowSource := c.CaptureTime, "Inferred"
	if now.IsZero() {
		now, nowSource = generated, "Clock"
	}
	options := o.collect(nowSource, now.Truncate(time.Second), generated)
	options.Source = v1alpha1.Source{Type: string(c.Snapshot.Source), File: strings.Join(o.Scope.Files, ", ")}
	options.Scope.AllNamespaces = len(o.Scope.Namespaces) == 0
	pods, err := o.judge(ctx, []reconcile.Source{c.Source()}, options)
	if err != nil {
		return nil, nil, err
	}
	if options.ObservedAtSource == "Inferred" {
		// It changes nothing if nobody reads it.
		_, _ = io.WriteString(o.ErrOut, c.Warning(generated))
	}
	pods.look(c.Related)
	if err := pods.missing(); err != nil {
		return nil, nil, err
	}
	namespaces := o.Scope.Namespaces
	if len(namespaces) == 0 {
		namespaces = []string{metav1.NamespaceAll}
	}
	need, err := o.need(pods.collector.Need(), namespaces)
	if err != nil {
		return nil, nil, err
	}
	limitations := append(need.Missing(c.Related, o.Related), c.Limitations...)
	partial = failure.Required(o.Related, limitations)
	if err := c.Partial(); err != nil && len(o.Related.Required(c.Limitations)) > 0 {
		partial = exit.Incomplete(err)
	}
	r = o.build(pods, c.Related, limitations)
	if lines := o.logLines(r); lines > 0 {
		logs.Read(ctx, captured{c.Snapshot}, r, lines)
	}
	return r, partial, nil
}
