// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package clean

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/podwatch/kubectl-podwatch/pkg/apis/podwatch/v1alpha1"
)

// manifestEnding is that of the files that are manifests.
const manifestEnding = ".json"

// maxFileName is what common file systems allow, in bytes.
const maxFileName = 255

// extent is where a manifest stands in the spool, or why it does not.
type extent struct {
	at   int64
	size int
	err  error
}

// Spool keeps the manifest of pod, in place of an older one of the same UID.
// It writes before it returns, one manifest at a time, and keeps no reference to
// pod. If it cannot write, Commit will say so.
func (a *Archive) Spool(pod *corev1.Pod) {
	m := &a.manifests
	m.Lock()
	defer m.Unlock()
	m.spooled[pod.UID] = a.writeManifest(pod)
}

func (a *Archive) writeManifest(pod *corev1.Pod) extent {
	if _, err := fileName(pod.Namespace, pod.Name, pod.UID, manifestEnding); err != nil {
		return extent{err: err}
	}
	// Objects out of lists and watches come without their kind.
	whole := *pod
	whole.APIVersion, whole.Kind = corev1.SchemeGroupVersion.String(), "Pod"
	data, err := json.Marshal(&whole)
	if err != nil {
		return extent{err: err}
	}
	if err := a.makeSpool(); err != nil {
		return extent{err: err}
	}
	m := &a.manifests
	if m.file == nil {
		name := filepath.Join(a.spool, "manifests")
		if m.file, err = a.root.OpenFile(name, os.O_RDWR|os.O_CREATE|os.O_EXCL, fileMode); err != nil {
			return extent{err: err}
		}
	}
	at := m.end
	n, err := m.file.WriteAt(append(data, '\n'), at)
	if err != nil {
		return extent{err: err} // what was written of it is overwritten by the next
	}
	m.end += int64(n)
	return extent{at: at, size: n}
}

// makeSpool makes the folder of the spool. Another run may have taken it for one
// of a killed run since, see spoolTTL; the file in it that is open goes on.
func (a *Archive) makeSpool() error {
	if err := a.root.Mkdir(a.spool, dirMode); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	return nil
}

// Forget drops what was spooled of the pod and not committed. A run without end
// calls it for each pod that it is done with, so that the spool stays small.
func (a *Archive) Forget(uid types.UID) {
	a.manifests.Lock()
	defer a.manifests.Unlock()
	delete(a.manifests.committed, uid)
	a.unspool(uid)
}

// unspool forgets a manifest. When none is left the spool begins anew. The caller
// holds the lock.
func (a *Archive) unspool(uid types.UID) {
	m := &a.manifests
	delete(m.spooled, uid)
	if len(m.spooled) == 0 {
		m.end = 0
	}
}

func (a *Archive) closeSpool() error {
	a.manifests.Lock()
	defer a.manifests.Unlock()
	if a.manifests.file == nil {
		return nil
	}
	return a.manifests.file.Close()
}

// committing is the name of a file of the pod before it gets its final one.
func (a *Archive) committing(uid types.UID) string {
	return filepath.Join(a.spool, string(uid))
}

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
	name, err := fileName(item.Namespace, item.Name, uid, manifestEnding)
	if err != nil {
		return "", err
	}
	data, path, err := a.take(uid)
	if err != nil || path != "" {
		return path, err
	}
	if err := a.publish(data, name, uid); err != nil {
		return "", err
	}
	path = filepath.Join(a.dir, name)
	a.manifests.Lock()
	defer a.manifests.Unlock()
	a.manifests.committed[uid] = path
	return path, nil
}

// take returns the manifest out of the spool, and forgets it there; or the path if
// it is committed already.
func (a *Archive) take(uid types.UID) (data []byte, path string, err error) {
	m := &a.manifests
	m.Lock()
	defer m.Unlock()
	from, ok := m.spooled[uid]
	switch path := m.committed[uid]; {
	case from.err != nil:
		return nil, "", from.err
	case !ok && path == "":
		return nil, "", errors.New("no manifest was seen")
	case !ok:
		return nil, path, nil
	}
	data = make([]byte, from.size)
	if _, err := m.file.ReadAt(data, from.at); err != nil {
		return nil, "", err
	}
	a.unspool(uid)
	return data, "", nil
}

// publish writes data to a file of the archive that concerns the pod. When it
// returns without an error the file is on stable storage under its name.
func (a *Archive) publish(data []byte, name string, uid types.UID) error {
	unfinished := a.committing(uid)
	// A name that is there already was left by nobody of this run.
	f, err := a.root.OpenFile(unfinished, os.O_WRONLY|os.O_CREATE|os.O_EXCL, fileMode)
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	if err = errors.Join(err, a.flush(f), f.Close()); err != nil {
		return err
	}
	if err := a.root.Rename(unfinished, name); err != nil {
		return err
	}
	return a.names.wait()
}

// fileName returns the name of a pod's file with the given ending. An API
// server lets none of the refused names pass, but a manifest need not come from
// one.
func fileName(namespace, name string, uid types.UID, ending string) (string, error) {
	for _, part := range []string{namespace, name, string(uid)} {
		if part == "" || strings.ContainsAny(part, "/\\\x00") || strings.Contains(part, "..") {
			return "", fmt.Errorf("file name for namespace %q, name %q, uid %q: not safe", namespace, name, uid)
		}
	}
	tail := "_" + string(uid) + ending
	head := namespace + "_" + name
	// A namespace and a name of full length do not fit; the UID must.
	if room := maxFileName - len(tail); room < 1 {
		return "", fmt.Errorf("file name for uid %q: too long", uid)
	} else if len(head) > room {
		head = head[:room]
	}
	return head + tail, nil
}
