// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package printers

import "fmt"

// podless writes the card of a workload that has no pod to show.
func (c Card) podless(p *prose, o CardOptions) {
	f := c.finding()
	v := verdict{Card: c, finding: f}
	p.paragraph(string(f.Severity)+": ", o.Palette.severity(f.Severity), v.workload()+v.trouble()+v.since()+": "+v.message()+".", 0)
	p.WriteByte('\n')
	if w := c.Group.Workload; w.Desired != nil && w.Available != nil {
		p.paragraph(label("pods"), nil, fmt.Sprintf("%d of %d available", *w.Available, *w.Desired), 0)
	}
	p.paragraph(label("cause"), nil, c.cause(), 0)
	c.next(p, o)
}

// trouble is what a workload itself does not get done.
func (v *verdict) trouble() string {
	switch v.Group.Cause {
	case "FailedCreate":
		return " cannot create its pods"
	case "ReplicaSetCreateError":
		return " cannot create the ReplicaSet of its new revision"
	case "ProgressDeadlineExceeded":
		return " gets no further with its rollout"
	case "JobFailed":
		return " has failed for good"
	}
	return ""
}
