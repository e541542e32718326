// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package related

import (
	"cmp"
	"context"
	"errors"
	"net"
	"slices"
	"sync"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/metadata"

	"github.com/podwatch/kubectl-podwatch/pkg/apis/podwatch/v1alpha1"
)

const (
	// Lists that are under way at once: enough to hide the round trips, few
	// enough to stay a polite client without client-side rate limits.
	concurrency = 4
	// Objects per page, as kubectl asks for them.
	pageSize = 500
	// Above so many namespaces one list of the whole cluster is cheaper than a
	// request for each, if it is allowed.
	wideFrom = 20
)

// Read lists the owners that n asks for and returns what it could read, with
// one limitation per resource and namespace that it could not, sorted; never
// nil. A limitation without a namespace is about all of them. Read has no
// error: a report without owners is still a report. It ends when ctx does, and
// what was not read by then is a limitation.
func Read(ctx context.Context, client metadata.Interface, n Need) (Index, []v1alpha1.Limitation) {
	r := &reader{client: client, slots: make(chan struct{}, concurrency), limitations: []v1alpha1.Limitation{}}
	var wg sync.WaitGroup
	for _, res := range []resource{replicaSets, jobs} {
		if namespaces := n.namespaces(res); len(namespaces) > 0 {
			wg.Go(func() { r.resource(ctx, res, namespaces) })
		}
	}
	wg.Wait()
	slices.SortFunc(r.limitations, func(a, b v1alpha1.Limitation) int {
		return cmp.Or(cmp.Compare(a.Resource, b.Resource), cmp.Compare(a.Namespace, b.Namespace))
	})
	return r.index, r.limitations
}

// reader is one call of Read.
type reader struct {
	client metadata.Interface
	slots  chan struct{}

	mu          sync.Mutex
	index       Index
	limitations []v1alpha1.Limitation
}

func (r *reader) resource(ctx context.Context, res resource, namespaces []string) {
	if len(namespaces) > wideFrom {
		err := r.list(ctx, res, metav1.NamespaceAll, func(namespace string) bool {
			_, needed := slices.BinarySearch(namespaces, namespace)
			return needed
		})
		if err == nil {
			return
		}
		// A role in each namespace may allow what the cluster role does not.
		if !apierrors.IsForbidden(err) {
			r.limit(res.limitation("", Reason(err)))
			return
		}
	}
	failed := make([]error, len(namespaces))
	var wg sync.WaitGroup
	for i, namespace := range namespaces {
		wg.Go(func() {
			failed[i] = r.list(ctx, res, namespace, func(string) bool { return true })
		})
	}
	wg.Wait()
	r.limitEach(res, namespaces, failed)
}

// limitEach tells what failed, in one limitation if it is the same everywhere.
func (r *reader) limitEach(res resource, namespaces []string, failed []error) {
	everywhere := len(namespaces) > 1 && !slices.ContainsFunc(failed, func(err error) bool {
		return err == nil || Reason(err) != Reason(failed[0])
	})
	if everywhere {
		r.limit(res.limitation("", Reason(failed[0])))
		return
	}
	for i, err := range failed {
		if err != nil {
			r.limit(res.limitation(namespaces[i], Reason(err)))
		}
	}
}

func (r *reader) limit(l v1alpha1.Limitation) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.limitations = append(r.limitations, l)
}

// list adds the objects of one list, page by page, to the index.
func (r *reader) list(ctx context.Context, res resource, namespace string, keep func(namespace string) bool) error {
	select {
	case r.slots <- struct{}{}:
		defer func() { <-r.slots }()
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	options, expired := metav1.ListOptions{Limit: pageSize}, false
	for {
		page, err := r.client.Resource(res.version()).Namespace(namespace).List(ctx, options)
		if token := resume(err); token != "" && !expired {
			options.Continue, expired = token, true
			continue
		}
		if err != nil {
			return err
		}
		r.add(page.Items, keep)
		if page.Continue == "" {
			return nil
		}
		options.Continue, expired = page.Continue, false
	}
}

// resume returns the token that the server hands out when a continued list has
// expired: the rest of it as of now. That a controller changes meanwhile is
// nothing to worry about, so the inconsistent list is as good.
func resume(err error) string {
	var status apierrors.APIStatus
	if !apierrors.IsResourceExpired(err) || !errors.As(err, &status) {
		return ""
	}
	return status.Status().Continue
}

func (r *reader) add(page []metav1.PartialObjectMetadata, keep func(namespace string) bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for i := range page {
		if keep(page[i].Namespace) {
			r.index.Add(&page[i])
		}
	}
}

// Reason names the error of a request in the words of v1alpha1.Limitation.
func Reason(err error) string {
	var timeout net.Error
	switch {
	case apierrors.IsForbidden(err):
		return "Forbidden"
	case apierrors.IsUnauthorized(err):
		return "Unauthorized"
	case apierrors.IsNotFound(err):
		return "NotFound"
	case apierrors.IsTimeout(err), apierrors.IsServerTimeout(err), errors.Is(err, context.DeadlineExceeded),
		errors.As(err, &timeout) && timeout.Timeout():
		return "Timeout"
	default:
		return "Error"
	}
}
