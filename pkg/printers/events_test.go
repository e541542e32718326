// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package printers_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/podwatch/kubectl-podwatch/pkg/apis/podwatch/v1alpha1"
	"github.com/podwatch/kubectl-podwatch/pkg/printers"
)

// at is a time of day, in seconds after noon.
func at(seconds int) metav1.MicroTime {
	return metav1.NewMicroTime(now().Add(time.Duration(seconds) * time.Second))
}

// day is a run of watch from its first line to its last.
func day() []runtime.Object {
	pod := func(e v1alpha1.PodWatchEvent) *v1alpha1.PodWatchEvent {
		e.Context, e.Namespace, e.UID = "prod-eu", "payments", "uid-"+e.Name
		e.Node, e.Ready = "ip-10-0-1-2", &v1alpha1.Ready{Total: 1}
		return &e
	}
	counts := v1alpha1.PodCounts{Total: 214, Healthy: 209, Failing: 3, Progressing: 2}
	return []runtime.Object{
		&v1alpha1.PodWatchEvent{Type: v1alpha1.EventSummary, Time: at(271), Initial: true, Summary: &v1alpha1.WatchSummary{Pods: counts}},
		pod(v1alpha1.PodWatchEvent{
			Type: v1alpha1.EventCrashLoopEntered, Time: at(271), Name: "api-7c9f5d-x2k9", Initial: true, To: v1alpha1.StateFailing,
			KubectlStatus: "CrashLoopBackOff", Severity: v1alpha1.SeverityCritical, Cause: "CrashLoop", SubCause: "Error",
			Container: "app", Restarts: new(int64(14)), Message: "exit 1 after 2s, next start in 5m",
		}),
		pod(v1alpha1.PodWatchEvent{
			Type: v1alpha1.EventCrashLoopEntered, Time: at(302), Name: "web-5d8-qq1", From: v1alpha1.StateHealthy, To: v1alpha1.StateFailing,
			FromKubectlStatus: "Running", KubectlStatus: "CrashLoopBackOff", Severity: v1alpha1.SeverityCritical, Cause: "CrashLoop",
			SubCause: "Error", Container: "app", Restarts: new(int64(3)), Message: "exit 1 after 4s, next start in 20s",
			Episode: &v1alpha1.Episode{ID: "9f2c51aa03b7c2d4", Since: *ago(0)},
		}),
		pod(v1alpha1.PodWatchEvent{
			Type: v1alpha1.EventContainerLogs, Time: at(303), Name: "web-5d8-qq1", Container: "app", Severity: v1alpha1.SeverityInfo,
			Logs: []string{"connecting", "panic: dial tcp 10.2.1.9:5432: connection refused"},
		}),
		pod(v1alpha1.PodWatchEvent{
			Type: v1alpha1.EventPodEvents, Time: at(303), Name: "web-5d8-qq1", Severity: v1alpha1.SeverityInfo,
			Events: []v1alpha1.PodEvent{{Type: "Warning", Reason: "BackOff", Message: "Back-off restarting failed container app", Count: 4, Last: ago(0)}},
		}),
		pod(v1alpha1.PodWatchEvent{
			Type: v1alpha1.EventPodNotReady, Time: at(310), Name: "cart-0", From: v1alpha1.StateHealthy, To: v1alpha1.StateDegraded,
			FromKubectlStatus: "Running", KubectlStatus: "Running", Severity: v1alpha1.SeverityWarning, Cause: "NotReady",
			Container: "app", Restarts: new(int64(0)), Message: "readiness probe fails: HTTP 503",
		}),
		pod(v1alpha1.PodWatchEvent{
			Type: v1alpha1.EventContainerRestarted, Time: at(330), Name: "cart-1", From: v1alpha1.StateHealthy, To: v1alpha1.StateHealthy,
			FromKubectlStatus: "Running", KubectlStatus: "Running", Severity: v1alpha1.SeverityInfo, Restarts: new(int64(1)),
		}),
		pod(v1alpha1.PodWatchEvent{
			Type: v1alpha1.EventPodRecovered, Time: at(460), Name: "web-5d8-qq1", From: v1alpha1.StateFailing, To: v1alpha1.StateHealthy,
			FromKubectlStatus: "CrashLoopBackOff", KubectlStatus: "Running", Severity: v1alpha1.SeverityInfo, Restarts: new(int64(4)),
			Message: "was failing for 2m38s",
		}),
		&v1alpha1.PodWatchEvent{
			Type: v1alpha1.EventStreamStale, Time: at(540), Context: "prod-eu", Namespace: "payments",
			Severity: v1alpha1.SeverityWarning, Message: "no data for 1m40s, reconnecting: 401 Unauthorized",
		},
		&v1alpha1.PodWatchEvent{
			Type: v1alpha1.EventStreamRelisted, Time: at(612), Context: "prod-eu", Namespace: "payments",
			Severity: v1alpha1.SeverityInfo, Message: "listed anew; changes in between may be missing",
		},
		pod(v1alpha1.PodWatchEvent{
			Type: v1alpha1.EventPodEvicted, Time: at(612), Name: "web-5d8-zz9", From: v1alpha1.StateHealthy, To: v1alpha1.StateFailed, Gap: true,
			FromKubectlStatus: "Running", KubectlStatus: "Evicted", Severity: v1alpha1.SeverityWarning, Cause: "Evicted", SubCause: "Memory",
			Restarts: new(int64(0)), Message: "The node was low on resource: memory.\nContainer app was using 1Gi.",
		}),
		pod(v1alpha1.PodWatchEvent{
			Type: v1alpha1.EventPodDeleted, Time: at(620), Name: "web-5d8-zz9", From: v1alpha1.StateFailed, Severity: v1alpha1.SeverityInfo,
			FromKubectlStatus: "Evicted", KubectlStatus: "Evicted", Restarts: new(int64(0)),
		}),
		swept(v1alpha1.EventCleanPlanned, 621, v1alpha1.CleanItem{DryRun: v1alpha1.DryRunNone}),
		swept(v1alpha1.EventCleanDeleted, 622, v1alpha1.CleanItem{DryRun: v1alpha1.DryRunNone, Result: v1alpha1.ResultTerminating, ArchivePath: "/a/p.json"}),
		swept(v1alpha1.EventCleanPlanned, 623, v1alpha1.CleanItem{DryRun: v1alpha1.DryRunClient}),
		swept(v1alpha1.EventCleanWouldDelete, 623, v1alpha1.CleanItem{DryRun: v1alpha1.DryRunClient, Result: v1alpha1.ResultWouldDelete}),
		swept(v1alpha1.EventCleanSkipped, 624, v1alpha1.CleanItem{Decision: v1alpha1.DecisionSkipped, SkipReason: "loop-guard"}),
		swept(v1alpha1.EventCleanSkipped, 625, v1alpha1.CleanItem{Result: v1alpha1.ResultReplaced}),
		swept(v1alpha1.EventCleanFailed, 626, v1alpha1.CleanItem{Result: v1alpha1.ResultForbidden, Error: "pods is\nforbidden \x1b[31m"}),
		&v1alpha1.PodWatchEvent{Type: v1alpha1.EventSummary, Time: at(871), Summary: &v1alpha1.WatchSummary{
			Pods: counts, Cleaned: 1, Reconciliations: 4211, Unhealthy: 22,
			Streams: []v1alpha1.SummaryStream{
				{Context: "prod-eu", Namespace: "orders", State: v1alpha1.StreamForbidden, BlindSeconds: 11},
				{Context: "prod-us", State: v1alpha1.StreamStale, BlindSeconds: 100},
			},
			Listed: []v1alpha1.SummaryPod{
				{
					Context: "prod-eu", Namespace: "payments", Name: "api-7c9f5d-x2k9", Node: "ip-10-0-1-2", Phase: "Running", State: v1alpha1.StateFailing,
					KubectlStatus: "CrashLoopBackOff", Ready: v1alpha1.Ready{Total: 1}, Restarts: 16, Severity: v1alpha1.SeverityCritical,
					Cause: "CrashLoop", SubCause: "Error", Container: "app", Message: "exit 1 after 2s, next start in 5m",
				},
				{
					Context: "prod-us", Namespace: "orders", Name: "cart-0", Phase: "Pending", State: v1alpha1.StateDegraded, KubectlStatus: "Pending",
					Ready: v1alpha1.Ready{Ready: 1, Total: 2}, Restarts: 1, Severity: v1alpha1.SeverityWarning, Cause: "NotReady",
				},
			},
		}},
		pod(v1alpha1.PodWatchEvent{
			Type: v1alpha1.EventGateUnmet, Time: at(900), Name: "api-7c9f5d-x2k9", To: v1alpha1.StateFailing, KubectlStatus: "CrashLoopBackOff",
			Severity: v1alpha1.SeverityCritical, Cause: "CrashLoop", SubCause: "Error", Container: "app", Restarts: new(int64(16)), Message: "exit 1 after 2s",
		}),
		&v1alpha1.PodWatchEvent{Type: v1alpha1.EventEnd, Time: at(900), Summary: &v1alpha1.WatchSummary{Pods: counts, Cleaned: 1, Reconciliations: 4217}, ExitCode: new(2), Message: `pod "api-7c9f5d-x2k9" is failing`},
	}
}

// swept is an event about the removal of a pod that was evicted nine hours ago.
func swept(kind v1alpha1.EventType, seconds int, item v1alpha1.CleanItem) *v1alpha1.PodWatchEvent {
	item.Namespace, item.Name, item.UID = "payments", "web-5d8-aa1", "u-aa1"
	item.Category, item.Reason, item.AgeSeconds = v1alpha1.CategoryEvicted, "Evicted", new(int64(9*3600))
	if item.Decision == "" {
		item.Decision, item.Action = v1alpha1.DecisionPlanned, v1alpha1.ActionDelete
	}
	severity := v1alpha1.SeverityInfo
	if kind == v1alpha1.EventCleanFailed {
		severity = v1alpha1.SeverityWarning
	}
	return &v1alpha1.PodWatchEvent{
		Type: kind, Time: at(seconds), Namespace: "payments", Name: item.Name, UID: item.UID, Severity: severity, Clean: &item,
	}
}

func TestEvents(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		format string
		opts   printers.EventOptions
	}{
		"line":          {"line", printers.EventOptions{}},
		"line-color":    {"line", printers.EventOptions{Palette: palette(t, printers.ColorAlways)}},
		"line-contexts": {"line", printers.EventOptions{ShowContext: true, Location: time.FixedZone("CET", 3600)}},
		"line-rfc3339":  {"line", printers.EventOptions{Timestamps: printers.TimestampsRFC3339, Location: time.FixedZone("CET", 3600), ASCII: true}},
		"line-no-time":  {"line", printers.EventOptions{Timestamps: printers.TimestampsNone}},
		"json":          {"json", printers.EventOptions{}},
		"yaml":          {"yaml", printers.EventOptions{}},
		"none":          {"none", printers.EventOptions{}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p, err := printers.NewEvents(tt.format, tt.opts)
			if err != nil {
				t.Fatal(err)
			}
			golden(t, printed(t, p, day()...))
		})
	}
}

// writes counts calls of Write.
type writes struct {
	calls int
	last  []byte
}

func (w *writes) Write(data []byte) (int, error) {
	w.calls, w.last = w.calls+1, append([]byte(nil), data...)
	return len(data), nil
}

func TestEventIsOneWriteThatEndsInNewline(t *testing.T) {
	t.Parallel()
	for _, format := range printers.EventFormats() {
		p, err := printers.NewEvents(format, printers.EventOptions{})
		if err != nil {
			t.Fatal(err)
		}
		for i, event := range day() {
			var w writes
			if err := p.PrintObj(event, &w); err != nil {
				t.Fatal(err)
			}
			want := 1
			if format == "none" {
				want = 0
			}
			if w.calls != want || want == 1 && w.last[len(w.last)-1] != '\n' {
				t.Errorf("%s: event %d took %d writes, the last %q", format, i, w.calls, w.last)
			}
		}
	}
}

func TestEventJSONLinesHaveTypeAndTime(t *testing.T) {
	t.Parallel()
	p, err := printers.NewEvents("json", printers.EventOptions{})
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSpace(printed(t, p, day()...)), "\n")
	if len(lines) != len(day()) {
		t.Fatalf("%d lines for %d events", len(lines), len(day()))
	}
	for _, line := range lines {
		var got struct{ APIVersion, Kind, Type, Time string }
		if err := json.Unmarshal([]byte(line), &got); err != nil {
			t.Fatal(err)
		}
		if got.APIVersion != "podwatch.dev/v1alpha1" || got.Kind != "PodWatchEvent" || got.Type == "" || !strings.HasSuffix(got.Time, "Z") {
			t.Errorf("line %s", line)
		}
	}
}

func TestR16_SummaryListsPods(t *testing.T) {
	t.Parallel()
	p, err := printers.NewEvents("line", printers.EventOptions{})
	if err != nil {
		t.Fatal(err)
	}
	s := &v1alpha1.WatchSummary{Cleaned: 7, Reconciliations: 99, Unhealthy: 25}
	s.Pods.Total = 40
	for range 20 {
		s.Listed = append(s.Listed, v1alpha1.SummaryPod{Namespace: "shop", Name: "a", KubectlStatus: "Pending", Cause: "Unschedulable"})
	}
	got := printed(t, p, &v1alpha1.PodWatchEvent{Type: v1alpha1.EventSummary, Time: at(0), Summary: s})
	lines := strings.Split(strings.TrimSuffix(got, "\n"), "\n")
	if want := "12:00:00 # 40 pods; 7 cleaned; 99 reconciliations"; lines[0] != want {
		t.Errorf("first line %q, want %q", lines[0], want)
	}
	if len(lines) != 22 || !strings.HasPrefix(lines[20], "  shop/a   0/0   Pending") || lines[21] != "  and 5 more unhealthy" {
		t.Errorf("%d lines:\n%s", len(lines), got)
	}
}

// The sign says how bad it is: what is no more than information is no warning.
func TestTheSignOfAPodIsThatOfItsSeverity(t *testing.T) {
	t.Parallel()
	p, err := printers.NewEvents("line", printers.EventOptions{Timestamps: printers.TimestampsNone})
	if err != nil {
		t.Fatal(err)
	}
	signs := map[v1alpha1.Severity]string{v1alpha1.SeverityCritical: "!", v1alpha1.SeverityWarning: "?", v1alpha1.SeverityInfo: "."}
	for _, kind := range []v1alpha1.EventType{
		v1alpha1.EventPodFailed, v1alpha1.EventPodEvicted, v1alpha1.EventContainerRestarted, v1alpha1.EventPodNotReady, v1alpha1.EventGateUnmet,
	} {
		for severity, sign := range signs {
			got := printed(t, p, &v1alpha1.PodWatchEvent{Type: kind, Namespace: "shop", Name: "a", Severity: severity})
			if want := sign + " shop/a " + string(kind); !strings.HasPrefix(got, want) {
				t.Errorf("%s of severity %s is printed as %q, want %q", kind, severity, got, want)
			}
		}
	}
}

func TestASummarySaysWhatItDoesNotSee(t *testing.T) {
	t.Parallel()
	stale := func(context, namespace string, seconds int64) v1alpha1.SummaryStream {
		return v1alpha1.SummaryStream{Context: context, Namespace: namespace, State: v1alpha1.StreamStale, BlindSeconds: seconds}
	}
	for name, test := range map[string]struct {
		opts    printers.EventOptions
		streams []v1alpha1.SummaryStream
		want    string
	}{
		"all is live":            {printers.EventOptions{}, []v1alpha1.SummaryStream{}, ""},
		"all namespaces":         {printers.EventOptions{}, []v1alpha1.SummaryStream{stale("", "", 100)}, "; stale for 1m40s"},
		"a namespace, since now": {printers.EventOptions{}, []v1alpha1.SummaryStream{stale("", "g", 0)}, "; g stale"},
		"contexts":               {printers.EventOptions{ShowContext: true}, []v1alpha1.SummaryStream{stale("eu", "", 9), stale("us", "g", 9)}, "; eu stale for 9s; us/g stale for 9s"},
		"more than can be named": {printers.EventOptions{}, slices.Repeat([]v1alpha1.SummaryStream{stale("", "g", 1)}, 7), "; g stale for 1s; g stale for 1s; g stale for 1s; and 4 more"},
		"a name that is no name": {printers.EventOptions{}, []v1alpha1.SummaryStream{stale("", "g\x1b[31m\n", 1)}, "; g[31m | stale for 1s"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test.opts.Timestamps = printers.TimestampsNone
			p, err := printers.NewEvents("line", test.opts)
			if err != nil {
				t.Fatal(err)
			}
			e := &v1alpha1.PodWatchEvent{Type: v1alpha1.EventSummary, Time: at(0), Summary: &v1alpha1.WatchSummary{Streams: test.streams}}
			if got, want := printed(t, p, e), "# 0 pods; 0 cleaned; 0 reconciliations"+test.want+"\n"; got != want {
				t.Errorf("printed %q, want %q", got, want)
			}
		})
	}
}

func TestEventsRefuseUnknownFormat(t *testing.T) {
	t.Parallel()
	_, err := printers.NewEvents("wide", printers.EventOptions{})
	if want := `output format "wide" is none of line, json, yaml, none`; err == nil || err.Error() != want {
		t.Errorf("error %v, want %s", err, want)
	}
}
