// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package report

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/podwatch/kubectl-podwatch/pkg/apis/podwatch/v1alpha1"
	"github.com/podwatch/kubectl-podwatch/pkg/diagnose"
)

const gateNone = "none"

// Gate says which findings a run must not have. The zero value lets everything
// pass.
type Gate struct {
	// severity is the mildest that does not pass, empty if severities do not
	// matter.
	severity v1alpha1.Severity
	// causes are "Cause" and "Cause/SubCause".
	causes []string
}

// ParseGate reads a comma-separated list of severities and causes: critical,
// warning (and worse), info (and worse), Cause, Cause/SubCause, or none alone.
// The error says what is allowed.
func ParseGate(text string) (Gate, error) {
	var g Gate
	terms := strings.Split(text, ",")
	for _, term := range terms {
		term = strings.TrimSpace(term)
		switch {
		case term == "":
			return Gate{}, errors.New("a value is empty, want " + gateValues())
		case term == gateNone && len(terms) > 1:
			return Gate{}, fmt.Errorf("%q stands alone", gateNone)
		case term == gateNone:
		case rank(v1alpha1.Severity(term)) >= 0:
			if g.severity == "" || rank(v1alpha1.Severity(term)) > rank(g.severity) {
				g.severity = v1alpha1.Severity(term)
			}
		default:
			if cause, _, _ := strings.Cut(term, "/"); !slices.Contains(causes(), cause) {
				return Gate{}, fmt.Errorf("%q is neither a severity nor a cause, want %s", term, gateValues())
			}
			if err := CheckCause(term); err != nil {
				return Gate{}, err
			}
			g.causes = append(g.causes, term)
		}
	}
	return g, nil
}

// Empty is true for a gate that lets everything pass.
func (g Gate) Empty() bool { return g.severity == "" && len(g.causes) == 0 }

// Failed returns the groups of r that do not pass, in the order of r, without
// those that another one of them explains; nil if the gate holds. It sees every
// group, whatever its confidence and whatever a table shows of the report.
func (g Gate) Failed(r *v1alpha1.PodReport) []v1alpha1.Group {
	refused := map[string]bool{}
	var failed []v1alpha1.Group
	for i := range r.Groups {
		if g.refuses(&r.Groups[i]) {
			refused[r.Groups[i].ID] = true
			failed = append(failed, r.Groups[i])
		}
	}
	return slices.DeleteFunc(failed, func(g v1alpha1.Group) bool { return g.RootCause != "" && refused[g.RootCause] })
}

func (g Gate) refuses(group *v1alpha1.Group) bool {
	if g.severity != "" && rank(group.Severity) <= rank(g.severity) {
		return true
	}
	return slices.Contains(g.causes, group.Cause) || slices.Contains(g.causes, group.Cause+"/"+group.SubCause)
}

// CheckCause refuses what is no CAUSE or CAUSE/SUBCAUSE that a finding can have:
// a misspelt one never matches. The error says what is allowed.
func CheckCause(term string) error {
	cause, subCause, narrowed := strings.Cut(term, "/")
	if !slices.Contains(causes(), cause) {
		return fmt.Errorf("%q is no cause, want one of %s", term, strings.Join(causes(), ", "))
	}
	subCauses := []string{}
	for _, r := range diagnose.Rules() {
		if r.Cause == cause {
			subCauses = append(subCauses, r.SubCauses...)
		}
	}
	if narrowed && !slices.ContainsFunc(subCauses, func(s string) bool { return stands(s, subCause) }) {
		return fmt.Errorf("%q: the sub-causes of %s are %s", term, cause, orNone(subCauses))
	}
	return nil
}

// stands reports whether a documented sub-cause stands for word; one in angle
// brackets stands for any.
func stands(documented, word string) bool {
	return word != "" && (documented == word || strings.HasPrefix(documented, "<"))
}

func orNone(list []string) string {
	if len(list) == 0 {
		return gateNone
	}
	return strings.Join(list, ", ")
}

func gateValues() string {
	return "critical, warning, info, none, or a cause of " + strings.Join(causes(), ", ")
}

// causes returns the causes that a finding can have, sorted.
func causes() []string {
	out := []string{}
	for _, r := range diagnose.Rules() {
		out = append(out, r.Cause)
	}
	slices.Sort(out)
	return slices.Compact(out)
}
