// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package clean

import (
	"context"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/rest"
	"k8s.io/utils/clock"

	"github.com/podwatch/kubectl-podwatch/pkg/apis/podwatch/v1alpha1"
)

// Actor removes pods, or does as if. The three of them are the values of
// --dry-run; none has a switch that would turn it into another.
type Actor interface {
	// DryRun names the Actor.
	DryRun() v1alpha1.DryRun
	// Remove removes the pod with the UID of item and returns item with its
	// result, and with the error text and archive path if there are any. It is
	// complete in every case. The error is a *RetryError or nil; not nil means
	// that another try may give another result. It may be called for several
	// pods at once.
	Remove(ctx context.Context, item v1alpha1.CleanItem) (v1alpha1.CleanItem, error)
}

var (
	_ Actor = (*deleter)(nil)
	_ Actor = (*serverDryRun)(nil)
	_ Actor = clientDryRun{}
)

// Delete returns the Actor that deletes. Before each request the manifest is
// committed to archive and the decision recorded there, with the time of clk.
// client speaks core/v1, as kubernetes.Interface.CoreV1().RESTClient() does.
// grace is what an evicted pod gets to stop, in whole seconds; 0 stands for the
// pod's own.
func Delete(client rest.Interface, archive *Archive, clk clock.PassiveClock, grace time.Duration) Actor {
	return &deleter{pods: pods{client, int64(grace / time.Second)}, archive: archive, clock: clk}
}

// ServerDryRun returns the Actor that has the server go through the removal,
// admission included, and change nothing.
func ServerDryRun(client rest.Interface) Actor {
	return &serverDryRun{pods: pods{client: client}}
}

// ClientDryRun returns the Actor that sends no request.
func ClientDryRun() Actor { return clientDryRun{} }

type deleter struct {
	pods    pods
	archive *Archive
	clock   clock.PassiveClock
}

func (d *deleter) DryRun() v1alpha1.DryRun { return v1alpha1.DryRunNone }

func (d *deleter) Remove(ctx context.Context, item v1alpha1.CleanItem) (v1alpha1.CleanItem, error) {
	item.DryRun = v1alpha1.DryRunNone
	if err := d.keep(ctx, &item); err != nil {
		out := outcome{result: v1alpha1.ResultArchiveFailed, err: err}
		return out.on(item), out.retry
	}
	out := d.pods.remove(ctx, item)
	item = out.on(item)
	d.archive.conclude(item, d.clock.Now())
	return item, out.retry
}

// keep puts on stable storage what must not be lost with the pod.
func (d *deleter) keep(ctx context.Context, item *v1alpha1.CleanItem) error {
	path, err := d.archive.Commit(*item)
	if err != nil {
		return err
	}
	item.ArchivePath = path
	if err := d.archive.keepLogs(ctx, item); err != nil {
		return err
	}
	return d.archive.decide(*item, d.clock.Now())
}

type serverDryRun struct {
	pods pods
}

func (d *serverDryRun) DryRun() v1alpha1.DryRun { return v1alpha1.DryRunServer }

func (d *serverDryRun) Remove(ctx context.Context, item v1alpha1.CleanItem) (v1alpha1.CleanItem, error) {
	item.DryRun = v1alpha1.DryRunServer
	out := d.pods.remove(ctx, item, metav1.DryRunAll)
	if out.result == v1alpha1.ResultDeleted || out.result == v1alpha1.ResultTerminating {
		out.result = v1alpha1.ResultWouldDelete
	}
	return out.on(item), out.retry
}

type clientDryRun struct{}

func (clientDryRun) DryRun() v1alpha1.DryRun { return v1alpha1.DryRunClient }

func (clientDryRun) Remove(_ context.Context, item v1alpha1.CleanItem) (v1alpha1.CleanItem, error) {
	item.DryRun = v1alpha1.DryRunClient
	return outcome{result: v1alpha1.ResultWouldDelete}.on(item), nil
}

// uidOf is the UID that was frozen in the plan.
func uidOf(item v1alpha1.CleanItem) types.UID { return types.UID(item.UID) }
