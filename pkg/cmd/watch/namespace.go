// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package watch

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/podwatch/kubectl-podwatch/pkg/apis/podwatch/v1alpha1"
	"github.com/podwatch/kubectl-podwatch/pkg/reconcile"
)

// askTimeout bounds the question whether a namespace is there.
const askTimeout = 5 * time.Second

// goneError ends the engine when a namespace is gone for which a gate waits.
type goneError struct{ namespace string }

// Error implements error.
func (e goneError) Error() string { return fmt.Sprintf("namespace %q is gone", e.namespace) }

// presence is what is known of a namespace.
type presence string

const (
	unknown presence = ""
	present presence = "present"
	// leaving: nothing can be created in it any more.
	leaving presence = "leaving"
	absent  presence = "absent"
)

// namespaces asks for the namespaces in which there are no pods. It does so beside the
// run; whoever may not ask hears nothing.
type namespaces struct {
	session *session
	ctx     context.Context //nolint:containedctx // for what is begun in emit
	// cancel ends the run.
	cancel context.CancelCauseFunc
}

// take takes in an event of the engine that was told: behind the first sync it asks for
// namespaces without pods, and later for those whose last pod has gone.
func (n *namespaces) take(ev reconcile.Event) {
	s := n.session
	switch {
	case ev.Type == reconcile.Synced:
		for _, source := range s.sources {
			n.ask(reconcile.Source{Context: source.Context, Namespace: source.Namespace}, n.first)
		}
	case ev.Type == reconcile.Gone && !s.Gate.Absence():
		n.ask(reconcile.Source{Context: ev.Key.Context, Namespace: ev.Key.Namespace}, n.vanished)
	}
}

// ask has then hear what is known of the namespace of a source, if it was asked for by
// its name and there are no pods in it.
func (n *namespaces) ask(of reconcile.Source, then func(reconcile.Source, presence)) {
	if of.Namespace == "" || n.session.teller.Pods(of.Context, of.Namespace) > 0 {
		return
	}
	for _, c := range n.session.Clusters {
		if c.Context != of.Context || !slices.Contains(c.Namespaces, of.Namespace) {
			continue
		}
		go func() {
			ctx, stop := context.WithTimeout(n.ctx, askTimeout)
			defer stop()
			then(of, presenceOf(c.Core.Namespaces().Get(ctx, of.Namespace, metav1.GetOptions{})))
		}()
	}
}

// nowhere names the namespaces without pods that do not exist, to stand behind the
// reason of a timeout: they may come yet, but mostly a name is misspelt.
func (s *session) nowhere(ctx context.Context) string {
	ctx, stop := context.WithTimeout(ctx, askTimeout)
	defer stop()
	var text strings.Builder
	for _, c := range s.Clusters {
		for _, name := range c.Namespaces {
			if name == metav1.NamespaceAll || s.teller.Pods(c.Context, name) > 0 {
				continue
			}
			if presenceOf(c.Core.Namespaces().Get(ctx, name, metav1.GetOptions{})) == absent {
				_, _ = fmt.Fprintf(&text, "; namespace %q does not exist", name)
			}
		}
	}
	return text.String()
}

func presenceOf(ns *corev1.Namespace, err error) presence {
	status, answered := errors.AsType[*apierrors.StatusError](err)
	switch {
	case err == nil && ns.Status.Phase == corev1.NamespaceTerminating:
		return leaving
	case err == nil:
		return present
	case answered && apierrors.IsNotFound(err) && status.ErrStatus.Details != nil && status.ErrStatus.Details.Kind == "namespaces":
		return absent // not any 404 of something in between
	}
	return unknown
}

// first hears of a namespace that had no pods at the start. It may yet be created.
func (n *namespaces) first(of reconcile.Source, p presence) {
	if p == absent {
		n.notice(of, fmt.Sprintf("namespace %q does not exist", of.Namespace))
	}
}

// vanished hears of a namespace whose last pod has gone: there is nothing to wait for.
func (n *namespaces) vanished(of reconcile.Source, p presence) {
	gone := goneError{of.Namespace}
	switch {
	case p != leaving && p != absent:
	case n.session.gate != nil:
		n.cancel(gone)
	default:
		n.notice(of, gone.Error())
	}
}

// notice says something about a source in its place among the events.
func (n *namespaces) notice(of reconcile.Source, text string) {
	n.session.engine.AddAftermath(&v1alpha1.PodWatchEvent{
		TypeMeta: v1alpha1.TypeMeta("PodWatchEvent"),
		Type:     v1alpha1.EventStreamNotice, Severity: v1alpha1.SeverityInfo, Time: metav1.NewMicroTime(n.session.Clock.Now().UTC()),
		Context: of.Context, Namespace: of.Namespace, Message: text,
	})
}
