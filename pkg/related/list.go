// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package related

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/podwatch/kubectl-podwatch/pkg/apis/podwatch/v1alpha1"
)

const (
	// Requests that are under way at once: enough to hide the round trips, few
	// enough to stay a polite client without client-side rate limits.
	concurrency = 4
	// Objects per page, as kubectl asks for them.
	pageSize = 500
	// Above so many namespaces one list of the whole cluster is cheaper than a
	// request for each, if it is allowed.
	wideFrom = 20
	// What one request may take: a report without its surroundings is worth more
	// than one that nobody has waited for.
	patience = 30 * time.Second
)

// query is what to ask for: a resource, and a field selector or "".
type query struct {
	resource resource
	fields   string
}

// each lists in every one of the namespaces, or in the whole cluster if they are
// many, adds what keep wants to the index and returns the namespaces that were
// read to their end. What was not becomes a limitation. keep is called under
// the reader's lock.
func (r *reader) each(ctx context.Context, q query, in []string, keep func(metav1.Object) bool) []string {
	if len(in) > wideFrom {
		err := r.list(ctx, q, metav1.NamespaceAll, func(obj metav1.Object) bool {
			_, wanted := slices.BinarySearch(in, home(obj))
			return wanted && keep(obj)
		})
		if err == nil {
			return in
		}
		// A role in each namespace may allow what the cluster role does not.
		if !apierrors.IsForbidden(err) {
			r.limit(q.resource.limitation("", Reason(err)))
			return nil
		}
	}
	failed := make([]error, len(in))
	var wg sync.WaitGroup
	for i, namespace := range in {
		wg.Go(func() {
			if q.resource == namespaces {
				failed[i] = r.get(ctx, namespace)
			} else {
				failed[i] = r.list(ctx, q, namespace, keep)
			}
		})
	}
	wg.Wait()
	r.limitEach(q.resource, in, failed)
	var read []string
	for i, namespace := range in {
		if failed[i] == nil {
			read = append(read, namespace)
		}
	}
	return read
}

// home is the namespace of an object; a namespace is in itself.
func home(obj metav1.Object) string {
	if _, ok := obj.(*corev1.Namespace); ok {
		return obj.GetName()
	}
	return obj.GetNamespace()
}

// limitEach tells what failed, in one limitation if it is the same everywhere.
func (r *reader) limitEach(res resource, in []string, failed []error) {
	everywhere := len(in) > 1 && !slices.ContainsFunc(failed, func(err error) bool {
		return err == nil || Reason(err) != Reason(failed[0])
	})
	if everywhere {
		r.limit(res.limitation("", Reason(failed[0])))
		return
	}
	for i, err := range failed {
		if err != nil {
			r.limit(res.limitation(in[i], Reason(err)))
		}
	}
}

func (r *reader) limit(l v1alpha1.Limitation) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.limitations = append(r.limitations, l)
}

// list adds the objects of one list, page by page, to the index.
func (r *reader) list(ctx context.Context, q query, namespace string, keep func(metav1.Object) bool) error {
	release, err := r.slot(ctx)
	if err != nil {
		return err
	}
	defer release()
	options, expired := metav1.ListOptions{Limit: pageSize, FieldSelector: q.fields}, false
	for {
		page, err := r.page(ctx, q.resource, namespace, options)
		if token := resume(err); token != "" && !expired {
			options.Continue, expired = token, true
			continue
		}
		if err != nil {
			return err
		}
		next, err := r.add(page, keep)
		if err != nil || next == "" {
			return err
		}
		options.Continue, expired = next, false
	}
}

// slot waits for the turn of a request.
func (r *reader) slot(ctx context.Context) (release func(), err error) {
	select {
	case r.slots <- struct{}{}:
		return func() { <-r.slots }, nil
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
}

func (r *reader) page(ctx context.Context, res resource, namespace string, options metav1.ListOptions) (runtime.Object, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	page := res.newList()
	err := res.client(r.client).Get().NamespaceIfScoped(namespace, namespace != metav1.NamespaceAll).Resource(string(res)).
		VersionedParams(&options, r.client.parameters).Do(ctx).Into(page)
	return page, err
}

// get reads a namespace. One that is not there any more has ended what it was
// about to.
func (r *reader) get(ctx context.Context, name string) error {
	release, err := r.slot(ctx)
	if err != nil {
		return err
	}
	defer release()
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	found := &corev1.Namespace{}
	err = r.client.core.Get().Resource(string(namespaces)).Name(name).Do(ctx).Into(found)
	if apierrors.IsNotFound(err) {
		found.Name, found.Status.Phase, err = name, corev1.NamespaceTerminating, nil
	}
	if err == nil {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.index.Add(found)
	}
	return err
}

// resume returns the token that the server hands out when a continued list has
// expired: the rest of it as of now. That something changes meanwhile is
// nothing to worry about, so the inconsistent list is as good.
func resume(err error) string {
	var status apierrors.APIStatus
	if !apierrors.IsResourceExpired(err) || !errors.As(err, &status) {
		return ""
	}
	return status.Status().Continue
}

// add puts the objects of a page into the index and returns the token of the
// next one. Nothing of the page stays in memory but projections.
func (r *reader) add(page runtime.Object, keep func(metav1.Object) bool) (next string, err error) {
	list, err := meta.ListAccessor(page)
	if err != nil {
		return "", err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	err = meta.EachListItem(page, func(item runtime.Object) error {
		obj, err := meta.Accessor(item)
		if err == nil && keep(obj) {
			r.index.Add(obj)
		}
		return err
	})
	return list.GetContinue(), err
}
