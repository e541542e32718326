// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package diagnose

import (
	"github.com/podwatch/kubectl-podwatch/pkg/apis/podwatch/v1alpha1"
	"github.com/podwatch/kubectl-podwatch/pkg/projection"
)

func waitingRules() []Rule {
	return []Rule{{
		Cause: "Waiting", Category: string(categoryOther), SubCauses: []string{"<reason>"},
		Severity: "Info at first, warning after --warn-after, critical after --critical-after.",
		Trigger:  "A container waits for any other reason.",
		Doc:      "A container waits for a reason that podwatch does not know. The reason is shown as the server gave it; the clocks set the severity.",
	}}
}

// waiting judges a container that the kubelet cannot start, by the reason that
// it gives. Only errors of starting a container get there; those of the
// sandbox and the volumes are in the events.
func (in *input) waiting(c *projection.Container) {
	reason := c.Waiting.Reason
	switch reason {
	case "":
		in.stateless(c)
	case reasonCreating, reasonInitializing:
		in.creating([]*projection.Container{c})
	case reasonRestartAll:
		in.slow(c, finding{
			category: categoryCrash, cause: exitRestartAll,
			message: "all containers of the pod are being restarted by a restart rule",
		})
	default:
		if f, ok := in.startError(c); ok {
			in.add(f)
			return
		}
		in.slow(c, finding{
			category: categoryOther, cause: "Waiting", subCause: word(reason),
			message: reasonAndMessage(reason, c.Waiting.Message),
		})
	}
}

// startError describes a wait for a known error; ok is false for other waits.
func (in *input) startError(c *projection.Container) (f finding, ok bool) {
	for _, family := range [...]func(*projection.Waiting) (finding, bool){imageError, configError, containerError} {
		if f, ok = family(c.Waiting); ok {
			break
		}
	}
	if !ok {
		return finding{}, false
	}
	f.severity = v1alpha1.SeverityCritical
	f.container = c
	// The kubelet does not say when the error began, only when it could have.
	f.since = atMost(in.down(c))
	f.evidence = facts(waitingFact(c))
	in.blameObject(&f, c)
	if c.RestartCount > 0 {
		f.message += in.restartsText(c)
		if last := lastExit(c); last != nil {
			f.support(endFact(c, last))
		}
	}
	return f, true
}

// slow adds a finding about a wait that is judged by its age.
func (in *input) slow(c *projection.Container, f finding) {
	t := in.down(c)
	f.severity = in.wait(t)
	f.since = atMost(t)
	f.evidence = facts(waitingFact(c))
	in.blame(c, f)
}
