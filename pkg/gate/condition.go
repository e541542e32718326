// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package gate

import (
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/podwatch/kubectl-podwatch/pkg/apis/podwatch/v1alpha1"
	"github.com/podwatch/kubectl-podwatch/pkg/diagnose"
	"github.com/podwatch/kubectl-podwatch/pkg/projection"
)

// Condition is what a pod must meet. Make it with Healthy or Parse.
type Condition struct {
	text string
	met  func(*projection.Pod, *diagnose.Verdict) bool
	// absent asks for the end of all pods instead.
	absent bool
	// patient conditions are about trouble or may come after it: no pod fails
	// them for good.
	patient bool
	// whole conditions are about the workloads of the pods as well.
	whole bool
}

// String returns the condition as the user writes it.
func (c Condition) String() string { return c.text }

// Healthy is met by a pod that is ready and without an ongoing problem, and by
// one that has completed. A workload of Options.Workloads meets it once it is rolled
// out, for pods that are not there yet tell nothing.
func Healthy() Condition {
	return Condition{text: "healthy", whole: true, met: func(p *projection.Pod, v *diagnose.Verdict) bool {
		return v.State == v1alpha1.StateCompleted || v.State == v1alpha1.StateHealthy && is(p, corev1.PodReady, "True")
	}}
}

// Parse reads condition=TYPE[=STATUS], phase=PHASE or delete, the words of
// `kubectl wait --for`.
func Parse(text string) (Condition, error) {
	kind, value, _ := strings.Cut(text, "=")
	switch {
	case text == "delete":
		return Condition{text: text, absent: true, patient: true}, nil
	case kind == "condition" && value != "":
		return parseCondition(text, value)
	case kind == "phase" && value != "":
		return parsePhase(text, value)
	}
	return Condition{}, fmt.Errorf("%q: want condition=TYPE[=STATUS], phase=PHASE or delete", text)
}

func parseCondition(text, value string) (Condition, error) {
	name, status, ok := strings.Cut(value, "=")
	if !ok {
		status = "True"
	}
	if name == "" || status == "" {
		return Condition{}, fmt.Errorf("%q: want condition=TYPE[=STATUS]", text)
	}
	return Condition{
		text: text, patient: !strings.EqualFold(status, "True"),
		met: func(p *projection.Pod, _ *diagnose.Verdict) bool { return is(p, corev1.PodConditionType(name), status) },
	}, nil
}

func parsePhase(text, value string) (Condition, error) {
	phases := []string{"Pending", "Running", "Succeeded", "Failed", "Unknown"}
	i := slices.IndexFunc(phases, func(p string) bool { return strings.EqualFold(p, value) })
	if i < 0 {
		return Condition{}, fmt.Errorf("%q: phase is none of %s", text, strings.Join(phases, ", "))
	}
	phase := corev1.PodPhase(phases[i])
	return Condition{
		text: text, patient: phase != corev1.PodRunning && phase != corev1.PodSucceeded,
		met: func(p *projection.Pod, _ *diagnose.Verdict) bool { return p.Phase == phase },
	}, nil
}

// is reports whether p has the condition at the status; case does not matter, as
// to `kubectl wait`. Of a pod that runs, a projection leaves out two conditions
// while they are True.
func is(p *projection.Pod, t corev1.PodConditionType, status string) bool {
	for i := range p.Conditions {
		if c := &p.Conditions[i]; strings.EqualFold(string(c.Type), string(t)) {
			return strings.EqualFold(string(c.Status), status)
		}
	}
	implied := strings.EqualFold(string(t), string(corev1.PodScheduled)) || strings.EqualFold(string(t), string(corev1.PodReadyToStartContainers))
	return implied && p.Phase == corev1.PodRunning && strings.EqualFold(status, "True")
}
