// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package clean

import (
	"encoding/json"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/utils/clock"

	"github.com/podwatch/kubectl-podwatch/pkg/apis/podwatch/v1alpha1"
	"github.com/podwatch/kubectl-podwatch/pkg/clean"
	"github.com/podwatch/kubectl-podwatch/pkg/cmd/internal/exit"
	"github.com/podwatch/kubectl-podwatch/pkg/cmd/internal/scope"
	"github.com/podwatch/kubectl-podwatch/pkg/diagnose"
	"github.com/podwatch/kubectl-podwatch/pkg/projection"
	"github.com/podwatch/kubectl-podwatch/pkg/reconcile"
)

func TestR11_ThePodIsArchivedAndRecordedBeforeItIsDeleted(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	pod := b.failed("evicted", nil)
	b.options.Yes = true
	r, err := b.run(t.Context())
	if err != nil || r.Summary.Deleted != 1 || len(b.names()) != 0 {
		t.Fatalf("run = %v, summary %+v, left %v; stderr %s", err, r.Summary, b.names(), b.err)
	}
	data, err := os.ReadFile(r.Items[0].ArchivePath)
	if err != nil {
		t.Fatal(err)
	}
	var archived corev1.Pod
	if err := json.Unmarshal(data, &archived); err != nil || archived.UID != pod.UID || archived.Spec.NodeName != "n1" || archived.Kind != "Pod" {
		t.Errorf("archived pod %q of kind %q, error %v; want %q", archived.UID, archived.Kind, err, pod.UID)
	}
	journals, err := filepath.Glob(filepath.Join(b.options.Archive, "journal", "*.jsonl"))
	if err != nil || len(journals) != 1 {
		t.Fatalf("journals = %v, %v", journals, err)
	}
	lines, err := os.ReadFile(journals[0])
	if err != nil {
		t.Fatal(err)
	}
	records := strings.Split(strings.TrimSpace(string(lines)), "\n")
	host := strings.TrimPrefix(b.server.Config().Host, "https://")
	if len(records) != 3 || !strings.Contains(records[0], `"entry":"run","context":"podwatch-test","server":"`+host+`"`) ||
		!strings.Contains(records[1], `"entry":"decision"`) || !strings.Contains(records[2], `"result":"deleted"`) {
		t.Errorf("journal = %q, want the cluster, the decision and then the result", records)
	}
}

// answer is a terminal at which act happens before the answer is typed.
type answer struct {
	act  func()
	text io.Reader
	once sync.Once
}

func (a *answer) Read(p []byte) (int, error) {
	a.once.Do(a.act)
	return a.text.Read(p)
}

func TestS2_APodThatIsReplacedWhileTheQuestionIsOpenIsNotTouched(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	old := b.failed("db-0", nil)
	b.options.Interactive = true
	var successor *corev1.Pod
	b.options.In = &answer{text: strings.NewReader("y\n"), act: func() {
		pods := b.server.Client().CoreV1().Pods(b.namespace)
		if err := pods.Delete(t.Context(), "db-0", metav1.DeleteOptions{Preconditions: &metav1.Preconditions{UID: &old.UID}}); err != nil {
			t.Error(err)
		}
		successor = b.failed("db-0", nil)
	}}
	r, err := b.run(t.Context())
	if err != nil || r.Summary.Replaced != 1 || r.Summary.Deleted != 0 {
		t.Errorf("run = %v, summary %+v, want one replaced", err, r.Summary)
	}
	left, err := b.server.Client().CoreV1().Pods(b.namespace).Get(t.Context(), "db-0", metav1.GetOptions{})
	if err != nil || left.UID != successor.UID {
		t.Errorf("the successor is gone: %v", err)
	}
	if entries, _ := os.ReadDir(b.options.Archive); len(entries) != 0 {
		t.Errorf("the archive holds %v of a pod that was not deleted", entries)
	}
}

func TestANamespaceThatIsKeptWhileTheQuestionIsOpenIsKept(t *testing.T) {
	t.Parallel()
	broken := func(b *bench) {
		b.answer = func(r *http.Request) *http.Response {
			if strings.HasSuffix(r.URL.Path, "/namespaces/"+b.namespace) {
				return &http.Response{StatusCode: http.StatusForbidden, Body: http.NoBody, Request: r}
			}
			return nil
		}
	}
	for name, tt := range map[string]struct {
		act  func(*bench)
		want string
		code int
	}{
		"annotated":               {(*bench).keep, "keep-annotation", 0},
		"not readable any more":   {broken, "namespace-unknown", 3},
		"nothing has changed":     {func(*bench) {}, "", 0},
		"the namespace goes, too": {(*bench).end, "", 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			b.ownNamespace()
			b.failed("evicted", nil)
			b.options.Interactive = true
			b.options.In = &answer{text: strings.NewReader("y\n"), act: func() { tt.act(b) }}
			r, err := b.run(t.Context())
			if exit.Code(err) != tt.code || len(r.Items) != 1 || r.Items[0].SkipReason != tt.want || (r.Summary.Recovered == 1) != (tt.want != "") {
				t.Errorf("run = %v, items %+v, want %q and exit code %d", err, r.Items, tt.want, tt.code)
			}
			if (len(b.mutating) == 0) != (tt.want != "") {
				t.Errorf("requests %v", b.mutating)
			}
		})
	}
}

// A watch with a selector says of a pod that leaves it what it says of one that is
// deleted.
func TestAPodThatOnlyLeftTheSelectorIsNotGone(t *testing.T) {
	t.Parallel()
	relabel := func(b *bench) {
		patch := []byte(`{"metadata":{"labels":{"app":"other"}}}`)
		if _, err := b.server.Client().CoreV1().Pods(b.namespace).Patch(b.t.Context(), "web", types.MergePatchType, patch, metav1.PatchOptions{}); err != nil {
			b.t.Error(err)
		}
	}
	remove := func(b *bench) {
		if err := b.server.Client().CoreV1().Pods(b.namespace).Delete(b.t.Context(), "web", metav1.DeleteOptions{}); err != nil {
			b.t.Error(err)
		}
	}
	replace := func(b *bench) {
		remove(b)
		b.failed("web", nil)
	}
	for name, tt := range map[string]struct {
		act  func(*bench)
		want v1alpha1.Result
	}{
		"relabelled":                      {relabel, v1alpha1.ResultRecovered},
		"deleted":                         {remove, v1alpha1.ResultGone},
		"nobody may look":                 {func(b *bench) { b.user() }, v1alpha1.ResultGone},
		"replaced by one without a label": {replace, v1alpha1.ResultReplaced},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			whole := b.failed("web", nil)
			p := projection.From(whole)
			pods := func(yield func(*projection.Pod, diagnose.Verdict) bool) {
				yield(p, diagnose.Judge(p, diagnose.Related{}, time.Now(), diagnose.Defaults()))
			}
			plan := clean.Make(pods, time.Now(), clean.Rules{}, clean.Known{}, clean.ListCandidates)
			tt.act(b)
			s := newSession(b.options)
			s.setPlan(plan, nil, clean.New(plan, clean.ClientDryRun(), clock.RealClock{}))
			gone := reconcile.Target{Key: reconcile.Key{Namespace: b.namespace, Name: "web", UID: whole.UID}, Attempt: 1}
			err := s.Act(t.Context(), gone)
			if item := s.cleaner.Items()[0]; err != nil || item.Result != tt.want {
				t.Errorf("Act = %v, item %+v; want it %s", err, item, tt.want)
			}
		})
	}
}

func TestS1_TheServerRefusesTheUIDOfAPodThatWasReplaced(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	successor := b.failed("db-0", nil)
	archive, err := clean.OpenArchive(b.options.Archive, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	stale := successor.DeepCopy()
	stale.UID = "00000000-0000-0000-0000-000000000000"
	archive.Spool(stale)
	actor := clean.Delete(b.options.Cluster.Core.RESTClient(), archive, clock.RealClock{}, 0)
	item, err := actor.Remove(t.Context(), v1alpha1.CleanItem{Namespace: b.namespace, Name: "db-0", UID: string(stale.UID), Action: v1alpha1.ActionDelete})
	if err != nil || item.Result != v1alpha1.ResultReplaced {
		t.Errorf("Remove = %q, %v, want replaced", item.Result, err)
	}
	if diff := cmp.Diff([]string{"db-0"}, b.names()); diff != "" {
		t.Errorf("pods (-want +got):\n%s", diff)
	}
}

func TestS42_WithoutAYesNothingIsDeleted(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		in          string
		interactive bool
	}{
		"no":                         {"n\n", true},
		"only return":                {"\n", true},
		"end of input":               {"", true},
		"another word":               {"yep\n", true},
		"a y without its end":        {"y", true},
		"a y that no terminal typed": {"y\n", false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			b.failed("evicted", nil)
			b.options.Interactive = test.interactive
			b.options.In = strings.NewReader(test.in)
			_, err := b.run(t.Context())
			if exit.Code(err) != 1 || len(b.mutating) != 0 || len(b.names()) != 1 {
				t.Errorf("run = %v with requests %v, want exit code 1 and none", err, b.mutating)
			}
			if _, err := os.Stat(b.options.Archive); !os.IsNotExist(err) {
				t.Errorf("the archive was left behind: %v", err)
			}
		})
	}
}

func TestS39_ADryRunSendsNoMutatingRequest(t *testing.T) {
	t.Parallel()
	for _, dryRun := range []v1alpha1.DryRun{v1alpha1.DryRunClient, v1alpha1.DryRunServer} {
		for _, yes := range []bool{false, true} {
			for _, failIfFound := range []bool{false, true} {
				b := newBench(t)
				b.failed("a", nil)
				b.failed("b", nil)
				b.options.DryRun, b.options.Yes, b.options.FailIfFound = dryRun, yes, failIfFound
				r, err := b.run(t.Context())
				if want := map[bool]int{true: 2}[failIfFound]; exit.Code(err) != want || r.Summary.WouldDelete != 2 {
					t.Errorf("%s: run = %v, summary %+v", dryRun, err, r.Summary)
				}
				if dryRun == v1alpha1.DryRunClient && len(b.mutating) != 0 {
					t.Errorf("requests = %v, want none", b.mutating)
				}
				if len(b.names()) != 2 {
					t.Errorf("%s: left %v, want both pods", dryRun, b.names())
				}
			}
		}
	}
}

func TestATargetThatIsMissingStopsBeforeAnythingIsDeleted(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.failed("evicted", nil)
	b.options.Yes = true
	b.options.Scope.Targets = []scope.Target{{Kind: "Pod", Name: "evicted"}, {Kind: "Pod", Name: "nosuch"}}
	if _, err := b.run(t.Context()); exit.Code(err) != 1 || len(b.mutating) != 0 || len(b.names()) != 1 {
		t.Errorf("run = %v with requests %v, want exit code 1 and none", err, b.mutating)
	}
}

func TestS29_APodWithAFinalizerIsNeverTouched(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.failed("held", func(p *corev1.Pod) { p.Finalizers = []string{"batch.kubernetes.io/job-tracking"} })
	b.failed("free", nil)
	b.options.Yes = true
	r, err := b.run(t.Context())
	if err != nil || r.Summary.Deleted != 1 || r.Summary.SkippedByReason["finalizer"] != 1 {
		t.Errorf("run = %v, summary %+v", err, r.Summary)
	}
	if diff := cmp.Diff([]string{"held"}, b.names()); diff != "" {
		t.Errorf("left (-want +got):\n%s", diff)
	}
	patch := []byte(`{"metadata":{"finalizers":null}}`)
	if _, err := b.server.Client().CoreV1().Pods(b.namespace).Patch(t.Context(), "held", "application/merge-patch+json", patch, metav1.PatchOptions{}); err != nil {
		t.Error(err)
	}
}

func TestAnUnwritableArchiveDeletesNothing(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.failed("evicted", nil)
	b.options.Yes = true
	if err := os.WriteFile(b.options.Archive, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := b.run(t.Context()); exit.Code(err) != 1 || len(b.mutating) != 0 {
		t.Errorf("run = %v with requests %v, want exit code 1 and none", err, b.mutating)
	}
}
