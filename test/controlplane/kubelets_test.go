// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package controlplane

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/client-go/kubernetes"
)

// eventually polls until look is content and names what it saw last if it never is.
func eventually(t *testing.T, look func(context.Context) error) {
	t.Helper()
	var last error
	err := wait.PollUntilContextTimeout(t.Context(), readyInterval, time.Minute, true,
		func(ctx context.Context) (bool, error) {
			last = look(ctx)
			return last == nil, nil
		})
	if err != nil {
		t.Fatalf("%v: %v", err, last)
	}
}

// podTemplate makes pods of an application on a node.
func podTemplate(app, node string, labels map[string]string) corev1.PodTemplateSpec {
	all := map[string]string{"app": app}
	maps.Copy(all, labels)
	return corev1.PodTemplateSpec{
		ObjectMeta: metav1.ObjectMeta{Labels: all},
		Spec: corev1.PodSpec{
			NodeName:       node,
			InitContainers: []corev1.Container{{Name: "init", Image: "init"}},
			Containers:     []corev1.Container{{Name: "app", Image: "app"}},
		},
	}
}

func deploy(
	t *testing.T, client kubernetes.Interface, namespace, app string, labels map[string]string,
) {
	t.Helper()
	replicas := int32(2)
	_, err := client.AppsV1().Deployments(namespace).Create(t.Context(), &appsv1.Deployment{
		ObjectMeta: metav1.ObjectMeta{Name: app},
		Spec: appsv1.DeploymentSpec{
			Replicas: &replicas,
			Selector: &metav1.LabelSelector{MatchLabels: map[string]string{"app": app}},
			Template: podTemplate(app, "played", labels),
		},
	}, metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
}

// podsIn waits for n pods of an application in a phase and returns them.
func podsIn(
	t *testing.T, client kubernetes.Interface, namespace, app string, phase corev1.PodPhase, n int,
) []corev1.Pod {
	t.Helper()
	var pods *corev1.PodList
	eventually(t, func(ctx context.Context) (err error) {
		pods, err = client.CoreV1().Pods(namespace).List(ctx, metav1.ListOptions{
			LabelSelector: "app=" + app, FieldSelector: "status.phase=" + string(phase),
		})
		if err == nil && len(pods.Items) != n {
			err = fmt.Errorf("%s: %d pods in phase %s, want %d", app, len(pods.Items), phase, n)
		}
		return err
	})
	return pods.Items
}

func TestKubelets(t *testing.T) {
	t.Parallel()
	s := New(t, Options{Controllers: true, Kubelets: true})
	if err := s.CreateNodes(t.Context(), "played"); err != nil {
		t.Fatal(err)
	}
	t.Run("play pods except those set by hand", func(t *testing.T) {
		t.Parallel()
		playPods(t, s)
	})
	t.Run("complete the pods of a Job", func(t *testing.T) {
		t.Parallel()
		completeJob(t, s)
	})
}

func playPods(t *testing.T, s *Server) {
	t.Helper()
	namespace := s.Namespace(t)
	client := s.Client()
	pods := client.CoreV1().Pods(namespace)

	deploy(t, client, namespace, "healthy", nil)
	deploy(t, client, namespace, "broken", map[string]string{ManualLabel: ManualStatus})
	held, err := s.CreatePod(t.Context(), &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{
			Name: "held", Namespace: namespace, Labels: map[string]string{ManualLabel: "all"},
			DeletionTimestamp: &metav1.Time{Time: time.Now()},
		},
		Spec:   podTemplate("held", "played", nil).Spec,
		Status: corev1.PodStatus{Phase: corev1.PodRunning},
	})
	if err != nil {
		t.Fatal(err)
	}

	healthy := podsIn(t, client, namespace, "healthy", corev1.PodRunning, 2)
	for _, pod := range healthy {
		if cs := pod.Status.ContainerStatuses; len(cs) != 1 || !cs[0].Ready || cs[0].State.Running == nil {
			t.Errorf("%s: containers %v, want one that runs and is ready", pod.Name, cs)
		}
		if is := pod.Status.InitContainerStatuses; len(is) != 1 || is[0].State.Terminated == nil {
			t.Errorf("%s: init containers %v, want one that is done", pod.Name, is)
		}
	}
	// kwok was faster with the healthy ones; the broken ones must still be as the server made them.
	broken := podsIn(t, client, namespace, "broken", corev1.PodPending, 2)
	waiting := corev1.PodStatus{Phase: corev1.PodPending, ContainerStatuses: []corev1.ContainerStatus{{
		Name: "app", State: corev1.ContainerState{
			Waiting: &corev1.ContainerStateWaiting{Reason: "ImagePullBackOff"},
		},
	}}}
	if _, err := s.SetStatus(t.Context(), namespace, broken[0].Name, waiting); err != nil {
		t.Fatal(err)
	}

	// Deleted pods go away and are replaced, played or not; only the held one stays.
	deleteAndAwait(t, client, namespace, healthy[0].Name)
	deleteAndAwait(t, client, namespace, broken[1].Name)
	podsIn(t, client, namespace, "healthy", corev1.PodRunning, 2)
	podsIn(t, client, namespace, "broken", corev1.PodPending, 2)
	got, err := pods.Get(t.Context(), broken[0].Name, metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if cs := got.Status.ContainerStatuses; len(cs) != 1 || cs[0].State.Waiting == nil {
		t.Errorf("%s: containers %v, want the state that was set", got.Name, cs)
	}
	if got, err := pods.Get(t.Context(), "held", metav1.GetOptions{}); err != nil || got.UID != held.UID {
		t.Errorf("held pod: %v, want it Terminating still", err)
	}
}

func deleteAndAwait(t *testing.T, client kubernetes.Interface, namespace, name string) {
	t.Helper()
	pods := client.CoreV1().Pods(namespace)
	if err := pods.Delete(t.Context(), name, metav1.DeleteOptions{}); err != nil {
		t.Fatal(err)
	}
	eventually(t, func(ctx context.Context) error {
		_, err := pods.Get(ctx, name, metav1.GetOptions{})
		if apierrors.IsNotFound(err) {
			return nil
		}
		if err == nil {
			err = errors.New("it is still there")
		}
		return fmt.Errorf("deleted pod %s: %w", name, err)
	})
}

func completeJob(t *testing.T, s *Server) {
	t.Helper()
	namespace := s.Namespace(t)
	template := podTemplate("job", "played", nil)
	template.Spec.RestartPolicy = corev1.RestartPolicyNever
	template.Annotations = map[string]string{RunTimeAnnotation: "10ms", StartDelayAnnotation: "10ms"}
	_, err := s.Client().BatchV1().Jobs(namespace).Create(t.Context(), &batchv1.Job{
		ObjectMeta: metav1.ObjectMeta{Name: "job"},
		Spec:       batchv1.JobSpec{Template: template},
	}, metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	podsIn(t, s.Client(), namespace, "job", corev1.PodSucceeded, 1)
	eventually(t, func(ctx context.Context) error {
		job, err := s.Client().BatchV1().Jobs(namespace).Get(ctx, "job", metav1.GetOptions{})
		if err == nil && job.Status.Succeeded != 1 {
			err = fmt.Errorf("job status %v, want one success", job.Status)
		}
		return err
	})
}

func TestCreateNodes_NeedsKubelets(t *testing.T) {
	t.Parallel()
	if err := Shared(t).CreateNodes(t.Context(), "node"); err == nil {
		t.Error("nodes without kwok: no error")
	}
}
