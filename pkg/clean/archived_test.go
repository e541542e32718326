// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package clean

import (
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/kubernetes/fake"

	"github.com/podwatch/kubectl-podwatch/pkg/apis/podwatch/v1alpha1"
)

// barePod is a failed pod without a controller.
func barePod(name string, uid types.UID, change func(*corev1.Pod)) *corev1.Pod {
	return failedPod("a", name, func(p *corev1.Pod) {
		p.APIVersion, p.Kind, p.UID, p.OwnerReferences = "v1", "Pod", uid, nil
		if change != nil {
			change(p)
		}
	})
}

// archive writes pods as an archive does.
func archive(t *testing.T, pods ...*corev1.Pod) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "archive")
	if err := os.Mkdir(dir, dirMode); err != nil {
		t.Fatal(err)
	}
	for _, p := range pods {
		file := filepath.Join(dir, p.Name+"_"+string(p.UID)+manifestEnding)
		if err := os.WriteFile(file, []byte(mustJSON(t, p)), fileMode); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// Of several pods of one name one is made anew, also of one second; a dry run
// says which.
func TestArchivedPodsOfOneNameAndSecond(t *testing.T) {
	t.Parallel()
	second := func(p *corev1.Pod) { p.CreationTimestamp = metav1.NewTime(noon) }
	dir := archive(t, barePod("p", "u2", second), barePod("p", "u3", second), barePod("p", "u1", second))
	found, err := ReadArchived([]string{dir, filepath.Join(dir, "p_u3.json")}, Cluster{}, noon, everyPod)
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	for _, i := range found.Items {
		got[i.UID] = string(i.Decision) + i.SkipReason
	}
	want := map[string]string{"u1": "skippedsuperseded", "u2": "skippedsuperseded", "u3": "planned"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("decisions (-want +got):\n%s", diff)
	}
}

func TestArchivedPodsThatReachBeyondThemselves(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		change func(*corev1.PodSpec)
		want   []v1alpha1.Warning
	}{
		"none": {func(*corev1.PodSpec) {}, nil},
		"a privileged init container": {func(s *corev1.PodSpec) {
			s.InitContainers = []corev1.Container{{Name: "i", Image: "z", SecurityContext: &corev1.SecurityContext{Privileged: new(true)}}}
		}, []v1alpha1.Warning{v1alpha1.WarningPrivileged}},
		"not privileged": {func(s *corev1.PodSpec) {
			s.Containers[0].SecurityContext = &corev1.SecurityContext{Privileged: new(false)}
		}, nil},
		"host namespaces": {func(s *corev1.PodSpec) { s.HostPID = true }, []v1alpha1.Warning{v1alpha1.WarningHostNamespace}},
		"host path and network": {func(s *corev1.PodSpec) {
			s.HostNetwork = true
			s.Volumes = []corev1.Volume{{Name: "v", VolumeSource: corev1.VolumeSource{HostPath: &corev1.HostPathVolumeSource{Path: "/"}}}}
		}, []v1alpha1.Warning{v1alpha1.WarningHostNamespace, v1alpha1.WarningHostPath}},
	} {
		found, err := ReadArchived([]string{archive(t, barePod("p", "u", func(p *corev1.Pod) { tt.change(&p.Spec) }))}, Cluster{}, noon, everyPod)
		if err != nil || len(found.Items) != 1 {
			t.Fatalf("%s: %+v, %v", name, found, err)
		}
		if diff := cmp.Diff(tt.want, found.Items[0].Warnings); diff != "" {
			t.Errorf("%s: warnings (-want +got):\n%s", name, diff)
		}
	}
}

// What was shown is what is made: the file may be another by then.
func TestArchivedPodThatWasChangedSinceItWasShown(t *testing.T) {
	t.Parallel()
	dir := archive(t, barePod("p", "u", nil))
	found, err := ReadArchived([]string{dir}, Cluster{}, noon, everyPod)
	if err != nil {
		t.Fatal(err)
	}
	client := fake.NewClientset().CoreV1()
	item := found.Items[0]
	changed := barePod("p", "u", func(p *corev1.Pod) { p.Spec.HostPID = true })
	if err := os.WriteFile(item.ArchivePath, []byte(mustJSON(t, changed)), fileMode); err != nil {
		t.Fatal(err)
	}
	item = found.Restore(t.Context(), client, item, v1alpha1.DryRunNone)
	list, err := client.Pods("a").List(t.Context(), metav1.ListOptions{})
	if item.Result != v1alpha1.ResultError || !strings.Contains(item.Error, "changed since it was shown") || err != nil || len(list.Items) != 0 {
		t.Errorf("item %+v, pods %v, %v", item, list, err)
	}
}

func TestArchivedNamesThatNoServerHasGiven(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*corev1.Pod){
		"a name with a line end":    func(p *corev1.Pod) { p.Name = "p\npod/q" },
		"a name in capitals":        func(p *corev1.Pod) { p.Name = "P" },
		"a namespace with a slash":  func(p *corev1.Pod) { p.Namespace = "a/b" },
		"a namespace with a dot":    func(p *corev1.Pod) { p.Namespace = "a.b" },
		"a uid with a control char": func(p *corev1.Pod) { p.UID = "u\x1b[2J" },
		"no uid":                    func(p *corev1.Pod) { p.UID = "" },
	} {
		file := filepath.Join(t.TempDir(), "x.json")
		if err := os.WriteFile(file, []byte(mustJSON(t, barePod("p", "u", change))), fileMode); err != nil {
			t.Fatal(err)
		}
		if found, err := ReadArchived([]string{file}, Cluster{}, noon, everyPod); err == nil {
			t.Errorf("%s: read %+v", name, found.Items)
		}
	}
}

func TestFoldersThatGetANewName(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	got := missingAbove(filepath.Join(dir, "state", "podwatch", "archive"))
	want := []string{filepath.Join(dir, "state", "podwatch"), filepath.Join(dir, "state"), dir}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("folders to flush (-want +got):\n%s", diff)
	}
	if got := missingAbove(dir); got != nil {
		t.Errorf("folders above one that is there: %v", got)
	}
	made, err := makeDir(filepath.Join(dir, "state", "podwatch", "archive"))
	again, errAgain := makeDir(filepath.Join(dir, "state", "podwatch", "archive"))
	if !made || again || err != nil || errAgain != nil {
		t.Errorf("made %t, %v, then %t, %v", made, err, again, errAgain)
	}
}

func TestArchivePathsAreAbsolute(t *testing.T) {
	pod := failedPod("a", "p")
	t.Chdir(t.TempDir())
	a, err := OpenArchive("archive", noon)
	if err != nil {
		t.Fatal(err)
	}
	a.Spool(pod)
	path, err := a.Commit(itemOf(pod))
	if err != nil || !filepath.IsAbs(path) {
		t.Errorf("Commit() = %q, %v", path, err)
	}
	if err := a.Close(); err != nil {
		t.Error(err)
	}
}

func TestFoldersThatOthersCanWriteTo(t *testing.T) {
	t.Parallel()
	if runtime.GOOS == "windows" {
		t.Skip("modes say nothing here")
	}
	for mode, want := range map[os.FileMode]bool{0o700: true, 0o755: true, 0o770: false, 0o702: false, 0o777 | os.ModeSticky: false} {
		dir := t.TempDir()
		if err := os.Chmod(dir, mode); err != nil {
			t.Fatal(err)
		}
		a, err := OpenArchive(dir, noon)
		if (err == nil) != want {
			t.Errorf("OpenArchive() of a folder %v = %v", mode, err)
		}
		if err == nil {
			err = a.Close()
		} else if !strings.Contains(err.Error(), "chmod go-w "+dir) {
			t.Errorf("%v does not say what to do", err)
		}
		_, readErr := ReadArchived([]string{dir}, Cluster{}, time.Now(), everyPod)
		if (readErr == nil) != want {
			t.Errorf("ReadArchived() of a folder %v = %v", mode, err)
		}
	}
}
