// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package reconcile

import (
	"maps"
	"slices"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/utils/clock"

	"github.com/podwatch/kubectl-podwatch/pkg/projection"
)

// maxWaiting bounds the frames of one pod that wait for a worker. A crash loop
// makes two frames in a second and a worker needs microseconds, so the bound is
// met only behind a reader that has stopped reading.
const maxWaiting = 8

// frame is one thing that has to be judged about one pod.
type frame struct {
	// seq is the place of its event in the output.
	seq uint64
	at  time.Time
	// pod is nil for a look: judge again what is known already.
	pod  *projection.Pod
	gone bool

	initial, gap bool
	// around is what was read above the pod before the frame, nil if nothing.
	around *Surroundings
	// synced is when the initial lists were complete, zero if they were not.
	synced time.Time
	// asked is a look that the reader is to hear of, whatever it shows.
	asked bool
	// skew is what the clock of the pod's server is ahead of at.
	skew time.Duration
}

// asOf is the instant of the verdict on f.
func (f frame) asOf() time.Time { return f.at.Add(f.skew) }

// intake gives every frame its place in the output and keeps it until a worker
// takes it. It is the only place that hands out places.
type intake struct {
	clock clock.PassiveClock
	// tap sees deliveries in the order of their places; nil if nobody listens.
	tap func(Delivery)
	// asOf is Config.AsOf.
	asOf time.Time

	mu      sync.Mutex
	next    uint64
	waiting map[Key][]frame
	closed  bool
	synced  time.Time
	around  map[place]*Surroundings
	// skews are what the sources said last of the clocks of their servers.
	skews map[place]time.Duration
	// pods are those that are there, with the UIDs of their controllers, so that
	// what is read above them finds them. It is nil if nothing is.
	pods map[place]map[within]types.UID
}

// place is a namespace of a context, within a pod in there.
type (
	place  struct{ context, namespace string }
	within struct {
		name string
		uid  types.UID
	}
)

func newIntake(cfg Config) *intake {
	tap := cfg.Tap
	if tap == nil {
		tap = func(Delivery) {}
	}
	return &intake{
		clock: cfg.Clock, tap: tap, asOf: cfg.AsOf,
		waiting: map[Key][]frame{}, around: map[place]*Surroundings{}, skews: map[place]time.Duration{},
	}
}

// skew is what the clock of the server of key is ahead of at, an instant of this
// machine's. The caller holds mu.
func (in *intake) skew(key Key, at time.Time) time.Duration {
	if !in.asOf.IsZero() {
		return in.asOf.Sub(at)
	}
	if skew, ok := in.skews[place{key.Context, key.Namespace}]; ok {
		return skew
	}
	return in.skews[place{key.Context, metav1.NamespaceAll}]
}

// now is this machine's time, and that of the server of key.
func (in *intake) now(key Key) (local, server time.Time) {
	in.mu.Lock()
	defer in.mu.Unlock()
	local = in.clock.Now()
	return local, local.Add(in.skew(key, local))
}

// add keeps f for key and reports whether a worker has to look at key. A frame
// without a time comes now.
func (in *intake) add(key Key, f frame) bool {
	in.mu.Lock()
	defer in.mu.Unlock()
	if in.closed {
		return false
	}
	frames := in.waiting[key]
	if f.pod == nil && len(frames) > 0 {
		last := &frames[len(frames)-1]
		last.asked = last.asked || f.asked
		return true // what waits is newer than what the look would judge
	}
	if f.at.IsZero() {
		f.at = in.clock.Now()
	}
	if f.pod != nil {
		in.index(key, f)
		in.tap(Delivery{
			At: f.at, Context: key.Context, Namespace: key.Namespace,
			Pod: f.pod, Gone: f.gone, Initial: f.initial, Gap: f.gap,
		})
	}
	in.wait(key, f)
	return true
}

// wait has f wait for a worker, with a place of its own if there is room.
func (in *intake) wait(key Key, f frame) {
	f.around, f.synced = in.around[place{key.Context, key.Namespace}], in.synced
	f.skew = in.skew(key, f.at)
	frames := in.waiting[key]
	if len(frames) < maxWaiting {
		f.seq = in.next
		in.next++
		in.waiting[key] = append(frames, f)
		return
	}
	last := &frames[maxWaiting-1]
	last.at, last.skew, last.around, last.synced = f.at, f.skew, f.around, f.synced
	if f.pod == nil {
		return
	}
	last.pod, last.gone = f.pod, f.gone
	last.initial = last.initial && f.initial
	last.gap = true // a state in between is lost
}

// index keeps who is there. A pod that has succeeded is not tracked (R12).
func (in *intake) index(key Key, f frame) {
	if in.pods == nil {
		return
	}
	of, pod := place{key.Context, key.Namespace}, within{key.Name, key.UID}
	if f.gone || f.pod.Phase == corev1.PodSucceeded && f.pod.DeletionTimestamp == nil {
		delete(in.pods[of], pod)
		return
	}
	if in.pods[of] == nil {
		in.pods[of] = map[within]types.UID{}
	}
	uid := types.UID("")
	if c := f.pod.Controller; c != nil {
		uid = c.UID
	}
	in.pods[of][pod] = uid
}

// surround takes in what was read above the pods of a namespace. From its place
// on it counts for all frames of the namespace; behind it come looks at the pods
// that it is about, whose keys are returned in order.
func (in *intake) surround(of place, s *Surroundings) (seq uint64, at time.Time, keys []Key, ok bool) {
	in.mu.Lock()
	defer in.mu.Unlock()
	if in.closed {
		return 0, time.Time{}, nil, false
	}
	seq, at = in.next, in.clock.Now()
	in.next++
	in.tap(Delivery{At: at, Context: of.context, Namespace: of.namespace, Around: s})
	if s.Named {
		return seq, at, nil, true
	}
	in.around[of] = s
	for pod, controller := range in.pods[of] {
		if s.Asked || controller != "" && s.about(controller) {
			keys = append(keys, Key{Context: of.context, Namespace: of.namespace, Name: pod.name, UID: pod.uid})
		}
	}
	slices.SortFunc(keys, Key.Compare)
	for _, key := range keys {
		in.wait(key, frame{at: at})
	}
	return seq, at, keys, true
}

// take hands over all that waits for key, oldest first.
func (in *intake) take(key Key) []frame {
	in.mu.Lock()
	defer in.mu.Unlock()
	frames := in.waiting[key]
	delete(in.waiting, key)
	return frames
}

// left returns the keys that nothing was taken for, in order.
func (in *intake) left() []Key {
	in.mu.Lock()
	defer in.mu.Unlock()
	return slices.SortedFunc(maps.Keys(in.waiting), Key.Compare)
}

// place returns the next place and its time, for an event of type t about no pod:
// at, or now if that is zero. What a source has delivered, d, is nil if none has. It is
// refused once the intake is closed.
func (in *intake) place(at time.Time, t Type, d *Delivery) (uint64, time.Time, bool) {
	in.mu.Lock()
	defer in.mu.Unlock()
	if in.closed {
		return 0, time.Time{}, false
	}
	if at.IsZero() {
		at = in.clock.Now()
	}
	if t == Synced {
		in.synced = at
	}
	if d != nil {
		d.At = at
		if d.Status != nil {
			in.skews[place{d.Context, d.Namespace}] = d.Status.Skew
		}
		in.tap(*d)
	}
	seq := in.next
	in.next++
	return seq, at, true
}

// note passes on a delivery that makes no event, and returns its time.
func (in *intake) note(d Delivery) time.Time {
	in.mu.Lock()
	defer in.mu.Unlock()
	d.At = in.clock.Now()
	if !in.closed {
		in.tap(d)
	}
	return d.At
}

// end notes that the run ends now, refuses everything from then on, and returns
// when that was; what waits can still be taken.
func (in *intake) end() time.Time {
	in.mu.Lock()
	defer in.mu.Unlock()
	at := in.clock.Now()
	in.tap(Delivery{At: at})
	in.closed = true
	return at
}
