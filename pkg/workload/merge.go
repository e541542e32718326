// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package workload

import (
	"maps"

	"k8s.io/apimachinery/pkg/types"

	"github.com/podwatch/kubectl-podwatch/pkg/apis/podwatch/v1alpha1"
)

// With returns an index of what x and other hold. It shares nothing with them.
// The UIDs that both are keyed by are unique across clusters.
func (x Index) With(other Index) Index {
	merged := Index{controllers: make(map[types.UID]v1alpha1.OwnerReference, len(x.controllers)+len(other.controllers))}
	maps.Copy(merged.controllers, x.controllers)
	maps.Copy(merged.controllers, other.controllers)
	return merged
}
