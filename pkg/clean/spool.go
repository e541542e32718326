// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package clean

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/podwatch/kubectl-podwatch/pkg/apis/podwatch/v1alpha1"
)

// maxFileName is what common file systems allow, in bytes.
const maxFileName = 255

// Spool keeps the manifest of pod, in place of an older one of the same UID.
// It writes before it returns, one file at a time, and keeps no reference to
// pod. If it cannot write, Commit will say so.
func (a *Archive) Spool(pod *corev1.Pod) {
	m := &a.manifests
	m.Lock()
	defer m.Unlock()
	m.spooled[pod.UID] = a.writeManifest(pod)
}

func (a *Archive) writeManifest(pod *corev1.Pod) error {
	if _, err := manifestName(pod.Namespace, pod.Name, pod.UID); err != nil {
		return err
	}
	// Objects out of lists and watches come without their kind.
	whole := *pod
	whole.APIVersion, whole.Kind = corev1.SchemeGroupVersion.String(), "Pod"
	data, err := json.Marshal(&whole)
	if err != nil {
		return err
	}
	return a.root.WriteFile(a.spooled(pod.UID), append(data, '\n'), fileMode)
}

func (a *Archive) spooled(uid types.UID) string { return filepath.Join(a.spool, string(uid)+".json") }

// Commit makes the manifest of the pod permanent and returns its path. When it
// returns without an error the file is on stable storage under its final name.
// A file that is there for the same UID is replaced at once and as a whole.
// Committing a pod again keeps a newer manifest, if one was spooled since. It
// must not be called for one pod by two goroutines at the same time.
func (a *Archive) Commit(item v1alpha1.CleanItem) (string, error) {
	path, err := a.commit(item)
	if err != nil {
		return "", fmt.Errorf("archive pod %q: %w", item.Namespace+"/"+item.Name, err)
	}
	return path, nil
}

func (a *Archive) commit(item v1alpha1.CleanItem) (string, error) {
	uid := types.UID(item.UID)
	name, err := manifestName(item.Namespace, item.Name, uid)
	if err != nil {
		return "", err
	}
	taken, path, err := a.take(uid)
	if err != nil || path != "" {
		return path, err
	}
	if err := syncFile(a.root, taken); err != nil {
		return "", err
	}
	if err := a.root.Rename(taken, name); err != nil {
		return "", err
	}
	if err := a.names.wait(); err != nil {
		return "", err
	}
	path = filepath.Join(a.dir, name)
	a.manifests.Lock()
	defer a.manifests.Unlock()
	a.manifests.committed[uid] = path
	return path, nil
}

// take moves the manifest out of the reach of Spool, which may get a newer one
// at any time, and returns its name; or the path if it is committed already.
func (a *Archive) take(uid types.UID) (taken, path string, err error) {
	m := &a.manifests
	m.Lock()
	defer m.Unlock()
	err, ok := m.spooled[uid]
	switch path := m.committed[uid]; {
	case err != nil:
		return "", "", err
	case !ok && path == "":
		return "", "", errors.New("no manifest was seen")
	case !ok:
		return "", path, nil
	}
	delete(m.spooled, uid)
	taken = a.spooled(uid) + ".commit"
	return taken, "", a.root.Rename(a.spooled(uid), taken)
}

// manifestName returns the name of a pod's file. An API server lets none of
// the refused names pass, but a manifest need not come from one.
func manifestName(namespace, name string, uid types.UID) (string, error) {
	for _, part := range []string{namespace, name, string(uid)} {
		if part == "" || strings.ContainsAny(part, "/\\\x00") || strings.Contains(part, "..") {
			return "", fmt.Errorf("file name for namespace %q, name %q, uid %q: not safe", namespace, name, uid)
		}
	}
	tail := "_" + string(uid) + ".json"
	head := namespace + "_" + name
	// A namespace and a name of full length do not fit; the UID must.
	if room := maxFileName - len(tail); room < 1 {
		return "", fmt.Errorf("file name for uid %q: too long", uid)
	} else if len(head) > room {
		head = head[:room]
	}
	return head + tail, nil
}

// syncFile flushes a file that was written and closed before: fsync covers the
// file, not only what was written through one handle.
func syncFile(root *os.Root, name string) error {
	f, err := root.OpenFile(name, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}
