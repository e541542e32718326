// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package scope

import (
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/selection"
	"k8s.io/apimachinery/pkg/util/validation"

	"github.com/podwatch/kubectl-podwatch/pkg/internal/wildcard"
)

// CheckNamespacePatterns refuses values of a flag that can match no namespace.
// To leave such a one out would be to leave nothing out, in silence.
func CheckNamespacePatterns(flag string, patterns []string) error {
	for _, pattern := range patterns {
		// What a * or ? stands for can be as plain as this.
		name := strings.NewReplacer("*", "a", "?", "a").Replace(pattern)
		if wildcard.Check(pattern) != nil || len(validation.IsDNS1123Label(name)) > 0 {
			return fmt.Errorf("flag --%s %q: want the name of a namespace, or a pattern of one with * and ?", flag, pattern)
		}
	}
	return nil
}

// checkNamespaces refuses what cannot be the name of a namespace.
func checkNamespaces(names []string) error {
	for _, name := range names {
		if len(validation.IsDNS1123Label(name)) > 0 {
			return fmt.Errorf("flag --namespace %q: want the name of a namespace: small letters, digits and -", name)
		}
	}
	return nil
}

// PhaseError says that a field selector asks for a phase that no pod can have,
// to which a server answers with no pods.
type PhaseError struct{ Phase string }

// Error implements error.
func (e *PhaseError) Error() string {
	return fmt.Sprintf("flag --field-selector: phase %q is none of Pending, Running, Succeeded, Failed, Unknown", e.Phase)
}

func checkPhases(s fields.Selector) error {
	phases := []corev1.PodPhase{corev1.PodPending, corev1.PodRunning, corev1.PodSucceeded, corev1.PodFailed, corev1.PodUnknown}
	for _, r := range s.Requirements() {
		// That a phase is not one that there is not is true, and of no harm.
		equal := r.Operator == selection.Equals || r.Operator == selection.DoubleEquals
		if r.Field == "status.phase" && equal && !slices.Contains(phases, corev1.PodPhase(r.Value)) {
			return &PhaseError{r.Value}
		}
	}
	return nil
}
