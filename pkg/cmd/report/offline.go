// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package report

import (
	"context"
	"strings"
	"time"

	"k8s.io/utils/clock"

	"github.com/podwatch/kubectl-podwatch/pkg/apis/podwatch/v1alpha1"
	"github.com/podwatch/kubectl-podwatch/pkg/cmd/internal/capture"
	"github.com/podwatch/kubectl-podwatch/pkg/reconcile"
)

// offlineReport reports on a file. Its now is the newest time in the file,
// because a capture is not older than that and ages grow from there.
func offlineReport(ctx context.Context, o Options) (*v1alpha1.PodReport, error) {
	c, err := capture.Read(o.Scope, o.In)
	if err != nil {
		return nil, err
	}
	generated := clock.RealClock{}.Now()
	now, nowSource := c.CaptureTime, "Inferred"
	if now.IsZero() {
		now, nowSource = generated, "Clock"
	}
	options := o.collect(nowSource, now.Truncate(time.Second), generated)
	options.Source = v1alpha1.Source{Type: "File", File: strings.Join(o.Scope.Files, ", ")}
	options.Scope.AllNamespaces = len(o.Scope.Namespaces) == 0
	collector, _, err := o.judge(ctx, []reconcile.Source{c.Source()}, options)
	if err != nil {
		return nil, err
	}
	collector.Rejudge(o.inLightOf(c.Related, options.Now))
	return collector.Build(c.Related, collector.NeedOwners().Missing(c.Related)), nil
}
