// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package live

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/olekukonko/tablewriter/pkg/twwidth"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/podwatch/kubectl-podwatch/pkg/apis/podwatch/v1alpha1"
	"github.com/podwatch/kubectl-podwatch/pkg/printers"
)

var update = flag.Bool("update", false, "write the golden files instead of comparing with them")

// TestMain keeps the locale of the developer out of the widths of "…" and "─".
func TestMain(m *testing.M) {
	twwidth.SetEastAsian(false)
	m.Run()
}

// noon is the now of the tests.
var noon = time.Date(2026, 11, 20, 12, 14, 33, 0, time.UTC)

func ago(d time.Duration) *metav1.Time { return new(metav1.NewTime(noon.Add(-d))) }

// golden compares the screen with testdata/<test>.golden.
func golden(t *testing.T, got string) {
	t.Helper()
	path := filepath.Join("testdata", filepath.FromSlash(t.Name())+".golden")
	if *update {
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s (-want +got)\n%s", path, diff)
	}
}

// subject is a pod that answers.
type subject struct{ row *Row }

func (s subject) Describe(now time.Time) Detail {
	r := s.row
	pod := v1alpha1.Pod{
		Namespace: r.Namespace, Name: r.Name, UID: r.UID, Node: r.Node, State: r.State, KubectlStatus: r.Status, Ready: r.Ready, Restarts: r.Restarts,
		CreatedAt:  new(metav1.NewTime(r.Created)),
		Containers: []v1alpha1.Container{{Name: "app", Type: v1alpha1.ContainerApp, Image: "registry.example/shop/api:1.4.2", State: "Waiting", Reason: r.Status, RestartCount: int32(r.Restarts)}},
	}
	report := &v1alpha1.PodReport{
		ObservedAt: metav1.NewTime(now), Scope: v1alpha1.Scope{Targets: []string{"pod/" + r.Name}},
		Summary: v1alpha1.Summary{Pods: v1alpha1.PodCounts{Total: 1}},
	}
	if f := r.Primary; f != nil {
		finding := *f
		finding.Group = "g"
		finding.Hints = []v1alpha1.Hint{{Command: "kubectl logs -n " + r.Namespace + " " + r.Name + " -c app --previous", Reason: "what it wrote before it ended"}}
		pod.Findings = []v1alpha1.Finding{finding}
		report.Groups = []v1alpha1.Group{{ID: "g", Severity: f.Severity, Cause: f.Cause, SubCause: f.SubCause, Container: f.Container, Message: f.Message, Since: f.Since, SincePrecision: f.SincePrecision, AffectedPods: 1, TotalPods: 1, Workload: v1alpha1.Workload{Kind: "Deployment", Namespace: r.Namespace, Name: "api"}, Restarts: v1alpha1.Restarts{Total: r.Restarts}}}
	}
	report.Pods = []v1alpha1.Pod{pod}
	return Detail{Report: report, Conditions: []Condition{{Type: "Ready", Status: "False", Reason: "ContainersNotReady", Since: noon.Add(-3 * time.Minute)}}}
}

func (s subject) Read(context.Context) Reading {
	return Reading{
		Logs:   []v1alpha1.LogTail{{Container: "app", Source: v1alpha1.LogPrevious, Lines: []string{"starting", "panic: dial tcp 10.0.0.7:5432: connect: connection refused"}}},
		Events: []v1alpha1.PodEvent{{Type: "Warning", Reason: "BackOff", Message: "Back-off restarting failed container", Count: 14, Last: ago(41 * time.Second)}},
		Errors: []error{errors.New(`list events in namespace "payments": forbidden`)},
	}
}

func row(namespace, name, status string, state v1alpha1.State, f *v1alpha1.Finding) Row {
	r := Row{
		ID: ID{Namespace: namespace, Name: name, UID: "uid-" + namespace + "-" + name}, Node: "worker-3", Owner: "ReplicaSet/" + strings.TrimSuffix(name, "-x2k9"), State: state, Status: status,
		Ready: v1alpha1.Ready{Total: 1}, Created: noon.Add(-3 * time.Hour), Primary: f,
	}
	if f == nil {
		r.Ready.Ready = 1
	}
	if status == "CrashLoopBackOff" {
		r.Restarts = 14
	}
	described := r
	r.Subject = subject{&described}
	return r
}

func finding(s v1alpha1.Severity, cause, sub, container string, since *metav1.Time, message string) *v1alpha1.Finding {
	f := &v1alpha1.Finding{Severity: s, Cause: cause, SubCause: sub, Container: container, Since: since, SincePrecision: v1alpha1.SinceExact, Message: message, Evidence: []v1alpha1.Evidence{}}
	if container != "" {
		f.ContainerType = v1alpha1.ContainerApp
	}
	if since == nil {
		f.SincePrecision = v1alpha1.SinceUnknown
	}
	return f
}

// scene is a board with problems of every kind, and a source of a freshness.
func scene(freshness Source) *Board {
	b := NewBoard([]Source{freshness})
	loop := row("payments", "api-7c9f5d-x2k9", "CrashLoopBackOff", v1alpha1.StateFailing,
		finding(v1alpha1.SeverityCritical, "CrashLoop", "Error", "app", ago(3*time.Minute+2*time.Second), "exit 1 after 4s: panic: dial tcp 10.0.0.7:5432: connect: connection refused"))
	b.Put(loop)
	b.Put(row("payments", "worker-6b7-qq1", "ImagePullBackOff", v1alpha1.StateFailing,
		finding(v1alpha1.SeverityCritical, "ImagePull", "NotFound", "worker", ago(12*time.Minute), "registry.example/worker:9.9 does not exist")))
	b.Put(row("orders", "cart-0", "Running", v1alpha1.StateDegraded,
		finding(v1alpha1.SeverityWarning, "NotReady", "", "sidecar", ago(130*time.Second), "not ready \x1b[31mfor\x07 long\nand a second line")))
	b.Put(row("orders", "漢字-😀-pod", "Pending", v1alpha1.StateDegraded, finding(v1alpha1.SeverityWarning, "Unschedulable", "", "", nil, "no node has enough memory")))
	b.Put(row("orders", "new-1", "ContainerCreating", v1alpha1.StateProgressing, nil))
	for i := range 7 {
		b.Put(row("orders", fmt.Sprintf("web-%d", i), "Running", v1alpha1.StateHealthy, nil))
	}
	for i, e := range []v1alpha1.PodWatchEvent{
		{Type: v1alpha1.EventCrashLoopEntered, Namespace: "payments", Name: "api-7c9f5d-x2k9", Container: "app", FromKubectlStatus: "Running", KubectlStatus: "CrashLoopBackOff", Severity: v1alpha1.SeverityCritical, Cause: "CrashLoop", Message: "exit 1 after 4s"},
		{Type: v1alpha1.EventPodRecovered, Namespace: "payments", Name: "web-5d8-qq1", KubectlStatus: "Running", Severity: v1alpha1.SeverityInfo, Message: "after 2m38s"},
		{Type: v1alpha1.EventPodNotReady, Namespace: "orders", Name: "cart-0", KubectlStatus: "Running", Severity: v1alpha1.SeverityWarning, Cause: "NotReady", Message: "\x1b]0;title\x07hostile"},
	} {
		e.Time = metav1.NewMicroTime(noon.Add(time.Duration(i-3) * time.Minute))
		b.Tell(&e)
	}
	b.Synced()
	return b
}

// outage is a board as it looks in an outage.
func outage() *Board {
	b := NewBoard([]Source{fresh})
	bad := func(namespace, name, status string, state v1alpha1.State, f *v1alpha1.Finding) {
		b.Put(row(namespace, name, status, state, f))
	}
	bad("shop", "checkout-6b5c76fd84-6tjp2", "CrashLoopBackOff", v1alpha1.StateFailing, finding(v1alpha1.SeverityCritical, "CrashLoop", "ExitCode", "checkout", ago(56*time.Minute),
		"exit 1, needs manual investigation: panic: read config"))
	bad("payments", "invoices-6cff98ffcb-b92cs", "ImagePullBackOff", v1alpha1.StateFailing, finding(v1alpha1.SeverityCritical, "ImagePull", "Auth", "invoices", ago(18*time.Minute), "pull access denied"))
	bad("data", "warehouse-646959d59d-bvz2f", "Running", v1alpha1.StateDegraded, finding(v1alpha1.SeverityWarning, "NotReady", "ReadinessProbe", "warehouse", ago(4*time.Minute), "running and not ready"))
	for i := range 42 {
		b.Put(row("shop", fmt.Sprintf("web-%d", i), "Running", v1alpha1.StateHealthy, nil))
	}
	for i, e := range []v1alpha1.PodWatchEvent{
		{Type: v1alpha1.EventPodNotReady, Namespace: "data", Name: "warehouse-646959d59d-bvz2f", Container: "warehouse", KubectlStatus: "Running", Severity: v1alpha1.SeverityWarning, Cause: "NotReady", SubCause: "ReadinessProbe"},
		{Type: v1alpha1.EventPodRecovered, Namespace: "shop", Name: "cart-75d87589c8-4tgkt", KubectlStatus: "Running", Severity: v1alpha1.SeverityInfo, Message: "after 2m38s"},
	} {
		e.Time = metav1.NewMicroTime(noon.Add(time.Duration(i-2) * 2 * time.Minute))
		b.Tell(&e)
	}
	b.Synced()
	return b
}

var fresh = Source{Freshness: Live, LastFrame: noon.Add(-20 * time.Second)}

// looking is the state of a screen of that size that has seen the board once.
func looking(t *testing.T, b *Board, width, height int, keys ...string) *state {
	t.Helper()
	s := &state{options: Options{Board: b, Context: "prod-eu", Scope: "all namespaces  -l tier=web", ShowNamespace: true, Location: time.UTC}}
	s.update(resized{width, height})
	s.update(refreshed{b.snapshot(nil), noon})
	pressAll(s, keys...)
	return s
}

// pressAll presses keys, and answers what is asked for.
func pressAll(s *state, keys ...string) (last effect) {
	for _, key := range keys {
		text := ""
		if len([]rune(key)) == 1 {
			text = key
		}
		last = s.update(press{key, text})
		if last.read != nil {
			s.update(answered{last.read.ID, last.read.Subject.Read(context.Background())})
		}
	}
	return last
}

func colours(t *testing.T) printers.Palette {
	t.Helper()
	p, err := printers.NewPalette(printers.ColorAlways, func(string) (string, bool) { return "", false }, true)
	if err != nil {
		t.Fatal(err)
	}
	return p
}
