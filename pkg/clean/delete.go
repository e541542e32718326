// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package clean

import (
	"context"
	"errors"
	"fmt"
	"net"
	"time"

	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/rest"

	"github.com/podwatch/kubectl-podwatch/pkg/apis/podwatch/v1alpha1"
	"github.com/podwatch/kubectl-podwatch/pkg/internal/plaintext"
)

// RetryError says that another try may give another result.
type RetryError struct {
	// After is how long the server asks to wait, zero if it does not say.
	After time.Duration
	// Within is how long to wait at most, however many attempts there were; zero
	// for no bound.
	Within time.Duration
	Err    error
}

// Error implements error.
func (e *RetryError) Error() string { return e.Err.Error() }

// RetryAfter is After, for whoever waits.
func (e *RetryError) RetryAfter() time.Duration { return e.After }

// RetryWithin is Within, for whoever waits.
func (e *RetryError) RetryWithin() time.Duration { return e.Within }

// Unwrap returns the cause.
func (e *RetryError) Unwrap() error { return e.Err }

// outcome is what became of one request.
type outcome struct {
	result v1alpha1.Result
	err    error
	// retry is a *RetryError, or nil.
	retry error
	// skip says why a pod is not to be removed any more.
	skip SkipReason
}

// on returns item with the outcome filled in.
func (o outcome) on(item v1alpha1.CleanItem) v1alpha1.CleanItem {
	item.Result, item.Error, item.SkipReason = o.result, "", string(o.skip)
	if o.err != nil {
		item.Error = plaintext.Line(o.err.Error())
	}
	return item
}

func retryable(result v1alpha1.Result, err error, after time.Duration) outcome {
	return outcome{result: result, err: err, retry: &RetryError{After: after, Err: err}}
}

// pods sends the requests. It uses the REST interface below the typed client
// because that one drops the reply to a DELETE, which alone tells whether the
// pod is gone or waits for a finalizer.
type pods struct {
	client rest.Interface
	// grace is the grace period of evictions in seconds, 0 for the pod's own.
	grace int64
}

// remove sends the request that item.Action names.
func (p pods) remove(ctx context.Context, item v1alpha1.CleanItem, dryRun ...string) outcome {
	switch item.Action {
	case v1alpha1.ActionDelete:
		return p.delete(ctx, item, dryRun...)
	case v1alpha1.ActionEvict:
		return p.evict(ctx, item, dryRun...)
	case v1alpha1.ActionCreate:
	}
	return outcome{result: v1alpha1.ResultError, err: fmt.Errorf("remove pod: action %q removes none", item.Action)}
}

// delete deletes the pod with the UID of item, no matter what else has its
// name. The dry run goes into the body: as a query parameter beside a body the
// server does not read it, and deletes (apiserver handlers/delete.go, v1.37).
// Retries are the caller's: client-go's own would not judge the pod again.
func (p pods) delete(ctx context.Context, item v1alpha1.CleanItem, dryRun ...string) outcome {
	uid := uidOf(item)
	if uid == "" {
		return outcome{result: v1alpha1.ResultError, err: errors.New("delete pod: its uid is not known")}
	}
	var reply corev1.Pod
	err := p.client.Delete().
		// The reply is the whole pod; as protobuf it costs both sides less.
		SetHeader("Accept", runtime.ContentTypeProtobuf+","+runtime.ContentTypeJSON).
		Namespace(item.Namespace).Resource("pods").Name(item.Name).
		Body(&metav1.DeleteOptions{Preconditions: &metav1.Preconditions{UID: &uid}, DryRun: dryRun}).
		MaxRetries(0).
		Do(ctx).Into(&reply)
	switch {
	case err == nil && held(&reply):
		return outcome{result: v1alpha1.ResultTerminating}
	case err == nil:
		return outcome{result: v1alpha1.ResultDeleted}
	case apierrors.IsConflict(err):
		return p.conflict(ctx, item, err)
	default:
		return refused(err)
	}
}

// held reports whether a pod is still there after its DELETE was accepted: it
// waits for its finalizers, or for the kubelet to stop its containers. The
// reply for a pod that is gone is its last state.
func held(reply *corev1.Pod) bool {
	grace := reply.DeletionGracePeriodSeconds
	return len(reply.Finalizers) > 0 || reply.DeletionTimestamp != nil && grace != nil && *grace > 0
}

// conflict finds out what a 409 was about: the UID, or a change in between.
func (p pods) conflict(ctx context.Context, item v1alpha1.CleanItem, conflict error) outcome {
	var current corev1.Pod
	err := p.client.Get().
		Namespace(item.Namespace).Resource("pods").Name(item.Name).
		MaxRetries(0).
		Do(ctx).Into(&current)
	switch {
	case apierrors.IsNotFound(err), err == nil && current.UID != uidOf(item):
		return outcome{result: v1alpha1.ResultReplaced}
	case err != nil:
		return retryable(v1alpha1.ResultConflict, errors.Join(conflict, err), 0)
	default:
		return retryable(v1alpha1.ResultConflict, conflict, 0)
	}
}

// refused turns the error of a DELETE into an outcome.
func refused(err error) outcome {
	seconds, _ := apierrors.SuggestsClientDelay(err)
	after := time.Duration(seconds) * time.Second
	switch {
	case apierrors.IsNotFound(err):
		return outcome{result: v1alpha1.ResultGone}
	case apierrors.IsForbidden(err):
		return outcome{result: v1alpha1.ResultForbidden, err: err}
	case apierrors.HasStatusCause(err, policyv1.DisruptionBudgetCause):
		return retryable(v1alpha1.ResultBlocked, err, after)
	case passing(err):
		return retryable(v1alpha1.ResultError, err, after)
	default:
		return outcome{result: v1alpha1.ResultError, err: err}
	}
}

// passing reports whether err is about the state of the server or of the way
// to it. Trying again is harmless even if the lost reply was a yes: the UID in
// the precondition makes the second DELETE find nothing.
func passing(err error) bool {
	var network net.Error
	return apierrors.IsTooManyRequests(err) || apierrors.IsServiceUnavailable(err) ||
		apierrors.IsTimeout(err) || apierrors.IsServerTimeout(err) ||
		errors.As(err, &network) && !errors.Is(err, context.Canceled)
}
