// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package diagnose_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/podwatch/kubectl-podwatch/pkg/apis/podwatch/v1alpha1"
	"github.com/podwatch/kubectl-podwatch/pkg/diagnose"
	"github.com/podwatch/kubectl-podwatch/pkg/projection"
)

const corpusDir = "../../testdata/corpus"

// corpusNow is the instant that the labels of the corpus are made for.
func corpusNow() time.Time { return time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC) }

func TestCorpus(t *testing.T) {
	t.Parallel()
	labels := readLabels(t, corpusDir)
	if len(labels) != 35 {
		t.Fatalf("expected.tsv has %d rows, want 35", len(labels))
	}
	for _, label := range labels {
		t.Run(label["file"], func(t *testing.T) {
			t.Parallel()
			p := projection.From(readPod(t, corpusDir, label["file"]))
			v := diagnose.Judge(p, diagnose.Related{}, corpusNow(), diagnose.Defaults())

			if got, want := columnsOf(p), labelledColumns(label); got != want {
				t.Errorf("kubectl columns = %q, want %q", got, want)
			}
			if got := healthy(v); got != label["healthy"] {
				t.Errorf("state %s means healthy=%q, want %q", v.State, got, label["healthy"])
			}
			severity := severityLabel(v)
			switch {
			case severity == label["severity"]:
			case slices.Contains(strings.Split(label["also_accepted"], ","), severity):
				t.Logf("severity = %s, accepted, but the goal is %s", severity, label["severity"])
			default:
				t.Errorf("severity = %s, want %s; findings: %+v", severity, label["severity"], v.Findings)
			}
			if got := culprit(v); got != label["culprit_container"] {
				t.Errorf("culprit = %q, want %q", got, label["culprit_container"])
			}
			if got := label["cleanable_as_failed"] == "yes"; got != (p.Phase == corev1.PodFailed) {
				t.Errorf("phase %s, want cleanable_as_failed=%v", p.Phase, got)
			}
			for _, f := range v.Findings {
				t.Logf("%s %s %s/%s %s since %v (%s): %s", v.State, f.Severity, f.Cause, f.SubCause, f.Container, f.Since, f.SincePrecision, f.Message)
			}
		})
	}
}

// healthy maps a verdict to the column healthy.
func healthy(v diagnose.Verdict) string {
	bad := v.Severity() == v1alpha1.SeverityCritical || v.Severity() == v1alpha1.SeverityWarning
	switch {
	case v.State == v1alpha1.StateHealthy:
		return "yes"
	case v.State == v1alpha1.StateCompleted:
		return "completed"
	case v.State == v1alpha1.StateProgressing:
		return "starting"
	case v.State == v1alpha1.StateTerminating && !bad:
		return "terminating"
	case bad:
		return "no"
	default:
		return string(v.State)
	}
}

func severityLabel(v diagnose.Verdict) string {
	if v.Severity() == "" {
		return "ok"
	}
	return string(v.Severity())
}

func culprit(v diagnose.Verdict) string {
	if f := v.Primary(); f != nil && f.Container != "" {
		return f.Container
	}
	return "-"
}
