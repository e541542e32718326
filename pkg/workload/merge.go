// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package workload

import "maps"

// With returns an index of what x and other hold. Neither is changed. The UIDs
// that both are keyed by are unique across clusters.
func (x Index) With(other Index) Index {
	merged := Index{controllers: maps.Clone(x.controllers)}
	if merged.controllers == nil {
		merged.controllers = other.controllers
		return merged
	}
	maps.Copy(merged.controllers, other.controllers)
	return merged
}
