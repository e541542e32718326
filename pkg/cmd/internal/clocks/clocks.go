// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

// Package clocks is about time: the flags of the verdict's clocks, the same for
// report, watch and clean, the clock that stands still and that of the server.
package clocks

import (
	"errors"
	"fmt"

	"github.com/spf13/pflag"

	"github.com/podwatch/kubectl-podwatch/pkg/diagnose"
)

// Flags holds the thresholds as the flags set them.
type Flags struct{ diagnose.Thresholds }

// NewFlags returns the defaults.
func NewFlags() *Flags { return &Flags{diagnose.Defaults()} }

// AddTo adds the flags to a command's.
func (f *Flags) AddTo(set *pflag.FlagSet) {
	set.DurationVar(&f.WarnAfter, "warn-after", f.WarnAfter, "how long a pod may wait before that is a warning")
	set.DurationVar(&f.CriticalAfter, "critical-after", f.CriticalAfter, "how long a pod may wait before that is critical")
	set.DurationVar(&f.RestartWindow, "restart-window", f.RestartWindow, "how long a past restart is worth a word")
	set.Int32Var(&f.RestartThreshold, "restart-threshold", f.RestartThreshold, "restarts above which a pod needs manual investigation")
}

// Check refuses what makes no sense.
func (f *Flags) Check() error {
	switch {
	case f.WarnAfter < 0 || f.CriticalAfter < 0 || f.RestartWindow < 0 || f.RestartThreshold < 0:
		return errors.New("flags --warn-after, --critical-after, --restart-window, --restart-threshold: want no negative value")
	case f.CriticalAfter < f.WarnAfter:
		return fmt.Errorf("flag --critical-after %v: want at least --warn-after %v", f.CriticalAfter, f.WarnAfter)
	}
	return nil
}
