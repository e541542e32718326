// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package transition_test

import (
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/podwatch/kubectl-podwatch/pkg/apis/podwatch/v1alpha1"
	"github.com/podwatch/kubectl-podwatch/pkg/diagnose"
	"github.com/podwatch/kubectl-podwatch/pkg/projection"
	"github.com/podwatch/kubectl-podwatch/pkg/reconcile"
	"github.com/podwatch/kubectl-podwatch/pkg/transition"
)

// seeBelow judges p in the light of its owners.
func (w *world) seeBelow(p *corev1.Pod, change func(*reconcile.Event), owners ...*projection.Owner) {
	projected := projection.From(p)
	v := diagnose.Judge(projected, diagnose.Related{Owners: owners}, w.now, diagnose.Defaults())
	ev := reconcile.Event{Type: reconcile.Judged, Key: w.key(p), Pod: projected, From: w.verdicts[p.UID], To: &v}
	w.verdicts[p.UID] = &v
	if change != nil {
		change(&ev)
	}
	w.tell(ev)
}

func doubtful(ev *reconcile.Event) { ev.Doubtful = true }
func aged(ev *reconcile.Event)     { ev.Aged = true }

func job(conditions ...batchv1.JobConditionType) *projection.Owner {
	j := &batchv1.Job{ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: "import", UID: "uid-import"}}
	for _, t := range conditions {
		j.Status.Conditions = append(j.Status.Conditions, batchv1.JobCondition{Type: t, Status: corev1.ConditionTrue})
	}
	return projection.FromJob(j)
}

// deployment is one of four pods, so many of which are of the newest revision and
// available.
func deployment(desired, updated, available int32) *projection.Owner {
	return projection.FromDeployment(&appsv1.Deployment{
		ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: "web", UID: "uid-web"},
		Spec: appsv1.DeploymentSpec{
			Replicas: &desired, Strategy: appsv1.DeploymentStrategy{
				Type: appsv1.RollingUpdateDeploymentStrategyType, RollingUpdate: &appsv1.RollingUpdateDeployment{},
			},
		},
		Status: appsv1.DeploymentStatus{Replicas: desired, UpdatedReplicas: updated, AvailableReplicas: available},
	})
}

func (w *world) ownedBy(p *corev1.Pod, kind, name string) *corev1.Pod {
	p.OwnerReferences = []metav1.OwnerReference{{Kind: kind, Name: name, UID: "uid-of-" + p.UID, Controller: new(true)}}
	return p
}

// failed is p after its container has ended with an error.
func (w *world) failed(p *corev1.Pod) *corev1.Pod {
	p = p.DeepCopy()
	p.Status.Phase = corev1.PodFailed
	p.Status.ContainerStatuses = []corev1.ContainerStatus{{Name: "app", State: corev1.ContainerState{
		Terminated: &corev1.ContainerStateTerminated{ExitCode: 1, Reason: "Error", FinishedAt: metav1.NewTime(w.now)},
	}}}
	return p
}

// deleting is p within its grace period.
func (w *world) deleting(p *corev1.Pod) *corev1.Pod {
	p = p.DeepCopy()
	p.DeletionTimestamp = &metav1.Time{Time: w.now.Add(30 * time.Second)}
	p.DeletionGracePeriodSeconds = new(int64(30))
	return p
}

func TestF28_JobsRolloutsAndScaleDownsAreInformation(t *testing.T) {
	t.Parallel()
	start := func(t *testing.T) (*world, *corev1.Pod) {
		t.Helper()
		w := newWorld(t, transition.Options{})
		p := w.ownedBy(w.pod("a"), "Job", "import")
		w.synced(p)
		w.told = nil
		return w, p
	}
	for name, test := range map[string]struct {
		do   func(w *world, p *corev1.Pod)
		want []string
	}{
		"an attempt of a Job that goes on": {
			func(w *world, p *corev1.Pod) {
				p = w.failed(p)
				w.seeBelow(p, doubtful)
				w.seeBelow(p, aged, job())
			},
			[]string{"pod.failed a Healthy→Failed info ExitCode"},
		},
		"and the Job gives up later": {
			func(w *world, p *corev1.Pod) {
				p = w.failed(p)
				w.seeBelow(p, nil, job())
				w.seeBelow(p, aged, job())
				w.seeBelow(p, aged, job(batchv1.JobFailed))
				w.seeBelow(p, aged, job(batchv1.JobFailed))
			},
			[]string{"pod.failed a Healthy→Failed info ExitCode", "pod.failed a Failed→Failed critical ExitCode"},
		},
		"the last attempt of a Job": {
			func(w *world, p *corev1.Pod) {
				p = w.failed(p)
				w.seeBelow(p, doubtful)
				w.seeBelow(p, aged, job(batchv1.JobFailureTarget))
			},
			[]string{"pod.failed a Healthy→Failed critical ExitCode"},
		},
		"an attempt of a Job that may not be read": {
			func(w *world, p *corev1.Pod) {
				p = w.failed(p)
				w.seeBelow(p, doubtful)
				w.seeBelow(p, aged)
			},
			[]string{"pod.failed a Healthy→Failed critical ExitCode"},
		},
		"a Job that completes": {
			func(w *world, p *corev1.Pod) {
				p = p.DeepCopy()
				p.Status.Phase = corev1.PodSucceeded
				w.seeBelow(p, nil, job(batchv1.JobComplete))
			},
			[]string{"pod.succeeded a Healthy→Completed"},
		},
		"a Job that completes after a restart": {
			func(w *world, p *corev1.Pod) {
				w.seeBelow(w.loop(p, 1), nil, job())
				p = p.DeepCopy()
				p.Status.Phase = corev1.PodSucceeded
				w.seeBelow(p, nil, job(batchv1.JobComplete))
			},
			[]string{"crashloop.entered a Healthy→Degraded warning CrashLoop", "pod.succeeded a Degraded→Completed"},
		},
		"an old attempt of a Job that has completed since": {
			func(w *world, p *corev1.Pod) {
				p = w.failed(p)
				w.seeBelow(p, nil, job())
				w.told = nil
				w.seeBelow(p, aged, job(batchv1.JobComplete))
			},
			nil,
		},
		"the new pod of a rollout takes its time": {
			func(w *world, p *corev1.Pod) {
				p.Status.Conditions[1].Status = corev1.ConditionFalse
				p.Status.Conditions[1].LastTransitionTime = metav1.NewTime(w.now)
				p.Status.ContainerStatuses[0].Ready = false
				w.seeBelow(p, nil, deployment(4, 1, 4))
				w.told = nil
				w.now = w.now.Add(3 * time.Minute)
				w.seeBelow(p, doubtful)
				w.seeBelow(p, aged, deployment(4, 1, 4))
			},
			nil,
		},
		"the new pod of a rollout never gets ready": {
			func(w *world, p *corev1.Pod) {
				p.Status.Conditions[1].Status = corev1.ConditionFalse
				p.Status.Conditions[1].LastTransitionTime = metav1.NewTime(w.now)
				p.Status.ContainerStatuses[0].Ready = false
				w.seeBelow(p, nil, deployment(4, 1, 4))
				w.told = nil
				w.now = w.now.Add(11 * time.Minute)
				w.seeBelow(p, aged, deployment(4, 1, 4))
			},
			[]string{"pod.notready a Progressing→Degraded warning NotReady"},
		},
		"a pod of an old ReplicaSet, or of one that is scaled down, exits with an error": {
			func(w *world, p *corev1.Pod) {
				p = w.deleting(p)
				w.see(p, nil)
				p = w.failed(p)
				p.Status.ContainerStatuses[0].State.Terminated.ExitCode = 137
				w.see(p, nil)
				w.deleted(p)
			},
			[]string{"pod.terminating a Healthy→Terminating", "pod.deleted a Terminating→"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w, p := start(t)
			test.do(w, p)
			for _, e := range w.told {
				if e.Episode != nil && e.Severity == v1alpha1.SeverityInfo && e.Type == v1alpha1.EventPodFailed {
					t.Errorf("%s as information is part of an episode", e.Type)
				}
			}
			w.expect(test.want...)
		})
	}
}

func TestWhatIsInDoubtIsToldOnceAndNeverLost(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		do   func(w *world, p *corev1.Pod)
		want []string
	}{
		"the pod goes first": {
			func(w *world, p *corev1.Pod) {
				p = w.failed(p)
				w.see(p, doubtful)
				w.deleted(p)
			},
			[]string{"pod.failed a Healthy→Failed critical ExitCode", "pod.deleted a Failed→"},
		},
		"it is well again first": {
			func(w *world, p *corev1.Pod) {
				w.see(w.loop(p, 1), doubtful)
				w.see(w.up(p), nil)
			},
			[]string{"crashloop.entered a Healthy→Failing critical CrashLoop"},
		},
		"another frame says the same": {
			func(w *world, p *corev1.Pod) {
				p = w.failed(p)
				w.see(p, func(ev *reconcile.Event) { ev.Doubtful, ev.Gap = true, true })
				w.see(p, doubtful)
				w.see(p, aged)
			},
			[]string{"pod.failed a Healthy→Failed critical ExitCode gap"},
		},
		"the run ends first": {
			func(w *world, p *corev1.Pod) {
				w.see(w.failed(p), doubtful)
				w.told = append(w.told, w.teller.Rest()...)
				w.told = append(w.told, w.teller.Rest()...)
			},
			[]string{"pod.failed a Healthy→Failed critical ExitCode"},
		},
		"a new pod": {
			func(w *world, _ *corev1.Pod) {
				p := w.failed(w.pod("b"))
				w.see(p, doubtful)
				if n := w.teller.Pods("", "shop"); n != 2 {
					w.t.Errorf("%d pods, want the doubtful one counted", n)
				}
				w.see(p, aged)
			},
			[]string{"pod.failed b →Failed critical ExitCode"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, transition.Options{})
			p := w.ownedBy(w.pod("a"), "ReplicaSet", "web-1")
			w.synced(p)
			w.told = nil
			test.do(w, p)
			w.expect(test.want...)
		})
	}
}

// What is bad at the start is known before what stands above it.
func TestWhatIsInDoubtAtTheStartIsInitialAllTheSame(t *testing.T) {
	t.Parallel()
	w := newWorld(t, transition.Options{})
	p := w.failed(w.ownedBy(w.pod("a"), "ReplicaSet", "web-1"))
	attempt := w.failed(w.ownedBy(w.pod("b"), "Job", "import"))
	for _, q := range []*corev1.Pod{p, attempt} {
		w.see(q, func(ev *reconcile.Event) { ev.Initial, ev.Doubtful = true, true })
	}
	w.tell(reconcile.Event{Type: reconcile.Synced})
	if s := w.told[0].Summary; s == nil || s.Pods.Failed != 2 {
		t.Errorf("the first summary counts %+v, want two failed pods", s)
	}
	w.told = w.told[1:]
	w.see(p, aged)
	w.seeBelow(attempt, aged, job())
	w.expect("pod.failed a →Failed critical ExitCode initial")
}

func TestWhatCouldNotBeReadIsToldOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t, transition.Options{})
	w.synced()
	w.told = nil
	for range 3 {
		w.tell(reconcile.Event{
			Type: reconcile.Read, Source: reconcile.Source{Namespace: "shop"},
			Surroundings: &reconcile.Surroundings{Limitations: []v1alpha1.Limitation{{Resource: "jobs", Namespace: "shop", Reason: "Forbidden", Effect: "so what"}}},
		})
	}
	if len(w.told) != 1 || w.told[0].Type != v1alpha1.EventRelatedUnread || w.told[0].Namespace != "shop" ||
		w.told[0].Message != "jobs not read (Forbidden): so what" || w.told[0].Severity != v1alpha1.SeverityInfo {
		t.Errorf("told %+v", w.told)
	}
}
