// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package report

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"k8s.io/utils/clock"

	"github.com/podwatch/kubectl-podwatch/pkg/apis/podwatch/v1alpha1"
	"github.com/podwatch/kubectl-podwatch/pkg/cmd/internal/exit"
	"github.com/podwatch/kubectl-podwatch/pkg/cmd/internal/failure"
	"github.com/podwatch/kubectl-podwatch/pkg/cmd/internal/scope"
	"github.com/podwatch/kubectl-podwatch/pkg/internal/plaintext"
	"github.com/podwatch/kubectl-podwatch/pkg/logs"
	"github.com/podwatch/kubectl-podwatch/pkg/reconcile/stream"
	"github.com/podwatch/kubectl-podwatch/pkg/related"
	"github.com/podwatch/kubectl-podwatch/pkg/report"
)

// concurrency is how many clusters are read at once.
const concurrency = 4

// reading is what was seen of one cluster.
type reading struct {
	judged
	// sources are the parts of the scope that were to be read.
	sources int
	report  *v1alpha1.PodReport
	// err is why there are no pods at all; with a report it is not the end of
	// the others. Without one it is.
	err error
}

// liveReport reads the clusters. partial is set if some of the scope could not
// be read; the report says which.
func liveReport(ctx context.Context, o Options) (r *v1alpha1.PodReport, partial, err error) {
	generated := clock.RealClock{}.Now()
	readings := make([]reading, len(o.Clusters))
	each(len(readings), func(i int) { readings[i] = o.read(ctx, o.Clusters[i], generated) })
	if err := failed(readings); err != nil {
		return nil, nil, err
	}
	o.warnOfSkew(readings)
	whole := judged{seen: o.Scope.NewSeen()}
	reports := make([]*v1alpha1.PodReport, len(readings))
	for i := range readings {
		whole.seen.AddSeen(readings[i].seen)
		whole.limitations = append(whole.limitations, readings[i].limitations...)
		reports[i] = readings[i].report
	}
	if err := whole.missing(); err != nil {
		return nil, nil, err
	}
	r = report.Merge(reports...)
	partial = failure.Required(o.Related, r.Limitations)
	if len(o.Related.Required(whole.limitations)) > 0 {
		partial = exit.Incomplete(unread(readings))
	}
	if lines := o.logLines(r); lines > 0 {
		each(len(reports), func(i int) { logs.Read(ctx, logs.FromCluster(o.Clusters[i].Core), reports[i], lines) })
		r = report.Merge(reports...)
	}
	return r, partial, nil
}

// warnOfSkew tells whose clock counts.
func (o Options) warnOfSkew(readings []reading) {
	for i := range readings {
		text := stream.SkewNotice(readings[i].skew)
		if text == "" || !o.Now.IsZero() {
			continue
		}
		if len(readings) > 1 {
			text = fmt.Sprintf("context %q: %s", o.Clusters[i].Context, text)
		}
		// It changes nothing if nobody reads it.
		_, _ = fmt.Fprintf(o.ErrOut, "warning: %s\n", plaintext.Line(text))
	}
}

// each calls do for the numbers below n, some at a time, and returns when all
// calls have.
func each(n int, do func(i int)) {
	slots := make(chan struct{}, concurrency)
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() {
			slots <- struct{}{}
			defer func() { <-slots }()
			do(i)
		})
	}
	wg.Wait()
}

// failed returns the first error that leaves nothing to report.
func failed(readings []reading) error {
	read := false
	for i := range readings {
		if readings[i].report == nil {
			return readings[i].err
		}
		read = read || readings[i].err == nil
	}
	if read {
		return nil
	}
	return readings[0].err
}

// unread says how much of the scope could not be read.
func unread(readings []reading) error {
	if len(readings) == 1 {
		return failure.Unread(len(readings[0].limitations), readings[0].sources)
	}
	n := 0
	for i := range readings {
		if len(readings[i].limitations) > 0 {
			n++
		}
	}
	return failure.UnreadClusters(n, len(readings))
}

// read reads one cluster. One of several that lets nobody in becomes a report
// that says so.
func (o Options) read(ctx context.Context, c scope.Cluster, generated time.Time) reading {
	options := o.collectFrom(c, generated)
	sources, err := o.Scope.Sources(c, stream.Config{Keep: stream.KeepStubs, FailFast: true})
	if err != nil {
		return reading{err: err}
	}
	pods, err := o.judge(ctx, sources, options)
	if err != nil {
		return o.unreadable(options, err)
	}
	need, err := o.need(pods.collector.Need(), c.Namespaces)
	if err != nil {
		return reading{err: err}
	}
	around, missed := related.Read(ctx, c.Related, need, o.Related)
	if ctx.Err() != nil {
		return reading{err: context.Cause(ctx)}
	}
	pods.look(around)
	return reading{
		judged: pods, sources: len(sources),
		report: o.build(pods, around, append(pods.limitations, missed...)),
	}
}

// collectFrom returns the collector's options for c.
func (o Options) collectFrom(c scope.Cluster, generated time.Time) report.Options {
	options := o.collect("Clock", generated, generated)
	options.Source = v1alpha1.Source{Type: "Cluster", Context: c.Context}
	if !o.Scope.All {
		options.Scope.Namespaces = c.Namespaces
	}
	if len(o.Scope.Contexts) > 0 {
		options.HintContext = c.Context
	}
	if len(o.Clusters) > 1 {
		options.Cluster = c.Context
	}
	return options
}

// unreadable is the reading of a cluster none of whose pods could be read.
func (o Options) unreadable(options report.Options, err error) reading {
	err = failure.Explain(err)
	if _, ok := errors.AsType[*stream.ConnectError](err); !ok {
		return reading{err: err}
	}
	nothing := judged{
		collector: report.NewCollector(options), seen: o.Scope.NewSeen(),
		limitations: []v1alpha1.Limitation{failure.Limitation("", err)},
	}
	if options.Cluster != "" {
		err = fmt.Errorf("read context %q: %w", options.Cluster, err)
	}
	return reading{judged: nothing, report: nothing.collector.Build(related.Index{}, nothing.limitations), err: err}
}
