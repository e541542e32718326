// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package clean

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/podwatch/kubectl-podwatch/pkg/apis/podwatch/v1alpha1"
	"github.com/podwatch/kubectl-podwatch/pkg/internal/plaintext"
	"github.com/podwatch/kubectl-podwatch/pkg/logs"
)

const (
	// logsTime bounds the reading of all logs of one pod. It is well below what
	// an interrupted run grants to the removals that it has begun.
	logsTime = 5 * time.Second
	// logsSize bounds the file of one pod, in bytes.
	logsSize = 4 << 20
	// logsError bounds the text that says which logs are missing, in bytes.
	logsError = 1024
)

// SaveLogs has the archive keep the last lines of the logs of each pod beside
// its manifest: of each container that has run, and of its run before, at most
// lines each, as package logs cleans them. It must be called before anything is
// removed. Logs that cannot be read are told and never stop a removal.
func (a *Archive) SaveLogs(from logs.Tailer, lines int) {
	a.logs = &logSaver{from: from, lines: lines, saved: map[types.UID]savedLogs{}, silent: map[string]bool{}}
}

// logSaver reads the logs of pods that are about to be removed.
type logSaver struct {
	from  logs.Tailer
	lines int

	mu    sync.Mutex
	saved map[types.UID]savedLogs
	// silent are the nodes whose kubelet did not answer in time. Nobody asks them
	// again: all removals would wait for one lost node.
	silent map[string]bool
}

// savedLogs is where the logs of a pod are, and why some are not there.
type savedLogs struct{ path, missing string }

// keepLogs sets the path of the logs of item, and what is missing of them. Its
// manifest must be committed: that says which containers there are. An error
// means that what was read could not be written.
func (a *Archive) keepLogs(ctx context.Context, item *v1alpha1.CleanItem) error {
	if a.logs == nil {
		return nil
	}
	a.logs.mu.Lock()
	kept, ok := a.logs.saved[uidOf(*item)]
	a.logs.mu.Unlock()
	if !ok {
		var err error
		if kept, err = a.saveLogs(ctx, *item); err != nil {
			return fmt.Errorf("archive logs of pod %q: %w", item.Namespace+"/"+item.Name, err)
		}
		a.logs.mu.Lock()
		a.logs.saved[uidOf(*item)] = kept
		a.logs.mu.Unlock()
	}
	item.LogsPath, item.LogsError = kept.path, kept.missing
	return nil
}

func (a *Archive) saveLogs(ctx context.Context, item v1alpha1.CleanItem) (savedLogs, error) {
	name, err := fileName(item.Namespace, item.Name, uidOf(item), ".log")
	if err != nil {
		return savedLogs{}, err
	}
	kept, err := readManifest(item.ArchivePath)
	if err != nil {
		return savedLogs{}, err
	}
	text, missing := a.logs.read(ctx, kept.pod)
	if len(text) == 0 {
		return savedLogs{missing: missing}, nil
	}
	if err := a.publish(text, name, uidOf(item)); err != nil {
		return savedLogs{}, err
	}
	return savedLogs{path: filepath.Join(a.dir, name), missing: missing}, nil
}

// run is one run of a container of which there may be a log.
type run struct {
	container string
	previous  bool
}

func (r run) String() string {
	if r.previous {
		return "container " + plaintext.Line(r.container) + ", the run before"
	}
	return "container " + plaintext.Line(r.container)
}

// runsOf returns the runs of the containers of pod, the older one first. The
// log of a container that waits to be started again is that of its run before.
func runsOf(pod *corev1.Pod) []run {
	var out []run
	for _, statuses := range [][]corev1.ContainerStatus{
		pod.Status.InitContainerStatuses, pod.Status.ContainerStatuses, pod.Status.EphemeralContainerStatuses,
	} {
		for i := range statuses {
			c := &statuses[i]
			if c.LastTerminationState.Terminated != nil {
				out = append(out, run{c.Name, true})
			}
			if c.State.Running != nil || c.State.Terminated != nil {
				out = append(out, run{c.Name, false})
			}
		}
	}
	return out
}

// read returns the logs of pod as one text, and what is missing in it.
func (l *logSaver) read(ctx context.Context, pod *corev1.Pod) (text []byte, missing string) {
	runs, node := runsOf(pod), pod.Spec.NodeName
	switch {
	case len(runs) == 0:
		return nil, "no container has run"
	case l.isSilent(node):
		return nil, plaintext.Line(fmt.Sprintf("node %s did not answer before", node))
	}
	ctx, cancel := context.WithTimeout(ctx, logsTime)
	defer cancel()
	var out bytes.Buffer
	var errs []string
	for _, run := range runs {
		lines, err := l.from.Tail(ctx, pod.Namespace, pod.Name, run.container, run.previous, l.lines)
		switch {
		case err != nil:
			errs = append(errs, plaintext.Line(fmt.Sprintf("%s: %v", run, err)))
		case !section(&out, run, logs.Clean(lines, l.lines)):
			errs = append(errs, fmt.Sprintf("%s: left out, more than %d MiB", run, logsSize>>20))
		}
		if errors.Is(ctx.Err(), context.DeadlineExceeded) {
			l.mu.Lock()
			l.silent[node] = true
			l.mu.Unlock()
			break
		}
	}
	return out.Bytes(), plaintext.Cut(strings.Join(errs, "; "), logsError)
}

func (l *logSaver) isSilent(node string) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.silent[node]
}

// section adds the lines of one run to out, and reports whether they fit.
func section(out *bytes.Buffer, r run, lines []string) bool {
	text := fmt.Sprintf("==> %s <==\n%s\n", r, strings.Join(lines, "\n"))
	if out.Len()+len(text) > logsSize {
		return false
	}
	out.WriteString(text)
	return true
}
