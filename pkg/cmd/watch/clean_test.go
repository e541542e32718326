// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package watch

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/cli-runtime/pkg/genericiooptions"
	cliprinters "k8s.io/cli-runtime/pkg/printers"
	"k8s.io/client-go/kubernetes/fake"
	"k8s.io/utils/clock"

	"github.com/podwatch/kubectl-podwatch/pkg/apis/podwatch/v1alpha1"
	"github.com/podwatch/kubectl-podwatch/pkg/clean"
	"github.com/podwatch/kubectl-podwatch/pkg/cmd/internal/clocks"
	"github.com/podwatch/kubectl-podwatch/pkg/cmd/internal/exit"
	"github.com/podwatch/kubectl-podwatch/pkg/diagnose"
	"github.com/podwatch/kubectl-podwatch/pkg/printers"
	"github.com/podwatch/kubectl-podwatch/pkg/projection"
	"github.com/podwatch/kubectl-podwatch/pkg/reconcile"
	"github.com/podwatch/kubectl-podwatch/pkg/reconcile/stream"
	"github.com/podwatch/kubectl-podwatch/pkg/recording"
	"github.com/podwatch/kubectl-podwatch/pkg/transition"
)

// cluster plays a cluster whose stream does what a test says.
type cluster struct {
	t      *testing.T
	client *fake.Clientset
	begun  time.Time
	do     chan func(stream.Handler)
	// over is closed at the end of the run.
	over chan struct{}
	out  bytes.Buffer

	mu      sync.Mutex
	removed []removed
	// onRemove is called, if not nil, when a pod was removed.
	onRemove func(name string)
}

// removed is a pod that was removed, after so long.
type removed struct {
	name  string
	after time.Duration
}

func newCluster(t *testing.T) *cluster {
	t.Helper()
	namespace := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: "shop"}}
	return &cluster{t: t, client: fake.NewClientset(namespace), begun: time.Now(), do: make(chan func(stream.Handler)), over: make(chan struct{})}
}

// say has the stream do something, unless the run is over.
func (c *cluster) say(f func(stream.Handler)) {
	select {
	case c.do <- f:
	case <-c.over:
	}
}

// DryRun implements clean.Actor.
func (c *cluster) DryRun() v1alpha1.DryRun { return v1alpha1.DryRunNone }

// Remove implements clean.Actor.
func (c *cluster) Remove(ctx context.Context, item v1alpha1.CleanItem) (v1alpha1.CleanItem, error) {
	if err := c.client.CoreV1().Pods("shop").Delete(ctx, item.Name, metav1.DeleteOptions{}); err != nil {
		c.t.Error(err)
	}
	c.mu.Lock()
	c.removed = append(c.removed, removed{item.Name, time.Since(c.begun)})
	c.mu.Unlock()
	if c.onRemove != nil {
		c.onRemove(item.Name)
	}
	item.Result = v1alpha1.ResultDeleted
	return item, nil
}

// fail makes a pod of the ReplicaSet that has failed.
func (c *cluster) fail(name string) *projection.Pod {
	c.t.Helper()
	pod := &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{
			Namespace: "shop", Name: name, UID: types.UID("uid-" + name), ResourceVersion: "1", CreationTimestamp: metav1.Now(),
			OwnerReferences: []metav1.OwnerReference{{APIVersion: "apps/v1", Kind: "ReplicaSet", Name: "web", UID: "rs", Controller: new(true)}},
		},
		Spec: corev1.PodSpec{NodeName: "n1", Containers: []corev1.Container{{Name: "app"}}},
		Status: corev1.PodStatus{Phase: corev1.PodFailed, ContainerStatuses: []corev1.ContainerStatus{{
			Name: "app", State: corev1.ContainerState{Terminated: &corev1.ContainerStateTerminated{ExitCode: 1, Reason: "Error", FinishedAt: metav1.Now()}},
		}}},
	}
	if err := c.client.Tracker().Add(pod); err != nil {
		c.t.Error(err)
	}
	return projection.From(pod)
}

// run watches and cleans for the given time while script tells the stream what to
// do, and then interrupts it.
func (c *cluster) run(limit time.Duration, script func()) error {
	ctx, cancel := context.WithCancelCause(c.t.Context())
	defer cancel(nil)
	time.AfterFunc(limit, func() { cancel(exit.SignalError{Signal: syscall.SIGINT}) })
	source := reconcile.Source{Namespace: "shop", Run: func(ctx context.Context, h stream.Handler) error {
		for {
			select {
			case f := <-c.do:
				f(h)
			case <-ctx.Done():
				return ctx.Err()
			}
		}
	}}
	events, err := printers.NewEvents("json", printers.EventOptions{})
	if err != nil {
		c.t.Fatal(err)
	}
	o := Options{
		IOStreams: genericiooptions.IOStreams{Out: &c.out, ErrOut: &bytes.Buffer{}}, Thresholds: diagnose.Defaults(),
		Clock: clock.RealClock{}, Tell: transition.Options{SummaryPods: transition.SummaryNone},
		Printer: func(int) cliprinters.ResourcePrinter { return events },
	}
	cleaning := &cleaning{
		Clean: Clean{Rules: clean.Rules{}}, clock: clocks.NewServer(o.Clock), candidates: clean.NewCandidates(clean.Rules{}),
		stop: cancel, live: map[string]bool{},
	}
	cleaning.sweeper = clean.NewSweeper(cleaning.candidates, clean.SweeperConfig{
		Thresholds: o.Thresholds, Limits: clean.Limits{Ended: 100}, Pods: c.client.CoreV1(), Actor: c, Clock: cleaning.clock,
		Clients: clean.Clients{Jobs: c.client.BatchV1(), Namespaces: c.client.CoreV1()}, Tell: cleaning.tell,
	})
	go script()
	defer close(c.over)
	return watchOn(ctx, o, cancel, reconcile.Config{
		Sources: []reconcile.Source{source}, Until: reconcile.UntilStopped, Thresholds: o.Thresholds, Clock: o.Clock, Actor: cleaning,
	}, recording.Header{Started: c.begun, Sources: []recording.Source{{Namespace: "shop"}}}, cleaning)
}

// told returns the clean events: type, pod and skip reason.
func (c *cluster) told() []string {
	var out []string
	for line := range strings.Lines(c.out.String()) {
		var e v1alpha1.PodWatchEvent
		if json.Unmarshal([]byte(line), &e) == nil && e.Clean != nil {
			out = append(out, strings.TrimSpace(string(e.Type)+" "+e.Name+" "+e.Clean.SkipReason))
		}
	}
	return out
}

var inView = stream.Status{State: stream.Live}

// S38: nothing is removed before the sync, while the stream is not live, and after
// a 410 until the list that makes up for it is complete.
func TestS38_NothingIsRemovedOutOfView(t *testing.T) {
	t.Parallel()
	away := func(s stream.Status) func(*cluster) {
		return func(c *cluster) {
			c.say(func(h stream.Handler) { h.Status(inView) })
			c.say(func(h stream.Handler) { h.Upsert(c.fail("web"), stream.Frame{Initial: true}) })
			c.say(func(h stream.Handler) { h.Synced() })
			time.Sleep(15 * time.Second) // one verdict counts by then
			c.say(func(h stream.Handler) { h.Status(s) })
			time.Sleep(5*time.Minute - 15*time.Second)
			c.say(func(h stream.Handler) { h.Status(stream.Status{State: stream.Live, Relists: 1}) })
		}
	}
	for name, script := range map[string]func(*cluster){
		"before the sync": func(c *cluster) {
			c.say(func(h stream.Handler) { h.Status(inView) })
			c.say(func(h stream.Handler) { h.Upsert(c.fail("web"), stream.Frame{Initial: true}) })
			time.Sleep(5 * time.Minute)
			c.say(func(h stream.Handler) { h.Synced() })
		},
		"lagging":      away(stream.Status{State: stream.Lagging}),
		"stale":        away(stream.Status{State: stream.Stale}),
		"forbidden":    away(stream.Status{State: stream.Forbidden}),
		"after a 410":  away(stream.Status{State: stream.Live, Relisting: true}),
		"disconnected": away(stream.Status{State: stream.Connecting}),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				c := newCluster(t)
				if err := c.run(10*time.Minute, func() { script(c) }); err != nil {
					t.Errorf("watch = %v, want a clean end", err)
				}
				var took time.Duration
				if len(c.removed) == 1 {
					took = c.removed[0].after
				}
				// Two verdicts, ten seconds apart, after the first of them.
				if took < 5*time.Minute+10*time.Second || took > 5*time.Minute+30*time.Second {
					t.Errorf("removed %v, want it once, when it was in view again for ten seconds", c.removed)
				}
			})
		})
	}
}

// S56: a ReplicaSet whose pods fail as soon as they are made.
func TestS56_ALoopOfRemovalsIsStopped(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := newCluster(t)
		n := 0
		next := func() {
			p := c.fail(fmt.Sprintf("web-%d", n))
			n++
			go c.say(func(h stream.Handler) { h.Upsert(p, stream.Frame{}) })
		}
		c.onRemove = func(name string) {
			go func() {
				gone := &projection.Pod{ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: name, UID: types.UID("uid-" + name)}}
				c.say(func(h stream.Handler) { h.Delete(gone, stream.Frame{}) })
				time.Sleep(time.Minute)
				next()
			}()
		}
		err := c.run(3*time.Hour, func() {
			c.say(func(h stream.Handler) { h.Status(inView) })
			c.say(func(h stream.Handler) { h.Synced() })
			next()
		})
		if err != nil {
			t.Errorf("watch = %v, want a clean end", err)
		}
		// Three at once; an hour's pause, three more, and a pause of two hours.
		var hours []string
		for _, r := range c.removed {
			hours = append(hours, fmt.Sprintf("%s in hour %d", r.name, int(r.after.Hours())))
		}
		want := []string{"web-0 in hour 0", "web-1 in hour 0", "web-2 in hour 0", "web-3 in hour 1", "web-4 in hour 1", "web-5 in hour 1"}
		if diff := cmp.Diff(want, hours); diff != "" {
			t.Errorf("removed (-want +got):\n%s", diff)
		}
		var guarded []string
		for _, line := range c.told() {
			if strings.HasSuffix(line, "loop-guard") {
				guarded = append(guarded, line)
			}
		}
		if diff := cmp.Diff([]string{"clean.skipped web-3 loop-guard", "clean.skipped web-6 loop-guard"}, guarded); diff != "" {
			t.Errorf("told (-want +got):\n%s", diff)
		}
	})
}
