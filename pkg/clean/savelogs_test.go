// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package clean

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"

	"github.com/podwatch/kubectl-podwatch/pkg/apis/podwatch/v1alpha1"
)

// tailer answers for the kubelets, by container; "app/previous" is the run
// before.
type tailer func(ctx context.Context, container string, lines int) ([]string, error)

func (f tailer) Tail(ctx context.Context, _, _, container string, previous bool, lines int) ([]string, error) {
	return f(ctx, map[bool]string{true: container + "/previous", false: container}[previous], lines)
}

func says(text map[string]string) tailer {
	return func(_ context.Context, container string, _ int) ([]string, error) {
		if text, ok := text[container]; ok {
			return strings.Split(text, "\n"), nil
		}
		return nil, apierrors.NewForbidden(corev1.Resource("pods/log"), "p", errors.New("no rule"))
	}
}

// restarted is the status of a container that ended, and had ended before.
func restarted(name string) corev1.ContainerStatus {
	c := ended(name, 1, "Error", ago(time.Hour))
	c.LastTerminationState = ended(name, 1, "Error", ago(2*time.Hour)).State
	return c
}

func TestSaveLogs(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		pod  *corev1.Pod
		from tailer
		// text is what is in the file, "" if there is to be none.
		text    string
		missing string
	}{
		"both runs of a container": {
			pod:  failedPod("a", "p", containers(restarted("app"))),
			from: says(map[string]string{"app": "two\nthree", "app/previous": "one"}),
			text: "==> container app, the run before <==\none\n==> container app <==\ntwo\nthree\n",
		},
		"a log that is forbidden does not stop the others": {
			pod:     failedPod("a", "p", containers(restarted("app"))),
			from:    says(map[string]string{"app": "two"}),
			text:    "==> container app <==\ntwo\n",
			missing: `container app, the run before: pods/log "p" is forbidden: no rule`,
		},
		"credentials and terminal commands": {
			pod:  failedPod("a", "p"),
			from: says(map[string]string{"app": "password=hunter2\n\x1b[31mred\x1b[0m"}),
			text: "==> container app <==\npassword=[REDACTED]\nred\n",
		},
		"an evicted pod, no container of which has run": {
			pod: evictedPod("a", "p", ago(time.Hour)), missing: "no container has run",
		},
		"a crash loop between two runs": {
			pod: failedPod("a", "p", containers(corev1.ContainerStatus{
				Name: "app", State: corev1.ContainerState{Waiting: &corev1.ContainerStateWaiting{Reason: "CrashLoopBackOff"}},
				LastTerminationState: ended("app", 1, "Error", ago(time.Hour)).State,
			}), condition(corev1.PodReady, corev1.ConditionFalse, "PodFailed", ago(time.Hour))),
			from: says(map[string]string{"app/previous": "one"}),
			text: "==> container app, the run before <==\none\n",
		},
		"an init container": {
			pod:  failedPod("a", "p", containers(), initContainers(ended("setup", 1, "Error", ago(time.Hour)))),
			from: says(map[string]string{"setup": "no such table"}),
			text: "==> container setup <==\nno such table\n",
		},
		"more than the file takes": {
			pod: failedPod("a", "p", containers(ended("big", 1, "Error", ago(time.Hour)), ended("app", 1, "Error", ago(time.Hour)))),
			from: says(map[string]string{
				"big": strings.Repeat(strings.Repeat("x", 1000)+"\n", logsSize/1000+100), "app": "one",
			}),
			text: "==> container app <==\none\n", missing: "container big: left out, more than 4 MiB",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newServer(t, test.pod)
			actor, archive := deleting(s)
			archive.SaveLogs(test.from, 1<<20)
			got, err := actor.Remove(t.Context(), planned(test.pod))
			if err != nil || got.Result != v1alpha1.ResultDeleted {
				t.Fatalf("Remove() = %+v, %v; want it deleted", got, err)
			}
			if got.LogsError != test.missing {
				t.Errorf("missing = %q, want %q", got.LogsError, test.missing)
			}
			for _, record := range readJournal(t, archive.dir) {
				if record.LogsPath != got.LogsPath || record.LogsError != got.LogsError {
					t.Errorf("journal = %+v, want the logs of %+v", record, got)
				}
			}
			if test.text == "" {
				if got.LogsPath != "" {
					t.Errorf("logs at %s, want none", got.LogsPath)
				}
				return
			}
			if want := filepath.Join(archive.dir, "a_p_uid-a-p.log"); got.LogsPath != want {
				t.Fatalf("logs at %q, want %s", got.LogsPath, want)
			}
			text, err := os.ReadFile(got.LogsPath)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.text, string(text)); diff != "" {
				t.Errorf("logs (-want +got):\n%s", diff)
			}
			if mode := files(t, archive.dir)["a_p_uid-a-p.log"]; mode != 0o600 && runtime.GOOS != "windows" {
				t.Errorf("mode = %v, want 0600", mode)
			}
		})
	}
}

func TestLogsAreAskedForInTheLinesThatAreWanted(t *testing.T) {
	t.Parallel()
	pod := failedPod("a", "p")
	s := newServer(t, pod)
	actor, archive := deleting(s)
	archive.SaveLogs(tailer(func(_ context.Context, _ string, lines int) ([]string, error) {
		return []string{fmt.Sprintf("asked for %d", lines), "2", "3"}, nil
	}), 2)
	got, _ := actor.Remove(t.Context(), planned(pod))
	text, err := os.ReadFile(got.LogsPath)
	if want := "==> container app <==\n2\n3\n"; err != nil || string(text) != want {
		t.Errorf("logs = %q, %v; want %q", text, err, want)
	}
}

func TestS51_LogsThatCannotBeWrittenKeepThePod(t *testing.T) {
	t.Parallel()
	pod := failedPod("a", "p")
	s := newServer(t, pod)
	actor, archive := deleting(s)
	archive.SaveLogs(says(map[string]string{"app": "one"}), 10)
	if err := os.MkdirAll(filepath.Join(archive.dir, "a_p_uid-a-p.log", "in-the-way"), 0o700); err != nil {
		t.Fatal(err)
	}
	got, err := actor.Remove(t.Context(), planned(pod))
	if err != nil || got.Result != v1alpha1.ResultArchiveFailed || !strings.Contains(got.Error, "archive logs of pod") {
		t.Errorf("Remove() = %+v, %v; want archiveFailed", got, err)
	}
	if sent := s.mutations(); len(sent) > 0 {
		t.Errorf("sent %q", sent)
	}
}

func TestLogsOfALostNodeAreWaitedForOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		pods := manyPods(20)
		pods[0].Spec.NodeName = "n2"
		archive := openArchive(t, pods...)
		var asked atomic.Int32
		archive.SaveLogs(tailer(func(ctx context.Context, _ string, _ int) ([]string, error) {
			asked.Add(1)
			<-ctx.Done()
			return nil, ctx.Err()
		}), 10)
		begun := time.Now()
		for _, pod := range pods {
			item := itemOf(pod)
			item.ArchivePath, _ = archive.Commit(item)
			if err := archive.keepLogs(t.Context(), &item); err != nil || item.LogsError == "" || item.LogsPath != "" {
				t.Errorf("logs of %s = %q, missing %q, %v", pod.Name, item.LogsPath, item.LogsError, err)
			}
		}
		if took := time.Since(begun); took != 2*logsTime || asked.Load() != 2 {
			t.Errorf("%d requests in %s, want one for each of two nodes", asked.Load(), took)
		}
		if err := archive.Close(); err != nil {
			t.Error(err)
		}
	})
}

func TestLogsAreReadOnceForAllAttempts(t *testing.T) {
	t.Parallel()
	pod := failedPod("a", "p")
	archive := openArchive(t, pod)
	asked := 0
	archive.SaveLogs(tailer(func(context.Context, string, int) ([]string, error) {
		asked++
		return []string{"one"}, nil
	}), 10)
	item := itemOf(pod)
	item.ArchivePath, _ = archive.Commit(item)
	for range 3 {
		item.LogsPath = ""
		if err := archive.keepLogs(t.Context(), &item); err != nil || item.LogsPath == "" {
			t.Errorf("keepLogs() = %v, logs at %q", err, item.LogsPath)
		}
	}
	if asked != 1 {
		t.Errorf("%d requests, want one", asked)
	}
}

func TestLogsAreNoManifests(t *testing.T) {
	t.Parallel()
	pod := failedPod("a", "p", func(p *corev1.Pod) { p.OwnerReferences = nil })
	actor, archive := deleting(newServer(t, pod))
	archive.SaveLogs(says(map[string]string{"app": "one"}), 10)
	if _, err := actor.Remove(t.Context(), planned(pod)); err != nil {
		t.Fatal(err)
	}
	found, err := ReadArchived([]string{archive.dir}, Cluster{}, noon, everyPod)
	if err != nil || len(found.Items) != 1 {
		t.Errorf("ReadArchived() = %+v, %v; want the manifest alone", found, err)
	}
}
