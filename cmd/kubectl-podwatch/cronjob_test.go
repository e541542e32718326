// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/json"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	authenticationv1 "k8s.io/api/authentication/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/podwatch/kubectl-podwatch/pkg/apis/podwatch/v1alpha1"
)

// archive returns the files of the archive.
func (k *kitchen) archive() []string {
	k.Helper()
	var files []string
	err := filepath.WalkDir(filepath.Join(k.state, "podwatch", "archive"), func(path string, d fs.DirEntry, err error) error {
		if err == nil && d.Type().IsRegular() {
			files = append(files, path)
		}
		return err
	})
	if err != nil {
		k.Fatal(err)
	}
	return files
}

// archiveOfAges makes every other file of the archive so old, and the rest as old
// as is kept. It returns the files that are kept.
func (k *kitchen) archiveOfAges(old, kept time.Duration) []string {
	k.Helper()
	files := k.archive()
	if len(files) < 2 {
		k.Fatalf("archive = %v, want a file to keep and one to remove", files)
	}
	var keep []string
	for i, file := range files {
		age := old
		if i%2 == 0 {
			age = kept
			keep = append(keep, file)
		}
		at := time.Now().Add(-age)
		if err := os.Chtimes(file, at, at); err != nil {
			k.Fatal(err)
		}
	}
	return keep
}

// TestCronJob applies deploy/cronjob.yaml to a real API server and does what its
// pod would do, with the permissions of its service account.
func TestCronJob(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("starts a control plane of its own")
	}
	k := newKitchen(t)
	manifest, err := filepath.Abs(filepath.Join("..", "..", "deploy", "cronjob.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	if out, code := k.cook(k.server.Kubeconfig(), "kubectl apply --validate=strict -f "+manifest); code != 0 || strings.Contains(out, "Warning") {
		t.Fatalf("kubectl apply: exit code %d\n%s", code, out)
	}
	job, err := k.server.Client().BatchV1().CronJobs("podwatch").Get(t.Context(), "podwatch-clean", metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	pod := job.Spec.JobTemplate.Spec.Template.Spec
	token, err := k.server.Client().CoreV1().ServiceAccounts("podwatch").CreateToken(t.Context(), pod.ServiceAccountName,
		&authenticationv1.TokenRequest{}, metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	k.namespace("shop")
	k.namespace("batch")
	k.evicted("shop", "evicted")
	k.evicted("kube-system", "evicted")
	k.job("active", 2, 1)
	line := strings.Join(append(pod.Containers[0].Command, pod.Containers[0].Args...), " ") + " 2>/dev/null"
	out, code := k.cook(k.kubeconfig(token.Status.Token), line)
	var r v1alpha1.CleanReport
	if err := json.Unmarshal([]byte(out), &r); err != nil || code != 0 {
		t.Fatalf("exit code %d, output %q: %v", code, out, err)
	}
	if r.Summary.Deleted != 1 || len(r.Limitations) != 0 || r.Summary.SkippedByReason["forbidden"] != 0 {
		t.Errorf("summary %+v, limitations %+v; want one pod deleted and nothing missing", r.Summary, r.Limitations)
	}
	if !slices.Contains(k.pods(""), "kube-system/evicted") || slices.Contains(k.pods(""), "shop/evicted") {
		t.Errorf("left %v", k.pods(""))
	}
	if !slices.Contains(pod.Containers[0].Args, "--truncate") {
		t.Error("over its limit the CronJob would never delete anything again")
	}

	// The volume is /state in the pod.
	left := k.archiveOfAges(91*24*time.Hour, 89*24*time.Hour)
	prune := strings.ReplaceAll(pod.InitContainers[0].Args[0], "/state/", k.state+"/")
	if out, code := k.cook(k.server.Kubeconfig(), prune); code != 0 || !slices.Equal(k.archive(), left) {
		t.Errorf("prune: exit code %d, left %v, want %v\n%s", code, k.archive(), left, out)
	}
	if out, code := k.cook(k.server.Kubeconfig(), strings.ReplaceAll(pod.InitContainers[0].Args[0], "/state/", k.state+"/none/")); code != 0 {
		t.Errorf("prune before the first night: exit code %d\n%s", code, out)
	}
}
