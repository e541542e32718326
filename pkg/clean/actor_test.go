// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package clean

import (
	"context"
	"errors"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	clocktesting "k8s.io/utils/clock/testing"

	"github.com/podwatch/kubectl-podwatch/pkg/apis/podwatch/v1alpha1"
)

// deleting returns the Actor that deletes from s, and its archive, in which
// the manifests of all pods are spooled.
func deleting(s *server) (Actor, *Archive) {
	s.t.Helper()
	a := openArchive(s.t)
	for _, pod := range s.pods {
		a.Spool(pod)
	}
	return Delete(s.client(), a, clocktesting.NewFakePassiveClock(noon), 0), a
}

func planned(pod *corev1.Pod) v1alpha1.CleanItem { return planOf(pod).Items[0] }

func TestDeleteResults(t *testing.T) {
	t.Parallel()
	type answer func(*http.Request) (*http.Response, error)
	onDelete := func(response func() *http.Response) answer {
		return func(r *http.Request) (*http.Response, error) {
			if r.Method != http.MethodDelete {
				return nil, nil
			}
			return response(), nil
		}
	}
	status := func(code int, reason metav1.StatusReason, causes ...metav1.StatusCause) answer {
		return onDelete(func() *http.Response { return refuse(code, reason, causes...) })
	}
	tests := []struct {
		name   string
		answer answer
		want   v1alpha1.Result
		// retry is true if another try is asked for, after that time at least.
		retry bool
		after time.Duration
	}{
		{name: "removed at once", want: v1alpha1.ResultDeleted},
		{
			name: "answered with a status instead of the pod", want: v1alpha1.ResultDeleted,
			answer: onDelete(func() *http.Response {
				return reply(http.StatusOK, &metav1.Status{
					TypeMeta: metav1.TypeMeta{APIVersion: "v1", Kind: "Status"}, Status: metav1.StatusSuccess,
				})
			}),
		},
		{
			name: "containers are still to be stopped", want: v1alpha1.ResultTerminating,
			answer: onDelete(func() *http.Response {
				return reply(http.StatusOK, failedPod("a", "p", deleted, func(p *corev1.Pod) { p.DeletionGracePeriodSeconds = new(int64(30)) }))
			}),
		},
		{name: "S44 not found", answer: status(http.StatusNotFound, metav1.StatusReasonNotFound), want: v1alpha1.ResultGone},
		{name: "S45 forbidden", answer: status(http.StatusForbidden, metav1.StatusReasonForbidden), want: v1alpha1.ResultForbidden},
		{name: "S45 internal error", answer: status(http.StatusInternalServerError, metav1.StatusReasonInternalError), want: v1alpha1.ResultError},
		{
			name: "S45 timeout of the server", answer: status(http.StatusGatewayTimeout, metav1.StatusReasonTimeout),
			want: v1alpha1.ResultError, retry: true,
		},
		{
			name: "S45 connection refused", want: v1alpha1.ResultError, retry: true,
			answer: func(*http.Request) (*http.Response, error) {
				return nil, &net.OpError{Op: "dial", Net: "tcp", Err: errors.New("connection refused")}
			},
		},
		{
			name: "cancelled", want: v1alpha1.ResultError,
			answer: func(*http.Request) (*http.Response, error) { return nil, context.Canceled },
		},
		{
			name: "S46 disruption budget", want: v1alpha1.ResultBlocked, retry: true,
			answer: status(http.StatusTooManyRequests, metav1.StatusReasonTooManyRequests,
				metav1.StatusCause{Type: policyv1.DisruptionBudgetCause}),
		},
		{
			name: "S46 priority and fairness", want: v1alpha1.ResultError, retry: true, after: 7 * time.Second,
			// It answers in plain text, without a Status.
			answer: onDelete(func() *http.Response {
				r := reply(http.StatusTooManyRequests, "Too many requests, please try again later.")
				r.Header = http.Header{"Content-Type": {"text/plain"}, "Retry-After": {"7"}}
				return r
			}),
		},
		{
			name: "changed in between, still the same pod", want: v1alpha1.ResultConflict, retry: true,
			answer: status(http.StatusConflict, metav1.StatusReasonConflict),
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			pod := failedPod("a", "p")
			s := newServer(t, pod)
			s.answer = tt.answer
			actor, _ := deleting(s)
			got, err := actor.Remove(t.Context(), planned(pod))
			if got.Result != tt.want {
				t.Errorf("result = %s (%s), want %s", got.Result, got.Error, tt.want)
			}
			var retry *RetryError
			if errors.As(err, &retry) != tt.retry || retry != nil && retry.After != tt.after {
				t.Errorf("error = %#v, want a retry: %t, after %v", err, tt.retry, tt.after)
			}
			if n := len(s.mutations()); n != 1 {
				t.Errorf("%d mutating requests in one try, want 1: %q", n, s.mutations())
			}
			success := tt.want == v1alpha1.ResultDeleted || tt.want == v1alpha1.ResultTerminating || tt.want == v1alpha1.ResultGone
			if (got.Error == "") != success {
				t.Errorf("error text %q for %s", got.Error, got.Result)
			}
		})
	}
}

// The pod goes between the conflict and the look at what it was about.
func TestAConflictOverAPodThatIsGoneMeansThatItWasReplaced(t *testing.T) {
	t.Parallel()
	pod := failedPod("a", "p")
	s := newServer(t, pod)
	s.answer = func(r *http.Request) (*http.Response, error) {
		if r.Method == http.MethodDelete {
			return refuse(http.StatusConflict, metav1.StatusReasonConflict), nil
		}
		return refuse(http.StatusNotFound, metav1.StatusReasonNotFound), nil
	}
	actor, _ := deleting(s)
	if got, err := actor.Remove(t.Context(), planned(pod)); err != nil || got.Result != v1alpha1.ResultReplaced || got.Error != "" {
		t.Errorf("Remove() = %s (%q), %v; want replaced", got.Result, got.Error, err)
	}
}

func TestDeleteTellsAPodThatWaitsForItsFinalizer(t *testing.T) {
	t.Parallel()
	pod := failedPod("a", "p")
	item := planned(pod)
	pod.Finalizers = []string{"example.com/late"}
	actor, _ := deleting(newServer(t, pod))
	if got, err := actor.Remove(t.Context(), item); err != nil || got.Result != v1alpha1.ResultTerminating {
		t.Errorf("Remove() = %s, %v; want terminating", got.Result, err)
	}
}

// S58: server fails the test if the precondition is missing.
func TestS58_S1_APodThatTookTheNameIsNotDeleted(t *testing.T) {
	t.Parallel()
	pod := failedPod("a", "p")
	s := newServer(t, pod)
	actor, _ := deleting(s)
	s.replace(failedPod("a", "p", func(p *corev1.Pod) { p.UID = "uid-of-the-next" }))
	if got, err := actor.Remove(t.Context(), planned(pod)); err != nil || got.Result != v1alpha1.ResultReplaced {
		t.Errorf("Remove() = %s, %v; want replaced", got.Result, err)
	}
	if gone := s.gone(); len(gone) > 0 {
		t.Errorf("deleted %q", gone)
	}
}

func TestDeleteRefusesAnItemWithoutUID(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	item := v1alpha1.CleanItem{Namespace: "a", Name: "p"}
	a, _ := deleting(s)
	for _, actor := range []Actor{a, ServerDryRun(s.client())} {
		if got, _ := actor.Remove(t.Context(), item); got.Error == "" || len(s.mutations()) > 0 {
			t.Errorf("%s: result %s (%q), requests %q; want an error and none", actor.DryRun(), got.Result, got.Error, s.mutations())
		}
	}
}

func TestS41_ServerDryRunStandsInTheBody(t *testing.T) {
	t.Parallel()
	pod := failedPod("a", "p")
	s := newServer(t, pod)
	got, err := ServerDryRun(s.client()).Remove(t.Context(), planned(pod))
	if err != nil || got.Result != v1alpha1.ResultWouldDelete || got.DryRun != v1alpha1.DryRunServer || got.ArchivePath != "" {
		t.Errorf("Remove() = %+v, %v; want wouldDelete", got, err)
	}
	if gone, sent := s.gone(), s.mutations(); len(gone) > 0 || len(sent) != 1 {
		t.Errorf("deleted %q with %q; want the one request to be a dry run", gone, sent)
	}
}

func TestServerDryRunTellsWhatTheServerRefuses(t *testing.T) {
	t.Parallel()
	pod := failedPod("a", "p")
	s := newServer(t, pod)
	s.answer = func(*http.Request) (*http.Response, error) {
		return refuse(http.StatusForbidden, metav1.StatusReasonForbidden), nil
	}
	if got, _ := ServerDryRun(s.client()).Remove(t.Context(), planned(pod)); got.Result != v1alpha1.ResultForbidden {
		t.Errorf("result = %s, want forbidden", got.Result)
	}
}

// R11: at the moment of the DELETE the manifest and the decision are on disk.
func TestR11_ArchiveAndJournalComeBeforeTheDelete(t *testing.T) {
	t.Parallel()
	pod := failedPod("a", "p")
	s := newServer(t, pod)
	actor, archive := deleting(s)
	var before []record
	s.answer = func(*http.Request) (*http.Response, error) {
		before = readJournal(t, archive.dir)
		if _, err := os.Stat(filepath.Join(archive.dir, "a_p_uid-a-p.json")); err != nil {
			t.Error(err)
		}
		return nil, nil
	}
	got, err := actor.Remove(t.Context(), planned(pod))
	if err != nil {
		t.Fatal(err)
	}
	decision := planned(pod)
	decision.ArchivePath = filepath.Join(archive.dir, "a_p_uid-a-p.json")
	want := []record{{Time: noon, Entry: entryDecision, CleanItem: decision}}
	if diff := cmp.Diff(want, before); diff != "" {
		t.Errorf("journal at the DELETE (-want +got):\n%s", diff)
	}
	want = append(want, record{Time: noon, Entry: entryResult, CleanItem: got})
	if diff := cmp.Diff(want, readJournal(t, archive.dir)); diff != "" {
		t.Errorf("journal at the end (-want +got):\n%s", diff)
	}
}

const killedDir = "PODWATCH_TEST_KILLED_DIR"

// TestR11_KilledAtTheDelete has a second process kill itself, as kill -9 does,
// as its DELETE goes out.
func TestR11_KilledAtTheDelete(t *testing.T) {
	t.Parallel()
	if dir := os.Getenv(killedDir); dir != "" {
		dieAtDelete(t, dir)
		return
	}
	dir := t.TempDir()
	child := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestR11_KilledAtTheDelete$")
	child.Env = append(os.Environ(), killedDir+"="+dir)
	if out, err := child.CombinedOutput(); err == nil {
		t.Fatalf("the process was not killed:\n%s", out)
	}
	got := readJournal(t, dir)
	if len(got) != 1 || got[0].Entry != entryDecision || got[0].Name != "p" {
		t.Fatalf("journal = %+v, want the decision alone", got)
	}
	if _, err := os.Stat(got[0].ArchivePath); err != nil {
		t.Error(err)
	}
	// Its spool stays as long as it could belong to a run that goes on.
	for _, tt := range []struct {
		later time.Duration
		left  int
	}{{time.Minute, 1}, {48 * time.Hour, 0}} {
		a, err := OpenArchive(dir, time.Now().Add(tt.later))
		if err != nil {
			t.Fatal(err)
		}
		if err := a.Close(); err != nil {
			t.Error(err)
		}
		if left := spools(t, dir); len(left) != tt.left {
			t.Errorf("spools after a run %v later: %q, want %d", tt.later, left, tt.left)
		}
	}
}

func dieAtDelete(t *testing.T, dir string) {
	t.Helper()
	pod := failedPod("a", "p")
	s := newServer(t, pod)
	s.answer = func(*http.Request) (*http.Response, error) {
		self, err := os.FindProcess(os.Getpid())
		if err == nil {
			err = self.Kill()
		}
		return nil, errors.Join(err, t.Context().Err())
	}
	archive, err := OpenArchive(dir, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	archive.Spool(pod)
	_, _ = Delete(s.client(), archive, clocktesting.NewFakePassiveClock(noon), 0).Remove(t.Context(), planned(pod))
	select {} // the signal is on its way
}
