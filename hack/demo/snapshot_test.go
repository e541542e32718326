// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/yaml"

	"github.com/podwatch/kubectl-podwatch/pkg/apis/podwatch/v1alpha1"
	"github.com/podwatch/kubectl-podwatch/pkg/diagnose"
	"github.com/podwatch/kubectl-podwatch/pkg/offline"
	"github.com/podwatch/kubectl-podwatch/pkg/projection"
)

// problem is a cause at a workload.
type problem struct{ namespace, app, cause string }

// promised are the problems of the outage and the pods that they strike.
func promised() map[problem]int {
	want := map[problem]int{}
	for _, f := range faults() {
		want[problem{f.namespace, f.app, f.cause}] += f.pods
	}
	return want
}

func TestBundledSnapshotShowsExactlyTheFaultsOfTheOutage(t *testing.T) {
	t.Parallel()
	const name = "snapshot.yaml"
	var pods []*corev1.Pod
	read, err := offline.Read(offline.Open([]string{name}, nil), func(pod *corev1.Pod) error {
		pods = append(pods, pod)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	got := map[problem]int{}
	for _, pod := range pods {
		verdict := diagnose.Judge(projection.From(pod), diagnose.Related{}, read.CaptureTime, diagnose.Defaults())
		if f := verdict.Primary(); f != nil && f.Severity != v1alpha1.SeverityInfo {
			got[problem{pod.Namespace, pod.Labels["app"], f.Cause}]++
		}
	}
	if diff := cmp.Diff(promised(), got, cmp.AllowUnexported(problem{})); diff != "" {
		t.Errorf("problems in %s (-promised +found):\n%s", name, diff)
	}
	if n := len(pods); n < 40 || n > 60 {
		t.Errorf("%d pods, want 40 to 60", n)
	}
}

func TestBundledSnapshotIsWhatKubectlWouldWrite(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("snapshot.yaml")
	if err != nil {
		t.Fatal(err)
	}
	if len(text) > 200<<10 {
		t.Errorf("%d bytes, want at most 200 KiB", len(text))
	}
	for _, alien := range []string{"managedFields", "kubelet.podwatch.dev", "kind: Secret", "127.0.0.1"} {
		if bytes.Contains(text, []byte(alien)) {
			t.Errorf("%q stands in the snapshot", alien)
		}
	}
}

// youngList is what kubectl prints of a cluster that is a minute old: a pod that kwok has started
// and one whose status was set by hand.
const youngList = `{"apiVersion": "v1", "kind": "List", "metadata": {"resourceVersion": ""}, "items": [
{"apiVersion": "apps/v1", "kind": "ReplicaSet",
 "metadata": {"name": "frontend-1", "namespace": "shop", "uid": "rs", "labels": {"app": "frontend"}, "creationTimestamp": "2026-11-20T12:00:00Z"},
 "spec": {"template": {"metadata": {"labels": {"kubelet.podwatch.dev/manual": "status", "app": "frontend"}}}}},
{"apiVersion": "v1", "kind": "Pod",
 "metadata": {"name": "played", "namespace": "shop", "labels": {"app": "frontend"}, "creationTimestamp": "2026-11-20T12:00:01Z",
  "ownerReferences": [{"uid": "rs"}]},
 "spec": {"nodeName": "worker-3"}, "status": {"phase": "Running", "startTime": "2026-11-20T12:00:02Z"}},
{"apiVersion": "v1", "kind": "Pod",
 "metadata": {"name": "struck", "namespace": "shop", "labels": {"app": "frontend"}, "creationTimestamp": "2026-11-20T12:00:01Z",
  "ownerReferences": [{"uid": "rs"}]},
 "spec": {"nodeName": "worker-3"}, "status": {"phase": "Failed", "startTime": "2026-11-01T08:00:00Z"}}]}`

func TestSnapshotGivesAYoungClusterAPast(t *testing.T) {
	t.Parallel()
	text, err := snapshot([]byte(youngList))
	if err != nil {
		t.Fatal(err)
	}
	var list struct {
		Items []struct {
			Metadata struct{ Name, CreationTimestamp string }
			Spec     struct{ NodeName string }
			Status   struct{ StartTime string }
		}
	}
	if err := yaml.Unmarshal(text, &list); err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, item := range list.Items {
		got = append(got, strings.Join([]string{
			item.Metadata.Name, item.Metadata.CreationTimestamp, item.Spec.NodeName, item.Status.StartTime,
		}, " "))
	}
	want := []string{
		"frontend-1 2026-11-01T08:00:00Z  ",                         // as old as its oldest pod
		"played 2026-11-11T12:00:01Z worker-1 2026-11-11T12:00:02Z", // nine days older, on the next node
		"struck 2026-11-01T08:00:00Z worker-3 2026-11-01T08:00:00Z", // as old as its status says
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("objects (-want +got):\n%s", diff)
	}
	if bytes.Contains(text, []byte("kubelet.podwatch.dev")) {
		t.Errorf("a label for kwok is left:\n%s", text)
	}
}

func TestSnapshotRefusesAnObjectOfNoWorkload(t *testing.T) {
	t.Parallel()
	if _, err := snapshot([]byte(strings.ReplaceAll(youngList, `"app": "frontend"`, `"app": "stranger"`))); err == nil {
		t.Error("no error for a pod that is not in the table")
	}
}
