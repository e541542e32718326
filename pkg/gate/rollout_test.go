// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package gate_test

import (
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/podwatch/kubectl-podwatch/pkg/apis/podwatch/v1alpha1"
	"github.com/podwatch/kubectl-podwatch/pkg/gate"
	"github.com/podwatch/kubectl-podwatch/pkg/projection"
	"github.com/podwatch/kubectl-podwatch/pkg/reconcile"
)

// read tells the gate what was read of the named workloads.
func (b *bench) read(owners ...*projection.Owner) {
	b.take(reconcile.Event{Type: reconcile.Read, Surroundings: &reconcile.Surroundings{Named: true, Owners: owners}})
}

// rolledOut is a workload of three pods that is as it should be.
func rolledOut(kind string, changes ...func(*projection.Owner)) *projection.Owner {
	o := &projection.Owner{
		Kind: kind, Namespace: "shop", Name: "web", UID: "uid-web", Observed: true,
		Desired: 3, Created: 3, Updated: 3, MustUpdate: 3, Available: 3,
	}
	for _, change := range changes {
		change(o)
	}
	return o
}

func says(kind string, status corev1.ConditionStatus, reason, message string) func(*projection.Owner) {
	return func(o *projection.Owner) {
		o.Conditions = append(o.Conditions, projection.Condition{Type: corev1.PodConditionType(kind), Status: status, Reason: reason, Message: message})
	}
}

func TestAGateOnAWorkloadHoldsOnceItIsRolledOut(t *testing.T) {
	t.Parallel()
	const late = `ReplicaSet "web-2" has timed out progressing.`
	deadline := says("Progressing", corev1.ConditionFalse, "ProgressDeadlineExceeded", late)
	for name, test := range map[string]struct {
		kind   string
		owner  *projection.Owner
		want   gate.Outcome
		reason string
	}{
		"rolled out": {"Deployment", rolledOut("Deployment"), gate.Held, ""},
		"its controller has not seen it": {
			"Deployment", rolledOut("Deployment", func(o *projection.Owner) { o.Observed = false }), gate.TimedOut,
			`deployment "shop/web": its controller has not seen the latest change yet`,
		},
		"pods of the new template are refused": {
			"Deployment", rolledOut("Deployment", func(o *projection.Owner) { o.Updated = 0 }, says("ReplicaFailure", corev1.ConditionTrue, "FailedCreate", "violates PodSecurity")), gate.TimedOut,
			`deployment "shop/web": 0 of 3 pods are updated: FailedCreate: violates PodSecurity`,
		},
		"old pods are left": {
			"Deployment", rolledOut("Deployment", func(o *projection.Owner) { o.Created = 4 }), gate.TimedOut,
			"1 pod of an older revision is still there",
		},
		"past its deadline": {"Deployment", rolledOut("Deployment", func(o *projection.Owner) { o.Updated = 1 }, deadline), gate.Failed, `deployment "shop/web": ProgressDeadlineExceeded: ` + late},
		"the deadline was that of an older change": {
			"Deployment", rolledOut("Deployment", func(o *projection.Owner) { o.Observed = false }, deadline), gate.TimedOut, "has not seen",
		},
		"ready for too short": {
			"StatefulSet", rolledOut("StatefulSet", func(o *projection.Owner) { o.Created, o.Updated, o.Available, o.MustUpdate = 1, 1, 0, 0 }), gate.TimedOut,
			`statefulset "shop/web": 0 of 3 pods are available`,
		},
		"some are of the old revision": {
			"StatefulSet", rolledOut("StatefulSet", func(o *projection.Owner) { o.Updated = 1 }), gate.TimedOut, "1 of 3 pods is updated",
		},
		"the others are below the partition": {
			"StatefulSet", rolledOut("StatefulSet", func(o *projection.Owner) { o.Updated, o.MustUpdate = 1, 1 }), gate.Held, "",
		},
		"a node is left":   {"DaemonSet", rolledOut("DaemonSet", func(o *projection.Owner) { o.Updated = 2 }), gate.TimedOut, "2 of 3 pods are updated"},
		"a pod is missing": {"ReplicaSet", rolledOut("ReplicaSet", func(o *projection.Owner) { o.Available, o.MustUpdate = 2, 0 }), gate.TimedOut, "2 of 3 pods are available"},
		"being deleted":    {"ReplicaSet", rolledOut("ReplicaSet", func(o *projection.Owner) { o.Deleting = true }), gate.TimedOut, "it is being deleted"},
		"another one":      {"Deployment", rolledOut("Deployment", func(o *projection.Owner) { o.Name = "other" }), gate.TimedOut, "deployment/web does not exist"},
		"a Job that runs":  {"Job", rolledOut("Job", func(o *projection.Owner) { o.Available = 0 }), gate.Held, ""},
		"a Job that has failed": {
			"Job", rolledOut("Job", says("Failed", corev1.ConditionTrue, "BackoffLimitExceeded", "Job has reached the specified backoff limit")), gate.Failed,
			`job "shop/web": BackoffLimitExceeded: Job has reached`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t, gate.Options{MinPods: 1, Timeout: time.Minute, Workloads: []gate.Workload{{Kind: test.kind, Name: "web"}}})
			b.synced(b.running("a", time.Hour))
			b.expect(gate.Pending, 0, "")
			b.read(test.owner)
			b.wait(time.Hour)
			after := time.Duration(0)
			if test.want == gate.TimedOut {
				after = time.Minute
			}
			b.expect(test.want, after, test.reason)
		})
	}
}

func TestAGateOnAWorkloadWaitsForTheReadingThatItNeeds(t *testing.T) {
	t.Parallel()
	options := gate.Options{MinPods: 1, StableFor: 10 * time.Second, Workloads: []gate.Workload{{Kind: "Deployment", Name: "web"}}}
	unread := func(reason string) reconcile.Event {
		return reconcile.Event{Type: reconcile.Read, Surroundings: &reconcile.Surroundings{
			Named: true, Limitations: []v1alpha1.Limitation{{Resource: "deployments", Namespace: "shop", Reason: reason}},
		}}
	}
	for name, test := range map[string]struct {
		play   func(*bench)
		want   gate.Outcome
		after  time.Duration
		reason string
	}{
		"never read":      {func(*bench) {}, gate.Pending, 0, "deployment/web could not be read yet"},
		"not read so far": {func(b *bench) { b.take(unread("Timeout")) }, gate.Pending, 0, "deployment/web could not be read yet"},
		"it may not be read: then the pods count": {
			func(b *bench) { b.wait(5 * time.Second); b.take(unread("Forbidden")) }, gate.Held, 15 * time.Second, "",
		},
		"what was read stays": {
			func(b *bench) { b.read(rolledOut("Deployment")); b.take(unread("Timeout")) }, gate.Held, 10 * time.Second, "",
		},
		"a rollout begins, and ends": {
			func(b *bench) {
				b.read(rolledOut("Deployment"))
				b.wait(5 * time.Second)
				b.read(rolledOut("Deployment", func(o *projection.Owner) { o.Updated = 0 }))
				b.wait(20 * time.Second)
				b.read(rolledOut("Deployment"))
			}, gate.Held, 35 * time.Second, "",
		},
		"what stands above pods is something else": {
			func(b *bench) {
				b.take(reconcile.Event{Type: reconcile.Read, Surroundings: &reconcile.Surroundings{Owners: []*projection.Owner{rolledOut("Deployment")}}})
			}, gate.Pending, 0, "could not be read yet",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t, options)
			b.synced(b.running("a", time.Hour))
			test.play(b)
			b.wait(time.Hour)
			b.expect(test.want, test.after, test.reason)
		})
	}
}

// Other conditions than healthy are about pods, and need no workload.
func TestAConditionOfPodsIsAboutPods(t *testing.T) {
	t.Parallel()
	b := newBench(t, gate.Options{MinPods: 1, Workloads: []gate.Workload{{Kind: "Deployment", Name: "web"}}}, "condition=Ready")
	b.synced(b.running("a", time.Hour))
	b.expect(gate.Held, 0, "")
}
