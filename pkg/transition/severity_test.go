// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package transition_test

import (
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/podwatch/kubectl-podwatch/pkg/apis/podwatch/v1alpha1"
	"github.com/podwatch/kubectl-podwatch/pkg/transition"
)

func TestMinSeverityHidesPodEventsOnly(t *testing.T) {
	t.Parallel()
	w := newWorld(t, transition.Options{MinSeverity: v1alpha1.SeverityWarning})
	w.synced()
	w.see(w.pod("quiet"), nil)
	w.see(w.loop(w.pod("loud"), 5), nil)
	w.expect("summary initial", "crashloop.entered loud →Failing critical CrashLoop")
}

// Whoever hears that something broke hears how it ended.
func TestMinSeverityTellsTheEndOfAnEpisodeThatReachedIt(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		least v1alpha1.Severity
		// end is what becomes of a pod in a crash loop.
		end  func(*world, *corev1.Pod)
		want []string
	}{
		"recovered": {v1alpha1.SeverityWarning, func(w *world, p *corev1.Pod) {
			up := w.up(p)
			w.see(up, nil)
			w.wait(up, time.Hour)
		}, []string{"pod.recovered web Healthy→Healthy"}},
		"succeeded": {v1alpha1.SeverityWarning, func(w *world, p *corev1.Pod) {
			w.see(w.ended(p, 0, corev1.PodSucceeded), nil)
		}, []string{"pod.succeeded web Failing→Completed"}},
		"terminating, and told once": {v1alpha1.SeverityWarning, func(w *world, p *corev1.Pod) {
			going := w.terminating(p)
			w.see(going, nil)
			w.deleted(going)
		}, []string{"pod.terminating web Failing→Terminating"}},
		"deleted":  {v1alpha1.SeverityWarning, (*world).deleted, []string{"pod.deleted web Failing→"}},
		"critical": {v1alpha1.SeverityCritical, (*world).deleted, []string{"pod.deleted web Failing→"}},
		"a warning, critical asked for": {v1alpha1.SeverityCritical, func(w *world, p *corev1.Pod) {
			w.deleted(p)
			late := w.pod("late")
			w.see(late, nil)
			late.Status.Conditions[1].Status = corev1.ConditionFalse
			late.Status.Conditions[1].LastTransitionTime = metav1.NewTime(w.now.Add(-2 * time.Minute))
			late.Status.ContainerStatuses[0].Ready = false
			w.see(late, nil)
			w.deleted(late)
		}, []string{"pod.deleted web Failing→"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, transition.Options{MinSeverity: test.least})
			quiet, p := w.pod("quiet"), w.pod("web")
			w.synced(quiet, p)
			w.deleted(quiet) // no episode: stays hidden
			p = w.loop(p, 1)
			w.see(p, nil)
			w.expect("summary initial", "crashloop.entered web Healthy→Failing critical CrashLoop")
			test.end(w, p)
			w.expect(test.want...)
		})
	}
}
