// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package clean

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/podwatch/kubectl-podwatch/pkg/apis/podwatch/v1alpha1"
)

func TestReportOfAPlanThatWasNotCarriedOut(t *testing.T) {
	t.Parallel()
	plan := planOf(failedPod("a", "p"), failedPod("a", "kept", annotated("podwatch.dev/keep", "")))
	r := Report(plan, nil, v1alpha1.DryRunClient)
	want := v1alpha1.CleanSummary{
		Scanned: 2, Planned: 1, SkippedByReason: map[string]int{"keep-annotation": 1},
		ByCategory: map[string]int{"failed": 1}, ByNamespace: map[string]int{"a": 1},
	}
	if diff := cmp.Diff(want, r.Summary); diff != "" {
		t.Errorf("summary (-want +got):\n%s", diff)
	}
	if Failures(r.Summary) != 0 || Undone(r.Summary) != 1 {
		t.Errorf("failures = %d, undone = %d; want 0 and 1", Failures(r.Summary), Undone(r.Summary))
	}
	for _, item := range r.Items {
		if item.DryRun != v1alpha1.DryRunClient {
			t.Errorf("%s: dryRun = %q", item.Name, item.DryRun)
		}
	}
	if plan.Items[0].DryRun != v1alpha1.DryRunNone {
		t.Error("the report has changed the plan")
	}
}

func TestReportCountsEveryResultOnce(t *testing.T) {
	t.Parallel()
	all := []v1alpha1.Result{
		v1alpha1.ResultDeleted, v1alpha1.ResultTerminating, v1alpha1.ResultGone, v1alpha1.ResultReplaced,
		v1alpha1.ResultRecovered, v1alpha1.ResultBlocked, v1alpha1.ResultConflict, v1alpha1.ResultForbidden,
		v1alpha1.ResultArchiveFailed, v1alpha1.ResultWouldDelete, v1alpha1.ResultError,
	}
	plan := planOf(manyPods(len(all))...)
	items := append([]v1alpha1.CleanItem(nil), plan.Planned()...)
	for i := range items {
		items[i].Result = all[i]
	}
	sum := Report(plan, items, v1alpha1.DryRunNone).Summary
	want := v1alpha1.CleanSummary{
		Scanned: len(all), Planned: len(all), SkippedByReason: map[string]int{},
		ByCategory: map[string]int{"failed": len(all)}, ByNamespace: map[string]int{"a": len(all)},
		Deleted: 1, Terminating: 1, Gone: 1, Replaced: 1, Recovered: 1, Blocked: 1, Conflict: 1, Forbidden: 1,
		ArchiveFailed: 1, WouldDelete: 1, Errors: 1,
	}
	if diff := cmp.Diff(want, sum); diff != "" {
		t.Errorf("summary (-want +got):\n%s", diff)
	}
	if Failures(sum) != 5 || Undone(sum) != 0 {
		t.Errorf("failures = %d, undone = %d; want 5 and 0", Failures(sum), Undone(sum))
	}
}

func TestReportOfNothingHasNoNulls(t *testing.T) {
	t.Parallel()
	data, err := json.Marshal(Report(planOf(), nil, v1alpha1.DryRunNone))
	if err != nil || strings.Contains(string(data), "null") {
		t.Errorf("report = %s, %v", data, err)
	}
}
