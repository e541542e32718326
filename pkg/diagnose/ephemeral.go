// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package diagnose

import (
	"github.com/podwatch/kubectl-podwatch/pkg/apis/podwatch/v1alpha1"
	"github.com/podwatch/kubectl-podwatch/pkg/projection"
)

func ephemeralRules() []Rule {
	return []Rule{{
		Cause: "DebugContainerFailed", Category: string(categoryDebug), SubCauses: []string{"<cause>"},
		Severity: "Info.",
		Trigger:  "An ephemeral container waits with an error, or ended with StartError.",
		Doc:      "A debug container could not be started. It has no influence on the pod; how a debug session ended is nobody's concern.",
	}}
}

// ephemeral judges a debug container: only that it could not be started.
func (in *input) ephemeral(c *projection.Container) {
	f := finding{
		severity:  v1alpha1.SeverityInfo,
		category:  categoryDebug,
		cause:     "DebugContainerFailed",
		container: c,
		aside:     true,
	}
	switch {
	case c.Waiting != nil:
		failed, ok := in.startError(c)
		if !ok {
			return
		}
		f.subCause, f.message, f.evidence = failed.cause, failed.message, failed.evidence
	case c.Terminated != nil && exitKind(c.Terminated) == exitContainerStart:
		f.subCause = exitContainerStart
		f.since = exactly(c.Terminated.FinishedAt)
		f.message, f.evidence = in.endText(c, c.Terminated), facts(endFact(c, c.Terminated))
	default:
		return
	}
	in.add(f)
}
