// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package stream_test

import (
	"context"
	"testing"

	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"

	"github.com/podwatch/kubectl-podwatch/pkg/reconcile/stream"
	"github.com/podwatch/kubectl-podwatch/pkg/reconcile/stream/frametest"
	"github.com/podwatch/kubectl-podwatch/pkg/reconcile/stream/streamtest"
)

// pagedClient refuses streamed lists, as a server without them does.
type pagedClient struct{ kubernetes.Interface }

func (pagedClient) IsWatchListSemanticsUnSupported() bool { return true }

func clientFor(tb testing.TB, cfg *rest.Config) kubernetes.Interface {
	tb.Helper()
	cfg = rest.CopyConfig(cfg)
	cfg.Wrap(stream.Observe)
	client, err := kubernetes.NewForConfig(cfg)
	if err != nil {
		tb.Fatal(err)
	}
	return client
}

func sourceOf(tb testing.TB, keep stream.Keep, wrap func(kubernetes.Interface) kubernetes.Interface) streamtest.Source {
	tb.Helper()
	return func(ctx context.Context, sc streamtest.Scope, h stream.Handler) error {
		s, err := stream.New(stream.Config{
			Client: wrap(clientFor(tb, sc.Config)), Keep: keep,
			Namespace: sc.Namespace, LabelSelector: sc.LabelSelector, FieldSelector: sc.FieldSelector,
		})
		if err != nil {
			return err
		}
		return s.Run(ctx, h)
	}
}

// TestR1_R3_R15_Conformance runs the suite over both seams, SetTransform
// (KeepProjections) and inside the ListerWatcher (KeepStubs), and over streamed
// and paged lists.
func TestR1_R3_R15_Conformance(t *testing.T) {
	t.Parallel()
	asIs := func(c kubernetes.Interface) kubernetes.Interface { return c }
	paged := func(c kubernetes.Interface) kubernetes.Interface { return pagedClient{c} }
	for _, keep := range []stream.Keep{stream.KeepProjections, stream.KeepStubs} {
		t.Run(string(keep)+" streamed", func(t *testing.T) {
			t.Parallel()
			streamtest.Conform(t, sourceOf(t, keep, asIs), nil)
		})
		t.Run(string(keep)+" paged", func(t *testing.T) {
			t.Parallel()
			streamtest.Conform(t, sourceOf(t, keep, paged), (*frametest.Server).OmitEnd)
		})
	}
}
