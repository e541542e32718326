// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package related

import (
	"context"
	"errors"
	"maps"
	"net"
	"slices"
	"strings"
	"sync"

	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/types"

	"github.com/podwatch/kubectl-podwatch/pkg/apis/podwatch/v1alpha1"
	"github.com/podwatch/kubectl-podwatch/pkg/projection"
)

// reasonFailedCreate is the reason of the event that every workload controller
// writes when the API server refuses its pod (pkg/controller/controller_utils.go
// and pkg/controller/statefulset/stateful_pod_control.go, v1.37.2).
const reasonFailedCreate = "FailedCreate"

// Read lists what n asks for and p does not switch off. It returns what it could
// read, with one limitation per resource and namespace that it could not,
// sorted; never nil. A limitation without a namespace is about all of them.
//
// Read has no error: a report without its surroundings is still a report. It
// ends when ctx does, and what was not read by then is a limitation. All
// requests are lists, but for a namespace, which is read by its name. A search
// costs one request for each of its namespaces, a need that is empty otherwise
// none.
func Read(ctx context.Context, c Client, n Need, p Policy) (Index, []v1alpha1.Limitation) {
	r := &reader{
		client: c, slots: make(chan struct{}, concurrency), need: n, policy: p,
		blocked: map[resource]map[string]bool{}, covered: map[types.UID]bool{}, named: map[types.UID]bool{},
	}
	// Only the search tells in which namespaces there are more owners to read.
	r.search(ctx)
	var wg sync.WaitGroup
	for _, read := range []func(context.Context){r.events, r.nodes, r.claims, r.namespaces} {
		wg.Go(func() { read(ctx) })
	}
	for _, res := range ownerResources() {
		wg.Go(func() { r.owners(ctx, res) })
	}
	wg.Wait()
	r.prune()
	return r.index, merged(r.limitations)
}

// reader is one call of Read.
type reader struct {
	client Client
	slots  chan struct{}
	need   Need
	policy Policy

	// named and blocked are set by search and only read afterwards: the owners
	// that failed to create a pod, by UID and by namespace.
	named   map[types.UID]bool
	blocked map[resource]map[string]bool

	mu          sync.Mutex
	index       Index
	limitations []v1alpha1.Limitation
	// covered are the owners that are worth keeping for their own sake.
	covered map[types.UID]bool
}

// search looks for owners that cannot create pods, by the events about them.
func (r *reader) search(ctx context.Context) {
	if len(r.need.Search.Namespaces) == 0 || !r.policy.searches() {
		return
	}
	failed := fields.OneTermEqualSelector("reason", reasonFailedCreate).String()
	r.each(ctx, query{events, failed}, slices.Sorted(slices.Values(r.need.Search.Namespaces)), func(obj metav1.Object) bool {
		e, ok := obj.(*corev1.Event)
		if !ok {
			return false
		}
		object := e.InvolvedObject
		res := ownerResource(group(object.APIVersion), object.Kind)
		if res == "" || object.UID == "" {
			return false
		}
		r.named[object.UID] = true
		r.block(res, object.Namespace)
		if res == replicaSets {
			r.block(deployments, object.Namespace)
		}
		return true
	})
}

func (r *reader) block(res resource, namespace string) {
	if r.blocked[res] == nil {
		r.blocked[res] = map[string]bool{}
	}
	r.blocked[res][namespace] = true
}

func (r *reader) events(ctx context.Context) {
	if len(r.need.pods) == 0 || !r.policy.reads(events) {
		return
	}
	aboutPods := fields.OneTermEqualSelector("involvedObject.kind", kindPod).String()
	r.each(ctx, query{events, aboutPods}, sorted(r.need.namespaces), func(obj metav1.Object) bool {
		e, ok := obj.(*corev1.Event)
		// The search has seen the others already; twice is once too often.
		return ok && r.need.pods[e.InvolvedObject.UID]
	})
}

func (r *reader) nodes(ctx context.Context) {
	if len(r.need.nodes) == 0 || !r.policy.reads(nodes) {
		return
	}
	if read := r.each(ctx, query{resource: nodes}, []string{metav1.NamespaceAll}, all); len(read) > 0 {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.index.AllNodes()
	}
}

func (r *reader) claims(ctx context.Context) {
	claimed := r.need.claimed()
	if len(claimed) == 0 || !r.policy.reads(claims) {
		return
	}
	read := r.each(ctx, query{resource: claims}, claimed, func(obj metav1.Object) bool {
		return r.need.claims[types.NamespacedName{Namespace: obj.GetNamespace(), Name: obj.GetName()}]
	})
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, namespace := range read {
		r.index.AllClaims(namespace)
	}
}

// namespaces reads those that may be about to go, with all that is in them.
func (r *reader) namespaces(ctx context.Context) {
	dying := maps.Clone(r.need.dying)
	for _, blocked := range r.blocked {
		for namespace := range blocked {
			put(&dying, namespace, true)
		}
	}
	if len(dying) > 0 && r.policy.reads(namespaces) {
		r.each(ctx, query{resource: namespaces}, sorted(dying), all)
	}
}

// owners reads the owners of one resource: those of pods with findings, those
// that cannot create pods, and, unless only some workloads are in question, all
// in the same namespaces as these pods. Of ReplicaSets there are many old ones
// for each that matters, so they are read only where one is needed.
func (r *reader) owners(ctx context.Context, res resource) {
	if !r.policy.reads(res) {
		return
	}
	where := map[string]bool{}
	for _, namespace := range r.need.needs(res) {
		where[namespace] = true
	}
	maps.Copy(where, r.blocked[res])
	if res != replicaSets && len(r.need.Search.Namespaces) > 0 && r.need.Search.Covers == nil {
		maps.Copy(where, r.need.namespaces)
	}
	if len(where) > 0 {
		r.each(ctx, query{resource: res}, sorted(where), r.keepOwner)
	}
}

// keepOwner decides on what can be known before its own owners are.
func (r *reader) keepOwner(obj metav1.Object) bool {
	_, isReplicaSet := obj.(*appsv1.ReplicaSet)
	_, needed := r.need.owners[obj.GetUID()]
	switch {
	case needed:
		return true
	case isReplicaSet && !r.named[obj.GetUID()]:
		return false
	}
	if r.covers(obj) {
		r.covered[obj.GetUID()] = true
		return true
	}
	_, isDeployment := obj.(*appsv1.Deployment)
	return isDeployment
}

// covers is true if pods of obj would be in scope.
func (r *reader) covers(obj metav1.Object) bool {
	s := r.need.Search
	switch {
	case len(s.Namespaces) == 0:
		return false
	case s.Namespaces[0] != metav1.NamespaceAll && !slices.Contains(s.Namespaces, obj.GetNamespace()):
		return false
	case s.Selector != nil && !s.Selector.Matches(podLabels(obj)):
		return false
	}
	return s.Covers == nil || s.Covers(ownerOf(obj))
}

// podLabels are the labels of the pods that an owner makes.
func podLabels(obj metav1.Object) labels.Set {
	switch o := obj.(type) {
	case *appsv1.ReplicaSet:
		return o.Spec.Template.Labels
	case *appsv1.Deployment:
		return o.Spec.Template.Labels
	case *appsv1.StatefulSet:
		return o.Spec.Template.Labels
	case *appsv1.DaemonSet:
		return o.Spec.Template.Labels
	case *batchv1.Job:
		return o.Spec.Template.Labels
	default:
		return nil
	}
}

// prune forgets the owners that turned out to own nothing that matters, and the
// events about them.
func (r *reader) prune() {
	kept := map[types.UID]bool{}
	keep := func(uid types.UID) {
		for o := r.index.owners[uid]; o != nil && !kept[o.UID]; {
			kept[o.UID] = true
			if o.Controller != nil {
				o = r.index.owners[o.Controller.UID]
			}
		}
	}
	for uid := range r.need.owners {
		keep(uid)
	}
	for uid := range r.covered {
		keep(uid)
	}
	maps.DeleteFunc(r.index.owners, func(uid types.UID, _ *projection.Owner) bool { return !kept[uid] })
	maps.DeleteFunc(r.index.events, func(uid types.UID, _ []projection.Event) bool { return !kept[uid] && !r.need.pods[uid] })
}

func all(metav1.Object) bool { return true }

// merged sorts limitations and says each once. One that is about all namespaces
// stands for the same in a single one.
func merged(limitations []v1alpha1.Limitation) []v1alpha1.Limitation {
	everywhere := map[v1alpha1.Limitation]bool{}
	for _, l := range limitations {
		if l.Namespace == "" {
			everywhere[l] = true
		}
	}
	out := []v1alpha1.Limitation{}
	for _, l := range limitations {
		whole := l
		whole.Namespace = ""
		if (l.Namespace == "" || !everywhere[whole]) && !slices.Contains(out, l) {
			out = append(out, l)
		}
	}
	slices.SortFunc(out, func(a, b v1alpha1.Limitation) int {
		return strings.Compare(a.Resource+"\x00"+a.Namespace+"\x00"+a.Reason, b.Resource+"\x00"+b.Namespace+"\x00"+b.Reason)
	})
	return out
}

// Two of the words of Reason.
const (
	reasonForbidden = "Forbidden"
	reasonNotFound  = "NotFound"
)

// Reason names the error of a request in the words of v1alpha1.Limitation.
func Reason(err error) string {
	var timeout net.Error
	switch {
	case apierrors.IsForbidden(err):
		return reasonForbidden
	case apierrors.IsUnauthorized(err):
		return "Unauthorized"
	case apierrors.IsNotFound(err):
		return reasonNotFound
	case apierrors.IsTimeout(err), apierrors.IsServerTimeout(err), errors.Is(err, context.DeadlineExceeded),
		errors.As(err, &timeout) && timeout.Timeout():
		return "Timeout"
	default:
		return "Error"
	}
}
