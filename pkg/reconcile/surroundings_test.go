// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package reconcile

import (
	"context"
	"fmt"
	"strconv"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/podwatch/kubectl-podwatch/pkg/apis/podwatch/v1alpha1"
	"github.com/podwatch/kubectl-podwatch/pkg/projection"
	"github.com/podwatch/kubectl-podwatch/pkg/reconcile/stream"
)

// jobs is a Surveyor that knows Jobs.
type jobs struct {
	mu sync.Mutex
	// byUID are the Jobs that there are.
	byUID map[types.UID]*projection.Owner
	// takes is how long a reading takes.
	takes func() time.Duration
	// denied makes every reading fail for this reason.
	denied string
	// reads are the times of the readings.
	reads []time.Time
}

func (*jobs) Concerns(p *projection.Pod) bool { return p.Controller != nil }

func (j *jobs) Read(ctx context.Context, _ string, pods []*projection.Pod) map[string]Surroundings {
	j.mu.Lock()
	j.reads = append(j.reads, time.Now())
	takes := time.Millisecond
	if j.takes != nil {
		takes = j.takes()
	}
	j.mu.Unlock()
	select {
	case <-ctx.Done():
	case <-time.After(takes):
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	found := map[string]Surroundings{}
	seen := map[types.UID]bool{}
	for _, p := range pods {
		s := found[p.Namespace]
		owner := j.byUID[p.Controller.UID]
		switch {
		case j.denied != "" || ctx.Err() != nil:
			s.Limitations = []v1alpha1.Limitation{{Resource: "jobs", Reason: j.denied}}
		case seen[p.Controller.UID]:
		case owner == nil:
			s.Absent = append(s.Absent, p.Controller.UID)
		default:
			s.Owners = append(s.Owners, owner)
		}
		seen[p.Controller.UID] = true
		found[p.Namespace] = s
	}
	return found
}

func (j *jobs) set(uid types.UID, conditions ...batchv1.JobCondition) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.byUID == nil {
		j.byUID = map[types.UID]*projection.Owner{}
	}
	j.byUID[uid] = projection.FromJob(&batchv1.Job{
		ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: string(uid), UID: uid}, Status: batchv1.JobStatus{Conditions: conditions},
	})
}

func (j *jobs) deny(reason string) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.denied = reason
}

func jobFailed() batchv1.JobCondition {
	return batchv1.JobCondition{Type: batchv1.JobFailed, Status: corev1.ConditionTrue, Reason: "BackoffLimitExceeded"}
}

// of has the pod belong to a Job.
func of(uid types.UID) func(*corev1.Pod) {
	return func(p *corev1.Pod) {
		p.OwnerReferences = []metav1.OwnerReference{{APIVersion: "batch/v1", Kind: "Job", Name: string(uid), UID: uid, Controller: new(true)}}
	}
}

// verdicts renders what is told of pods, with the time since start.
func verdicts(start time.Time, events []Event) []string {
	var out []string
	for _, ev := range events {
		if ev.Type != Judged || len(ev.To.Findings) == 0 {
			continue
		}
		line := fmt.Sprintf("%s %s %s", ev.Time.Sub(start), ev.Key.Name, ev.To.Severity())
		if ev.Doubtful {
			line += " doubtful"
		}
		out = append(out, line)
	}
	return out
}

func TestF28_AnAttemptOfAJobIsInDoubtUntilTheJobWasRead(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		arrange func(*jobs)
		want    []string
		reads   int
	}{
		"attempts left": {
			func(j *jobs) { j.set("import") },
			[]string{"1s a critical doubtful", "1.021s a warning", "6.021s a warning"},
			2,
		},
		"it has given up": {
			func(j *jobs) { j.set("import", jobFailed()) },
			[]string{"1s a critical doubtful", "1.021s a critical", "6.021s a critical"},
			2,
		},
		"it gives up later": {
			func(j *jobs) {
				j.set("import")
				time.AfterFunc(2*time.Second, func() { j.set("import", jobFailed()) })
			},
			[]string{"1s a critical doubtful", "1.021s a warning", "6.021s a critical", "11.021s a critical"},
			3,
		},
		"it is gone": {func(*jobs) {}, []string{"1s a critical doubtful", "1.021s a critical", "6.021s a critical"}, 2},
		"the server is slow": {
			func(j *jobs) { j.set("import"); j.takes = func() time.Duration { return 7 * time.Second } },
			[]string{"1s a critical doubtful", "3s a critical", "8.02s a warning doubtful", "10.02s a warning"},
			2,
		},
		"it may not be read": {
			func(j *jobs) { j.denied = "Forbidden" },
			[]string{"1s a critical doubtful", "3s a critical"},
			2,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				around := &jobs{}
				test.arrange(around)
				pod := with(healthy("a"), of("import"))
				start := time.Now()
				source := initially(pod, healthy("b")).then(time.Second, func(h stream.Handler) {
					h.Upsert(projection.From(with(pod, failed)), stream.Frame{})
				}).source()
				events, _ := run(t, Config{Sources: []Source{source}, Until: UntilStopped, Surveyor: around}, 13*time.Second)
				if diff := cmp.Diff(test.want, verdicts(start, events)); diff != "" {
					t.Errorf("verdicts (-want +got):\n%s", diff)
				}
				if len(around.reads) != test.reads {
					t.Errorf("read %d times, want %d", len(around.reads), test.reads)
				}
			})
		})
	}
}

func TestNothingIsReadWhileNothingIsWrong(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		around := &jobs{}
		bare, doomed := with(healthy("bare"), failed), with(healthy("doomed"), of("import"))
		doomed.DeletionTimestamp = &metav1.Time{Time: time.Now()}
		source := initially(with(healthy("a"), of("import")), bare, doomed).source()
		_, _ = run(t, Config{Sources: []Source{source}, Until: UntilStopped, Surveyor: around}, time.Hour)
		if len(around.reads) != 0 {
			t.Errorf("read %d times", len(around.reads))
		}
	})
}

func TestNobodyElseWaitsForAReading(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		around := &jobs{takes: func() time.Duration { return time.Hour }}
		pod := with(healthy("a"), of("import"))
		start := time.Now()
		source := initially(pod, healthy("b")).then(time.Second, func(h stream.Handler) {
			h.Upsert(projection.From(with(pod, failed)), stream.Frame{})
			h.Upsert(projection.From(with(healthy("b"), failed)), stream.Frame{})
		}).source()
		events, _ := run(t, Config{Sources: []Source{source}, Until: UntilStopped, Surveyor: around}, 4*time.Second)
		want := []string{"1s a critical doubtful", "1s b critical", "3s a critical"}
		if diff := cmp.Diff(want, verdicts(start, events)); diff != "" {
			t.Errorf("verdicts (-want +got):\n%s", diff)
		}
	})
}

// The initial lists are complete only a while after the first pod was seen.
func TestNothingIsReadBeforeThePodsWithFindingsAreKnown(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		around := &jobs{}
		around.set("import")
		start := time.Now()
		source := script(func(_ context.Context, h stream.Handler) {
			h.Upsert(projection.From(with(with(healthy("a"), of("import")), failed)), stream.Frame{Initial: true})
			time.Sleep(9 * time.Second)
			h.Upsert(projection.From(with(with(healthy("b"), of("import")), failed)), stream.Frame{Initial: true})
			h.Synced()
		}).source()
		events, _ := run(t, Config{Sources: []Source{source}, Until: UntilStopped, Surveyor: around}, 10*time.Second)
		got := verdicts(start, events)
		if len(around.reads) != 1 || !around.reads[0].Equal(start.Add(9*time.Second)) {
			t.Errorf("read at %v, want once after 9s", around.reads)
		}
		want := []string{"9.001s a warning", "9.001s b warning"}
		if diff := cmp.Diff(want, got[len(got)-2:]); diff != "" {
			t.Errorf("the last verdicts (-want +got):\n%s", diff)
		}
	})
}

func TestAHandfulOfReadingsForFiveThousandFailingPods(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		const pods, owners = 5000, 50
		around := &jobs{}
		for i := range owners {
			around.set(types.UID(strconv.Itoa(i)))
		}
		start := time.Now()
		source := script(func(_ context.Context, h stream.Handler) {
			h.Synced()
			for i := range pods {
				p := with(with(healthy(fmt.Sprint("p", i)), of(types.UID(strconv.Itoa(i%owners)))), failed)
				h.Upsert(projection.From(p), stream.Frame{})
				if i%10 == 0 {
					time.Sleep(time.Millisecond)
				}
			}
		}).source()
		told := map[string]v1alpha1.Severity{}
		var last time.Duration
		events, _ := run(t, Config{Sources: []Source{source}, Until: UntilStopped, Surveyor: around}, time.Minute)
		for _, ev := range events {
			if ev.Type == Judged && !ev.Doubtful && told[ev.Key.Name] == "" {
				told[ev.Key.Name] = ev.To.Severity()
				last = ev.Time.Sub(start)
			}
		}
		for name, severity := range told {
			if severity != v1alpha1.SeverityWarning {
				t.Fatalf("%s was told as %s, want warning: its Job goes on", name, severity)
			}
		}
		if len(told) != pods || last > 1100*time.Millisecond {
			t.Errorf("told of %d pods, the last after %v, want %d in a second", len(told), last, pods)
		}
		// Now, when all owners are known, and after 5, 10, 20, 40 s without news.
		if len(around.reads) > 7 {
			t.Errorf("read %d times in a minute: %v", len(around.reads), around.reads)
		}
	})
}

func TestWhatCannotBeReadOnceStaysAsItWasKnown(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		around := &jobs{}
		around.set("import")
		time.AfterFunc(2*time.Second, func() { around.deny("Timeout") })
		pod := with(healthy("a"), of("import"))
		start := time.Now()
		source := initially(pod).then(time.Second, func(h stream.Handler) {
			h.Upsert(projection.From(with(pod, failed)), stream.Frame{})
		}).source()
		events, _ := run(t, Config{Sources: []Source{source}, Until: UntilStopped, Surveyor: around}, 7*time.Second)
		want := []string{"1s a critical doubtful", "1.021s a warning", "6.021s a warning"}
		if diff := cmp.Diff(want, verdicts(start, events)); diff != "" {
			t.Errorf("verdicts (-want +got):\n%s", diff)
		}
	})
}
