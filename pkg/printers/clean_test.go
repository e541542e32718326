// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package printers_test

import (
	"strings"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/podwatch/kubectl-podwatch/pkg/apis/podwatch/v1alpha1"
	"github.com/podwatch/kubectl-podwatch/pkg/printers"
)

// plan is a clean report before anything was done.
func plan() *v1alpha1.CleanReport {
	rs := &v1alpha1.OwnerReference{Kind: "ReplicaSet", Name: "web-5d8"}
	planned := func(ns, name string, c v1alpha1.Category, reason string, age int64, owner *v1alpha1.OwnerReference) v1alpha1.CleanItem {
		return v1alpha1.CleanItem{
			Namespace: ns, Name: name, UID: "uid-" + name, Node: "ip-10-0-3-7", Category: c, Reason: reason, AgeSeconds: &age,
			AgeBasis: "finishedAt", Owner: owner, Decision: v1alpha1.DecisionPlanned, Action: v1alpha1.ActionDelete, DryRun: v1alpha1.DryRunNone,
		}
	}
	skipped := func(name, reason string, owner *v1alpha1.OwnerReference) v1alpha1.CleanItem {
		return v1alpha1.CleanItem{
			Namespace: "shop", Name: name, UID: "uid-" + name, Category: v1alpha1.CategoryFailed, Owner: owner,
			Decision: v1alpha1.DecisionSkipped, SkipReason: reason, DryRun: v1alpha1.DryRunNone,
		}
	}
	oom := func(i v1alpha1.CleanItem) v1alpha1.CleanItem {
		i.ExitCode, i.Restarts = new(int32(137)), 3
		return i
	}
	return &v1alpha1.CleanReport{
		ObservedAt: metav1.NewTime(now()), Context: "prod-eu", Scope: v1alpha1.Scope{Namespaces: []string{"infra", "shop"}},
		Items: []v1alpha1.CleanItem{
			planned("infra", "log-shipper-2kd8s", v1alpha1.CategoryEvicted, "Evicted", 50*60, nil),
			planned("shop", "web-5d8-qq1", v1alpha1.CategoryEvicted, "Evicted", 9*3600, rs),
			oom(planned("shop", "web-5d8-x2k9", v1alpha1.CategoryFailed, "OOMKilled", 26*3600, rs)),
			skipped("redis-0", "controller-handles", &v1alpha1.OwnerReference{Kind: "StatefulSet", Name: "redis"}),
			skipped("web-5d8-new", "age-unknown", rs),
		},
		Summary: v1alpha1.CleanSummary{
			Scanned: 131, Planned: 3,
			SkippedByReason: map[string]int{"not-matching": 126, "controller-handles": 1, "age-unknown": 1},
			ByCategory:      map[string]int{"evicted": 2, "failed": 1}, ByNamespace: map[string]int{"infra": 1, "shop": 2},
		},
	}
}

// cleaned is plan after it was carried out, with mixed success.
func cleaned() *v1alpha1.CleanReport {
	r := plan()
	r.Items[0].Result = v1alpha1.ResultDeleted
	r.Items[1].Result = v1alpha1.ResultGone
	r.Items[2].Result = v1alpha1.ResultForbidden
	r.Items[2].Error = `pods "web-5d8-x2k9" is forbidden: User "ci" cannot delete resource "pods" in API group "" in the namespace "shop"`
	r.Summary.Deleted, r.Summary.Gone, r.Summary.Forbidden = 1, 1, 1
	return r
}

// rehearsed is plan after a dry run.
func rehearsed(d v1alpha1.DryRun) *v1alpha1.CleanReport {
	r := plan()
	for i := range r.Items[:3] {
		r.Items[i].Result, r.Items[i].DryRun = v1alpha1.ResultWouldDelete, d
	}
	r.Summary.WouldDelete = 3
	return r
}

// risky is plan with living pods that have volumes.
func risky() *v1alpha1.CleanReport {
	r := plan()
	for i, warnings := range [][]v1alpha1.Warning{
		{v1alpha1.WarningLocalData}, {v1alpha1.WarningLocalData, v1alpha1.WarningVolumeClaim},
	} {
		item := &r.Items[i]
		item.Category, item.Reason, item.Action, item.Warnings = v1alpha1.CategoryCrashLoop, "Error", v1alpha1.ActionEvict, warnings
	}
	return r
}

func TestCleanWarning(t *testing.T) {
	t.Parallel()
	want := "warning: living pods to evict: 2 with data in emptyDir or ephemeral volumes, which goes with them; " +
		"1 with a PersistentVolumeClaim, for which a pod on another node may have to wait\n"
	if got := printers.CleanWarning(risky()); got != want {
		t.Errorf("warning %q, want %q", got, want)
	}
	if got := printers.CleanWarning(plan()); got != "" {
		t.Errorf("warning %q, want none", got)
	}
}

func TestCleanTable(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		format string
		opts   printers.CleanOptions
		report *v1alpha1.CleanReport
	}{
		"plan":               {"table", printers.CleanOptions{}, plan()},
		"plan-warnings":      {"table", printers.CleanOptions{}, risky()},
		"plan-wide":          {"wide", printers.CleanOptions{}, plan()},
		"plan-skipped":       {"table", printers.CleanOptions{ShowSkipped: true}, plan()},
		"cleaned":            {"table", printers.CleanOptions{}, cleaned()},
		"cleaned-width-80":   {"table", printers.CleanOptions{Width: 80}, cleaned()},
		"cleaned-no-headers": {"table", printers.CleanOptions{NoHeaders: true, ShowSkipped: true}, cleaned()},
		"cleaned-color":      {"table", printers.CleanOptions{Palette: palette(t, printers.ColorAlways)}, cleaned()},
		"dry-run":            {"table", printers.CleanOptions{}, rehearsed(v1alpha1.DryRunServer)},
		"name":               {"name", printers.CleanOptions{}, cleaned()},
		"json":               {"json", printers.CleanOptions{}, cleaned()},
		"yaml":               {"yaml", printers.CleanOptions{}, plan()},
		"kyaml":              {"kyaml", printers.CleanOptions{}, plan()},
		"jsonpath":           {"jsonpath={.summary.skippedByReason}", printers.CleanOptions{}, plan()},
		"go-template":        {"go-template={{.summary.planned}}", printers.CleanOptions{}, plan()},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p, err := printers.NewClean(tt.format, tt.opts)
			if err != nil {
				t.Fatal(err)
			}
			golden(t, printed(t, p, tt.report))
		})
	}
}

func TestRestoreShowsMoreIfAskedTo(t *testing.T) {
	t.Parallel()
	r := plan()
	created := metav1.NewTime(now())
	r.Items = r.Items[:1]
	r.Items[0].Action, r.Items[0].CreatedAt, r.Items[0].Images = v1alpha1.ActionCreate, &created, []string{"a:1", "b:2"}
	r.Items[0].Warnings = []v1alpha1.Warning{v1alpha1.WarningPrivileged, v1alpha1.WarningHostPath}
	for format, want := range map[string][]string{
		"table": {"WARNING", "privileged,host-path"},
		"wide":  {"NODE", "CREATED", "UID", "IMAGES", "WARNING", now().UTC().Format("2006-01-02T15:04:05Z"), "uid-log-shipper-2kd8s", "a:1,b:2"},
	} {
		p, err := printers.NewClean(format, printers.CleanOptions{})
		if err != nil {
			t.Fatal(err)
		}
		got := printed(t, p, r)
		for _, word := range want {
			if !strings.Contains(got, word) {
				t.Errorf("%s: %q is not in\n%s", format, word, got)
			}
		}
	}
}

func TestCleanTableWithoutPlanIsEmpty(t *testing.T) {
	t.Parallel()
	p, err := printers.NewClean("", printers.CleanOptions{ShowSkipped: true})
	if err != nil {
		t.Fatal(err)
	}
	if got := printed(t, p, &v1alpha1.CleanReport{}); got != "" {
		t.Errorf("printed %q, want nothing", got)
	}
}

func TestCleanQuestion(t *testing.T) {
	t.Parallel()
	single := plan()
	single.Items = single.Items[1:2]
	living := risky()
	living.Items = living.Items[:1]
	for name, tt := range map[string]struct {
		report *v1alpha1.CleanReport
		want   string
	}{
		"several":         {plan(), `Delete 3 pods (2 evicted, 1 failed) in context "prod-eu", namespaces infra, shop? [y/N] `},
		"one":             {single, `Delete 1 pod (1 evicted) in context "prod-eu", namespace shop? [y/N] `},
		"living":          {living, `Evict 1 living pod (1 crashloop) in context "prod-eu", namespace infra? [y/N] `},
		"ended and alive": {risky(), `Delete 1 pod (1 failed) and evict 2 living pods (2 crashloop) in context "prod-eu", namespaces infra, shop? [y/N] `},
	} {
		if got := printers.CleanQuestion(tt.report, `context "prod-eu"`); got != tt.want {
			t.Errorf("%s: question %q, want %q", name, got, tt.want)
		}
	}
	if got, want := printers.CleanAnnouncement(single, `context "prod-eu"`), "To do: delete 1 pod (1 evicted) in context \"prod-eu\", namespace shop.\n"; got != want {
		t.Errorf("announcement %q, want %q", got, want)
	}
}

// Of a clean, what comes of each limitation is always said: it keeps pods.
func TestCleanLimitationsAreToldOneByOne(t *testing.T) {
	t.Parallel()
	got := printers.CleanLimitations([]v1alpha1.Limitation{
		{Resource: "namespaces", Namespace: "b", Reason: "Forbidden", Effect: "all pods are left alone"},
		{Resource: "jobs", Namespace: "a", Reason: "Forbidden", Effect: "pods of Jobs are left alone"},
		{Resource: "namespaces", Namespace: "a", Reason: "Forbidden", Effect: "all pods are left alone"},
	})
	want := `Limitation: jobs in namespace a not read (Forbidden): pods of Jobs are left alone.
Limitation: namespaces in namespaces a, b not read (Forbidden): all pods are left alone.
`
	if got != want {
		t.Errorf("CleanLimitations = %q, want %q", got, want)
	}
}

func TestCleanResultSpeaksLikeKubectl(t *testing.T) {
	t.Parallel()
	for result, tt := range map[v1alpha1.Result]struct {
		dryRun v1alpha1.DryRun
		err    string
		want   string
	}{
		v1alpha1.ResultDeleted:       {"none", "", "pod \"a\" deleted from shop namespace\n"},
		v1alpha1.ResultTerminating:   {"none", "", "pod \"a\" deleted from shop namespace (terminating)\n"},
		v1alpha1.ResultWouldDelete:   {"server", "", "pod \"a\" deleted from shop namespace (server dry run)\n"},
		v1alpha1.ResultGone:          {"none", "", "pod \"a\" not deleted from shop namespace: already gone\n"},
		v1alpha1.ResultReplaced:      {"none", "", "pod \"a\" not deleted from shop namespace: another pod has taken its name\n"},
		v1alpha1.ResultRecovered:     {"none", "", "pod \"a\" not deleted from shop namespace: no longer to be cleaned\n"},
		v1alpha1.ResultBlocked:       {"none", "", "pod \"a\" not deleted from shop namespace: blocked by a disruption budget\n"},
		v1alpha1.ResultConflict:      {"none", "", "pod \"a\" not deleted from shop namespace: changed meanwhile\n"},
		v1alpha1.ResultForbidden:     {"none", "no right", "pod \"a\" not deleted from shop namespace: forbidden: no right\n"},
		v1alpha1.ResultArchiveFailed: {"none", "disk full", "pod \"a\" not deleted from shop namespace: not archived: disk full\n"},
		v1alpha1.ResultError:         {"none", "EOF\n\x1b[31m", "pod \"a\" not deleted from shop namespace: EOF | [31m\n"},
		"":                           {"none", "", "pod \"a\" not deleted from shop namespace: not tried\n"},
	} {
		item := &v1alpha1.CleanItem{Namespace: "shop", Name: "a", DryRun: tt.dryRun, Result: result, Error: tt.err}
		if got := printers.CleanResult(item, printers.Palette{}); got != tt.want {
			t.Errorf("CleanResult(%s) = %q, want %q", result, got, tt.want)
		}
	}
	kept := &v1alpha1.CleanItem{Namespace: "shop", Name: "a", Result: v1alpha1.ResultRecovered, SkipReason: "keep-annotation"}
	if got, want := printers.CleanResult(kept, printers.Palette{}), "pod \"a\" not deleted from shop namespace: no longer to be cleaned: keep-annotation\n"; got != want {
		t.Errorf("kept: %q, want %q", got, want)
	}
	item := &v1alpha1.CleanItem{Namespace: "shop", Name: "a", DryRun: v1alpha1.DryRunClient, Result: v1alpha1.ResultWouldDelete}
	if got, want := printers.CleanResult(item, printers.Palette{}), "pod \"a\" deleted from shop namespace (dry run)\n"; got != want {
		t.Errorf("client dry run: %q, want %q", got, want)
	}
}

func TestRestoreSpeaksOfCreation(t *testing.T) {
	t.Parallel()
	for result, want := range map[v1alpha1.Result]string{
		v1alpha1.ResultCreated:     "pod \"a\" created in shop namespace\n",
		v1alpha1.ResultWouldCreate: "pod \"a\" created in shop namespace (server dry run)\n",
		v1alpha1.ResultExists:      "pod \"a\" not created in shop namespace: a pod has its name\n",
	} {
		item := &v1alpha1.CleanItem{
			Namespace: "shop", Name: "a", Action: v1alpha1.ActionCreate, DryRun: v1alpha1.DryRunServer, Result: result,
		}
		if got := printers.CleanResult(item, printers.Palette{}); got != want {
			t.Errorf("CleanResult(%s) = %q, want %q", result, got, want)
		}
	}
	r := &v1alpha1.CleanReport{
		Items:   []v1alpha1.CleanItem{{Namespace: "shop", Name: "a", Action: v1alpha1.ActionCreate, Decision: v1alpha1.DecisionPlanned}},
		Summary: v1alpha1.CleanSummary{Scanned: 3, Planned: 1, Exists: 1, SkippedByReason: map[string]int{"has-controller": 2}},
	}
	if got, want := printers.RestoreSummary(r), "3 pods archived, 1 to restore: 1 already there; 2 skipped: 2 has-controller.\n"; got != want {
		t.Errorf("RestoreSummary() = %q, want %q", got, want)
	}
	if got, want := printers.CleanQuestion(r, "context \"a\""), "Create 1 pod in context \"a\", namespace shop? [y/N] "; got != want {
		t.Errorf("CleanQuestion() = %q, want %q", got, want)
	}
	if got, want := printers.CleanContextQuestion(plan(), `context "prod-eu"`, "prod-eu"),
		`Delete 3 pods (2 evicted, 1 failed) in context "prod-eu", namespaces infra, shop? Type the name, prod-eu: `; got != want {
		t.Errorf("CleanContextQuestion() = %q, want %q", got, want)
	}
}

func TestCleanSummaryNamesControllersThatDoNotAct(t *testing.T) {
	t.Parallel()
	const line = "1 pod of StatefulSets and DaemonSets ended more than 10m0s ago: their controllers, which remove such pods, do not act.\n"
	for age, want := range map[int64]bool{60: false, 3600: true} {
		r := plan()
		r.Items[3].AgeSeconds = &age
		if got := strings.Contains(printers.CleanSummary(r), line); got != want {
			t.Errorf("ended %d s ago: summary %q", age, printers.CleanSummary(r))
		}
	}
}
