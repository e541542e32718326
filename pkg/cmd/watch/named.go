// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package watch

import (
	"context"
	"fmt"
	"slices"

	"github.com/podwatch/kubectl-podwatch/pkg/apis/podwatch/v1alpha1"
	"github.com/podwatch/kubectl-podwatch/pkg/cmd/internal/scope"
	"github.com/podwatch/kubectl-podwatch/pkg/gate"
	"github.com/podwatch/kubectl-podwatch/pkg/projection"
	"github.com/podwatch/kubectl-podwatch/pkg/reconcile"
	"github.com/podwatch/kubectl-podwatch/pkg/recording"
	"github.com/podwatch/kubectl-podwatch/pkg/related"
)

// effectOnGate is what it means that a named workload is not known.
const effectOnGate = "the gate is about the pods alone"

// workloadsOf are the targets that can lack pods which nobody sees. A CronJob makes
// Jobs when it is time, and a node makes no pods.
func workloadsOf(targets []scope.Target) []gate.Workload {
	var out []gate.Workload
	for _, t := range targets {
		switch t.Kind {
		case projection.KindDeployment, projection.KindStatefulSet, projection.KindDaemonSet, projection.KindReplicaSet, projection.KindJob:
			out = append(out, gate.Workload{Kind: t.Kind, Name: t.Name})
		}
	}
	return out
}

// recordNamed names the workloads that are read in the header of a recording.
func recordNamed(h *recording.Header, workloads []gate.Workload) {
	for _, w := range workloads {
		h.Workloads = append(h.Workloads, w.String())
	}
}

// recordedNamed are the workloads that were read in a recorded run.
func recordedNamed(h recording.Header) ([]gate.Workload, error) {
	var targets []scope.Target
	for _, text := range h.Workloads {
		t, err := scope.ParseTarget(text)
		if err != nil {
			return nil, fmt.Errorf("header: workloads: %w", err)
		}
		targets = append(targets, t)
	}
	return workloadsOf(targets), nil
}

// newNamed returns what reads the workloads that the gate waits for, nil if it
// waits for none.
func newNamed(o Options) func(context.Context, reconcile.Source) reconcile.Surroundings {
	if len(o.Gate.Workloads) == 0 {
		return nil
	}
	names := map[string][]string{}
	for _, w := range o.Gate.Workloads {
		names[w.Kind] = append(names[w.Kind], w.Name)
	}
	return func(ctx context.Context, of reconcile.Source) reconcile.Surroundings {
		i := slices.IndexFunc(o.Clusters, func(c scope.Cluster) bool { return c.Context == of.Context })
		owners, limitations := related.ReadNamed(ctx, o.Clusters[i].Related, of.Namespace, names)
		found := reconcile.Surroundings{Owners: owners}
		for _, l := range limitations {
			found.Limitations = append(found.Limitations, v1alpha1.Limitation{
				Resource: l.Resource, Namespace: l.Namespace, Reason: l.Reason, Effect: effectOnGate,
			})
		}
		return found
	}
}
