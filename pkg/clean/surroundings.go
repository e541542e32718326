// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package clean

import (
	"context"
	"fmt"
	"iter"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/wait"
	batchv1client "k8s.io/client-go/kubernetes/typed/batch/v1"
	corev1client "k8s.io/client-go/kubernetes/typed/core/v1"
	"k8s.io/client-go/tools/pager"

	"github.com/podwatch/kubectl-podwatch/pkg/apis/podwatch/v1alpha1"
	"github.com/podwatch/kubectl-podwatch/pkg/diagnose"
	"github.com/podwatch/kubectl-podwatch/pkg/projection"
	"github.com/podwatch/kubectl-podwatch/pkg/related"
)

const (
	// lookLimit bounds the whole of Look: what was not read by then protects.
	lookLimit = 30 * time.Second
	// readLimit bounds one request, so that readTries of them, with the pauses
	// between, fit into lookLimit.
	readLimit = 8 * time.Second
	readTries = 3
	// lookers read at once.
	lookers = 8
	// listFrom is the number of Jobs of a namespace above which one list in
	// pages costs less than a request for each.
	listFrom = 50
)

// Need is what has to be known before a plan can be made. The zero value is
// nothing.
type Need struct {
	// jobs has the UIDs by which pods know the Jobs of a name.
	jobs       map[types.NamespacedName]map[types.UID]bool
	namespaces map[string]bool
}

// Needs returns what Make has to know in order to plan for pods: nothing but
// what concerns pods that might be removed.
func Needs(pods iter.Seq2[*projection.Pod, diagnose.Verdict], now time.Time, r Rules) Need {
	n := Need{jobs: map[types.NamespacedName]map[types.UID]bool{}, namespaces: map[string]bool{}}
	for p, v := range pods {
		d := Decide(p, v, now, r, Known{})
		if d.Planned() || d.Skip == SkipOwnerUnknown {
			n.namespaces[p.Namespace] = true
		}
		if d.Skip == SkipOwnerUnknown {
			job := types.NamespacedName{Namespace: p.Namespace, Name: p.Controller.Name}
			if n.jobs[job] == nil {
				n.jobs[job] = map[types.UID]bool{}
			}
			n.jobs[job][p.Controller.UID] = true
		}
	}
	return n
}

// Clients are what Look reads with.
type Clients struct {
	Jobs       batchv1client.JobsGetter
	Namespaces corev1client.NamespacesGetter
}

// Look reads what n asks for. What could not be read, also after another try if
// the error was one that may pass, is missing in Known, and told by one
// limitation per resource and namespace, sorted; never nil.
func Look(ctx context.Context, c Clients, n Need) (Known, []v1alpha1.Limitation) {
	ctx, cancel := context.WithTimeout(ctx, lookLimit)
	defer cancel()
	l := &look{
		clients: c, failed: map[v1alpha1.Limitation]bool{},
		known: Known{Jobs: map[types.UID]JobState{}, Namespaces: map[string]Namespace{}},
	}
	var group sync.WaitGroup
	// Side by side: a slow Job API must not use up the time of the namespaces.
	group.Go(func() {
		each(slices.Collect(maps.Keys(n.namespaces)), func(name string) { l.namespace(ctx, name) })
	})
	group.Go(func() { l.jobs(ctx, n) })
	group.Wait()
	l.fold("jobs", len(n.jobsByNamespace()))
	l.fold("namespaces", len(n.namespaces))
	limitations := slices.SortedFunc(maps.Keys(l.failed), func(a, b v1alpha1.Limitation) int {
		return strings.Compare(a.Resource+"/"+a.Namespace+"/"+a.Reason, b.Resource+"/"+b.Namespace+"/"+b.Reason)
	})
	return l.known, append([]v1alpha1.Limitation{}, limitations...)
}

// jobsByNamespace returns the names of the Jobs.
func (n Need) jobsByNamespace() map[string][]string {
	out := map[string][]string{}
	for job := range n.jobs {
		out[job.Namespace] = append(out[job.Namespace], job.Name)
	}
	return out
}

// persist reads, and reads again if the error may pass.
func persist(ctx context.Context, read func(context.Context) error) error {
	backoff := wait.Backoff{Duration: 500 * time.Millisecond, Factor: 4, Steps: readTries}
	for try := 1; ; try++ {
		err := bounded(ctx, read)
		if err == nil || try == readTries || ctx.Err() != nil || !passing(err) && !apierrors.IsInternalError(err) {
			return err
		}
		pause(ctx, backoff.Step())
	}
}

func bounded(ctx context.Context, read func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, readLimit)
	defer cancel()
	return read(ctx)
}

// each calls f for all items, several at once.
func each[T any](items []T, f func(T)) {
	slots := make(chan struct{}, lookers)
	var group sync.WaitGroup
	for _, item := range items {
		slots <- struct{}{}
		group.Go(func() {
			defer func() { <-slots }()
			f(item)
		})
	}
	group.Wait()
}

// look is one call of Look.
type look struct {
	clients Clients

	mu     sync.Mutex
	known  Known
	failed map[v1alpha1.Limitation]bool
}

func (l *look) fail(resource, namespace, effect string, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.failed[v1alpha1.Limitation{Resource: resource, Namespace: namespace, Reason: related.Reason(err), Effect: effect}] = true
}

// fold tells what failed in the same way in all of the namespaces once, without
// naming any.
func (l *look) fold(resource string, namespaces int) {
	same := map[v1alpha1.Limitation]int{}
	for one := range l.failed {
		if one.Resource == resource {
			one.Namespace = ""
			same[one]++
		}
	}
	for all, n := range same {
		if n < 2 || n < namespaces {
			continue
		}
		maps.DeleteFunc(l.failed, func(one v1alpha1.Limitation, _ bool) bool { return one.Resource == resource })
		l.failed[all] = true
	}
}

// jobs reads all Jobs.
func (l *look) jobs(ctx context.Context, n Need) {
	var single []types.NamespacedName
	for namespace, names := range n.jobsByNamespace() {
		if len(names) > listFrom && l.list(ctx, n, namespace) {
			continue
		}
		for _, name := range names {
			single = append(single, types.NamespacedName{Namespace: namespace, Name: name})
		}
	}
	each(single, func(name types.NamespacedName) { l.job(ctx, n, name) })
}

// job reads one Job. All that know it by another UID mean one that is gone.
func (l *look) job(ctx context.Context, n Need, name types.NamespacedName) {
	var job *batchv1.Job
	err := persist(ctx, func(ctx context.Context) (err error) {
		job, err = l.clients.Jobs.Jobs(name.Namespace).Get(ctx, name.Name, metav1.GetOptions{})
		return err
	})
	if err != nil && !apierrors.IsNotFound(err) {
		l.fail("jobs", name.Namespace, "pods of Jobs that could not be read are left alone", err)
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	for uid := range n.jobs[name] {
		l.known.Jobs[uid] = JobGone
		if err == nil && job.UID == uid {
			l.known.Jobs[uid] = stateOf(projection.FromJob(job))
		}
	}
}

// list reads all Jobs of a namespace, and reports whether it could.
func (l *look) list(ctx context.Context, n Need, namespace string) bool {
	there := map[types.UID]JobState{}
	pages := pager.New(func(ctx context.Context, opts metav1.ListOptions) (runtime.Object, error) {
		var page *batchv1.JobList
		err := persist(ctx, func(ctx context.Context) (err error) {
			page, err = l.clients.Jobs.Jobs(namespace).List(ctx, opts)
			return err
		})
		return page, err
	})
	err := pages.EachListItem(ctx, metav1.ListOptions{}, func(obj runtime.Object) error {
		job, ok := obj.(*batchv1.Job)
		if !ok {
			return fmt.Errorf("list jobs: got a %T", obj)
		}
		there[job.UID] = stateOf(projection.FromJob(job))
		return nil
	})
	if err != nil {
		return false
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	for name, uids := range n.jobs {
		for uid := range uids {
			if name.Namespace != namespace {
				continue
			}
			l.known.Jobs[uid] = JobGone
			if state, ok := there[uid]; ok {
				l.known.Jobs[uid] = state
			}
		}
	}
	return true
}

// KnownFrom returns what owners tell, those of a capture. Jobs that are not
// among them are not known.
func KnownFrom(owners []*projection.Owner) Known {
	k := Known{Jobs: map[types.UID]JobState{}}
	for _, o := range owners {
		if kind, ok := kindOf(o.APIVersion, o.Kind); ok && kind == (OwnerKind{Group: "batch", Kind: "Job"}) {
			k.Jobs[o.UID] = stateOf(o)
		}
	}
	return k
}

func stateOf(job *projection.Owner) JobState {
	for _, end := range []batchv1.JobConditionType{batchv1.JobComplete, batchv1.JobFailed} {
		if c := job.Condition(string(end)); c != nil && c.Status == corev1.ConditionTrue {
			return JobEnded
		}
	}
	return JobActive
}

func (l *look) namespace(ctx context.Context, name string) {
	var namespace *corev1.Namespace
	err := persist(ctx, func(ctx context.Context) (err error) {
		namespace, err = l.clients.Namespaces.Namespaces().Get(ctx, name, metav1.GetOptions{})
		return err
	})
	if err != nil {
		l.fail("namespaces", name, "an annotation podwatch.dev/keep could not be seen, so all pods are left alone", err)
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	value, annotated := namespace.Annotations["podwatch.dev/keep"]
	l.known.Namespaces[name] = Namespace{
		Keep:        annotated && !strings.EqualFold(value, "false"),
		Terminating: namespace.DeletionTimestamp != nil,
	}
}
