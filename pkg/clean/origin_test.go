// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package clean

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	corev1client "k8s.io/client-go/kubernetes/typed/core/v1"
	"k8s.io/client-go/rest"

	"github.com/podwatch/kubectl-podwatch/pkg/apis/podwatch/v1alpha1"
)

func TestClusterOfHoldsNoCredentials(t *testing.T) {
	t.Parallel()
	for host, want := range map[string]string{
		"https://10.0.0.1:6443": "10.0.0.1:6443",
		"https://admin:hunter2@rancher.example.com/k8s/clusters/c-1": "rancher.example.com/k8s/clusters/c-1",
		"https://EU.example.com/":                                    "EU.example.com",
		"localhost:8080":                                             "localhost:8080",
	} {
		client, err := corev1client.NewForConfig(&rest.Config{Host: host})
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(Cluster{"prod", want}, ClusterOf("prod", client.RESTClient())); diff != "" {
			t.Errorf("%s (-want +got):\n%s", host, diff)
		}
	}
}

// archiveOf writes manifests and a journal of a run on each server.
func archiveOf(t *testing.T, pods map[string][]*corev1.Pod) string {
	t.Helper()
	dir := t.TempDir()
	for server, pods := range pods {
		a, err := OpenArchive(dir, noon)
		if err != nil {
			t.Fatal(err)
		}
		a.From(Cluster{Server: server})
		for _, pod := range pods {
			a.Spool(pod)
			if _, err := a.Commit(itemOf(pod)); err != nil {
				t.Fatal(err)
			}
			if err := a.decide(itemOf(pod), noon); err != nil {
				t.Fatal(err)
			}
		}
		if err := a.Close(); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func everyPod(string, string, bool) bool { return true }

func TestArchivedOfSeveralClusters(t *testing.T) {
	t.Parallel()
	newer := failedPod("a", "p", bare, func(p *corev1.Pod) {
		p.UID, p.CreationTimestamp = "uid-of-the-next", metav1.Time{Time: noon.Add(-time.Hour)}
	})
	dir := archiveOf(t, map[string][]*corev1.Pod{"here": {failedPod("a", "p", bare)}, "there": {newer, failedPod("a", "q", bare)}})
	for server, want := range map[string]map[string]string{
		"here":  {"uid-a-p": "", "uid-of-the-next": "other-cluster", "uid-a-q": "other-cluster"},
		"there": {"uid-a-p": "other-cluster", "uid-of-the-next": "", "uid-a-q": ""},
		"":      {"uid-a-p": "superseded", "uid-of-the-next": "", "uid-a-q": ""},
	} {
		found, err := ReadArchived([]string{dir}, Cluster{Server: server}, noon, everyPod)
		if err != nil {
			t.Fatal(err)
		}
		items := found.Items
		got := map[string]string{}
		for i := range items {
			got[items[i].UID] = items[i].SkipReason
			if planned := items[i].Decision == v1alpha1.DecisionPlanned; planned != (items[i].SkipReason == "") {
				t.Errorf("item %+v", items[i])
			}
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("restore to %q (-want +got):\n%s", server, diff)
		}
	}
}

// FuzzArchived reads manifests and journals that anybody can have written.
func FuzzArchived(f *testing.F) {
	data, err := json.Marshal(failedPod("a", "p"))
	if err != nil {
		f.Fatal(err)
	}
	manifest := append([]byte(`{"apiVersion":"v1","kind":"Pod",`), data[1:]...)
	f.Add(manifest, []byte(`{"entry":"run","server":"there"}`+"\n"+`{"entry":"decision","uid":"uid-a-p"}`+"\n"))
	f.Add([]byte(`{"kind":"Pod","apiVersion":"v1"}`), []byte("{"))
	f.Fuzz(func(t *testing.T, manifest, journal []byte) {
		dir := t.TempDir()
		if err := os.Mkdir(filepath.Join(dir, journalDir), 0o700); err != nil {
			t.Fatal(err)
		}
		for name, data := range map[string][]byte{"p.json": manifest, journalDir + "/run.jsonl": journal} {
			if err := os.WriteFile(filepath.Join(dir, name), data, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		found, err := ReadArchived([]string{dir}, Cluster{Server: "here"}, noon, everyPod)
		if err != nil {
			if strings.Contains(err.Error(), "hunter2") {
				t.Errorf("error %v quotes an env value", err)
			}
			return
		}
		items := found.Items
		for i := range items {
			if items[i].Namespace == "" || items[i].Name == "" || items[i].UID == "" {
				t.Errorf("item %+v", items[i])
			}
		}
	})
}
