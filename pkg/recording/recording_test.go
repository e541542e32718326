// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package recording_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/podwatch/kubectl-podwatch/pkg/apis/podwatch/v1alpha1"
	"github.com/podwatch/kubectl-podwatch/pkg/diagnose"
	"github.com/podwatch/kubectl-podwatch/pkg/projection"
	"github.com/podwatch/kubectl-podwatch/pkg/reconcile"
	"github.com/podwatch/kubectl-podwatch/pkg/reconcile/stream"
	"github.com/podwatch/kubectl-podwatch/pkg/recording"
)

func noon() time.Time { return time.Date(2026, 11, 20, 12, 0, 0, 123_456_789, time.UTC) }

// secretive is a pod with everything that must not be recorded.
func secretive(name string) *corev1.Pod {
	at := metav1.NewTime(noon().Truncate(time.Second))
	return &corev1.Pod{
		TypeMeta: metav1.TypeMeta{APIVersion: "v1", Kind: "Pod"},
		ObjectMeta: metav1.ObjectMeta{
			Namespace: "shop", Name: name, UID: types.UID("uid-" + name), ResourceVersion: "7", CreationTimestamp: at,
			Annotations: map[string]string{"a": "hunter2"}, Labels: map[string]string{"l": "hunter2"},
		},
		Spec: corev1.PodSpec{NodeName: "n1", Containers: []corev1.Container{{
			Name: "app", Env: []corev1.EnvVar{{Name: "PASSWORD", Value: "hunter2"}}, Args: []string{"--token=hunter2"},
		}}},
		Status: corev1.PodStatus{
			Phase: corev1.PodRunning, StartTime: &at,
			Conditions: []corev1.PodCondition{{Type: corev1.PodReady, Status: corev1.ConditionTrue, LastTransitionTime: at}},
			ContainerStatuses: []corev1.ContainerStatus{{
				Name: "app", Ready: true, RestartCount: 2, State: corev1.ContainerState{Running: &corev1.ContainerStateRunning{StartedAt: at}},
				LastTerminationState: corev1.ContainerState{Terminated: &corev1.ContainerStateTerminated{ExitCode: 1, FinishedAt: at}},
			}},
		},
	}
}

func run() []reconcile.Delivery {
	pod := projection.From(secretive("web"))
	d := func(after time.Duration, d reconcile.Delivery) reconcile.Delivery {
		d.At, d.Context, d.Namespace = noon().Add(after), "prod", "shop"
		return d
	}
	return []reconcile.Delivery{
		{At: noon()},
		d(1, reconcile.Delivery{Status: &stream.Status{State: stream.Stale, Err: errors.New("refused"), Attempts: 2, Relisting: true}}),
		d(2, reconcile.Delivery{Pod: pod, Initial: true}),
		d(3, reconcile.Delivery{Synced: true}),
		d(4, reconcile.Delivery{Status: &stream.Status{State: stream.Live, LastFrame: noon(), Skew: time.Second, Relists: 1, Notice: "n"}}),
		d(5, reconcile.Delivery{Err: &stream.ConnectError{Kind: stream.Denied, Namespace: "x", Err: errors.New("no")}}),
		d(6, reconcile.Delivery{Pod: pod, Gone: true, Gap: true}),
		d(7, reconcile.Delivery{Aftermath: aftermath(v1alpha1.EventContainerLogs)}),
		d(8, reconcile.Delivery{Around: &reconcile.Surroundings{
			Since: noon(), Owners: []*projection.Owner{{Kind: "Job", Name: "import", UID: "u1"}}, Absent: []types.UID{"u2"}, Asked: true, Terminating: true,
			Limitations: []v1alpha1.Limitation{{Resource: "jobs", Reason: "Forbidden", Effect: "e"}},
		}}),
		d(9, reconcile.Delivery{Around: &reconcile.Surroundings{Since: noon(), Named: true}}),
		{At: noon().Add(time.Minute)},
	}
}

// aftermath is what was read about a pod.
func aftermath(kind v1alpha1.EventType) *v1alpha1.PodWatchEvent {
	return &v1alpha1.PodWatchEvent{
		TypeMeta: v1alpha1.TypeMeta("PodWatchEvent"), Type: kind, Time: metav1.NewMicroTime(noon().Truncate(time.Microsecond)),
		Context: "prod", Namespace: "shop", Name: "web", UID: "uid-web", Container: "app", Severity: v1alpha1.SeverityInfo,
		Logs: []string{"panic: <nil>", "é"},
	}
}

func header() recording.Header {
	return recording.Header{
		Version: "v1", Started: noon(), Sources: []recording.Source{{Context: "prod", Namespace: "shop"}}, Thresholds: diagnose.Defaults(),
		Workloads: []string{"deployment/web"},
	}
}

func write(t *testing.T, deliveries []reconcile.Delivery) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "run.jsonl")
	w, err := recording.Create(path, header(), func(err error) { t.Error(err) })
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range deliveries {
		w.Put(d)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return path
}

func read(t *testing.T, data []byte) (*recording.Recording, []reconcile.Delivery, error) {
	t.Helper()
	r, err := recording.Read(bytes.NewReader(data))
	if err != nil {
		return nil, nil, err
	}
	var out []reconcile.Delivery
	for d, err := range r.Deliveries() {
		if err != nil {
			return r, out, err
		}
		out = append(out, d)
	}
	return r, out, nil
}

// asText compares errors by what they say.
func asText() cmp.Options {
	return cmp.Options{
		cmp.Comparer(func(a, b error) bool { return (a == nil) == (b == nil) && (a == nil || a.Error() == b.Error()) }),
		cmpopts.EquateEmpty(),
	}
}

func TestARecordingIsReadAsItWasWritten(t *testing.T) {
	t.Parallel()
	path := write(t, run())
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("file %v, error %v, want mode 0600", info.Mode(), err)
	}
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Contains(data, []byte("hunter2")) {
		t.Errorf("the recording holds more than a projection:\n%s", data)
	}
	r, got, err := read(t, data)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(header(), r.Header); diff != "" {
		t.Errorf("header (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(run(), got, asText()); diff != "" {
		t.Errorf("deliveries (-want +got):\n%s", diff)
	}
	denied, ok := errors.AsType[*stream.ConnectError](got[5].Err)
	if !ok || denied.Kind != stream.Denied {
		t.Errorf("error %#v is no ConnectError of the kind that was written", got[5].Err)
	}
}

func TestWhateverIsCutOffIsSaidAndTheRestIsGood(t *testing.T) {
	t.Parallel()
	data, err := os.ReadFile(write(t, run()))
	if err != nil {
		t.Fatal(err)
	}
	_, all, err := read(t, data)
	if err != nil {
		t.Fatal(err)
	}
	first := bytes.IndexByte(data, '\n') + 1
	last := len(bytes.TrimRight(data, "\n"))
	for n := first; n < last; n += 7 {
		_, got, err := read(t, data[:n])
		if !errors.Is(err, recording.ErrCut) {
			t.Fatalf("cut at byte %d: error %v, want ErrCut", n, err)
		}
		if diff := cmp.Diff(all[:len(got)], got, asText()); diff != "" {
			t.Fatalf("cut at byte %d (-want +got):\n%s", n, diff)
		}
	}
}

func TestReadRefuses(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{
		"nothing":           "",
		"a table":           "NAME READY\n",
		"another object":    `{"kind":"Pod","apiVersion":"v1"}`,
		"a list":            `[1,2]`,
		"a later version":   `{"kind":"PodWatchRecording","apiVersion":"podwatch.dev/v9","sources":[{}]}`,
		"no sources":        `{"kind":"PodWatchRecording","apiVersion":"podwatch.dev/v1alpha1"}`,
		"a watch of others": `{"type":"ADDED","object":{"kind":"Node"}}`,
		"an endless line":   `{"kind":"` + strings.Repeat("x", 33<<20),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if _, err := recording.Read(strings.NewReader(text)); err == nil {
				t.Error("no error")
			}
		})
	}
}

// What is read about pods after the end stands behind the last mark.
func TestWhatWasReadAfterTheEndOfARun(t *testing.T) {
	t.Parallel()
	logs, events := aftermath(v1alpha1.EventContainerLogs), aftermath(v1alpha1.EventPodEvents)
	after := []reconcile.Delivery{{At: noon(), Aftermath: logs}, {At: noon(), Aftermath: events}}
	data, err := os.ReadFile(write(t, append(run(), after...)))
	if err != nil {
		t.Fatal(err)
	}
	for name, test := range map[string]struct {
		data []byte
		// all is false if the deliveries are left before their end.
		all  bool
		want []*v1alpha1.PodWatchEvent
	}{
		"whole":    {data, true, []*v1alpha1.PodWatchEvent{logs, events}},
		"left":     {data, false, []*v1alpha1.PodWatchEvent{logs, events}},
		"cut off":  {data[:len(data)-9], true, []*v1alpha1.PodWatchEvent{logs}},
		"too many": {append(bytes.Clone(data), bytes.Repeat(data[bytes.LastIndexByte(data[:len(data)-1], '\n')+1:], 1000)...), true, nil},
	} {
		r, err := recording.Read(bytes.NewReader(test.data))
		if err != nil {
			t.Fatal(err)
		}
		n := 0
		for _, err := range r.Deliveries() {
			if err != nil {
				t.Errorf("%s: %v", name, err)
			}
			if n++; !test.all {
				break
			}
		}
		if test.all && n != len(run()) {
			t.Errorf("%s: %d deliveries, want %d", name, n, len(run()))
		}
		got := r.Last()
		if test.want == nil && len(got) == 64 {
			continue
		}
		if diff := cmp.Diff(test.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

func TestAnAftermathThatNobodyHasPrintedIsRefused(t *testing.T) {
	t.Parallel()
	long := aftermath(v1alpha1.EventContainerLogs)
	long.Logs = []string{strings.Repeat("x", 200_000)}
	for want, a := range map[string]*v1alpha1.PodWatchEvent{
		`entry 2: aftermath of type "end"`: aftermath(v1alpha1.EventEnd),
		"entry 2: an aftermath of 200":     long,
	} {
		data, err := os.ReadFile(write(t, []reconcile.Delivery{{At: noon(), Aftermath: a}}))
		if err != nil {
			t.Fatal(err)
		}
		if _, got, err := read(t, data); err == nil || !strings.Contains(err.Error(), want) || len(got) > 0 {
			t.Errorf("%d deliveries, error %v, want %q", len(got), err, want)
		}
	}
}

// kubectl prints what `get pods -w -o json --output-watch-events` gives.
func kubectl(t *testing.T, frames ...any) []byte {
	t.Helper()
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetIndent("", "    ")
	for i := 0; i < len(frames); i += 2 {
		if err := e.Encode(map[string]any{"type": frames[i], "object": frames[i+1]}); err != nil {
			t.Fatal(err)
		}
	}
	return b.Bytes()
}

func TestWhatKubectlPrintsIsRead(t *testing.T) {
	t.Parallel()
	later := func(p *corev1.Pod, d time.Duration) *corev1.Pod {
		p.Status.Conditions[0].LastTransitionTime = metav1.NewTime(noon().Add(d).Truncate(time.Second))
		return p
	}
	data := kubectl(t,
		"ADDED", secretive("a"), "ADDED", later(secretive("b"), time.Minute),
		"MODIFIED", later(secretive("a"), 2*time.Minute), "ADDED", secretive("c"), "DELETED", later(secretive("b"), 3*time.Minute))
	_, got, err := read(t, data)
	if err != nil {
		t.Fatal(err)
	}
	var lines []string
	for _, d := range got {
		line := d.At.Format(time.TimeOnly)
		switch {
		case d.Pod != nil && d.Gone:
			line += " gone " + d.Pod.Name
		case d.Pod != nil && d.Initial:
			line += " initial " + d.Pod.Name
		case d.Pod != nil:
			line += " " + d.Pod.Name
		case d.Synced:
			line += " synced"
		case d.Status != nil:
			line += " " + string(d.Status.State)
		}
		lines = append(lines, line)
	}
	want := []string{
		"12:01:00", "12:01:00 initial a", "12:01:00 initial b", "12:01:00 synced", "12:01:00 LIVE",
		"12:02:00 a", "12:02:00 c", "12:03:00 gone b", "12:03:00",
	}
	if diff := cmp.Diff(want, lines); diff != "" {
		t.Errorf("deliveries (-want +got):\n%s", diff)
	}
	for name, test := range map[string]struct {
		data []byte
		want string
	}{
		"cut off":      {data[:len(data)-40], "the recording was cut off after entry 4"},
		"ended by 410": {kubectl(t, "ADDED", secretive("a"), "ERROR", metav1.Status{Message: "too old"}), "the server has ended the watch: too old"},
		"unknown type": {kubectl(t, "ADDED", secretive("a"), "EXPLODED", secretive("a")), `unknown type "EXPLODED"`},
		"another kind": {kubectl(t, "ADDED", secretive("a"), "MODIFIED", map[string]string{"kind": "Node"}), `kind "Node"`},
	} {
		if _, got, err := read(t, test.data); err == nil || !strings.Contains(err.Error(), test.want) || len(got) < 4 {
			t.Errorf("%s: %d deliveries, error %v, want %q", name, len(got), err, test.want)
		}
	}
}

func TestAClockGoesAsFastAsItIsTold(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		for speed, want := range map[float64]time.Duration{0: 0, 1: time.Minute, 60: time.Second} {
			c, start := recording.NewClock(noon(), speed), time.Now()
			if err := c.Advance(t.Context(), noon().Add(time.Minute)); err != nil {
				t.Fatal(err)
			}
			if err := c.Advance(t.Context(), noon()); err != nil { // never back
				t.Fatal(err)
			}
			if took := time.Since(start); took != want || !c.Now().Equal(noon().Add(time.Minute)) {
				t.Errorf("speed %v: took %v and stands at %v, want %v", speed, took, c.Now(), want)
			}
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if err := recording.NewClock(noon(), 1).Advance(ctx, noon().Add(time.Hour)); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("Advance = %v, want the end of the context", err)
		}
	})
}

// FuzzRead: whatever stands in a file, reading it ends, and what it yields can be
// judged.
func FuzzRead(f *testing.F) {
	pod, err := json.Marshal(secretive("a"))
	if err != nil {
		f.Fatal(err)
	}
	f.Add([]byte(`{"type":"ADDED","object":` + string(pod) + `}`))
	f.Add([]byte(`{"kind":"PodWatchRecording","apiVersion":"podwatch.dev/v1alpha1","sources":[{}]}
{"at":"2026-11-20T12:00:00Z"}
{"at":"2026-11-20T12:00:01Z","pod":{"Containers":[{"Name":"a","Waiting":{}}]}}
{"at":"2026-11-20T12:00:01Z","around":{"owners":[null,{"Kind":"Job","UID":"u"}],"absent":[""]}}
{"at":"2026-11-20T12:00:02Z"}
{"at":"2026-11-20T12:00:02Z","aftermath":{"type":"pod.events","events":[{"reason":"BackOff"}]}}`))
	f.Fuzz(func(_ *testing.T, data []byte) {
		r, err := recording.Read(bytes.NewReader(data))
		if err != nil {
			return
		}
		var related diagnose.Related
		for d, err := range r.Deliveries() {
			if err != nil {
				return
			}
			if d.Around != nil {
				related.Owners = d.Around.Owners
			}
			if d.Pod != nil {
				diagnose.Judge(d.Pod, related, d.At, r.Thresholds)
			}
		}
		r.Last()
	})
}
