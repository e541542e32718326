// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package related_test

import (
	"context"
	"testing"

	"github.com/google/go-cmp/cmp"
	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/podwatch/kubectl-podwatch/pkg/related"
)

func TestReadNamedReadsWorkloadsByTheirNames(t *testing.T) {
	t.Parallel()
	r := &recorder{answers: func(_ context.Context, asked request) (runtime.Object, error) {
		switch asked.resource {
		case "deployments":
			return &appsv1.DeploymentList{Items: []appsv1.Deployment{{ObjectMeta: metaOf("shop", "web", "", "", "")}}}, nil
		case "jobs":
			return nil, apierrors.NewForbidden(batchv1.Resource("jobs"), "", nil)
		}
		return nil, nil
	}}
	owners, limitations := related.ReadNamed(t.Context(), server(r.serve).client(t), "shop", map[string][]string{
		"Deployment": {"web"}, "StatefulSet": {"db", "gone"}, "Job": {"import"}, "CronJob": {"nightly"},
	})
	if len(owners) != 1 || owners[0].Name != "web" || owners[0].Kind != "Deployment" {
		t.Errorf("owners = %v, want web", owners)
	}
	if len(limitations) != 1 || limitations[0].Resource != "jobs" || limitations[0].Namespace != "shop" || limitations[0].Reason != "Forbidden" {
		t.Errorf("limitations = %v, want jobs in shop", limitations)
	}
	want := []string{
		"deployments in shop where metadata.name=web", "jobs in shop where metadata.name=import",
		"statefulsets in shop where metadata.name=db", "statefulsets in shop where metadata.name=gone",
	}
	if diff := cmp.Diff(want, r.sorted()); diff != "" {
		t.Errorf("requests (-want +got):\n%s", diff)
	}
}
