// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package diagnose

import "slices"

// category is the layer that must act on a finding.
type category string

const (
	categoryScheduling category = "Scheduling"
	categoryNode       category = "Node"
	categoryOwner      category = "Owner"
	categoryVolume     category = "Volume"
	categorySandbox    category = "Sandbox"
	categoryDevice     category = "Device"
	categoryImage      category = "Image"
	categoryConfig     category = "Config"
	categoryStart      category = "Start"
	categoryInit       category = "Init"
	categoryCrash      category = "Crash"
	categoryProbe      category = "Probe"
	categoryGate       category = "Gate"
	categoryCreation   category = "Creation"
	categoryDeletion   category = "Deletion"
	categoryLifetime   category = "Lifetime"
	categoryDisruption category = "Disruption"
	categoryResize     category = "Resize"
	categoryDebug      category = "Debug"
	categoryOther      category = "Other"
)

// rank is smaller the nearer a category is to the root: of two findings of one
// severity the one with the smaller rank tends to be why there is the other.
func (c category) rank() int {
	return slices.Index([]category{
		categoryScheduling, categoryNode, categoryOwner, categoryVolume, categorySandbox, categoryDevice, categoryImage, categoryConfig, categoryStart, categoryInit, categoryCrash,
		categoryProbe, categoryGate,
		// A container that is not created for a reason that the status does not
		// give stands behind every error that it does give.
		categoryCreation, categoryDeletion, categoryLifetime, categoryDisruption, categoryResize, categoryDebug, categoryOther,
	}, c)
}
