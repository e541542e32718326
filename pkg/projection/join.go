// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package projection

import (
	corev1 "k8s.io/api/core/v1"

	"github.com/podwatch/kubectl-podwatch/pkg/apis/podwatch/v1alpha1"
)

// joiner hands out the statuses of one list by container name, each once. The
// kubelet writes them in the order of the spec or of the names, so a short list
// is looked through; a long one gets an index.
type joiner struct {
	statuses []corev1.ContainerStatus
	taken    []bool
	byName   map[string][]int
}

// take returns the status for the next container of this name, nil if none is left.
func (j *joiner) take(name string) *corev1.ContainerStatus {
	if len(j.statuses) == 0 {
		return nil
	}
	if j.taken == nil {
		j.taken = make([]bool, len(j.statuses))
	}
	at := j.find(name)
	if at < 0 {
		return nil
	}
	j.taken[at] = true
	return &j.statuses[at]
}

// find returns the index of the first status of this name that is left, -1 if
// there is none.
func (j *joiner) find(name string) int {
	if len(j.statuses) > manyContainers {
		return j.indexed(name)
	}
	for k := range j.statuses {
		if !j.taken[k] && j.statuses[k].Name == name {
			return k
		}
	}
	return -1
}

func (j *joiner) indexed(name string) int {
	if j.byName == nil {
		j.byName = make(map[string][]int, len(j.statuses))
		for k := range j.statuses {
			j.byName[j.statuses[k].Name] = append(j.byName[j.statuses[k].Name], k)
		}
	}
	left := j.byName[name]
	if len(left) == 0 {
		return -1
	}
	j.byName[name] = left[1:]
	return left[0]
}

// rest appends a container for each status that was not taken: one that the
// spec does not have.
func (j *joiner) rest(out []Container, t v1alpha1.ContainerType) []Container {
	for i := range j.statuses {
		if j.taken != nil && j.taken[i] {
			continue
		}
		c := Container{Name: shared(j.statuses[i].Name), Type: t}
		c.report(&j.statuses[i])
		out = append(out, c)
	}
	return out
}
