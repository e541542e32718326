// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package projection

import (
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/podwatch/kubectl-podwatch/pkg/internal/plaintext"
)

// Claim is what is kept of a PersistentVolumeClaim.
type Claim struct {
	Namespace, Name string
	// Missing is true if the claims of the namespace were read and none has this
	// name. All other fields but the names are zero then.
	Missing bool
	// Phase is Pending, Bound or Lost.
	Phase corev1.PersistentVolumeClaimPhase
	// StorageClass is the name of the class, empty if the claim names none.
	StorageClass string
	Volume       string
	// Deleting is true if the claim has a deletionTimestamp.
	Deleting          bool
	CreationTimestamp time.Time
}

// FromClaim returns the projection of c. It shares nothing with c but strings.
func FromClaim(c *corev1.PersistentVolumeClaim) *Claim {
	out := &Claim{
		Namespace:         shared(c.Namespace),
		Name:              plaintext.Clean(c.Name),
		Phase:             shared(c.Status.Phase),
		Volume:            plaintext.Clean(c.Spec.VolumeName),
		Deleting:          c.DeletionTimestamp != nil,
		CreationTimestamp: known(c.CreationTimestamp),
	}
	if class := c.Spec.StorageClassName; class != nil {
		out.StorageClass = shared(*class)
	}
	return out
}
