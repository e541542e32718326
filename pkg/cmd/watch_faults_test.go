// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package cmd_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/podwatch/kubectl-podwatch/pkg/apis/podwatch/v1alpha1"
	"github.com/podwatch/kubectl-podwatch/pkg/cmd"
	"github.com/podwatch/kubectl-podwatch/pkg/reconcile/stream/frametest"
	"github.com/podwatch/kubectl-podwatch/pkg/reconcile/stream/streamtest"
)

func TestF07_RightsLostInOneNamespaceLeaveTheOther(t *testing.T) {
	t.Parallel()
	srv := frametest.New(t)
	srv.Put(runningPod("a", "one"), runningPod("b", "two"))
	p := startWatch(t, "-n", "a,b", "--kubeconfig", kubeconfig(t, srv.Config().Host))
	p.until("the summary", ofType(v1alpha1.EventSummary))
	srv.AwaitWatches(2)
	no := frametest.Status(http.StatusForbidden, metav1.StatusReasonForbidden)
	srv.Next(slices.Repeat([]frametest.Fault{in("b", no)}, 30)...)
	srv.CloseWatches()
	lost := p.until("the loss", ofType(v1alpha1.EventStreamForbidden))
	if lost.Namespace != "b" {
		t.Errorf("forbidden in namespace %q, want b", lost.Namespace)
	}
	srv.Put(brokenPod("a", "one"))
	if got := p.until("the change in the other", func(e v1alpha1.PodWatchEvent) bool { return e.Name == "one" }); got.Cause != "ImagePull" {
		t.Errorf("told %+v", got)
	}
}

// in answers with f in one namespace only.
func in(namespace string, f frametest.Fault) frametest.Fault {
	return func(s *frametest.Server, w http.ResponseWriter, r *http.Request) bool {
		return strings.Contains(r.URL.Path, "/namespaces/"+namespace+"/") && f(s, w, r)
	}
}

func TestF21_OneContextIsDownFromTheStart(t *testing.T) {
	t.Parallel()
	up, down := frametest.New(t), frametest.New(t)
	up.Put(runningPod("shop", "a"))
	down.Put(loopingPod("shop", "late", 5), runningPod("shop", "well"))
	down.Refuse()
	start := time.Now()
	p := startWatch(t, "--context", "c0,c1", "--summary-every", "0", "--kubeconfig", kubeconfig(t, up.Config().Host, down.Config().Host))
	first := p.until("the summary", ofType(v1alpha1.EventSummary))
	t.Logf("usable after %v", time.Since(start))
	if first.Summary.Pods.Total != 1 || time.Since(start) > 10*time.Second {
		t.Errorf("summary after %v: %+v", time.Since(start), first.Summary.Pods)
	}
	stale := p.until("what is missing", ofType(v1alpha1.EventStreamStale))
	if stale.Context != "c1" || stale.Message == "" {
		t.Errorf("told %+v", stale)
	}
	down.Listen()
	got := p.until("the pods of the other", func(e v1alpha1.PodWatchEvent) bool { return e.Name != "" })
	if got.Name != "late" || got.Context != "c1" || !got.Initial {
		t.Errorf("told %+v, want the bad pod as initial", got)
	}
	if back := p.until("the return", ofType(v1alpha1.EventStreamLive)); back.Context != "c1" {
		t.Errorf("told %+v", back)
	}
}

// Whoever accepts connections and never answers is waited for as long as a server
// may take, but not by the others.
func TestF21_OneContextNeverAnswers(t *testing.T) {
	t.Parallel()
	up, other, hole := frametest.New(t), frametest.New(t), frametest.New(t)
	up.Put(runningPod("shop", "a"))
	other.Put(loopingPod("shop", "b", 5))
	proxy := frametest.NewProxy(t, strings.TrimPrefix(hole.Config().Host, "http://"))
	proxy.Hole()
	const patience = 10 * time.Second
	start := time.Now()
	p := startWatch(t, "--context", "c0,c1,c2", "--summary-every", "0", "--connect-timeout", patience.String(),
		"--kubeconfig", kubeconfig(t, up.Config().Host, "http://"+proxy.Address(), other.Config().Host))
	first := p.until("the summary", ofType(v1alpha1.EventSummary))
	if took := time.Since(start); first.Summary.Pods.Total != 2 || took > patience/2 {
		t.Errorf("summary of %d pods after %v", first.Summary.Pods.Total, took)
	}
	silent := p.until("what is missing", func(v1alpha1.PodWatchEvent) bool { return true })
	if silent.Type != v1alpha1.EventStreamLagging || silent.Context != "c1" || silent.Message != "nothing heard from the server" {
		t.Errorf("told %+v", silent)
	}
	if bad := p.until("the pods of the others", func(e v1alpha1.PodWatchEvent) bool { return e.Name != "" }); bad.Context != "c2" || !bad.Initial {
		t.Errorf("told %+v", bad)
	}
	failed := p.until("the end of patience", ofType(v1alpha1.EventStreamFailed))
	if took := time.Since(start); failed.Context != "c1" || took < patience || !strings.Contains(failed.Message, "no answer within 10s") {
		t.Errorf("after %v told %+v", took, failed)
	}
	p.stop(cmd.Interrupted(syscall.SIGINT))
	p.until("the end", ofType(v1alpha1.EventEnd))
	if code := <-p.code; code != 3 {
		t.Errorf("exit code %d, want 3: a context could not be read", code)
	}
}

func TestF41_InterruptedWhileTheServerIsDown(t *testing.T) {
	t.Parallel()
	srv := frametest.New(t)
	srv.Put(runningPod("shop", "a"))
	p := startWatch(t, "--kubeconfig", kubeconfig(t, srv.Config().Host))
	p.until("the summary", ofType(v1alpha1.EventSummary))
	srv.Refuse()
	p.until("the loss", ofType(v1alpha1.EventStreamStale))
	asked := time.Now()
	p.stop(cmd.Interrupted(syscall.SIGINT))
	p.until("the end", ofType(v1alpha1.EventEnd))
	if code := <-p.code; code != 0 || time.Since(asked) > time.Second {
		t.Errorf("exit code %d after %v", code, time.Since(asked))
	}
}

func TestF02_ARelistTellsWhatItFoundAndNothingTwice(t *testing.T) {
	t.Parallel()
	srv := frametest.New(t)
	same, p2 := runningPod("shop", "p1"), runningPod("shop", "p2")
	p2.UID = "old"
	srv.Put(same, p2, runningPod("shop", "p4"))
	p := startWatch(t, "--summary-every", "0", "--kubeconfig", kubeconfig(t, srv.Config().Host))
	p.until("the summary", ofType(v1alpha1.EventSummary))
	srv.AwaitWatches(1)
	streamtest.Unseen(srv, func() {
		next := runningPod("shop", "p2")
		next.UID = "new"
		srv.Put(next, runningPod("shop", "p3"))
		srv.Remove("shop", "p4")
	})
	want := map[string]int{
		"pod.deleted p2 gap=true": 1, "pod.replaced p2 gap=true": 1, "pod.added p3 gap=true": 1, "pod.deleted p4 gap=true": 1,
		"stream.relisted": 1,
	}
	told := map[string]int{}
	collect := func(e v1alpha1.PodWatchEvent) {
		if e.Type == v1alpha1.EventStreamRelisted {
			told[string(e.Type)]++
		}
		if e.Name != "" && e.Name != "last" {
			told[fmt.Sprintf("%s %s gap=%t", e.Type, e.Name, e.Gap)]++
		}
	}
	// Only then comes the last pod: in the same list it could be told first.
	p.until("what the list has found", func(e v1alpha1.PodWatchEvent) bool {
		collect(e)
		return len(told) == len(want)
	})
	srv.Put(brokenPod("shop", "last"))
	p.until("the last", func(e v1alpha1.PodWatchEvent) bool {
		collect(e)
		return e.Name == "last"
	})
	if diff := cmp.Diff(want, told); diff != "" {
		t.Errorf("told (-want +got):\n%s", diff)
	}
}

// F14, F16: what the server gets wrong is told as the state of the stream, and what
// client-go says about it is not seen.
func TestF14_F16_FaultsInTheStreamAreOnlyTold(t *testing.T) {
	t.Parallel()
	for name, fault := range map[string]func(*frametest.Server){
		"F14 500 in the stream": func(s *frametest.Server) { s.Fail(http.StatusInternalServerError, metav1.StatusReasonUnknown) },
		"F16 garbage":           func(s *frametest.Server) { s.Send("}}}} no JSON") },
		"F16 unknown event":     func(s *frametest.Server) { s.Send(`{"type":"EXPLODED","object":{}}`) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			srv := frametest.New(t)
			srv.Put(runningPod("shop", "a"))
			p := startWatch(t, "--summary-every", "0", "--kubeconfig", kubeconfig(t, srv.Config().Host))
			p.until("the summary", ofType(v1alpha1.EventSummary))
			srv.Put(runningPod("shop", "warm"))
			p.until("a live frame", about("warm"))
			fault(srv)
			told := map[v1alpha1.EventType]int{}
			p.until("the return", func(e v1alpha1.PodWatchEvent) bool {
				told[e.Type]++
				return told[v1alpha1.EventStreamLive] > 0 && told[v1alpha1.EventStreamRelisted] > 0
			})
			want := map[v1alpha1.EventType]int{v1alpha1.EventStreamLagging: 1, v1alpha1.EventStreamLive: 1, v1alpha1.EventStreamRelisted: 1}
			if diff := cmp.Diff(want, told); diff != "" {
				t.Errorf("told (-want +got):\n%s", diff)
			}
			p.stop(cmd.Interrupted(syscall.SIGINT))
			p.until("the end", ofType(v1alpha1.EventEnd))
			if code := <-p.code; code != 0 || p.stderr.Len() > 0 {
				t.Errorf("exit code %d, stderr %q", code, p.stderr)
			}
		})
	}
}
