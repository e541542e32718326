// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package scope

import (
	"fmt"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/fields"

	"github.com/podwatch/kubectl-podwatch/pkg/projection"
)

// Target names pods by their name or by what they belong to.
type Target struct {
	// Kind is one of Pod, Deployment, StatefulSet, DaemonSet, ReplicaSet, Job,
	// CronJob and Node.
	Kind, Name string
}

// kindOf maps what kubectl accepts for a resource to its kind.
func kindOf(resource string) (string, bool) {
	switch strings.ToLower(resource) {
	case "pod", "pods", "po":
		return "Pod", true
	case "deployment", "deployments", "deploy", "deployment.apps", "deployments.apps":
		return "Deployment", true
	case "statefulset", "statefulsets", "sts", "statefulset.apps", "statefulsets.apps":
		return "StatefulSet", true
	case "daemonset", "daemonsets", "ds", "daemonset.apps", "daemonsets.apps":
		return "DaemonSet", true
	case "replicaset", "replicasets", "rs", "replicaset.apps", "replicasets.apps":
		return "ReplicaSet", true
	case "job", "jobs", "job.batch", "jobs.batch":
		return "Job", true
	case "cronjob", "cronjobs", "cj", "cronjob.batch", "cronjobs.batch":
		return "CronJob", true
	case "node", "nodes", "no":
		return "Node", true
	default:
		return "", false
	}
}

// ParseTarget reads POD or TYPE/NAME.
func ParseTarget(arg string) (Target, error) {
	resource, name, ok := strings.Cut(arg, "/")
	if !ok {
		resource, name = "pod", arg
	}
	kind, known := kindOf(resource)
	switch {
	case !known:
		return Target{}, fmt.Errorf("argument %q: %q is none of pod, deploy, sts, ds, rs, job, cronjob, node", arg, resource)
	case name == "" || strings.Contains(name, "/"):
		return Target{}, fmt.Errorf("argument %q: want NAME or TYPE/NAME", arg)
	}
	return Target{Kind: kind, Name: name}, nil
}

// String returns the target as TYPE/NAME in lower case.
func (t Target) String() string { return strings.ToLower(t.Kind) + "/" + t.Name }

// fieldSelector lets the server narrow down what it can.
func (t Target) fieldSelector() string {
	switch t.Kind {
	case "Pod":
		return fields.OneTermEqualSelector("metadata.name", t.Name).String()
	case "Node":
		return fields.OneTermEqualSelector("spec.nodeName", t.Name).String()
	default:
		return ""
	}
}

// Matches reports whether p belongs to any of the scope's targets. It looks at
// the pod alone, so pods that a controller makes later are matched as they
// come, and a controller that is gone still names its pods.
func (s Scope) Matches(p *projection.Pod) bool {
	return len(s.Targets) == 0 || slices.ContainsFunc(s.Targets, func(t Target) bool { return t.matches(p) })
}

func (t Target) matches(p *projection.Pod) bool {
	switch t.Kind {
	case "Pod":
		return p.Name == t.Name
	case "Node":
		return p.NodeName == t.Name
	}
	c := p.Controller
	if c == nil {
		return false
	}
	switch t.Kind {
	case "Deployment":
		return is(c, "apps", "ReplicaSet") && p.TemplateHash != "" && c.Name == t.Name+"-"+p.TemplateHash
	case "CronJob":
		// The controller names a Job after its CronJob and the scheduled minute
		// (pkg/controller/cronjob/utils.go, v1.37.2).
		minute, ok := strings.CutPrefix(c.Name, t.Name+"-")
		return is(c, "batch", "Job") && ok && minute != "" && strings.Trim(minute, "0123456789") == ""
	case "Job":
		return is(c, "batch", "Job") && c.Name == t.Name
	default:
		return is(c, "apps", t.Kind) && c.Name == t.Name
	}
}

// is compares group and kind: others have StatefulSets, too.
func is(c *projection.Controller, group, kind string) bool {
	return c.Kind == kind && strings.HasPrefix(c.APIVersion, group+"/")
}

// Covers reports whether pods of the workload o would belong to any of the
// scope's targets. A workload belongs to its controller as well.
func (s Scope) Covers(o *projection.Owner) bool {
	return len(s.Targets) == 0 || slices.ContainsFunc(s.Targets, func(t Target) bool { return t.covers(o) })
}

func (t Target) covers(o *projection.Owner) bool {
	own := projection.Controller{APIVersion: o.APIVersion, Kind: o.Kind, Name: o.Name}
	return t.names(&own) || o.Controller != nil && t.names(o.Controller)
}

func (t Target) names(c *projection.Controller) bool {
	group := "apps"
	if t.Kind == "Job" || t.Kind == "CronJob" {
		group = "batch"
	}
	return c.Name == t.Name && is(c, group, t.Kind)
}

// Seen remembers which targets of a scope have had a pod. Its zero value is for
// a scope without targets.
type Seen struct {
	targets []Target
	hit     []bool
}

// NewSeen returns a Seen for the targets of s.
func (s Scope) NewSeen() Seen { return Seen{s.Targets, make([]bool, len(s.Targets))} }

// Add takes a pod that is in the scope.
func (s Seen) Add(p *projection.Pod) {
	for i, t := range s.targets {
		s.hit[i] = s.hit[i] || t.matches(p)
	}
}

// AddOwner takes a workload that is in the scope although it has no pods.
func (s Seen) AddOwner(o *projection.Owner) {
	for i, t := range s.targets {
		s.hit[i] = s.hit[i] || t.covers(o)
	}
}

// AddSeen takes what another Seen of the same scope has: the pods of a second
// cluster.
func (s Seen) AddSeen(other Seen) {
	for i := range s.hit {
		s.hit[i] = s.hit[i] || other.hit[i]
	}
}

// Missing returns an error that names the first target without any pod, nil if
// there is none: a name that is misspelt must not pass for one without problems.
func (s Seen) Missing() error {
	for i, t := range s.targets {
		if !s.hit[i] {
			return fmt.Errorf("find %s: no such pods in scope", t)
		}
	}
	return nil
}
