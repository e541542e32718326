// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package stream

import (
	"cmp"
	"errors"
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/labels"
	corev1client "k8s.io/client-go/kubernetes/typed/core/v1"
	"k8s.io/klog/v2"
	"k8s.io/utils/clock"

	"github.com/podwatch/kubectl-podwatch/pkg/projection"
)

// Keep says what stays in memory of the pods of a scope.
type Keep string

const (
	// KeepProjections keeps every pod's projection, for Stream.Get.
	KeepProjections Keep = "Projections"
	// KeepStubs keeps namespace, name, UID and resourceVersion.
	KeepStubs Keep = "Stubs"
)

// Config describes a Stream. Durations of zero stand for the defaults named
// here.
type Config struct {
	// Client reads pods; every clientset is one, and so is the core API alone.
	// Leave ContentType unset in its rest.Config, so that
	// pods come as protobuf, and wrap its transport with Observe: without it a
	// page that takes longer than IdleTimeout counts as silence.
	Client interface {
		CoreV1() corev1client.CoreV1Interface
	}
	// Namespace is the scope; empty means all namespaces.
	Namespace string
	// LabelSelector and FieldSelector are applied by the server; empty means
	// every pod.
	LabelSelector, FieldSelector string
	// Keep has no default.
	Keep Keep
	// Project makes the projection of a pod: projection.From if nil. It must not
	// keep the pod.
	Project func(*corev1.Pod) *projection.Pod
	// Inspect, if not nil, sees each whole pod just after Project and before it
	// is dropped, in frame order, one at a time. With KeepStubs its calls are
	// exactly those of Upsert; with KeepProjections it also sees deleted pods
	// and, after a relist, unchanged ones again. It must not keep the pod and is
	// to return as soon as a Handler.
	Inspect func(*corev1.Pod, *projection.Pod)
	// FailFast ends Run before the first Synced at the first error that waiting
	// does not mend: refused, unroutable, DNS, TLS and, at its second
	// occurrence, 401, because exec credentials are renewed after the first.
	// Without it such errors are retried until ConnectTimeout. A list that is
	// forbidden (403) or rejected (any other 4xx that is not transient) always
	// ends Run before the first Synced.
	FailFast bool
	// IdleTimeout is the silence after which a stream is Stale and its
	// connection is cut: 100s. It covers opening a watch too.
	IdleTimeout time.Duration
	// BookmarkWait is the silence after which a server that sends bookmarks would have
	// sent one: the constant of that name. With a shorter IdleTimeout a quiet scope is
	// cut although nothing is wrong, and nothing is concluded from that.
	BookmarkWait time.Duration
	// ConnectTimeout bounds the time until the server is first heard of: 30s.
	ConnectTimeout time.Duration
	// SyncTimeout bounds the wait for the bookmark that ends a streamed list, 30s
	// from its start and 2/3 of that from its last ADDED frame. After it the
	// scope is read with LIST and WATCH.
	SyncTimeout time.Duration
	// Clock is the machine's if nil.
	Clock clock.WithTickerAndDelayedExecution
	// Logger takes what client-go logs about this stream; the zero value drops
	// it. Errors among it have already been told through Status.
	Logger klog.Logger
}

// BookmarkWait is longer than the minute after which the API server sends a bookmark to
// a watch that has asked for them (defaultBookmarkFrequency, in k8s.io/apiserver
// v0.37.2, pkg/storage/cacher). No IdleTimeout below it makes sense in life.
const BookmarkWait = 75 * time.Second

func (c Config) validate() error {
	if c.Client == nil {
		return errors.New("stream: no client")
	}
	switch c.Keep {
	case KeepProjections, KeepStubs:
	default:
		return fmt.Errorf("stream: keep %q: neither %q nor %q", c.Keep, KeepProjections, KeepStubs)
	}
	if c.IdleTimeout < 0 || c.BookmarkWait < 0 || c.ConnectTimeout < 0 || c.SyncTimeout < 0 {
		return errors.New("stream: a timeout is negative")
	}
	if _, err := labels.Parse(c.LabelSelector); err != nil {
		return fmt.Errorf("label selector %q: %w", c.LabelSelector, err)
	}
	if _, err := fields.ParseSelector(c.FieldSelector); err != nil {
		return fmt.Errorf("field selector %q: %w", c.FieldSelector, err)
	}
	return nil
}

func (c Config) withDefaults() Config {
	if c.Project == nil {
		c.Project = projection.From
	}
	if c.Clock == nil {
		c.Clock = clock.RealClock{}
	}
	c.IdleTimeout = cmp.Or(c.IdleTimeout, 100*time.Second)
	c.BookmarkWait = cmp.Or(c.BookmarkWait, BookmarkWait)
	c.ConnectTimeout = cmp.Or(c.ConnectTimeout, 30*time.Second)
	c.SyncTimeout = cmp.Or(c.SyncTimeout, 30*time.Second)
	return c
}
