// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package report

import (
	"cmp"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// What differs between the pods of a workload without being another message:
// the times, the addresses, and what podwatch adds after too many restarts.
var (
	reTooMany = regexp.MustCompile(`, needs manual investigation`)
	reDigest  = regexp.MustCompile(`\bsha256:[0-9a-f]{12,64}\b`)
	reTime    = regexp.MustCompile(`\b\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:?\d\d)?`)
	reAddress = regexp.MustCompile(`\b\d{1,3}(\.\d{1,3}){3}(:\d+)?\b`)
)

// commonMessage returns the message of the worst member if all say the same.
// Otherwise it is the most frequent message, as the first member that has it
// puts it, with the number of variants.
func commonMessage(members []member, worst member) string {
	type variant struct {
		message string
		members int
	}
	index := map[string]int{}
	variants := []variant{}
	for i := range members {
		shape := members[i].shape()
		v, ok := index[shape]
		if !ok {
			v = len(variants)
			index[shape] = v
			variants = append(variants, variant{message: members[i].finding.Message})
		}
		variants[v].members++
	}
	if len(variants) == 1 {
		return worst.finding.Message
	}
	// The first of equals wins: variants stand in the order of the pods.
	most := slices.MaxFunc(variants, func(a, b variant) int { return cmp.Compare(a.members, b.members) })
	return most.message + " (" + strconv.Itoa(len(variants)) + " variants)"
}

// shape is the message without what is peculiar to the pod.
func (m *member) shape() string {
	s := m.finding.Message
	for _, own := range m.names() {
		if own != "" {
			s = strings.ReplaceAll(s, own, "*")
		}
	}
	s = reTooMany.ReplaceAllLiteralString(s, "")
	s = reDigest.ReplaceAllLiteralString(s, "*")
	s = reTime.ReplaceAllLiteralString(s, "*")
	return reAddress.ReplaceAllLiteralString(s, "*")
}

// names are what the message calls the pod that it is about. Those of an owner
// stay: the Deployment repeats what its ReplicaSet has said, names included.
func (m *member) names() []string {
	if m.pod == nil {
		return nil
	}
	return []string{string(m.pod.UID), m.pod.Name}
}
