// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package diagnose_test

import (
	"testing"

	"github.com/podwatch/kubectl-podwatch/pkg/projection"
)

const matrixDir = "../../testdata/matrix"

// The accuracy matrix: pods that common tools judge wrongly. The columns are
// what the API server's printer gave, the rest is what must be said.
func TestMatrix(t *testing.T) {
	t.Parallel()
	labels := readLabels(t, matrixDir)
	if len(labels) != 46 {
		t.Fatalf("the matrix has %d rows, want 46", len(labels))
	}
	cases := map[string]bool{}
	for _, label := range labels {
		cases[label["case"]] = true
		t.Run(label["case"], func(t *testing.T) {
			t.Parallel()
			p := projection.From(readPod(t, matrixDir, label["file"]))
			if got, want := columnsOf(p), labelledColumns(label); got != want {
				t.Errorf("kubectl columns = %q, want %q", got, want)
			}
			v := judgeAt(p, corpusNow())
			if got, want := spelled(v), labelledVerdict(label); got != want {
				t.Errorf("verdict = %q, want %q", got, want)
			}
			checkShape(t, v)
		})
	}
	if len(cases) != len(labels) {
		t.Errorf("%d rows have only %d different cases", len(labels), len(cases))
	}
}
