// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package clean

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	corev1client "k8s.io/client-go/kubernetes/typed/core/v1"

	"github.com/podwatch/kubectl-podwatch/pkg/apis/podwatch/v1alpha1"
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
	// SkipSuperseded: a pod of the same name was archived later.
	SkipSuperseded SkipReason = "superseded"
)

// Archived returns what can be restored to the cluster here out of the files
// and folders of an archive, as items whose ArchivePath names the file: planned
// are the pods that nobody else makes anew. Pods that a journal beside their file
// knows to come from another server are not planned; nothing is compared with
// the zero Cluster. Only pods that want is true for are looked at. Of a folder,
// the files that end in .json count. A file that holds no pod is an error: it is
// none of an archive. The items are sorted by namespace, name and UID, the
// planned ones first.
func Archived(paths []string, here Cluster, want func(namespace, name string) bool) ([]v1alpha1.CleanItem, error) {
	files, err := manifests(paths)
	if err != nil {
		return nil, err
	}
	items := []v1alpha1.CleanItem{}
	made := map[string]metav1.Time{}
	for _, file := range files {
		pod, err := readManifest(file)
		if err != nil {
			return nil, err
		}
		if want(pod.Namespace, pod.Name) {
			items = append(items, archivedItem(pod, file))
			made[file] = pod.CreationTimestamp
		}
	}
	if here.Server != "" {
		if err := skipForeign(items, here); err != nil {
			return nil, err
		}
	}
	skipSuperseded(items, made)
	slices.SortFunc(items, func(a, b v1alpha1.CleanItem) int {
		return cmp.Or(cmp.Compare(a.Decision, b.Decision), cmp.Compare(a.Namespace, b.Namespace),
			cmp.Compare(a.Name, b.Name), cmp.Compare(a.UID, b.UID))
	})
	return items, nil
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

// skipSuperseded skips the pods of which a later one has the name. made is when
// the pods were created, by file.
func skipSuperseded(items []v1alpha1.CleanItem, made map[string]metav1.Time) {
	newest := map[[2]string]metav1.Time{}
	each := func(visit func(item *v1alpha1.CleanItem, name [2]string, created metav1.Time)) {
		for i := range items {
			if item := &items[i]; item.SkipReason != string(SkipOtherCluster) {
				visit(item, [2]string{item.Namespace, item.Name}, made[item.ArchivePath])
			}
		}
	}
	each(func(_ *v1alpha1.CleanItem, name [2]string, created metav1.Time) {
		if last := newest[name]; !created.Before(&last) {
			newest[name] = created
		}
	})
	each(func(item *v1alpha1.CleanItem, name [2]string, created metav1.Time) {
		if last := newest[name]; item.Decision == v1alpha1.DecisionPlanned && created.Before(&last) {
			skipArchived(item, SkipSuperseded)
		}
	})
}

func skipArchived(item *v1alpha1.CleanItem, reason SkipReason) {
	item.Decision, item.Action, item.SkipReason = v1alpha1.DecisionSkipped, "", string(reason)
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
func readManifest(file string) (*corev1.Pod, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, fmt.Errorf("read archive: %w", err)
	}
	defer func() { _ = f.Close() }()
	switch info, err := f.Stat(); {
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
	if pod.Kind != "Pod" || pod.APIVersion != "v1" || pod.Name == "" || pod.Namespace == "" || pod.UID == "" {
		return nil, fmt.Errorf("read archive %q: it holds no pod of a cluster", file)
	}
	return pod, nil
}

func archivedItem(pod *corev1.Pod, file string) v1alpha1.CleanItem {
	p := projection.From(pod)
	item := v1alpha1.CleanItem{
		Namespace: p.Namespace, Name: p.Name, UID: string(p.UID), Node: p.NodeName, Phase: string(p.Phase), Reason: p.Reason, Restarts: maxRestarts(p),
		Decision: v1alpha1.DecisionPlanned, Action: v1alpha1.ActionCreate, DryRun: v1alpha1.DryRunNone, ArchivePath: file,
	}
	if p.Controller != nil {
		item.Owner = &v1alpha1.OwnerReference{Kind: p.Controller.Kind, Name: p.Controller.Name}
	}
	switch {
	case p.Mirror, p.Controller != nil && p.Controller.Kind == "Node":
		skipArchived(&item, SkipMirrorPod)
	case p.Controller != nil:
		skipArchived(&item, SkipHasController)
	}
	return item
}

// Restore makes the pod of item anew and returns item with its result. It
// reads the manifest again. A pod that has the name is left as it is: the server
// creates and never replaces. With dryRun server, nothing is created.
func Restore(ctx context.Context, client corev1client.PodsGetter, item v1alpha1.CleanItem, dryRun v1alpha1.DryRun) v1alpha1.CleanItem {
	item.DryRun = dryRun
	if dryRun == v1alpha1.DryRunClient {
		return outcome{result: v1alpha1.ResultWouldCreate}.on(item)
	}
	pod, err := readManifest(item.ArchivePath)
	if err == nil && (string(pod.UID) != item.UID || pod.Namespace != item.Namespace || pod.Name != item.Name) {
		err = fmt.Errorf("read archive %q: it holds another pod than the one that was shown", item.ArchivePath)
	}
	if err != nil {
		return outcome{result: v1alpha1.ResultError, err: err}.on(item)
	}
	options, done := metav1.CreateOptions{}, v1alpha1.ResultCreated
	if dryRun == v1alpha1.DryRunServer {
		options.DryRun, done = []string{metav1.DryRunAll}, v1alpha1.ResultWouldCreate
	}
	_, err = client.Pods(item.Namespace).Create(ctx, anew(pod), options)
	switch {
	case err == nil:
		return outcome{result: done}.on(item)
	case apierrors.IsAlreadyExists(err):
		return outcome{result: v1alpha1.ResultExists}.on(item)
	case apierrors.IsForbidden(err):
		return outcome{result: v1alpha1.ResultForbidden, err: err}.on(item)
	}
	return outcome{result: v1alpha1.ResultError, err: err}.on(item)
}

// anew returns what a user would have written: without what the server, the
// scheduler and the kubelet have added, and without owners, which are not known
// to live.
func anew(pod *corev1.Pod) *corev1.Pod {
	out := &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{
			Namespace: pod.Namespace, Name: pod.Name, Labels: pod.Labels, Annotations: pod.Annotations,
		},
		Spec: *pod.Spec.DeepCopy(),
	}
	out.Spec.NodeName = ""
	out.Spec.EphemeralContainers = nil // the server takes them later only
	// The admission fills these in, and refuses values that differ from its own.
	out.Spec.Priority, out.Spec.PreemptionPolicy = nil, nil
	return out
}
