// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package clean

import (
	"cmp"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/validation"

	"github.com/podwatch/kubectl-podwatch/pkg/apis/podwatch/v1alpha1"
	"github.com/podwatch/kubectl-podwatch/pkg/diagnose"
	"github.com/podwatch/kubectl-podwatch/pkg/projection"
)

// maxManifest bounds a file of an archive, in bytes. An API server stores no
// object of more than 1.5 MiB.
const maxManifest = 8 << 20

// Why an archived pod is not made anew, beside SkipMirrorPod.
const (
	// SkipHasController: its controller has replaced it, or did not want to.
	SkipHasController SkipReason = "has-controller"
	// SkipOtherCluster: it was deleted from another cluster.
	SkipOtherCluster SkipReason = "other-cluster"
	// SkipSuperseded: a pod of the same name was archived that is newer or, if it
	// was created in the same second, has the greater UID.
	SkipSuperseded SkipReason = "superseded"
)

// manifest is a file of an archive, as it was read.
type manifest struct {
	path string
	pod  *corev1.Pod
	// written is when the file was.
	written time.Time
	digest  [sha256.Size]byte
}

// Archived is what was found in an archive.
type Archived struct {
	// Items are the pods, sorted by namespace, name and UID, the planned ones
	// first; their ArchivePath names the file. Planned are those that nobody else
	// makes anew.
	Items []v1alpha1.CleanItem
	// PassedOver is the number of pods that were not wanted.
	PassedOver int
	// read has the digest of each file of Items, by path.
	read map[string][sha256.Size]byte
}

// ReadArchived reads the files and folders of an archive for the cluster here:
// pods that a journal beside their file knows to come from another server are not
// planned; nothing is compared with the zero Cluster. Only pods that want is true
// for are looked at; named is true for those of a file that is itself one of
// paths. Of a folder, the files that end in .json count; one that others may write
// to is refused. A file that holds no pod is an error: it is none of an archive.
// Ages are those at the instant now.
func ReadArchived(paths []string, here Cluster, now time.Time, want func(namespace, name string, named bool) bool) (*Archived, error) {
	files, err := manifests(paths)
	if err != nil {
		return nil, err
	}
	a := &Archived{Items: []v1alpha1.CleanItem{}, read: map[string][sha256.Size]byte{}}
	read := map[string]*manifest{}
	for _, file := range files {
		m, err := readManifest(file)
		if err != nil {
			return nil, err
		}
		if !want(m.pod.Namespace, m.pod.Name, slices.Contains(paths, file)) {
			a.PassedOver++
			continue
		}
		a.Items = append(a.Items, archivedItem(m, now))
		m.pod.Spec, m.pod.Status = corev1.PodSpec{}, corev1.PodStatus{} // of many, only the names stay
		a.read[file], read[file] = m.digest, m
	}
	if here.Server != "" {
		if err := skipForeign(a.Items, here); err != nil {
			return nil, err
		}
	}
	skipSuperseded(a.Items, read)
	slices.SortFunc(a.Items, func(a, b v1alpha1.CleanItem) int {
		return cmp.Or(cmp.Compare(a.Decision, b.Decision), cmp.Compare(a.Namespace, b.Namespace),
			cmp.Compare(a.Name, b.Name), cmp.Compare(a.UID, b.UID), cmp.Compare(a.ArchivePath, b.ArchivePath))
	})
	return a, nil
}

// skipForeign skips the pods of other clusters.
func skipForeign(items []v1alpha1.CleanItem, here Cluster) error {
	uids := map[string]map[types.UID]bool{}
	for i := range items {
		dir := filepath.Dir(items[i].ArchivePath)
		if uids[dir] == nil {
			uids[dir] = map[types.UID]bool{}
		}
		uids[dir][uidOf(items[i])] = true
	}
	for dir, wanted := range uids {
		servers, err := origins(dir, wanted)
		if err != nil {
			return err
		}
		for i := range items {
			server, ok := servers[uidOf(items[i])]
			if ok && server != here.Server && filepath.Dir(items[i].ArchivePath) == dir {
				skipArchived(&items[i], SkipOtherCluster)
			}
		}
	}
	return nil
}

// skipSuperseded skips the pods of which a later one of this cluster has the name.
// read has the manifests, by file.
func skipSuperseded(items []v1alpha1.CleanItem, read map[string]*manifest) {
	newest := map[[2]string]*manifest{}
	for _, item := range items {
		name, m := [2]string{item.Namespace, item.Name}, read[item.ArchivePath]
		if last := newest[name]; item.SkipReason != string(SkipOtherCluster) && (last == nil || compareManifests(m, last) > 0) {
			newest[name] = m
		}
	}
	for i := range items {
		item := &items[i]
		if item.Decision == v1alpha1.DecisionPlanned && newest[[2]string{item.Namespace, item.Name}].path != item.ArchivePath {
			skipArchived(item, SkipSuperseded)
		}
	}
}

func skipArchived(item *v1alpha1.CleanItem, reason SkipReason) {
	item.Decision, item.Action, item.Warnings = v1alpha1.DecisionSkipped, "", nil
	item.SkipReason = string(reason)
}

// compareManifests puts the one last of which the pod is to be made anew. Times
// of creation are whole seconds; the rest only makes all runs choose alike.
func compareManifests(a, b *manifest) int {
	return cmp.Or(a.pod.CreationTimestamp.Compare(b.pod.CreationTimestamp.Time),
		cmp.Compare(a.pod.UID, b.pod.UID), cmp.Compare(a.path, b.path))
}

// manifests returns the files at or in paths, each once, sorted.
func manifests(paths []string) ([]string, error) {
	var files []string
	for _, path := range paths {
		info, err := os.Stat(path)
		if err != nil {
			return nil, fmt.Errorf("read archive: %w", err)
		}
		if !info.IsDir() {
			files = append(files, path)
			continue
		}
		if err := checkPrivate(path, info); err != nil {
			return nil, fmt.Errorf("read archive %q: %w", path, err)
		}
		entries, err := os.ReadDir(path)
		if err != nil {
			return nil, fmt.Errorf("read archive: %w", err)
		}
		for _, e := range entries {
			if e.Type().IsRegular() && strings.HasSuffix(e.Name(), manifestEnding) {
				files = append(files, filepath.Join(path, e.Name()))
			}
		}
	}
	slices.Sort(files)
	return slices.Compact(files), nil
}

// readManifest reads one pod. The error never quotes the file, which holds env
// values.
func readManifest(file string) (*manifest, error) {
	// A pipe would be waited for until somebody writes to it.
	f, err := os.OpenFile(file, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, fmt.Errorf("read archive: %w", err)
	}
	defer func() { _ = f.Close() }()
	info, err := f.Stat()
	switch {
	case err != nil:
		return nil, fmt.Errorf("read archive %q: %w", file, err)
	case !info.Mode().IsRegular():
		return nil, fmt.Errorf("read archive %q: it is no file", file)
	}
	data, err := io.ReadAll(io.LimitReader(f, maxManifest+1))
	switch {
	case err != nil:
		return nil, fmt.Errorf("read archive %q: %w", file, err)
	case len(data) > maxManifest:
		return nil, fmt.Errorf("read archive %q: larger than %d MiB", file, maxManifest>>20)
	}
	pod := &corev1.Pod{}
	if err := json.Unmarshal(data, pod); err != nil {
		return nil, fmt.Errorf("read archive %q: it is no manifest", file)
	}
	if pod.Kind != "Pod" || pod.APIVersion != "v1" || !namesFit(pod) {
		return nil, fmt.Errorf("read archive %q: it holds no pod of a cluster", file)
	}
	return &manifest{path: file, pod: pod, written: info.ModTime(), digest: sha256.Sum256(data)}, nil
}

// namesFit reports whether an API server can have given the pod its names. They
// are printed, one a line, and are parts of requests.
func namesFit(pod *corev1.Pod) bool {
	return len(validation.IsDNS1123Label(pod.Namespace)) == 0 &&
		len(validation.IsDNS1123Subdomain(pod.Name)) == 0 && len(validation.IsDNS1123Subdomain(string(pod.UID))) == 0
}

// archivedItem tells of the pod what was known when its manifest was written.
func archivedItem(m *manifest, now time.Time) v1alpha1.CleanItem {
	p := projection.From(m.pod)
	verdict := asEnded(p, diagnose.Judge(p, diagnose.Related{}, m.written, diagnose.Defaults()), m.written)
	d := Decision{Category: categoryOf(p, verdict)}
	if d.Category != "" {
		d.Age = ageOf(p, d.Category, now)
	}
	switch {
	case p.Mirror, p.Controller != nil && p.Controller.Kind == "Node":
		d.Skip = SkipMirrorPod
	case p.Controller != nil:
		d.Skip = SkipHasController
	}
	item := newItem(p, verdict, d)
	item.ArchivePath, item.Warnings = m.path, nil
	if created := m.pod.CreationTimestamp; !created.IsZero() {
		item.CreatedAt = &metav1.Time{Time: created.UTC()}
	}
	item.Images = imagesOf(&m.pod.Spec)
	if d.Planned() {
		item.Action, item.Warnings = v1alpha1.ActionCreate, powers(&m.pod.Spec)
	}
	return item
}

func imagesOf(spec *corev1.PodSpec) []string {
	var images []string
	for _, c := range slices.Concat(spec.InitContainers, spec.Containers) {
		images = append(images, c.Image)
	}
	slices.Sort(images)
	return slices.Compact(images)
}

// powers are what lets a pod reach beyond itself. Who can write to an archive
// could have given them to it.
func powers(spec *corev1.PodSpec) []v1alpha1.Warning {
	var out []v1alpha1.Warning
	if slices.ContainsFunc(slices.Concat(spec.InitContainers, spec.Containers), func(c corev1.Container) bool {
		return c.SecurityContext != nil && c.SecurityContext.Privileged != nil && *c.SecurityContext.Privileged
	}) {
		out = append(out, v1alpha1.WarningPrivileged)
	}
	if spec.HostNetwork || spec.HostPID || spec.HostIPC {
		out = append(out, v1alpha1.WarningHostNamespace)
	}
	if slices.ContainsFunc(spec.Volumes, func(v corev1.Volume) bool { return v.HostPath != nil }) {
		out = append(out, v1alpha1.WarningHostPath)
	}
	return out
}
