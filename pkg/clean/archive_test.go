// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package clean

import (
	"encoding/json"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/podwatch/kubectl-podwatch/pkg/apis/podwatch/v1alpha1"
)

func itemOf(pod *corev1.Pod) v1alpha1.CleanItem {
	return v1alpha1.CleanItem{Namespace: pod.Namespace, Name: pod.Name, UID: string(pod.UID)}
}

func manifestOf(t *testing.T, path string) *corev1.Pod {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	pod := &corev1.Pod{}
	if err := json.Unmarshal(data, pod); err != nil {
		t.Fatal(err)
	}
	return pod
}

// files returns the modes of everything below dir.
func files(t *testing.T, dir string) map[string]fs.FileMode {
	t.Helper()
	out := map[string]fs.FileMode{}
	err := filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := e.Info()
		if err == nil {
			name, _ := filepath.Rel(dir, path)
			out[name] = info.Mode()
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func TestArchiveKeepsWholeManifestsForTheOwnerOnly(t *testing.T) {
	t.Parallel()
	pod := failedPod("a", "p")
	a := openArchive(t, pod)
	path, err := a.Commit(itemOf(pod))
	if err != nil {
		t.Fatal(err)
	}
	want := pod.DeepCopy()
	want.APIVersion, want.Kind = "v1", "Pod"
	got := manifestOf(t, path)
	if want, got := mustJSON(t, want), mustJSON(t, got); want != got {
		t.Errorf("manifest (-want +got):\n%s", cmp.Diff(want, got))
	}
	if pod.Kind != "" {
		t.Error("the pod was changed")
	}
	if err := a.Close(); err != nil {
		t.Fatal(err)
	}
	modes := map[string]fs.FileMode{".": fs.ModeDir | 0o700, "a_p_uid-a-p.json": 0o600}
	if diff := cmp.Diff(modes, files(t, a.dir)); diff != "" && runtime.GOOS != "windows" {
		t.Errorf("archive (-want +got):\n%s", diff)
	}
}

func mustJSON(t *testing.T, v any) string {
	t.Helper()
	data, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

func TestArchiveLeavesNothingThatWasNotCommitted(t *testing.T) {
	t.Parallel()
	a := openArchive(t, failedPod("a", "p"), failedPod("a", "q"))
	if n := len(files(t, a.dir)); n != 3 {
		t.Errorf("%d files while two manifests are spooled, want the spool, its folder and the archive", n)
	}
	if err := a.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(a.dir); !os.IsNotExist(err) {
		t.Errorf("stat of the archive: %v, want it to be gone as it came", err)
	}
}

func TestArchiveKeepsTheNewestManifest(t *testing.T) {
	t.Parallel()
	newer := func(label string) *corev1.Pod {
		return failedPod("a", "p", func(p *corev1.Pod) { p.Labels = map[string]string{"v": label} })
	}
	a := openArchive(t, newer("a longer label than the next one has"), newer("2"))
	for _, want := range []string{"2", "2", "3"} {
		if want == "3" {
			a.Spool(newer("3"))
		}
		path, err := a.Commit(itemOf(newer("")))
		if err != nil {
			t.Fatal(err)
		}
		if got := manifestOf(t, path).Labels["v"]; got != want {
			t.Errorf("archived version %s, want %s", got, want)
		}
	}
}

func TestS52_NamesCarryTheUID(t *testing.T) {
	t.Parallel()
	first := failedPod("a", "p")
	second := failedPod("a", "p", func(p *corev1.Pod) { p.UID = "uid-of-the-next" })
	a := openArchive(t, first, second)
	for _, pod := range []*corev1.Pod{first, second} {
		path, err := a.Commit(itemOf(pod))
		if err != nil {
			t.Fatal(err)
		}
		if want := filepath.Join(a.dir, "a_p_"+string(pod.UID)+".json"); path != want {
			t.Errorf("path = %s, want %s", path, want)
		}
	}
	// A second run with the same pod replaces its file and leaves the other.
	b, err := OpenArchive(a.dir, noon)
	if err != nil {
		t.Fatal(err)
	}
	first.Labels = map[string]string{"run": "2"}
	b.Spool(first)
	path, err := b.Commit(itemOf(first))
	if err != nil {
		t.Fatal(err)
	}
	if got := manifestOf(t, path); got.Labels["run"] != "2" || got.UID != first.UID {
		t.Errorf("archived %s with labels %v, want the manifest of the second run", got.UID, got.Labels)
	}
	if err := b.Close(); err != nil {
		t.Error(err)
	}
	other := manifestOf(t, filepath.Join(a.dir, "a_p_uid-of-the-next.json"))
	if other.UID != second.UID {
		t.Errorf("the other file holds %s", other.UID)
	}
}

func TestArchiveRefusesNamesThatLeadOut(t *testing.T) {
	t.Parallel()
	a := openArchive(t)
	for _, id := range [][3]string{
		{"..", "p", "u"},
		{"a/b", "p", "u"},
		{"a", "../../p", "u"},
		{"a", "p", "../u"},
		{"a", `..\p`, "u"},
		{"a", "p\x00", "u"},
		{"", "p", "u"},
		{"a", "", "u"},
		{"a", "p", ""},
		{"a", "p", strings.Repeat("u", 300)},
	} {
		pod := failedPod(id[0], id[1], func(p *corev1.Pod) { p.UID = types.UID(id[2]) })
		a.Spool(pod)
		if path, err := a.Commit(itemOf(pod)); err == nil {
			t.Errorf("%q was archived as %q", id, path)
		}
	}
	if n := len(files(t, filepath.Dir(a.dir))); n != 3 {
		t.Errorf("files: %v, want none", files(t, filepath.Dir(a.dir)))
	}
}

func TestArchiveDoesNotFollowLinks(t *testing.T) {
	t.Parallel()
	pod := failedPod("a", "p")
	a := openArchive(t)
	outside := filepath.Join(t.TempDir(), "outside")
	writeFile(t, outside)
	if err := os.Symlink(outside, filepath.Join(a.dir, a.committing(pod.UID))); err != nil {
		t.Skipf("no symbolic links: %v", err)
	}
	a.Spool(pod)
	if _, err := a.Commit(itemOf(pod)); err == nil {
		t.Error("a manifest was written through a link that leads out")
	}
	if data, err := os.ReadFile(outside); err != nil || string(data) != "in the way" {
		t.Errorf("the file outside holds %q, %v", data, err)
	}
}

func TestArchiveFileNamesFit(t *testing.T) {
	t.Parallel()
	namespace, name := strings.Repeat("n", 63), strings.Repeat("p", 253)
	pod := failedPod(namespace, name, func(p *corev1.Pod) { p.UID = "0b6b2a1c-54a2-4e0e-8a6c-0d4a3c1f9f11" })
	a := openArchive(t, pod)
	path, err := a.Commit(itemOf(pod))
	if err != nil {
		t.Fatal(err)
	}
	if base := filepath.Base(path); len(base) != 255 || !strings.HasSuffix(base, "_"+string(pod.UID)+".json") {
		t.Errorf("file name %q has %d bytes, want 255 and the UID", base, len(base))
	}
}

func TestOpenArchiveWithAFileInTheWay(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	writeFile(t, filepath.Join(dir, "file"))
	for _, path := range []string{filepath.Join(dir, "file"), filepath.Join(dir, "file", "archive")} {
		if a, err := OpenArchive(path, noon); err == nil {
			t.Errorf("OpenArchive(%q) = %v, want an error", path, a)
		}
	}
}

func TestArchiveIsSafeForConcurrentUse(t *testing.T) {
	t.Parallel()
	a := openArchive(t)
	var group sync.WaitGroup
	for i := range 16 {
		pod := failedPod("a", "p"+string(rune('a'+i)))
		a.Spool(pod)
		group.Go(func() {
			for range 5 {
				a.Spool(pod)
				if _, err := a.Commit(itemOf(pod)); err != nil {
					t.Error(err)
				}
				if err := a.decide(itemOf(pod), noon); err != nil {
					t.Error(err)
				}
				a.conclude(itemOf(pod), noon)
			}
		})
	}
	group.Wait()
	if n := len(readJournal(t, a.dir)); n != 16*5*2 {
		t.Errorf("%d records, want %d", n, 16*5*2)
	}
}

func writeFile(t *testing.T, path string) {
	t.Helper()
	if err := os.WriteFile(path, []byte("in the way"), 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestTheSpoolOfARunWithoutEndStaysSmall(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	a, err := OpenArchive(dir, noon)
	if err != nil {
		t.Fatal(err)
	}
	largest := 0
	for i := range 50 {
		pod := failedPod("shop", "web-"+strings.Repeat("x", i%5))
		pod.UID = types.UID("uid-" + strconv.Itoa(i))
		a.Spool(pod)
		path, err := a.Commit(itemOf(pod))
		if err != nil {
			t.Fatal(err)
		}
		if got := manifestOf(t, path); got.UID != pod.UID {
			t.Errorf("%s holds pod %q, want %q", path, got.UID, pod.UID)
		}
		if info, err := os.Stat(path); err == nil {
			largest = max(largest, int(info.Size()))
		}
		other := failedPod("shop", "never-committed")
		a.Spool(other)
		a.Forget(other.UID)
		a.Forget(pod.UID)
	}
	spools, err := filepath.Glob(filepath.Join(dir, spoolPrefix+"*", "manifests"))
	if err != nil || len(spools) != 1 {
		t.Fatalf("spools %v, %v", spools, err)
	}
	if info, err := os.Stat(spools[0]); err != nil || info.Size() > int64(2*largest) {
		t.Errorf("after 100 pods the spool is %v, %v; one manifest has %d bytes", info.Size(), err, largest)
	}
	if err := a.Close(); err != nil {
		t.Error(err)
	}
}

func TestAnIdleRunWhoseSpoolWasSweptMakesItAnew(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	a, err := OpenArchive(dir, noon)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"first", "second"} {
		pod := failedPod("shop", name)
		if err := os.RemoveAll(filepath.Join(dir, a.spool)); err != nil && runtime.GOOS != "windows" {
			t.Fatal(err)
		}
		a.Spool(pod)
		path, err := a.Commit(itemOf(pod))
		if err != nil {
			t.Fatal(err)
		}
		if got := manifestOf(t, path); got.UID != pod.UID {
			t.Errorf("%s holds pod %q, want %q", path, got.UID, pod.UID)
		}
	}
	if err := a.Close(); err != nil {
		t.Error(err)
	}
}
