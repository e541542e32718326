// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package logs_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/podwatch/kubectl-podwatch/pkg/apis/podwatch/v1alpha1"
	"github.com/podwatch/kubectl-podwatch/pkg/logs"
)

// tailer answers as its function does, and remembers what it was asked.
type tailer struct {
	answer func(ctx context.Context) ([]string, error)

	mu    sync.Mutex
	asked []string
}

// Tail implements logs.Tailer.
func (f *tailer) Tail(ctx context.Context, namespace, pod, container string, previous bool, lines int) ([]string, error) {
	f.mu.Lock()
	f.asked = append(f.asked, fmt.Sprintf("%s/%s/%s previous=%t lines=%d", namespace, pod, container, previous, lines))
	f.mu.Unlock()
	return f.answer(ctx)
}

func says(lines ...string) *tailer {
	return &tailer{answer: func(context.Context) ([]string, error) { return lines, nil }}
}

func fails(err error) *tailer {
	return &tailer{answer: func(context.Context) ([]string, error) { return nil, err }}
}

// reportOn is a report with one group per pod; each pod is the worst of its
// group, and its first container is at fault.
func reportOn(pods ...v1alpha1.Pod) *v1alpha1.PodReport {
	r := &v1alpha1.PodReport{Limitations: []v1alpha1.Limitation{}, Pods: pods}
	for i := range pods {
		p := &pods[i]
		r.Groups = append(r.Groups, v1alpha1.Group{
			Workload: v1alpha1.Workload{Kind: "Deployment", Namespace: p.Namespace, Name: "w"}, ExamplePod: p.Name, Container: p.Containers[0].Name,
		})
	}
	return r
}

func pod(name string, c v1alpha1.Container) v1alpha1.Pod {
	c.Name = "app"
	return v1alpha1.Pod{Namespace: "shop", Name: name, Containers: []v1alpha1.Container{c}}
}

func ended(reason, message string) *v1alpha1.Termination {
	return &v1alpha1.Termination{Reason: reason, ExitCode: 1, Message: message}
}

func TestReadTakesWhatTellsMost(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		container v1alpha1.Container
		source    v1alpha1.LogSource // empty: no tail
		previous  bool
		requests  int
	}{
		"loops, waits for its next run":                 {v1alpha1.Container{State: "Waiting", RestartCount: 3, LastTermination: ended("Error", "")}, v1alpha1.LogPrevious, true, 1},
		"loops, caught running":                         {v1alpha1.Container{State: "Running", RestartCount: 3, LastTermination: ended("Error", "")}, v1alpha1.LogPrevious, true, 1},
		"loops, caught when it had just ended":          {v1alpha1.Container{State: "Terminated", RestartCount: 3, LastTermination: ended("Error", "")}, v1alpha1.LogCurrent, false, 1},
		"ended for good":                                {v1alpha1.Container{State: "Terminated", LastTermination: ended("Error", "")}, v1alpha1.LogCurrent, false, 1},
		"left its last words":                           {v1alpha1.Container{State: "Waiting", LastTermination: ended("Error", "panic: no disk")}, v1alpha1.LogTerminationMessage, false, 0},
		"runs for the first time":                       {v1alpha1.Container{State: "Running"}, v1alpha1.LogCurrent, false, 1},
		"has never run":                                 {v1alpha1.Container{State: "Waiting", Reason: "ImagePullBackOff"}, "", false, 0},
		"was never reported":                            {v1alpha1.Container{}, "", false, 0},
		"could not be started: the words of a runtime":  {v1alpha1.Container{State: "Waiting", LastTermination: ended("StartError", "exec: not found")}, "", false, 0},
		"was lost: the words of the kubelet are no log": {v1alpha1.Container{State: "Terminated", LastTermination: ended("ContainerStatusUnknown", "The container could not be located")}, v1alpha1.LogCurrent, false, 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r, from := reportOn(pod("web-1", tt.container)), says("a", "b")
			logs.Read(t.Context(), from, r, 7)
			if len(from.asked) != tt.requests {
				t.Errorf("asked %q, want %d requests", from.asked, tt.requests)
			}
			if tt.requests > 0 {
				if want := fmt.Sprintf("shop/web-1/app previous=%t lines=7", tt.previous); from.asked[0] != want {
					t.Errorf("asked %q, want %q", from.asked[0], want)
				}
			}
			switch tail := r.Pods[0].LogsTail; {
			case tt.source == "" && len(tail) != 0:
				t.Errorf("tail %v, want none", tail)
			case tt.source != "" && (len(tail) != 1 || tail[0].Source != tt.source || tail[0].Container != "app" || len(tail[0].Lines) == 0):
				t.Errorf("tail %v, want one from %s", tail, tt.source)
			}
			if len(r.Limitations) > 0 {
				t.Errorf("limitations %v, want none", r.Limitations)
			}
		})
	}
}

func crashing() v1alpha1.Container {
	return v1alpha1.Container{State: "Waiting", RestartCount: 3, LastTermination: ended("Error", "")}
}

func TestReadKeepsTheLastLines(t *testing.T) {
	t.Parallel()
	r := reportOn(pod("web-1", crashing()))
	logs.Read(t.Context(), says("1", "2", "", "3\r", "4\n", "   ", "5"), r, 3)
	if diff := cmp.Diff([]string{"3", "4", "5"}, r.Pods[0].LogsTail[0].Lines); diff != "" {
		t.Errorf("lines (-want +got):\n%s", diff)
	}
	c := crashing()
	c.LastTermination.Message = "one\ntwo\nthree\n"
	r = reportOn(pod("web-1", c))
	logs.Read(t.Context(), says(), r, 2)
	if diff := cmp.Diff([]string{"two", "three"}, r.Pods[0].LogsTail[0].Lines); diff != "" {
		t.Errorf("last words (-want +got):\n%s", diff)
	}
}

func TestReadOfAnEmptyLogSaysSo(t *testing.T) {
	t.Parallel()
	r := reportOn(pod("web-1", crashing()))
	logs.Read(t.Context(), says(), r, 3)
	got, err := json.Marshal(r.Pods[0].LogsTail)
	if err != nil {
		t.Fatal(err)
	}
	if want := `[{"container":"app","source":"Previous","lines":[]}]`; string(got) != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestUnreadableLogsAreLimitations(t *testing.T) {
	t.Parallel()
	resource := schema.GroupResource{Resource: "pods"}
	for want, err := range map[string]error{
		"Forbidden":    apierrors.NewForbidden(resource, "web-1", errors.New("no")),
		"NotFound":     apierrors.NewBadRequest(`previous terminated container "app" in pod "web-1" not found`),
		"Unauthorized": apierrors.NewUnauthorized("who?"),
		"Timeout":      context.DeadlineExceeded,
		"Offline":      logs.ErrNone,
		"Error":        apierrors.NewInternalError(errors.New("dial tcp 10.0.0.1:10250: connect: connection refused")),
	} {
		t.Run(want, func(t *testing.T) {
			t.Parallel()
			r := reportOn(pod("web-1", crashing()), pod("web-2", crashing()))
			r.Limitations = append(r.Limitations, v1alpha1.Limitation{Resource: "replicasets", Namespace: "shop", Reason: "Forbidden"})
			logs.Read(t.Context(), fails(fmt.Errorf("read log: %w", err)), r, 3)
			if len(r.Limitations) != 2 || r.Limitations[0].Resource != "pods/log" || r.Limitations[0].Namespace != "shop" || r.Limitations[0].Reason != want {
				t.Errorf("limitations %v, want one about pods/log with reason %s first", r.Limitations, want)
			}
			if len(r.Pods[0].LogsTail)+len(r.Pods[1].LogsTail) > 0 {
				t.Error("lines out of nothing")
			}
		})
	}
}

func TestReadAsksAboutTheWorstGroupsAndOncePerContainer(t *testing.T) {
	t.Parallel()
	var pods []v1alpha1.Pod
	for i := range 25 {
		pods = append(pods, pod(fmt.Sprintf("web-%02d", i), crashing()))
	}
	r := reportOn(pods...)
	r.Groups = append(r.Groups[:1:1], r.Groups...) // the first container has two problems
	r.Groups[3].Container = ""                     // nobody's fault
	r.Groups[4].ExamplePod = "not-in-the-report"   // no such pod
	r.Groups[5].Container = "not-in-the-pod"       // no such container
	from := says("x")
	logs.Read(t.Context(), from, r, 1)
	if len(from.asked) != 6 {
		t.Errorf("%d requests, want 6 of the first 10 groups: %q", len(from.asked), from.asked)
	}
}

func TestReadIsBounded(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var pods []v1alpha1.Pod
		for i := range 10 {
			pods = append(pods, pod(fmt.Sprintf("web-%02d", i), crashing()))
		}
		r := reportOn(pods...)
		// What goes in while all others wait is counted before the clock moves.
		var now, most atomic.Int32
		silent := &tailer{answer: func(ctx context.Context) ([]string, error) {
			now.Add(1)
			defer now.Add(-1)
			time.Sleep(time.Second)
			most.Store(now.Load())
			<-ctx.Done()
			return nil, ctx.Err()
		}}
		begun := time.Now()
		logs.Read(t.Context(), silent, r, 1)
		if took := time.Since(begun); took != 15*time.Second {
			t.Errorf("took %s, want 5 s for each of 3 rounds of at most 4", took)
		}
		if n := most.Load(); n > 4 {
			t.Errorf("%d requests at once, want at most 4", n)
		}
		if len(r.Limitations) != 1 || r.Limitations[0].Reason != "Timeout" {
			t.Errorf("limitations %v, want one Timeout", r.Limitations)
		}
	})
}

func TestNoSecretAndNoControlCharacterGetsThrough(t *testing.T) {
	t.Parallel()
	const sentinel = "s3ntinelValue0123456789"
	pemLines := func(begin, end bool) []string {
		lines := []string{"MIIEvQIBADANBgkqhkiG9w0BAQEFAASC" + sentinel, sentinel + "=="}
		if begin {
			lines = append([]string{"-----BEGIN RSA PRIVATE KEY-----"}, lines...)
		}
		if end {
			lines = append(lines, "-----END RSA PRIVATE KEY-----")
		}
		return lines
	}
	for name, lines := range map[string][]string{
		"password in a URL":                   {"dial postgres://app:" + sentinel + "@db:5432/app"},
		"assignment":                          {"DB_PASSWORD=" + sentinel, "api_key: x", `{"token": "` + sentinel + `"}`},
		"header":                              {"> Authorization: Bearer " + sentinel, "authorization: Basic " + sentinel},
		"coloured":                            {"\x1b[31mpassword\x1b[0m=\x1b[1m" + sentinel + "\x1b[0m"},
		"split by control characters":         {"pass\x00word=" + sentinel},
		"JSON web token":                      {"got eyJhbGciOiJIUzI1NiJ9." + sentinel + "." + sentinel},
		"private key":                         pemLines(true, true),
		"private key that goes on":            pemLines(true, false),
		"private key that began before":       pemLines(false, true),
		"behind a long text, where it is cut": {strings.Repeat("x", logs.MaxLine-20) + " password=" + sentinel},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := crashing()
			c.LastTermination.Message = strings.Join(lines, "\n")
			r := reportOn(pod("log", crashing()), pod("message", c))
			logs.Read(t.Context(), says(append(lines, "\x1b]0;title\x07\x9b2Jthe end\x7f")...), r, 20)
			for _, p := range r.Pods {
				got := strings.Join(p.LogsTail[0].Lines, "\n")
				if strings.Contains(got, sentinel) || strings.Contains(got, sentinel[:10]) {
					t.Errorf("%s: the secret is in %q", p.Name, got)
				}
				if i := strings.IndexFunc(got, func(r rune) bool { return r < ' ' && r != '\n' && r != '\t' || r >= 0x7f && r < 0xa0 }); i >= 0 {
					t.Errorf("%s: control character in %q", p.Name, got)
				}
			}
			if strings.HasSuffix(name, "that goes on") {
				return // it may go on to the end of the text
			}
			if got := r.Pods[0].LogsTail[0].Lines; !strings.HasSuffix(got[len(got)-1], "2Jthe end") || strings.Contains(got[len(got)-1], "title") {
				t.Errorf("the last line is %q", got[len(got)-1])
			}
		})
	}
}

func TestLongLinesAreCut(t *testing.T) {
	t.Parallel()
	r := reportOn(pod("web-1", crashing()))
	logs.Read(t.Context(), says(strings.Repeat("ä", 1<<20), "end"), r, 5)
	lines := r.Pods[0].LogsTail[0].Lines
	if len(lines) != 2 || len(lines[0]) > logs.MaxLine || !strings.HasSuffix(lines[0], "ä…") {
		t.Errorf("%d lines, the first of %d bytes", len(lines), len(lines[0]))
	}
}
