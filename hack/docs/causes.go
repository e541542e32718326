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
stable. A sub-cause in angle brackets stands for any word of the server. This page is generated from
the rules in ` + "`pkg/diagnose`" + `.
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
				fmt.Fprintf(&page, "\nSub-causes: `%s`.\n", strings.Join(r.SubCauses, "`, `"))
			}
		}
	}
	return page.Bytes()
}
