// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package diagnose

import "slices"

// Rule documents one cause. The rules are what the list of causes in the
// documentation is made from.
type Rule struct {
	// Cause is the code of the finding.
	Cause string
	// Category is the layer that must act.
	Category string
	// SubCauses are the codes that may stand beside the cause; one in angle
	// brackets stands for any word of the server.
	SubCauses []string
	// Severity says how the severity is set.
	Severity string
	// Trigger names the fields, reasons and events that make it fire.
	Trigger string
	// Doc says what the cause means, in full sentences.
	Doc string
}

// Rules returns all causes that Judge and JudgeOwner can give, in the order in which the
// categories stand from the root outwards.
func Rules() []Rule {
	return slices.Concat(
		schedulingRules(), nodeRules(), evictionRules(), rejectedRules(), ownerRules(), creatingRules(), holdUpRules(), deviceRules(), imageRules(), configRules(), startRules(),
		crashLoopRules(), restartRules(), endedRules(), readinessRules(), deletionRules(), failedRules(), disruptionRules(),
		resizeRules(), ephemeralRules(), waitingRules(),
	)
}
