// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package clean

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"

	"github.com/podwatch/kubectl-podwatch/pkg/apis/podwatch/v1alpha1"
	"github.com/podwatch/kubectl-podwatch/pkg/projection"
)

// OwnerKind is the kind of a controller together with its API group.
type OwnerKind schema.GroupKind

// String returns Kind.group, or Kind alone for the core group.
func (k OwnerKind) String() string { return schema.GroupKind(k).String() }

// builtIn are the controllers whose ways are known.
func builtIn() []OwnerKind {
	return []OwnerKind{
		{Group: "apps", Kind: "ReplicaSet"},
		{Group: "", Kind: "ReplicationController"},
		{Group: "batch", Kind: "Job"},
		{Group: "apps", Kind: "StatefulSet"},
		{Group: "apps", Kind: "DaemonSet"},
	}
}

// ParseOwnerKind reads Kind.group. The group may be left out for the built-in
// controllers, for which the case makes no difference either; any other kind
// without a group is refused, because a misspelt one would match nothing.
func ParseOwnerKind(s string) (OwnerKind, error) {
	kind, group, dotted := strings.Cut(s, ".")
	var names []string
	for _, b := range builtIn() {
		names = append(names, b.Kind)
		if strings.EqualFold(kind, b.Kind) && (!dotted || group == b.Group) {
			return b, nil
		}
	}
	switch {
	case strings.TrimSpace(s) == "":
		return OwnerKind{}, errors.New("the value is empty")
	case !dotted:
		return OwnerKind{}, fmt.Errorf("%q is none of %s; any other kind needs its API group, as in Workflow.argoproj.io",
			s, strings.Join(names, ", "))
	case kind == "" || !strings.Contains(group, ".") || strings.ContainsAny(s, " /"):
		return OwnerKind{}, fmt.Errorf("parse owner kind %q: want Kind or Kind.group", s)
	}
	return OwnerKind{Group: group, Kind: kind}, nil
}

// ParseCustomOwner reads Kind.group of a controller that is not built in: those
// have flags and rules of their own.
func ParseCustomOwner(s string) (OwnerKind, error) {
	kind, err := ParseOwnerKind(s)
	if err == nil && slices.Contains(builtIn(), kind) {
		return OwnerKind{}, fmt.Errorf("%q is built in, and pods of it are no exception to make", s)
	}
	return kind, err
}

// kindOf returns false for an apiVersion that does not parse.
func kindOf(apiVersion, kind string) (OwnerKind, bool) {
	gv, err := schema.ParseGroupVersion(apiVersion)
	return OwnerKind(gv.WithKind(kind).GroupKind()), err == nil
}

func contains(kinds []OwnerKind, c *projection.Controller) bool {
	if c == nil {
		return false
	}
	kind, ok := kindOf(c.APIVersion, c.Kind)
	return ok && slices.Contains(kinds, kind)
}

// Known is what is known of the things around pods. What was asked for and is
// not known protects. The zero value is for when nobody was asked, as with a
// file: nothing is removed by such a plan.
type Known struct {
	// Jobs has the Jobs that were asked for, by the UID that their pods name. A
	// Job that could not be read is missing.
	Jobs map[types.UID]JobState
	// Namespaces has those that could be read; nil if nobody was asked. Else the
	// pods of a namespace that is missing are left alone.
	Namespaces map[string]Namespace
}

// JobState says whether a Job still counts its pods.
type JobState string

// The states. A Job of the same name and another UID is another Job.
const (
	JobActive JobState = "Active"
	// JobEnded is complete or failed.
	JobEnded JobState = "Ended"
	JobGone  JobState = "Gone"
)

// Namespace is what matters of a namespace.
type Namespace struct {
	// Keep is true if the annotation podwatch.dev/keep protects all pods in it.
	Keep bool
	// Terminating is true if it is being deleted.
	Terminating bool
}

// skipOwner returns why p is not removed as far as its owners are concerned,
// empty if it is. Kinds count together with their API group: the StatefulSet of
// another group is another thing. What an owner that is no controller makes of a
// missing pod is not known either.
func skipOwner(p *projection.Pod, category v1alpha1.Category, r Rules, k Known) SkipReason {
	for i := range p.OwnerReferences {
		kind, ok := kindOf(p.OwnerReferences[i].APIVersion, p.OwnerReferences[i].Kind)
		if !ok || !slices.Contains(r.AllowCustomOwners, kind) {
			return SkipCustomOwner
		}
	}
	c := p.Controller
	if c == nil {
		if r.Bare == BareAll || r.Bare != BareNever && !Living(category) {
			return ""
		}
		return SkipBarePod
	}
	kind, ok := kindOf(c.APIVersion, c.Kind)
	switch {
	case !ok:
		return SkipCustomOwner
	case slices.Contains(r.AllowCustomOwners, kind) && !slices.Contains(builtIn(), kind):
		return ""
	}
	switch kind {
	case OwnerKind{Group: "apps", Kind: "ReplicaSet"}, OwnerKind{Kind: "ReplicationController"}:
		// It has made the replacement already and never removes failed pods.
		return ""
	case OwnerKind{Group: "apps", Kind: "StatefulSet"}, OwnerKind{Group: "apps", Kind: "DaemonSet"}:
		if r.ControllerManaged {
			return ""
		}
		return SkipControllerHandles
	case OwnerKind{Group: "batch", Kind: "Job"}:
		return skipJob(c.UID, category, k)
	default:
		return SkipCustomOwner
	}
}

// skipJob leaves the pods of a Job alone as long as it counts them. A living
// one that is removed counts as a failure, so that a few of them make the whole
// Job fail (job_controller.go, v1.37).
func skipJob(uid types.UID, category v1alpha1.Category, k Known) SkipReason {
	if Living(category) {
		return SkipJobCrashLoop
	}
	switch k.Jobs[uid] {
	case JobEnded, JobGone:
		return ""
	case JobActive:
		return SkipJobActive
	default:
		return SkipOwnerUnknown
	}
}
