// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package projection_test

import (
	"testing"

	appsv1 "k8s.io/api/apps/v1"

	"github.com/podwatch/kubectl-podwatch/pkg/projection"
)

func TestARolloutUpdatesAllButThePodsThatItLeavesAlone(t *testing.T) {
	t.Parallel()
	set := func(s appsv1.StatefulSetUpdateStrategy) *projection.Owner {
		return projection.FromStatefulSet(&appsv1.StatefulSet{Spec: appsv1.StatefulSetSpec{Replicas: new(int32(3)), UpdateStrategy: s}})
	}
	partition := func(n int32) appsv1.StatefulSetUpdateStrategy {
		return appsv1.StatefulSetUpdateStrategy{RollingUpdate: &appsv1.RollingUpdateStatefulSetStrategy{Partition: &n}}
	}
	daemons := func(t appsv1.DaemonSetUpdateStrategyType) *projection.Owner {
		return projection.FromDaemonSet(&appsv1.DaemonSet{
			Spec:   appsv1.DaemonSetSpec{UpdateStrategy: appsv1.DaemonSetUpdateStrategy{Type: t}},
			Status: appsv1.DaemonSetStatus{DesiredNumberScheduled: 3},
		})
	}
	for name, test := range map[string]struct {
		owner *projection.Owner
		want  int32
	}{
		"Deployment":                        {projection.FromDeployment(&appsv1.Deployment{Spec: appsv1.DeploymentSpec{Replicas: new(int32(3))}}), 3},
		"StatefulSet":                       {set(appsv1.StatefulSetUpdateStrategy{}), 3},
		"StatefulSet, partition":            {set(partition(2)), 1},
		"StatefulSet, partition above all":  {set(partition(9)), 0},
		"StatefulSet, updated by deletions": {set(appsv1.StatefulSetUpdateStrategy{Type: appsv1.OnDeleteStatefulSetStrategyType}), 0},
		"DaemonSet":                         {daemons(appsv1.RollingUpdateDaemonSetStrategyType), 3},
		"DaemonSet, updated by deletions":   {daemons(appsv1.OnDeleteDaemonSetStrategyType), 0},
		"ReplicaSet":                        {projection.FromReplicaSet(&appsv1.ReplicaSet{Spec: appsv1.ReplicaSetSpec{Replicas: new(int32(3))}}), 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := test.owner.MustUpdate; got != test.want {
				t.Errorf("MustUpdate = %d, want %d", got, test.want)
			}
		})
	}
}
