// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package transition_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/podwatch/kubectl-podwatch/pkg/apis/podwatch/v1alpha1"
	"github.com/podwatch/kubectl-podwatch/pkg/transition"
)

func TestADecisionAndItsResultsAreToldByTheirType(t *testing.T) {
	t.Parallel()
	for result, want := range map[v1alpha1.Result]v1alpha1.EventType{
		"":                           v1alpha1.EventCleanPlanned,
		v1alpha1.ResultDeleted:       v1alpha1.EventCleanDeleted,
		v1alpha1.ResultTerminating:   v1alpha1.EventCleanDeleted,
		v1alpha1.ResultWouldDelete:   v1alpha1.EventCleanWouldDelete,
		v1alpha1.ResultGone:          v1alpha1.EventCleanSkipped,
		v1alpha1.ResultReplaced:      v1alpha1.EventCleanSkipped,
		v1alpha1.ResultRecovered:     v1alpha1.EventCleanSkipped,
		v1alpha1.ResultBlocked:       v1alpha1.EventCleanFailed,
		v1alpha1.ResultConflict:      v1alpha1.EventCleanFailed,
		v1alpha1.ResultForbidden:     v1alpha1.EventCleanFailed,
		v1alpha1.ResultArchiveFailed: v1alpha1.EventCleanFailed,
		v1alpha1.ResultError:         v1alpha1.EventCleanFailed,
	} {
		item := v1alpha1.CleanItem{Namespace: "shop", Name: "web", UID: "u", Decision: v1alpha1.DecisionPlanned, Result: result}
		e := transition.Cleaned(time.Unix(1, 0), "prod", item)
		warns := e.Severity == v1alpha1.SeverityWarning
		if e.Type != want || warns != (want == v1alpha1.EventCleanFailed) || e.Name != "web" || e.Context != "prod" || !cmp.Equal(*e.Clean, item) {
			t.Errorf("%q is told as %+v, want %s", result, e, want)
		}
	}
	skipped := v1alpha1.CleanItem{Decision: v1alpha1.DecisionSkipped, SkipReason: "loop-guard"}
	if e := transition.Cleaned(time.Unix(1, 0), "", skipped); e.Type != v1alpha1.EventCleanSkipped {
		t.Errorf("a skipped pod is told as %s", e.Type)
	}
}
