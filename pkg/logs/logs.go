// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package logs

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"

	"github.com/podwatch/kubectl-podwatch/pkg/apis/podwatch/v1alpha1"
	"github.com/podwatch/kubectl-podwatch/pkg/related"
)

const (
	// maxGroups is how many groups of a report get lines. They stand worst first,
	// and nobody reads the logs of more at once.
	maxGroups = 10
	// timeout ends one request: the kubelet of a lost node never answers.
	timeout = 5 * time.Second
	// concurrency is how many requests are under way at once.
	concurrency = 4
)

// Tailer gives the last lines of a container's log, the oldest first, at most
// lines of them. previous asks for the run before the present one. Lines need
// not be clean. No log at all is an error, an empty one is not. Calls come from
// several goroutines.
type Tailer interface {
	Tail(ctx context.Context, namespace, pod, container string, previous bool, lines int) ([]string, error)
}

// ErrNone is wrapped by the errors of a Tailer that has no log of a container and
// never will: a capture.
var ErrNone = errors.New("the input holds no log of this container")

// Read sets logsTail of the worst pod of each of the first groups in r, at most
// lines lines each, and adds to its limitations what could not be read. A group
// without a container at fault gets nothing, and neither does a container that
// never ran. Read ends when ctx does; what was not read by then is a limitation.
func Read(ctx context.Context, from Tailer, r *v1alpha1.PodReport, lines int) {
	requests := plan(r)
	failed := make([]error, len(requests))
	slots := make(chan struct{}, concurrency)
	var wg sync.WaitGroup
	for i := range requests {
		wg.Go(func() {
			slots <- struct{}{}
			defer func() { <-slots }()
			failed[i] = requests[i].read(ctx, from, lines)
		})
	}
	wg.Wait()
	for i, q := range requests {
		if failed[i] == nil {
			q.pod.LogsTail = append(q.pod.LogsTail, q.tail)
			continue
		}
		limit(r, v1alpha1.Limitation{
			Resource: "pods/log", Cluster: q.pod.Cluster, Namespace: q.pod.Namespace, Reason: reason(failed[i]),
			Effect: "the last lines of a container are not shown",
		})
	}
}

// limit adds a limitation once, in its place.
func limit(r *v1alpha1.PodReport, l v1alpha1.Limitation) {
	if slices.Contains(r.Limitations, l) {
		return
	}
	r.Limitations = append(r.Limitations, l)
	slices.SortStableFunc(r.Limitations, func(a, b v1alpha1.Limitation) int {
		return cmp.Or(cmp.Compare(a.Resource, b.Resource), cmp.Compare(a.Namespace, b.Namespace), cmp.Compare(a.Reason, b.Reason))
	})
}

// reason is that of a limitation. The kubelet answers "bad request" when there
// is no log of the run that was asked for.
func reason(err error) string {
	switch {
	case errors.Is(err, ErrNone):
		return "Offline"
	case apierrors.IsBadRequest(err):
		return "NotFound"
	default:
		return related.Reason(err)
	}
}

// request is one container whose lines are wanted.
type request struct {
	pod     *v1alpha1.Pod
	message string
	tail    v1alpha1.LogTail
}

// plan returns one request per container, in the order of the groups.
func plan(r *v1alpha1.PodReport) []*request {
	type id struct{ namespace, pod, container string }
	pods := map[id]*v1alpha1.Pod{}
	for i := range r.Pods {
		p := &r.Pods[i]
		pods[id{p.Namespace, p.Name, ""}] = p
	}
	seen := map[id]bool{}
	var out []*request
	for i := range r.Groups[:min(len(r.Groups), maxGroups)] {
		g := &r.Groups[i]
		p := pods[id{g.Workload.Namespace, g.ExamplePod, ""}]
		key := id{g.Workload.Namespace, g.ExamplePod, g.Container}
		if p == nil || g.Container == "" || seen[key] {
			continue
		}
		seen[key] = true
		if q := requestFor(p, g.Container); q != nil {
			out = append(out, q)
		}
	}
	return out
}

// requestFor decides which text of a container tells most: its last words, else
// the run that ended if there is one, else the present one. Nil if it never ran.
func requestFor(p *v1alpha1.Pod, container string) *request {
	i := slices.IndexFunc(p.Containers, func(c v1alpha1.Container) bool { return c.Name == container })
	if i < 0 {
		return nil
	}
	c := &p.Containers[i]
	q := &request{pod: p, tail: v1alpha1.LogTail{Container: container, Source: v1alpha1.LogCurrent, Lines: []string{}}}
	ended := c.LastTermination != nil
	switch {
	case ended && neverBegan(c.LastTermination):
		return nil
	case ended && c.LastTermination.Message != "" && c.LastTermination.Reason != statusUnknown:
		q.tail.Source, q.message = v1alpha1.LogTerminationMessage, c.LastTermination.Message
	case ended && c.State != "Terminated":
		// The last run is not the present one: that runs, or has not begun.
		q.tail.Source = v1alpha1.LogPrevious
	case !ended && c.State != "Running":
		return nil
	}
	return q
}

// In the message of such an end the kubelet speaks, not the container.
const statusUnknown = "ContainerStatusUnknown"

// neverBegan is true if there was no process: the message is the runtime's, and
// there is no log.
func neverBegan(t *v1alpha1.Termination) bool {
	return t.Reason == "StartError" || t.Reason == "ContainerCannotRun"
}

func (q *request) read(ctx context.Context, from Tailer, lines int) error {
	if q.tail.Source == v1alpha1.LogTerminationMessage {
		q.tail.Lines = last(cleanLines([]string{q.message}), lines)
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	got, err := from.Tail(ctx, q.pod.Namespace, q.pod.Name, q.tail.Container, q.tail.Source == v1alpha1.LogPrevious, lines)
	if err != nil {
		return err
	}
	q.tail.Lines = last(cleanLines(got), lines)
	return nil
}
