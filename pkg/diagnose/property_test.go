// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package diagnose_test

import (
	"encoding/json"
	"math/rand/v2"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	corev1 "k8s.io/api/core/v1"

	"github.com/podwatch/kubectl-podwatch/pkg/apis/podwatch/v1alpha1"
	"github.com/podwatch/kubectl-podwatch/pkg/diagnose"
	"github.com/podwatch/kubectl-podwatch/pkg/projection"
	"github.com/podwatch/kubectl-podwatch/pkg/projection/projectiontest"
)

// randomPods is how many pods each property is tried on.
const randomPods = 2000

func random(seed uint64, now time.Time) *corev1.Pod {
	return projectiontest.Random(rand.New(rand.NewPCG(seed, 3)), now)
}

func judgeAt(p *projection.Pod, now time.Time) diagnose.Verdict {
	return diagnose.Judge(p, diagnose.Related{}, now, diagnose.Defaults())
}

func TestVerdictsOfRandomPodsHaveTheShape(t *testing.T) {
	t.Parallel()
	causes := map[string]bool{}
	for seed := range uint64(randomPods) {
		v := judgeAt(projection.From(random(seed, corpusNow())), corpusNow())
		checkShape(t, v)
		for i, f := range v.Findings {
			causes[f.Cause] = true
			if i > 0 && rank(v.Findings[i-1].Severity) > rank(f.Severity) {
				t.Errorf("seed %d: finding %d is worse than the one before it", seed, i)
			}
		}
		if t.Failed() {
			t.Fatalf("seed %d: %+v", seed, v)
		}
	}
	if len(causes) < 25 {
		t.Errorf("random pods gave only %d causes: %v", len(causes), causes)
	}
}

func rank(s v1alpha1.Severity) int {
	return map[v1alpha1.Severity]int{v1alpha1.SeverityCritical: 0, v1alpha1.SeverityWarning: 1, v1alpha1.SeverityInfo: 2}[s]
}

func TestVerdictDependsOnDifferencesOfTimesOnly(t *testing.T) {
	t.Parallel()
	const shift = 12345 * time.Hour
	// Evidence repeats times of the server as text.
	opts := cmpopts.IgnoreFields(v1alpha1.Finding{}, "Evidence", "Since")
	for seed := range uint64(randomPods) {
		here := judgeAt(projection.From(random(seed, corpusNow())), corpusNow())
		there := judgeAt(projection.From(random(seed, corpusNow().Add(shift))), corpusNow().Add(shift))
		for i := range min(len(here.Findings), len(there.Findings)) {
			a, b := here.Findings[i].Since, there.Findings[i].Since
			if a != nil && b != nil && b.Sub(a.Time) != shift {
				t.Fatalf("seed %d: since moved by %v, want %v", seed, b.Sub(a.Time), shift)
			}
		}
		if !here.Next.IsZero() {
			here.Next = here.Next.Add(shift)
		}
		if diff := cmp.Diff(here, there, opts); diff != "" {
			t.Fatalf("seed %d: the verdict changes with the calendar (-here +there):\n%s", seed, diff)
		}
	}
}

func TestVerdictDoesNotDependOnTheOrderOfStatuses(t *testing.T) {
	t.Parallel()
	for seed := range uint64(randomPods) {
		pod := random(seed, corpusNow())
		if repeatsNames(pod) {
			continue // then the order is all that tells them apart
		}
		want := judgeAt(projection.From(pod), corpusNow())
		r := rand.New(rand.NewPCG(seed, 4))
		for _, list := range [][]corev1.ContainerStatus{pod.Status.InitContainerStatuses, pod.Status.ContainerStatuses} {
			r.Shuffle(len(list), func(i, j int) { list[i], list[j] = list[j], list[i] })
		}
		if diff := cmp.Diff(want, judgeAt(projection.From(pod), corpusNow())); diff != "" {
			t.Fatalf("seed %d: the verdict changes with the order of the statuses (-want +got):\n%s", seed, diff)
		}
	}
}

func TestFindingsDoNotDependOnTheOrderOfAppContainers(t *testing.T) {
	t.Parallel()
	byContainer := cmpopts.SortSlices(func(a, b v1alpha1.Finding) bool {
		return a.Container+a.Cause+a.Message < b.Container+b.Cause+b.Message
	})
	for seed := range uint64(randomPods) {
		pod := random(seed, corpusNow())
		if repeatsNames(pod) {
			continue // then the order is all that tells them apart
		}
		want := judgeAt(projection.From(pod), corpusNow())
		r := rand.New(rand.NewPCG(seed, 5))
		list := pod.Spec.Containers
		r.Shuffle(len(list), func(i, j int) { list[i], list[j] = list[j], list[i] })
		// Of several containers that were never tried the first stands for all.
		opts := cmpopts.IgnoreSliceElements(func(f v1alpha1.Finding) bool { return f.Cause == "Creating" })
		if diff := cmp.Diff(want.Findings, judgeAt(projection.From(pod), corpusNow()).Findings, byContainer, opts); diff != "" {
			t.Fatalf("seed %d: the findings change with the order of the containers (-want +got):\n%s", seed, diff)
		}
	}
}

// repeatsNames is true for a pod that no API server takes: two containers have
// one name.
func repeatsNames(pod *corev1.Pod) bool {
	seen := map[string]bool{}
	for _, list := range [][]corev1.Container{pod.Spec.InitContainers, pod.Spec.Containers} {
		for i := range list {
			if seen[list[i].Name] {
				return true
			}
			seen[list[i].Name] = true
		}
	}
	return false
}

func TestNothingChangesBeforeNext(t *testing.T) {
	t.Parallel()
	flips := 0
	for seed := range uint64(randomPods) {
		p := projection.From(random(seed, corpusNow()))
		now := corpusNow()
		// Walk from flip to flip: each is strictly later, and they end.
		for range 50 {
			v := judgeAt(p, now)
			if v.Next.IsZero() {
				for _, later := range []time.Duration{time.Second, time.Hour, 1000 * time.Hour} {
					same(t, seed, v, judgeAt(p, now.Add(later)))
				}
				break
			}
			if !v.Next.After(now) {
				t.Fatalf("seed %d: Next %v is not after now %v", seed, v.Next, now)
			}
			same(t, seed, v, judgeAt(p, now.Add(v.Next.Sub(now)/2)))
			same(t, seed, v, judgeAt(p, v.Next.Add(-1)))
			now = v.Next
			flips++
		}
		if v := judgeAt(p, now); !v.Next.IsZero() {
			t.Fatalf("seed %d: the verdict still flips after 50 steps", seed)
		}
	}
	if flips < randomPods/10 {
		t.Errorf("%d random pods have only %d flips", randomPods, flips)
	}
}

// same checks that two verdicts are equal but for Next, which a later look may
// put off but not bring forward.
func same(t *testing.T, seed uint64, a, b diagnose.Verdict) {
	t.Helper()
	if diff := cmp.Diff(a, b, cmpopts.IgnoreFields(diagnose.Verdict{}, "Next")); diff != "" {
		t.Fatalf("seed %d: the verdict changes before Next (-now +later):\n%s", seed, diff)
	}
	if !b.Next.IsZero() && b.Next.Before(a.Next) {
		t.Fatalf("seed %d: Next moves from %v to %v", seed, a.Next, b.Next)
	}
}

func FuzzJudge(f *testing.F) {
	files, err := filepath.Glob(filepath.Join(corpusDir, "*.yaml"))
	if err != nil {
		f.Fatal(err)
	}
	for i, file := range files {
		data, err := json.Marshal(readPod(f, corpusDir, filepath.Base(file)))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data, uint64(i), int64(0))
	}
	f.Add([]byte(`{"status":{"phase":"Running","containerStatuses":[{}]}}`), uint64(1), int64(1)<<62)
	f.Add([]byte(`{"status":{"phase":"Running","containerStatuses":[{"lastState":{"terminated":{"finishedAt":"1970-01-01T00:00:01Z"}}}]}}`), uint64(2), int64(9))
	f.Fuzz(func(t *testing.T, data []byte, seed uint64, seconds int64) {
		now := time.Unix(seconds, 0)
		pods := []*corev1.Pod{random(seed, now)}
		decoded := &corev1.Pod{}
		if json.Unmarshal(data, decoded) == nil {
			pods = append(pods, decoded)
		}
		for _, pod := range pods {
			p := projection.From(pod)
			v := judgeAt(p, now)
			checkShape(t, v)
			for _, finding := range v.Findings {
				for _, hint := range diagnose.Hints(p, finding, "ctx") {
					if strings.ContainsAny(hint.Command, "\x00\x1b") {
						t.Errorf("hint %q has control characters", hint.Command)
					}
				}
			}
			if !v.Next.IsZero() && !v.Next.After(now) {
				t.Errorf("Next %v is not after now %v", v.Next, now)
			}
		}
	})
}
