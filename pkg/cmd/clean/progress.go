// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package clean

import (
	"time"

	"github.com/schollz/progressbar/v3"

	"github.com/podwatch/kubectl-podwatch/pkg/cmd/internal/terminal"
)

// progress shows on a terminal how far a run is. Nil shows nothing.
type progress struct{ bar *progressbar.ProgressBar }

// newProgress returns nil unless standard error is a terminal.
func newProgress(o Options, total int) *progress {
	if o.Quiet || !terminal.Is(o.ErrOut) {
		return nil
	}
	return &progress{progressbar.NewOptions(total,
		progressbar.OptionSetWriter(o.ErrOut),
		progressbar.OptionSetDescription("pods"),
		progressbar.OptionShowCount(),
		progressbar.OptionSetWidth(30),
		progressbar.OptionThrottle(200*time.Millisecond),
		progressbar.OptionClearOnFinish(),
	)}
}

// step counts one pod. It may be called by several goroutines at once.
func (p *progress) step() {
	if p != nil {
		// What cannot be shown is in the report all the same.
		_ = p.bar.Add(1)
	}
}

// done takes the bar off the terminal.
func (p *progress) done() {
	if p != nil {
		_ = p.bar.Clear()
	}
}
