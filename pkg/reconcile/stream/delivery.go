// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package stream

import (
	"cmp"
	"slices"
	"sync"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/podwatch/kubectl-podwatch/pkg/projection"
)

// delivery calls the handler: one call at a time, none twice for the same
// resourceVersion, none after close.
//
// Lists are told apart by rounds. A pod that was there before a round and was
// not seen when the round is settled is gone, and what still arrives from an
// earlier round is dropped.
type delivery struct {
	history *history
	handler Handler

	mu      sync.Mutex // held while the handler runs
	closed  bool
	synced  bool
	round   int
	settled int // the last round that is complete
	pods    map[types.NamespacedName]entry
	status  Status // as last told
}

// entry is a pod that was delivered, and the last round it was seen in.
type entry struct {
	tracked
	round int
}

// tracked is a *projection.Pod or a *stub.
type tracked interface {
	GetUID() types.UID
	GetResourceVersion() string
}

func newDelivery(h Handler, hist *history) *delivery {
	return &delivery{
		history: hist, handler: h, pods: map[types.NamespacedName]entry{}, status: Status{State: Connecting},
	}
}

// begin starts a round and ends all earlier ones.
func (d *delivery) begin() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.round++
	return d.round
}

// current returns the round that live frames belong to.
func (d *delivery) current() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.round
}

// wants reports whether upsert would deliver the pod, and notes that it was seen
// if not.
func (d *delivery) wants(round int, o metav1.Object) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.closed || round != d.round {
		return false
	}
	k := types.NamespacedName{Namespace: o.GetNamespace(), Name: o.GetName()}
	old, known := d.pods[k]
	if !known {
		return true
	}
	same := old.GetUID() == o.GetUID() && old.GetResourceVersion() == o.GetResourceVersion()
	_, outdated := d.history.judge(o.GetResourceVersion(), old.GetResourceVersion())
	if !same && !outdated {
		return true
	}
	d.pods[k] = entry{old.tracked, round}
	return false
}

// upsert delivers p, of which t is kept. The caller has asked wants.
func (d *delivery) upsert(round int, p *projection.Pod, t tracked) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.closed || round != d.round {
		return
	}
	k := types.NamespacedName{Namespace: p.Namespace, Name: p.Name}
	old, known := d.pods[k]
	missed, _ := d.history.judge(p.ResourceVersion, old.version())
	f := Frame{Initial: !d.synced, Gap: missed}
	d.pods[k] = entry{t, round}
	if known && old.GetUID() != p.UID {
		d.handler.Delete(lastKnown(k, old), f)
	}
	d.handler.Upsert(p, f)
}

// remove delivers the end of p, as a DELETED frame told it.
func (d *delivery) remove(round int, p *projection.Pod) {
	k := types.NamespacedName{Namespace: p.Namespace, Name: p.Name}
	d.mu.Lock()
	defer d.mu.Unlock()
	old, known := d.pods[k]
	if d.closed || round != d.round || !known || old.GetUID() != p.UID {
		return
	}
	missed, _ := d.history.judge(p.ResourceVersion, old.GetResourceVersion())
	delete(d.pods, k)
	d.handler.Delete(p, Frame{Initial: !d.synced, Gap: missed})
}

// vanish delivers the end of a pod that a relist did not find.
func (d *delivery) vanish(round int, k types.NamespacedName) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.closed || round != d.round {
		return
	}
	d.drop(k)
}

// settle ends the round's list: pods it has not seen are gone. It reports
// whether this was the first Synced.
func (d *delivery) settle(round int) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.closed || round != d.round || round == d.settled {
		return false
	}
	d.settled = round
	var gone []types.NamespacedName
	for k, e := range d.pods {
		if e.round != round {
			gone = append(gone, k)
		}
	}
	slices.SortFunc(gone, func(a, b types.NamespacedName) int {
		return cmp.Or(cmp.Compare(a.Namespace, b.Namespace), cmp.Compare(a.Name, b.Name))
	})
	for _, k := range gone {
		d.drop(k)
	}
	if d.synced {
		return false
	}
	d.synced = true
	d.handler.Synced()
	return true
}

// drop forgets a pod whose end no frame has told. The caller holds mu.
func (d *delivery) drop(k types.NamespacedName) {
	old, known := d.pods[k]
	if !known {
		return
	}
	delete(d.pods, k)
	d.handler.Delete(lastKnown(k, old), Frame{Initial: !d.synced, Gap: true})
}

// tell calls Handler.Status if snapshot brings news.
func (d *delivery) tell(snapshot func() Status, notice string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	// The snapshot is taken under mu, so that the last one told is the newest.
	s := snapshot()
	if d.closed || notice == "" && s.sameAs(d.status) {
		return
	}
	d.status = s
	s.Notice = notice
	d.handler.Status(s)
}

// close waits for the handler call in progress and forbids any further one.
func (d *delivery) close() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.closed = true
	d.pods = nil
}

// version is empty for a pod that was never delivered.
func (e entry) version() string {
	if e.tracked == nil {
		return ""
	}
	return e.GetResourceVersion()
}

func lastKnown(k types.NamespacedName, e entry) *projection.Pod {
	if p, ok := e.tracked.(*projection.Pod); ok {
		return p
	}
	return &projection.Pod{ObjectMeta: metav1.ObjectMeta{
		Namespace: k.Namespace, Name: k.Name, UID: e.GetUID(), ResourceVersion: e.GetResourceVersion(),
	}}
}
