// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"
	"maps"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/util/retry"

	"github.com/podwatch/kubectl-podwatch/test/controlplane"
)

// act is something that happens while watch looks on.
type act struct {
	// after is the time since the act before.
	after time.Duration
	do    func(context.Context) error
}

// play does the acts in order, each when its time has come.
func play(ctx context.Context, acts []act) error {
	for _, a := range acts {
		select {
		case <-time.After(a.after):
		case <-ctx.Done():
			return nil
		}
		if err := a.do(ctx); err != nil {
			return err
		}
	}
	return nil
}

// acts are the rollout that recovers, by the controllers and kwok alone, and the container of pod,
// which begins to crash.
func (c cluster) acts(pod *corev1.Pod) []act {
	crash := func(s state) func(context.Context) error {
		return func(ctx context.Context) error { return c.put(ctx, pod, s) }
	}
	return []act{
		{4 * time.Second, c.fixPromo},
		{2 * time.Second, crash(crashing(0))},
		{time.Second, crash(restarted(1))},
		{2 * time.Second, crash(crashing(1))},
		{time.Second, crash(backingOff(1))},
		{4 * time.Second, crash(restarted(2))},
		{time.Second, crash(backingOff(2))},
	}
}

func (c cluster) fixPromo(ctx context.Context) error {
	return c.rollOut(ctx, promoFixed, metav1.ObjectMeta{
		Annotations: map[string]string{controlplane.StartDelayAnnotation: promoStart},
	})
}

// rollOut gives promo another image. Pods get the labels and annotations of meta.
func (c cluster) rollOut(ctx context.Context, image string, meta metav1.ObjectMeta) error {
	deployments := c.client.AppsV1().Deployments("shop")
	err := retry.RetryOnConflict(retry.DefaultBackoff, func() error {
		d, err := deployments.Get(ctx, promo, metav1.GetOptions{})
		if err != nil {
			return err
		}
		d.Spec.Template.Labels = map[string]string{"app": promo}
		maps.Copy(d.Spec.Template.Labels, meta.Labels)
		d.Spec.Template.Annotations = meta.Annotations
		d.Spec.Template.Spec.Containers[0].Image = image
		_, err = deployments.Update(ctx, d, metav1.UpdateOptions{})
		return err
	})
	if err != nil {
		return fmt.Errorf("roll out %q: %w", image, err)
	}
	return nil
}

// lostRedis is how the container of cart ends.
func lostRedis() exit {
	return exit{1, "Error", "dial tcp 10.96.31.7:6379: connect: connection refused"}
}

// crashing is a container that has just ended.
func crashing(restarts int32) state {
	return func(pod *corev1.Pod, now time.Time) corev1.PodStatus {
		s := running(pod, pod.CreationTimestamp.Time)
		c := unready(&s, now)
		c.Started, c.RestartCount = new(false), restarts
		c.State = corev1.ContainerState{Terminated: lostRedis().at(now)}
		return s
	}
}

// restarted is a container that runs again and is not ready yet.
func restarted(restarts int32) state {
	return func(pod *corev1.Pod, now time.Time) corev1.PodStatus {
		s := running(pod, pod.CreationTimestamp.Time)
		c := unready(&s, now)
		c.RestartCount = restarts
		c.State.Running.StartedAt = metav1.NewTime(now)
		c.LastTerminationState.Terminated = lostRedis().at(now.Add(-time.Second))
		return s
	}
}

// backingOff is a container that has ended and waits for its next restart.
func backingOff(restarts int32) state {
	return func(pod *corev1.Pod, now time.Time) corev1.PodStatus {
		s := running(pod, pod.CreationTimestamp.Time)
		c := unready(&s, now)
		c.Started, c.RestartCount = new(false), restarts
		// The pause is 10 s at first and doubles with every restart.
		c.State = backOff(pod, c, 10*time.Second<<(restarts-1))
		c.LastTerminationState.Terminated = lostRedis().at(now)
		return s
	}
}
