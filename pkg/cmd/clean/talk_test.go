// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package clean

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/clock"

	"github.com/podwatch/kubectl-podwatch/pkg/apis/podwatch/v1alpha1"
	"github.com/podwatch/kubectl-podwatch/pkg/clean"
	"github.com/podwatch/kubectl-podwatch/pkg/cmd/internal/exit"
)

func TestS50_AnInterruptLeavesTheRestAlone(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	const pods = 40
	for i := range pods {
		b.failed("p"+string(rune('a'+i/10))+string(rune('0'+i%10)), nil)
	}
	ctx, stop := context.WithCancelCause(t.Context())
	deletes := 0
	var mu sync.Mutex
	b.before = func(r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		if r.Method == http.MethodDelete {
			if deletes++; deletes == 5 {
				stop(exit.SignalError{Signal: syscall.SIGINT})
			}
		}
	}
	b.options.Yes, b.options.Concurrency = true, 2
	r, err := b.run(ctx)
	done := r.Summary.Deleted
	if exit.Code(err) != 130 || done < 5 || done >= pods || done != deletes || len(b.names()) != pods-done {
		t.Errorf("run = %v, %d deleted after %d requests, %d left", err, done, deletes, len(b.names()))
	}
	decisions, results := journalOf(t, b.options.Archive)
	if len(decisions) != done || len(results) != done {
		t.Errorf("%d decisions and %d results in the journal, want %d", len(decisions), len(results), done)
	}
	if !strings.Contains(b.err.String(), "not tried") {
		t.Errorf("stderr = %q, want what was not tried", b.err)
	}
}

// Where lists cannot be streamed the pods come in pages of one snapshot, which
// the server may drop in between: then all is listed again, and nothing counts
// twice.
func TestS54_TheContinueTokenExpires(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("makes hundreds of pods")
	}
	b := newBench(t)
	const pods = 510 // more than a page
	b.many(pods)
	replaced := b.names()[0]
	var mu sync.Mutex
	var lists []string
	b.answer = func(r *http.Request) *http.Response {
		q := r.URL.Query()
		if r.Method != http.MethodGet || !strings.HasSuffix(r.URL.Path, "/pods") {
			return nil
		}
		if q.Get("sendInitialEvents") != "" {
			return status(r, http.StatusUnprocessableEntity, metav1.StatusReasonInvalid)
		}
		if q.Get("watch") != "" {
			return nil
		}
		mu.Lock()
		defer mu.Unlock()
		if q.Get("continue") == "" {
			lists = append(lists, "start")
			return nil
		}
		lists = append(lists, "410")
		client := b.server.Client().CoreV1().Pods(b.namespace)
		if err := client.Delete(t.Context(), replaced, metav1.DeleteOptions{}); err != nil {
			t.Error(err)
		}
		b.failed(replaced, nil)
		return status(r, http.StatusGone, metav1.StatusReasonExpired)
	}
	b.options.Yes, b.options.Limits.Ended = true, pods
	r, err := b.run(t.Context())
	if err != nil || r.Summary.Scanned != pods || r.Summary.Deleted != pods || len(b.names()) != 0 {
		t.Errorf("run = %v, summary %+v, %d left; want all deleted", err, r.Summary, len(b.names()))
	}
	if diff := cmp.Diff([]string{"start", "410", "start"}, lists); diff != "" {
		t.Errorf("lists (-want +got):\n%s", diff)
	}
	uids := map[string]bool{}
	for i := range r.Items {
		uids[r.Items[i].UID] = true
	}
	if len(uids) != pods || len(b.mutating) != pods {
		t.Errorf("%d UIDs in the report, %d requests; want each pod once", len(uids), len(b.mutating))
	}
}

// status is an answer of an API server.
func status(r *http.Request, code int, reason metav1.StatusReason) *http.Response {
	text := fmt.Sprintf(`{"kind":"Status","apiVersion":"v1","status":"Failure","reason":%q,"code":%d,"message":"said by the test"}`, reason, code)
	return &http.Response{
		StatusCode: code, Header: http.Header{"Content-Type": {"application/json"}}, Request: r, Body: io.NopCloser(strings.NewReader(text)),
	}
}

// many makes n failed pods.
func (b *bench) many(n int) { b.manyLike(n, nil) }

func (b *bench) manyLike(n int, change func(*corev1.Pod)) {
	b.t.Helper()
	var group sync.WaitGroup
	names := make(chan string)
	for range 16 {
		group.Go(func() {
			for name := range names {
				b.failed(name, change)
			}
		})
	}
	for i := range n {
		names <- "p-" + time.Unix(int64(i), 0).UTC().Format("150405")
	}
	close(names)
	group.Wait()
}

// offset is the clock of a machine that is wrong.
type offset struct {
	clock.RealClock
	by time.Duration
}

func (o offset) Now() time.Time                  { return o.RealClock.Now().Add(o.by) }
func (o offset) Since(t time.Time) time.Duration { return o.Now().Sub(t) }

func TestS12_AgesAreByTheServersClock(t *testing.T) {
	t.Parallel()
	for name, by := range map[string]time.Duration{"right": 0, "two hours fast": 2 * time.Hour, "an hour fast": time.Hour, "two hours slow": -2 * time.Hour} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			b.failed("evicted", func(p *corev1.Pod) {
				p.Status.Conditions = []corev1.PodCondition{{
					Type: corev1.DisruptionTarget, Status: corev1.ConditionTrue, LastTransitionTime: metav1.Now(),
				}}
			})
			b.options.Clock = offset{by: by}
			b.options.DryRun = v1alpha1.DryRunClient
			b.options.Rules.OlderThan = time.Minute
			r, err := b.run(t.Context())
			if err != nil || r.Summary.SkippedByReason["too-young"] != 1 || *r.Items[0].AgeSeconds > 30 {
				t.Errorf("run = %v, summary %+v, items %+v; want it too young", err, r.Summary, r.Items)
			}
			if warned := strings.Contains(b.err.String(), "clock differs"); warned != (by != 0) {
				t.Errorf("stderr = %q", b.err)
			}
			// It gets older, by the server's clock as well.
			b.options.Rules.OlderThan = 2 * time.Second
			for begin := time.Now(); r.Summary.WouldDelete == 0 && time.Since(begin) < 20*time.Second; {
				if r, err = b.run(t.Context()); err != nil {
					t.Fatal(err)
				}
			}
			if r.Summary.WouldDelete != 1 {
				t.Errorf("summary %+v, want it planned some seconds later", r.Summary)
			}
		})
	}
}

// The start of the run is compared with times that the server wrote.
func TestS57_TheRunBeganByTheServersClock(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		fast, ago time.Duration
		want      int
	}{
		"a younger pod":                     {0, time.Hour, 1},
		"an older pod":                      {0, -time.Hour, 0},
		"a younger pod, the clock is fast":  {2 * time.Hour, time.Hour, 1},
		"an older pod, the clock is behind": {-2 * time.Hour, -time.Hour, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			b.failed("evicted", nil)
			b.options.Clock = offset{by: tt.fast}
			b.options.Rules.Self = clean.Self{Name: "podwatch", Started: b.options.Clock.Now().Add(-tt.ago)}
			b.options.DryRun = v1alpha1.DryRunClient
			if r, err := b.run(t.Context()); err != nil || r.Summary.SkippedByReason["self"] != tt.want {
				t.Errorf("run = %v, summary %+v, want %d skipped as self", err, r.Summary, tt.want)
			}
		})
	}
}

func TestS55_StandardOutputIsDataAlone(t *testing.T) {
	t.Parallel()
	for name, interactive := range map[string]bool{"asked": true, "not asked": false} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			b.failed("evicted", nil)
			b.options.Interactive, b.options.Yes = interactive, !interactive
			b.options.In = strings.NewReader("y\n")
			r, err := b.run(t.Context()) // reads all of it as one JSON document
			if err != nil || r.Summary.Deleted != 1 {
				t.Errorf("run = %v, summary %+v", err, r.Summary)
			}
			if !strings.Contains(b.err.String(), "1 pod planned") || strings.Contains(b.err.String(), "[y/N]") != interactive {
				t.Errorf("stderr = %q, want the talk", b.err)
			}
		})
	}
}

func TestQuietSaysNothingButErrors(t *testing.T) {
	t.Parallel()
	for _, format := range []string{"table", "json"} {
		b := newBench(t)
		b.failed("evicted", nil)
		b.options.Yes, b.options.Quiet, b.options.Format = true, true, format
		r, err := b.run(t.Context())
		if err != nil || b.err.Len() > 0 || (b.out.Len() > 0) != (format == "json") || len(b.names()) != 0 {
			t.Errorf("%s: run = %v, stdout %q, stderr %q, report %+v", format, err, b.out, b.err, r.Summary)
		}
	}
}

func TestQuietSaysWhyAPodStays(t *testing.T) {
	t.Parallel()
	for _, format := range []string{"table", "json"} {
		b := newBench(t)
		b.looping("web", labelled)
		b.budget("a")
		b.failed("evicted", nil)
		b.disrupt()
		b.options.Quiet, b.options.Format, b.options.Clock = true, format, offset{by: 2 * time.Hour}
		_, err := b.run(t.Context())
		lines := strings.Split(strings.TrimSpace(b.err.String()), "\n")
		if exit.Code(err) != 3 || len(lines) != 2 || !strings.HasPrefix(lines[0], "warning: this machine's clock differs") ||
			!strings.HasPrefix(lines[1], `pod "web" not deleted`) || !strings.Contains(lines[1], "blocked by a disruption budget: ") {
			t.Errorf("%s: run = %v, stderr %q; want the clock and why web stays", format, err, b.err)
		}
	}
}

func TestLivingPodsNeedTheNameOfTheContext(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		yes      bool
		confirm  string
		in       string
		protect  bool
		living   bool
		wantCode int
	}{
		"yes is not enough":                 {yes: true, living: true, wantCode: 1},
		"yes and the name":                  {yes: true, confirm: "podwatch-test", living: true},
		"a mere y":                          {in: "y\n", living: true, wantCode: 1},
		"the name typed":                    {in: "podwatch-test\n", living: true},
		"the name given and a y":            {in: "y\n", confirm: "podwatch-test", living: true},
		"protected context, yes":            {yes: true, protect: true, wantCode: 1},
		"protected context, y":              {in: "y\n", protect: true, wantCode: 1},
		"protected context, the name typed": {in: "podwatch-test\n", protect: true},
		"neither":                           {yes: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			if tt.living {
				b.looping("p", nil)
			} else {
				b.failed("p", nil)
			}
			b.disrupt()
			b.options.Yes, b.options.ConfirmContext, b.options.Protected = tt.yes, tt.confirm, tt.protect
			b.options.Interactive, b.options.In = !tt.yes, strings.NewReader(tt.in)
			_, err := b.run(t.Context())
			if exit.Code(err) != tt.wantCode || (len(b.mutating) > 0) != (tt.wantCode == 0) {
				t.Errorf("run = %v with requests %v, want exit code %d", err, b.mutating, tt.wantCode)
			}
			if tt.wantCode != 0 && !strings.Contains(b.err.String(), "NAMESPACE") {
				t.Errorf("stderr %q, want the plan before the refusal", b.err)
			}
		})
	}
}

func TestS43_OverTheLimitNothingIsDeleted(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	for _, name := range []string{"a", "b", "c"} {
		b.failed(name, nil)
	}
	b.looping("l1", nil)
	b.looping("l2", func(p *corev1.Pod) { p.OwnerReferences[0].UID = "5d8d8d8d-0000-4000-8000-000000000001" })
	b.disrupt()
	for limits, want := range map[clean.Limits]string{
		{Ended: 2, Living: 2}: "3 planned, more than the limit of 2",
		{Ended: 3, Living: 1}: "2 planned, more than the limit of living pods of 1",
	} {
		b.options.Limits = limits
		for _, dryRun := range []v1alpha1.DryRun{v1alpha1.DryRunNone, v1alpha1.DryRunClient} {
			b.options.DryRun = dryRun
			_, err := b.run(t.Context())
			if exit.Code(err) != 1 || !strings.Contains(err.Error(), want) || len(b.mutating) > 0 {
				t.Errorf("run = %v, want %q; requests %v", err, want, b.mutating)
			}
			if (b.out.Len() > 0) != (dryRun == v1alpha1.DryRunClient) {
				t.Errorf("%s: stdout %q", dryRun, b.out)
			}
		}
	}
	b.options.DryRun, b.options.Truncate, b.options.Limits = v1alpha1.DryRunNone, true, clean.Limits{Ended: 1, Living: 1}
	r, err := b.run(t.Context())
	if err != nil || r.Summary.Deleted+r.Summary.Terminating != 2 || r.Summary.SkippedByReason["limit"] != 3 {
		t.Errorf("truncated: run = %v, summary %+v", err, r.Summary)
	}
}

func TestTheAnnotationOfTheNamespaceKeepsItsPods(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.failed("evicted", nil)
	b.keep()
	b.options.Yes = true
	if r, err := b.run(t.Context()); err != nil || r.Summary.SkippedByReason["keep-annotation"] != 1 || len(b.mutating) != 0 {
		t.Errorf("run = %v, summary %+v, want it kept", err, r.Summary)
	}
}

func TestExcludedNamespacesThatAreNotThere(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.failed("evicted", nil)
	b.options.DryRun = v1alpha1.DryRunClient
	b.options.Rules.ExcludeNamespaces = []string{"kube-system", "default", "paymints", "no-such-*"}
	if r, err := b.run(t.Context()); err != nil || r.Summary.WouldDelete != 1 {
		t.Errorf("run = %v, summary %+v", err, r.Summary)
	}
	if want := "warning: flag --exclude-namespace: there is no namespace paymints\n"; !strings.Contains(b.err.String(), want) {
		t.Errorf("stderr %q, want %q", b.err, want)
	}
	b.options.Rules.ExcludeNamespaces = []string{b.namespace[:len(b.namespace)-1] + "?"}
	if r, err := b.run(t.Context()); err != nil || r.Summary.SkippedByReason["namespace-excluded"] != 1 {
		t.Errorf("by a pattern: run = %v, summary %+v", err, r.Summary)
	}
}

func TestSucceededPodsAreRemovedIfAskedFor(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.failed("done", func(p *corev1.Pod) { p.Status = corev1.PodStatus{Phase: corev1.PodSucceeded} })
	b.options.Yes = true
	if r, err := b.run(t.Context()); err != nil || r.Summary.Planned != 0 {
		t.Errorf("run = %v, summary %+v, want nothing planned", err, r.Summary)
	}
	b.options.Rules.Categories = []v1alpha1.Category{v1alpha1.CategorySucceeded}
	if r, err := b.run(t.Context()); err != nil || r.Summary.Deleted != 1 || len(b.names()) != 0 {
		t.Errorf("run = %v, summary %+v, want it deleted", err, r.Summary)
	}
}
