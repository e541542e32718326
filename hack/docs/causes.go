// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"fmt"
	"slices"
	"strings"

	"github.com/podwatch/kubectl-podwatch/pkg/diagnose"
)

const causesIntroduction = `# Causes

Every cause that a verdict can name, by the layer that must act, from the root outwards. The codes are
stable. A sub-cause in angle brackets stands for any word of the server. The first command is what a
finding suggests, with POD, CONTAINER, NAMESPACE, NODE and NAME where its own names stand.

A severity is that of the cause. It is lowered, and the finding says so in ` + "`severityReason`" + `, by what was
read above the pod: one step if enough other pods of the owner are available (` + "`OwnerSatisfied`" + `), or as many as a
rollout under way has to keep (` + "`Rollout`" + `); one step if the Job has attempts left (` + "`JobAttemptsLeft`" + `); to info if
the Job is complete (` + "`JobComplete`" + `) or the namespace is being deleted (` + "`NamespaceTerminating`" + `). A deletion is never
lowered, a lost node not by other pods, and what is said about the past of a pod that runs not either.

This page is generated from the rules in ` + "`pkg/diagnose`" + `.
`

// causes is the page of all causes, with a section per category.
func causes() []byte {
	rules := diagnose.Rules()
	var categories []string
	for _, r := range rules {
		if !slices.Contains(categories, r.Category) {
			categories = append(categories, r.Category)
		}
	}
	var page bytes.Buffer
	page.WriteString(causesIntroduction)
	for _, category := range categories {
		fmt.Fprintf(&page, "\n## %s\n", category)
		for _, r := range rules {
			if r.Category != category {
				continue
			}
			fmt.Fprintf(&page, "\n### %s\n\n%s\n", r.Cause, r.Doc)
			if len(r.SubCauses) > 0 {
				fmt.Fprintf(&page, "\n- Sub-causes: `%s`.\n", strings.Join(r.SubCauses, "`, `"))
			} else {
				page.WriteByte('\n')
			}
			fmt.Fprintf(&page, "- Severity: %s\n- Trigger: %s\n- First command: `%s`\n", r.Severity, r.Trigger, r.First())
		}
	}
	return page.Bytes()
}
