// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package clean

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	authorizationv1 "k8s.io/api/authorization/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/kubernetes/fake"
	batchv1client "k8s.io/client-go/kubernetes/typed/batch/v1"
	clienttesting "k8s.io/client-go/testing"

	"github.com/podwatch/kubectl-podwatch/pkg/apis/podwatch/v1alpha1"
	"github.com/podwatch/kubectl-podwatch/pkg/projection"
)

func jobPod(job string, uid types.UID) *corev1.Pod {
	return failedPod("a", "of-"+string(uid), controlledBy("batch/v1", "Job"), func(p *corev1.Pod) {
		p.OwnerReferences[0].Name, p.OwnerReferences[0].UID = job, uid
	})
}

func jobObject(name string, uid types.UID, condition batchv1.JobConditionType) *batchv1.Job {
	job := &batchv1.Job{ObjectMeta: metav1.ObjectMeta{Namespace: "a", Name: name, UID: uid}}
	if condition != "" {
		job.Status.Conditions = []batchv1.JobCondition{{Type: condition, Status: corev1.ConditionTrue}}
	}
	return job
}

func TestKnownFromTheJobsOfACapture(t *testing.T) {
	t.Parallel()
	cron := &batchv1.CronJob{ObjectMeta: metav1.ObjectMeta{Name: "cron", UID: "5"}}
	got := KnownFrom([]*projection.Owner{
		projection.FromJob(jobObject("done", "1", batchv1.JobComplete)), projection.FromJob(jobObject("failed", "2", batchv1.JobFailed)),
		projection.FromJob(jobObject("active", "3", "")), projection.FromJob(jobObject("failing", "4", batchv1.JobFailureTarget)),
		projection.FromMetadata(cron),
		{APIVersion: "example.com/v1", Kind: "Job", UID: "6"},
	})
	want := map[types.UID]JobState{"1": JobEnded, "2": JobEnded, "3": JobActive, "4": JobActive}
	if diff := cmp.Diff(want, got.Jobs); diff != "" {
		t.Errorf("jobs (-want +got):\n%s", diff)
	}
}

func lookFor(client *fake.Clientset, pods ...*corev1.Pod) (Known, []v1alpha1.Limitation) {
	n := Needs(judged(pods...), noon, everything())
	return Look(context.Background(), Clients{Jobs: client.BatchV1(), Namespaces: client.CoreV1()}, n)
}

func TestLookReadsJobsByTheirUID(t *testing.T) {
	t.Parallel()
	objects := []runtime.Object{
		&corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: "a", Annotations: map[string]string{"podwatch.dev/keep": "false"}}},
		jobObject("done", "1", batchv1.JobComplete), jobObject("failed", "2", batchv1.JobFailed), jobObject("active", "3", ""),
		jobObject("failing", "4", batchv1.JobFailureTarget), jobObject("again", "6", batchv1.JobComplete),
	}
	pods := []*corev1.Pod{jobPod("done", "1"), jobPod("failed", "2"), jobPod("active", "3"), jobPod("failing", "4"), jobPod("again", "5"), jobPod("gone", "7")}
	want := map[types.UID]JobState{"1": JobEnded, "2": JobEnded, "3": JobActive, "4": JobActive, "5": JobGone, "7": JobGone}
	known, limitations := lookFor(fake.NewClientset(objects...), pods...)
	if diff := cmp.Diff(want, known.Jobs); diff != "" || len(limitations) != 0 {
		t.Errorf("jobs (-want +got):\n%s\nlimitations %v", diff, limitations)
	}
	if diff := cmp.Diff(map[string]Namespace{"a": {}}, known.Namespaces); diff != "" {
		t.Errorf("namespaces (-want +got):\n%s", diff)
	}
	// More Jobs than are worth a request each are read with one list.
	for i := range listFrom {
		uid := types.UID(fmt.Sprintf("many-%d", i))
		objects = append(objects, jobObject(string(uid), uid, batchv1.JobComplete))
		pods = append(pods, jobPod(string(uid), uid))
		want[uid] = JobEnded
	}
	client := fake.NewClientset(objects...)
	known, _ = lookFor(client, pods...)
	if diff := cmp.Diff(want, known.Jobs); diff != "" {
		t.Errorf("jobs of a list (-want +got):\n%s", diff)
	}
	for _, action := range client.Actions() {
		if action.Matches("get", "jobs") {
			t.Errorf("asked for one Job: %v", action)
		}
	}
}

func TestS36_WhatCannotBeReadProtectsAndIsTold(t *testing.T) {
	t.Parallel()
	jobs := schema.GroupResource{Group: "batch", Resource: "jobs"}
	for reason, err := range map[string]error{
		"Forbidden": apierrors.NewForbidden(jobs, "done", nil),
		"Timeout":   context.DeadlineExceeded,
		"Error":     apierrors.NewInternalError(errors.New("on fire")),
		"NotFound":  apierrors.NewNotFound(jobs, "done"),
	} {
		t.Run(reason, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				client := fake.NewClientset()
				client.PrependReactor("*", "*", func(clienttesting.Action) (bool, runtime.Object, error) { return true, nil, err })
				pods := []*corev1.Pod{jobPod("done", "1"), failedPod("a", "p"), failedPod("a", "kept", annotated("podwatch.dev/keep", "yes"))}
				known, limitations := lookFor(client, pods...)
				got := map[string]string{}
				for _, item := range Make(judged(pods...), noon, everything(), known, ListCandidates).Items {
					got[item.Name] = item.SkipReason
				}
				want := map[string]string{"of-1": "owner-unknown", "p": "namespace-unknown", "kept": "keep-annotation"}
				if reason == "NotFound" { // then it is known that there is no Job
					want["of-1"] = "namespace-unknown"
				}
				if diff := cmp.Diff(want, got); diff != "" {
					t.Errorf("skipped (-want +got):\n%s", diff)
				}
				if l := limitations[len(limitations)-1]; l.Resource != "namespaces" || l.Namespace != "a" || l.Reason != reason || l.Effect == "" {
					t.Errorf("limitation = %+v, want %s", l, reason)
				}
			})
		})
	}
}

// An error that may pass is no reason to leave pods alone, and one that stays
// must not hold up the plan.
func TestLookTriesAgainAFewTimes(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		err      error
		failures int
		asked    int
		keep     bool
	}{
		"a hiccup":        {apierrors.NewInternalError(errors.New("etcd leader changed")), 1, 2, true},
		"two":             {apierrors.NewServiceUnavailable("starting"), 2, 3, true},
		"it stays":        {apierrors.NewInternalError(errors.New("on fire")), 100, 3, false},
		"it cannot pass":  {apierrors.NewForbidden(schema.GroupResource{Resource: "namespaces"}, "a", nil), 100, 1, false},
		"a slow response": {context.DeadlineExceeded, 1, 2, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				client := fake.NewClientset(&corev1.Namespace{ObjectMeta: metav1.ObjectMeta{
					Name: "a", Annotations: map[string]string{"podwatch.dev/keep": ""},
				}})
				left := test.failures
				client.PrependReactor("get", "namespaces", func(clienttesting.Action) (bool, runtime.Object, error) {
					left--
					return left >= 0, nil, test.err
				})
				known, limitations := lookFor(client, failedPod("a", "p"))
				if asked := len(client.Actions()); asked != test.asked || known.Namespaces["a"].Keep != test.keep || (len(limitations) == 0) != test.keep {
					t.Errorf("asked %d times, known %+v, limitations %v; want %d times, and it kept: %t", asked, known, limitations, test.asked, test.keep)
				}
			})
		})
	}
}

func TestASlowJobAPIHidesNoNamespace(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		client := fake.NewClientset(&corev1.Namespace{ObjectMeta: metav1.ObjectMeta{
			Name: "a", Annotations: map[string]string{"podwatch.dev/keep": "true"},
		}})
		slow := slowJobs{client.BatchV1()}
		n := Needs(judged(jobPod("done", "1"), failedPod("a", "p")), noon, everything())
		known, limitations := Look(t.Context(), Clients{Jobs: slow, Namespaces: client.CoreV1()}, n)
		if !known.Namespaces["a"].Keep || len(known.Jobs) != 0 || len(limitations) != 1 || limitations[0].Reason != "Timeout" {
			t.Errorf("known %+v, limitations %+v; want the namespace kept and the Job unknown", known, limitations)
		}
	})
}

// slowJobs answers nothing before the caller has given up.
type slowJobs struct{ batchv1client.JobsGetter }

func (s slowJobs) Jobs(namespace string) batchv1client.JobInterface {
	return slowJob{s.JobsGetter.Jobs(namespace)}
}

type slowJob struct{ batchv1client.JobInterface }

func (slowJob) Get(ctx context.Context, _ string, _ metav1.GetOptions) (*batchv1.Job, error) {
	<-ctx.Done()
	return nil, ctx.Err()
}

func TestTheAnnotationOfANamespace(t *testing.T) {
	t.Parallel()
	for value, want := range map[string]bool{"": true, "true": true, "until tuesday": true, "0": true, "no": true, "false": false, "False": false} {
		client := fake.NewClientset(&corev1.Namespace{ObjectMeta: metav1.ObjectMeta{
			Name: "a", Annotations: map[string]string{"podwatch.dev/keep": value},
		}})
		if known, _ := lookFor(client, failedPod("a", "p")); known.Namespaces["a"].Keep != want {
			t.Errorf("podwatch.dev/keep: %q keeps: %t, want %t", value, known.Namespaces["a"].Keep, want)
		}
	}
}

func TestLookTellsOnceWhatFailsEverywhere(t *testing.T) {
	t.Parallel()
	client := fake.NewClientset()
	client.PrependReactor("*", "namespaces", func(clienttesting.Action) (bool, runtime.Object, error) {
		return true, nil, apierrors.NewForbidden(schema.GroupResource{Resource: "namespaces"}, "x", nil)
	})
	_, limitations := lookFor(client, failedPod("a", "p"), failedPod("b", "p"), failedPod("c", "p"))
	if len(limitations) != 1 || limitations[0].Namespace != "" || limitations[0].Resource != "namespaces" {
		t.Errorf("limitations = %+v, want one for all namespaces", limitations)
	}
}

func TestLookAsksForNothingThatIsNotNeeded(t *testing.T) {
	t.Parallel()
	client := fake.NewClientset()
	young := jobPod("done", "1")
	young.Status.ContainerStatuses = nil
	n := Needs(judged(young, loopingPod(controlledBy("batch/v1", "Job"))), noon, everything(func(r *Rules) { r.OlderThan = time.Minute }))
	if _, limitations := Look(t.Context(), Clients{Jobs: client.BatchV1(), Namespaces: client.CoreV1()}, n); limitations == nil || len(client.Actions()) != 0 {
		t.Errorf("asked %v", client.Actions())
	}
}

// reviews answers access reviews by verb, subresource and namespace.
func reviews(allow func(*authorizationv1.ResourceAttributes) (bool, error)) *fake.Clientset {
	client := fake.NewClientset()
	client.PrependReactor("create", "selfsubjectaccessreviews", func(a clienttesting.Action) (bool, runtime.Object, error) {
		create, ok := a.(clienttesting.CreateAction)
		if !ok {
			return false, nil, nil
		}
		review, ok := create.GetObject().(*authorizationv1.SelfSubjectAccessReview)
		if !ok {
			return false, nil, nil
		}
		var err error
		review.Status.Allowed, err = allow(review.Spec.ResourceAttributes)
		return true, review, err
	})
	return client
}

func TestS49_PermittedAsksOnceForTheClusterAndThenForEachNamespace(t *testing.T) {
	t.Parallel()
	loop := loopingPod()
	loop.Namespace = "b"
	pods := []*corev1.Pod{failedPod("a", "x"), failedPod("a", "y"), failedPod("b", "z"), loop}
	plan := Make(judged(pods...), noon, everything(), Known{}, ListCandidates)
	for name, tt := range map[string]struct {
		allow  func(*authorizationv1.ResourceAttributes) bool
		asked  int
		remain []string
	}{
		"everything":     {func(*authorizationv1.ResourceAttributes) bool { return true }, 2, []string{"a/x", "a/y", "b/z", "b/p"}},
		"nothing":        {func(*authorizationv1.ResourceAttributes) bool { return false }, 4, []string{}},
		"one namespace":  {func(r *authorizationv1.ResourceAttributes) bool { return r.Namespace == "a" }, 4, []string{"a/x", "a/y"}},
		"deletions only": {func(r *authorizationv1.ResourceAttributes) bool { return r.Verb == "delete" }, 2, []string{"a/x", "a/y", "b/z"}},
		"no subresource": {func(r *authorizationv1.ResourceAttributes) bool { return r.Subresource == "" }, 2, []string{"a/x", "a/y", "b/z"}},
		"evictions only": {func(r *authorizationv1.ResourceAttributes) bool {
			return r.Subresource == "eviction" && r.Verb == "create"
		}, 4, []string{"b/p"}},
		"pods of the group": {func(r *authorizationv1.ResourceAttributes) bool { return r.Group == "" && r.Resource == "pods" }, 2, []string{"a/x", "a/y", "b/z", "b/p"}},
	} {
		client := reviews(func(r *authorizationv1.ResourceAttributes) (bool, error) { return tt.allow(r), nil })
		got, err := plan.Permitted(t.Context(), client.AuthorizationV1())
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(tt.remain, names(got.Planned())); diff != "" || len(client.Actions()) != tt.asked {
			t.Errorf("%s: planned (-want +got):\n%s\nasked %d times, want %d", name, diff, len(client.Actions()), tt.asked)
		}
		checkSums(t, got)
	}
}

func TestPermittedIsAnErrorIfTheServerDoesNotSay(t *testing.T) {
	t.Parallel()
	client := reviews(func(*authorizationv1.ResourceAttributes) (bool, error) { return true, errors.New("on fire") })
	if got, err := planOf(failedPod("a", "x")).Permitted(t.Context(), client.AuthorizationV1()); err == nil {
		t.Errorf("Permitted() = %+v, want an error", got)
	}
}
