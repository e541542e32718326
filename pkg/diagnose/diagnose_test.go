// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package diagnose_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/podwatch/kubectl-podwatch/pkg/apis/podwatch/v1alpha1"
	"github.com/podwatch/kubectl-podwatch/pkg/diagnose"
	"github.com/podwatch/kubectl-podwatch/pkg/projection"
)

// brief is what a table says of a verdict: the state, and the primary finding
// as "severity Cause/SubCause container".
func brief(v diagnose.Verdict) string {
	f := v.Primary()
	if f == nil {
		return string(v.State)
	}
	text := fmt.Sprintf("%s: %s %s", v.State, f.Severity, f.Cause)
	if f.SubCause != "" {
		text += "/" + f.SubCause
	}
	if f.Container != "" {
		text += fmt.Sprintf(" on %s %s", f.ContainerType, f.Container)
	}
	return text
}

func judge(pod *corev1.Pod) diagnose.Verdict {
	return diagnose.Judge(projection.From(pod), diagnose.Related{}, corpusNow(), diagnose.Defaults())
}

// checkShape checks what holds for every verdict.
func checkShape(t *testing.T, v diagnose.Verdict) {
	t.Helper()
	known := map[string]diagnose.Rule{}
	for _, r := range diagnose.Rules() {
		known[r.Cause] = r
	}
	for _, f := range v.Findings {
		rule, ok := known[f.Cause]
		if !ok || rule.Category != f.Category {
			t.Errorf("finding %s/%s of category %s is not in Rules", f.Cause, f.SubCause, f.Category)
		}
		if !listed(rule, f.SubCause) {
			t.Errorf("sub-cause %s of %s is not in Rules", f.SubCause, f.Cause)
		}
		if f.Message == "" || f.Evidence == nil || f.Hints == nil || len(f.Evidence) < 1 || len(f.Evidence) > 3 {
			t.Errorf("finding %s has message %q, evidence %v, hints %v", f.Cause, f.Message, f.Evidence, f.Hints)
		}
		if (f.Since == nil) != (f.SincePrecision == v1alpha1.SinceUnknown) {
			t.Errorf("finding %s has since %v with precision %s", f.Cause, f.Since, f.SincePrecision)
		}
		if (f.Container == "") != (f.ContainerType == "") {
			t.Errorf("finding %s has container %q of type %q", f.Cause, f.Container, f.ContainerType)
		}
	}
}

func listed(rule diagnose.Rule, subCause string) bool {
	if subCause == "" {
		return true
	}
	for _, s := range rule.SubCauses {
		if s == subCause || s[0] == '<' {
			return true
		}
	}
	return false
}

func TestE31_TheRootCauseComesFirstOfTwoCriticalFindings(t *testing.T) {
	t.Parallel()
	pod := newPod(corev1.PodRunning, twoApps(
		after(waiting("CrashLoopBackOff", ""), 4, exit(1, "Error", ago(time.Minute))),
		waiting("ImagePullBackOff", `Back-off pulling image "b:1": ErrImagePull: b:1: not found`)))
	var got []string
	for _, f := range judge(pod).Findings {
		got = append(got, f.Cause+"/"+f.SubCause+" "+f.Container)
	}
	if want := "ImagePull/NotFound b, CrashLoop/ExitCode a"; strings.Join(got, ", ") != want {
		t.Errorf("findings = %v, want %s", got, want)
	}
}

func TestThresholdsAreUsed(t *testing.T) {
	t.Parallel()
	limits := diagnose.Thresholds{WarnAfter: time.Hour, CriticalAfter: 2 * time.Hour, RestartWindow: time.Minute, RestartThreshold: 2}
	slow := projection.From(newPod(corev1.PodPending, startTime(ago(90*time.Minute)), app(waiting("ContainerCreating", ""))))
	if got := brief(diagnose.Judge(slow, diagnose.Related{}, corpusNow(), limits)); got != "Degraded: warning Creating on App c" {
		t.Errorf("verdict after 90 minutes = %q, want a warning", got)
	}
	oom := projection.From(newPod(corev1.PodRunning, app(after(running(ago(time.Minute)), 1, exit(137, "OOMKilled", ago(2*time.Minute))))))
	if got := brief(diagnose.Judge(oom, diagnose.Related{}, corpusNow(), limits)); got != "Healthy" {
		t.Errorf("verdict outside the restart window = %q, want Healthy", got)
	}
	loop := projection.From(newPod(corev1.PodRunning, app(after(waiting("CrashLoopBackOff", ""), 3, exit(1, "Error", ago(time.Minute))))))
	if f := diagnose.Judge(loop, diagnose.Related{}, corpusNow(), limits).Primary(); f == nil || !strings.Contains(f.Message, "needs manual investigation") {
		t.Errorf("finding above the restart threshold = %+v", f)
	}
}

func TestRulesNameEachCauseOnceAndSayWhatItMeans(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for _, r := range diagnose.Rules() {
		if seen[r.Cause] {
			t.Errorf("cause %s is documented twice", r.Cause)
		}
		seen[r.Cause] = true
		if r.Cause == "" || r.Category == "" || !strings.HasSuffix(r.Doc, ".") || !strings.HasSuffix(r.Severity, ".") || !strings.HasSuffix(r.Trigger, ".") {
			t.Errorf("rule %+v is not complete", r)
		}
		if !strings.HasPrefix(r.First(), "kubectl ") {
			t.Errorf("first command of %s = %q", r.Cause, r.First())
		}
	}
	if diagnose.Judge(nil, diagnose.Related{}, corpusNow(), diagnose.Defaults()).Primary() == nil {
		t.Error("a nil pod has no finding, want PhaseUnset")
	}
}
