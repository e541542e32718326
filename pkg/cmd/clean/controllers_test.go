// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package clean

import (
	"context"
	"net/http"
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/wait"

	"github.com/podwatch/kubectl-podwatch/pkg/apis/podwatch/v1alpha1"
	"github.com/podwatch/kubectl-podwatch/pkg/cmd/internal/exit"
)

// until waits until ok is true.
func (b *bench) until(what string, ok func(ctx context.Context) (bool, error)) {
	b.t.Helper()
	if err := wait.PollUntilContextTimeout(b.t.Context(), 20*time.Millisecond, 30*time.Second, true, ok); err != nil {
		b.t.Fatalf("wait until %s: %v", what, err)
	}
}

// podsOf waits for n pods of a workload and returns them. Pods that are on
// their way out do not count.
func (b *bench) podsOf(app string, n int) []corev1.Pod {
	b.t.Helper()
	var pods []corev1.Pod
	b.until("the pods of "+app+" are there", func(ctx context.Context) (bool, error) {
		list, err := b.server.Client().CoreV1().Pods(b.namespace).List(ctx, metav1.ListOptions{LabelSelector: "app=" + app})
		if err != nil {
			return false, err
		}
		pods = nil
		for i := range list.Items {
			if list.Items[i].DeletionTimestamp == nil {
				pods = append(pods, list.Items[i])
			}
		}
		return len(pods) == n, nil
	})
	return pods
}

func template(app string, policy corev1.RestartPolicy) corev1.PodTemplateSpec {
	return corev1.PodTemplateSpec{
		ObjectMeta: metav1.ObjectMeta{Labels: map[string]string{"app": app}},
		Spec: corev1.PodSpec{
			RestartPolicy: policy, Containers: []corev1.Container{{Name: "app", Image: "registry.example.com/app:1"}},
		},
	}
}

func (b *bench) statefulSet(name string, replicas int32) {
	b.t.Helper()
	_, err := b.server.Client().AppsV1().StatefulSets(b.namespace).Create(b.t.Context(), &appsv1.StatefulSet{
		ObjectMeta: metav1.ObjectMeta{Name: name},
		Spec: appsv1.StatefulSetSpec{
			Replicas: &replicas, PodManagementPolicy: appsv1.ParallelPodManagement,
			Selector: &metav1.LabelSelector{MatchLabels: map[string]string{"app": name}}, Template: template(name, corev1.RestartPolicyAlways),
		},
	}, metav1.CreateOptions{})
	if err != nil {
		b.t.Fatal(err)
	}
}

func (b *bench) job(name string, backoffLimit, parallelism int32) {
	b.t.Helper()
	_, err := b.server.Client().BatchV1().Jobs(b.namespace).Create(b.t.Context(), &batchv1.Job{
		ObjectMeta: metav1.ObjectMeta{Name: name},
		Spec: batchv1.JobSpec{
			BackoffLimit: &backoffLimit, Parallelism: &parallelism, Completions: &parallelism, Template: template(name, corev1.RestartPolicyNever),
		},
	}, metav1.CreateOptions{})
	if err != nil {
		b.t.Fatal(err)
	}
}

// fail has the pod end with an error. It reports false for one that is gone.
func (b *bench) fail(pod *corev1.Pod) bool {
	b.t.Helper()
	end := metav1.Now()
	_, err := b.server.SetStatus(b.t.Context(), b.namespace, pod.Name, corev1.PodStatus{
		Phase: corev1.PodFailed,
		ContainerStatuses: []corev1.ContainerStatus{{Name: "app", State: corev1.ContainerState{
			Terminated: &corev1.ContainerStateTerminated{ExitCode: 1, Reason: "Error", FinishedAt: end},
		}}},
	})
	return err == nil
}

func TestS28_S29_PodsOfAnActiveJobAreKept(t *testing.T) {
	t.Parallel()
	b := newControllerBench(t)
	b.job("active", 6, 1)
	b.job("ended", 0, 1)
	for _, name := range []string{"active", "ended"} {
		pod := b.podsOf(name, 1)[0]
		b.fail(&pod)
		b.until("the Job has counted its pod", func(ctx context.Context) (bool, error) {
			live, err := b.server.Client().CoreV1().Pods(b.namespace).Get(ctx, pod.Name, metav1.GetOptions{})
			return err == nil && len(live.Finalizers) == 0, err
		})
	}
	b.until("the second Job has failed", func(ctx context.Context) (bool, error) {
		job, err := b.server.Client().BatchV1().Jobs(b.namespace).Get(ctx, "ended", metav1.GetOptions{})
		if err != nil {
			return false, err
		}
		for _, c := range job.Status.Conditions {
			if c.Type == batchv1.JobFailed && c.Status == corev1.ConditionTrue {
				return true, nil
			}
		}
		return false, nil
	})
	b.options.Yes = true
	r, err := b.run(t.Context())
	if err != nil || r.Summary.Deleted != 1 || r.Summary.SkippedByReason["job-active"] != 1 {
		t.Errorf("run = %v, summary %+v, want the pod of the ended Job deleted", err, r.Summary)
	}
	if item := r.Items[0]; item.Owner == nil || item.Owner.Name != "ended" {
		t.Errorf("deleted %+v", item)
	}
}

func TestS30_CrashLoopingPodsOfAJobAreNeverEvicted(t *testing.T) {
	t.Parallel()
	b := newControllerBench(t)
	b.job("import", 2, 1)
	pod := b.podsOf("import", 1)[0]
	if _, err := b.server.SetStatus(t.Context(), b.namespace, pod.Name, crashLooping(time.Now())); err != nil {
		t.Fatal(err)
	}
	b.disrupt()
	r, err := b.run(t.Context())
	skipped := r.Summary.SkippedByReason
	// The tracking finalizer protects it already; the Job would.
	if err != nil || skipped["finalizer"]+skipped["job-crashloop"] != 1 || len(b.mutating) != 0 {
		t.Errorf("run = %v, summary %+v", err, r.Summary)
	}
	b.options.Rules.AllowFinalizers = true
	r, err = b.run(t.Context())
	if err != nil || r.Summary.SkippedByReason["job-crashloop"] != 1 || len(b.mutating) != 0 {
		t.Errorf("run = %v, summary %+v, want job-crashloop", err, r.Summary)
	}
}

func TestS31_PodsOfAStatefulSetAreItsControllersBusiness(t *testing.T) {
	t.Parallel()
	b := newControllerBench(t)
	b.statefulSet("db", 1)
	b.options.Yes = true
	for range 5 {
		pod := b.podsOf("db", 1)[0]
		b.fail(&pod)
		if r, err := b.run(t.Context()); err != nil || r.Summary.Planned != 0 {
			t.Errorf("run = %v, summary %+v, want nothing planned", err, r.Summary)
		}
	}
	if len(b.mutating) != 0 {
		t.Errorf("requests = %v, want none", b.mutating)
	}
}

func TestS32_PodsOfADaemonSetAreItsControllersBusiness(t *testing.T) {
	t.Parallel()
	b := newControllerBench(t)
	ctx := t.Context()
	node := &corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: b.namespace, Labels: map[string]string{"of": b.namespace}}}
	if _, err := b.server.Client().CoreV1().Nodes().Create(ctx, node, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	pods := template("agent", corev1.RestartPolicyAlways)
	pods.Spec.NodeSelector = node.Labels
	pods.Spec.Tolerations = []corev1.Toleration{{Operator: corev1.TolerationOpExists}}
	_, err := b.server.Client().AppsV1().DaemonSets(b.namespace).Create(ctx, &appsv1.DaemonSet{
		ObjectMeta: metav1.ObjectMeta{Name: "agent"},
		Spec:       appsv1.DaemonSetSpec{Selector: &metav1.LabelSelector{MatchLabels: map[string]string{"app": "agent"}}, Template: pods},
	}, metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	b.options.Yes = true
	for range 3 {
		pod := b.podsOf("agent", 1)[0]
		b.fail(&pod)
		if r, err := b.run(ctx); err != nil || r.Summary.Planned != 0 {
			t.Errorf("run = %v, summary %+v, want nothing planned", err, r.Summary)
		}
	}
	if len(b.mutating) != 0 {
		t.Errorf("requests = %v, want none", b.mutating)
	}
}

// replicaSet makes pods that crash again and again.
func (b *bench) loopingReplicaSet(name string, replicas int32) []corev1.Pod {
	b.t.Helper()
	_, err := b.server.Client().AppsV1().ReplicaSets(b.namespace).Create(b.t.Context(), &appsv1.ReplicaSet{
		ObjectMeta: metav1.ObjectMeta{Name: name},
		Spec: appsv1.ReplicaSetSpec{
			Replicas: &replicas, Selector: &metav1.LabelSelector{MatchLabels: map[string]string{"app": name}},
			Template: template(name, corev1.RestartPolicyAlways),
		},
	}, metav1.CreateOptions{})
	if err != nil {
		b.t.Fatal(err)
	}
	pods := b.podsOf(name, int(replicas))
	for i := range pods {
		if _, err := b.server.SetStatus(b.t.Context(), b.namespace, pods[i].Name, crashLooping(time.Now())); err != nil {
			b.t.Fatal(err)
		}
	}
	return pods
}

func TestAnEvictedPodIsReplacedByItsReplicaSet(t *testing.T) {
	t.Parallel()
	b := newControllerBench(t)
	b.loopingReplicaSet("web", 3)
	b.disrupt()
	r, err := b.run(t.Context())
	if err != nil || r.Summary.Deleted != 1 || r.Summary.SkippedByReason["limit"] != 2 {
		t.Errorf("run = %v, summary %+v, want one of three evicted", err, r.Summary)
	}
	b.podsOf("web", 3)
}

// The budget that refuses is a controller's; between two tries somebody deletes
// the pod, and its StatefulSet makes another of the same name.
func TestS3_ThePodThatTookTheNameMeanwhileIsNotEvicted(t *testing.T) {
	t.Parallel()
	b := newControllerBench(t)
	b.statefulSet("web", 1)
	b.budget("web")
	pod := b.podsOf("web", 1)[0]
	// Only a pod with a node runs; bind it as the scheduler would.
	err := b.server.Client().CoreV1().Pods(b.namespace).Bind(t.Context(), &corev1.Binding{
		ObjectMeta: metav1.ObjectMeta{Name: pod.Name}, Target: corev1.ObjectReference{Kind: "Node", Name: "n1"},
	}, metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := b.server.SetStatus(t.Context(), b.namespace, pod.Name, crashLooping(time.Now())); err != nil {
		t.Fatal(err)
	}
	b.until("the budget is exhausted", func(ctx context.Context) (bool, error) {
		pdb, err := b.server.Client().PolicyV1().PodDisruptionBudgets(b.namespace).Get(ctx, "web", metav1.GetOptions{})
		return err == nil && pdb.Status.ObservedGeneration > 0 && pdb.Status.ExpectedPods == 1 && pdb.Status.DisruptionsAllowed == 0, err
	})
	b.disrupt()
	b.options.Rules.ControllerManaged = true
	b.options.BlockedTimeout = time.Minute
	replaced := make(chan struct{})
	b.onFirst(http.MethodPost, "/eviction", func() {
		go func() {
			defer close(replaced)
			b.until("the first eviction was refused", func(context.Context) (bool, error) { return b.sent(http.MethodPost, "/eviction") > 0, nil })
			now := metav1.DeleteOptions{GracePeriodSeconds: new(int64), Preconditions: metav1.NewUIDPreconditions(string(pod.UID))}
			if err := b.server.Client().CoreV1().Pods(b.namespace).Delete(t.Context(), pod.Name, now); err != nil {
				t.Error(err)
			}
		}()
	})
	r, err := b.run(t.Context())
	<-replaced
	if err != nil || r.Summary.Replaced+r.Summary.Gone != 1 || r.Summary.Deleted+r.Summary.Terminating != 0 {
		t.Errorf("run = %v, summary %+v, want it replaced", err, r.Summary)
	}
	if next := b.podsOf("web", 1)[0]; next.UID == pod.UID || next.DeletionTimestamp != nil {
		t.Errorf("the successor %s was touched", next.UID)
	}
}

func TestABudgetOfAControllerIsRespected(t *testing.T) {
	t.Parallel()
	b := newControllerBench(t)
	pods := b.loopingReplicaSet("web", 2)
	for i := range pods {
		err := b.server.Client().CoreV1().Pods(b.namespace).Bind(t.Context(), &corev1.Binding{
			ObjectMeta: metav1.ObjectMeta{Name: pods[i].Name}, Target: corev1.ObjectReference{Kind: "Node", Name: "n1"},
		}, metav1.CreateOptions{})
		if err != nil {
			t.Fatal(err)
		}
	}
	b.budget("web")
	b.until("the budget is observed", func(ctx context.Context) (bool, error) {
		pdb, err := b.server.Client().PolicyV1().PodDisruptionBudgets(b.namespace).Get(ctx, "web", metav1.GetOptions{})
		return err == nil && pdb.Status.ObservedGeneration > 0 && pdb.Status.ExpectedPods == 2, err
	})
	b.disrupt()
	r, err := b.run(t.Context())
	if exit.Code(err) != 3 || r.Summary.Blocked != 1 || r.Items[0].Result != v1alpha1.ResultBlocked {
		t.Errorf("run = %v, summary %+v, want it blocked", err, r.Summary)
	}
}
