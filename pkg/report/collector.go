// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package report

import (
	"crypto/sha256"
	"encoding/binary"
	"time"

	"k8s.io/apimachinery/pkg/types"

	"github.com/podwatch/kubectl-podwatch/pkg/apis/podwatch/v1alpha1"
	"github.com/podwatch/kubectl-podwatch/pkg/diagnose"
	"github.com/podwatch/kubectl-podwatch/pkg/projection"
	"github.com/podwatch/kubectl-podwatch/pkg/related"
)

// Options are what a report says about itself. Apart from Cluster, ShowHealthy,
// IncludeCompleted and HintContext they are copied into it.
type Options struct {
	// Now is the instant that the pods were judged at, by the server's clock,
	// GeneratedAt the wall clock.
	Now, GeneratedAt time.Time
	// ObservedAtSource says where Now came from, see v1alpha1.PodReport.
	ObservedAtSource string
	// Version is that of podwatch, empty if the build does not tell.
	Version string
	Source  v1alpha1.Source
	// Cluster is the kubeconfig context if the report is one of several that
	// Merge puts together, else empty. What it names is part of the IDs.
	Cluster string
	Scope   v1alpha1.Scope
	// Selection is what the report is about.
	Selection Selection
	// ShowHealthy keeps every pod, IncludeCompleted those that have succeeded;
	// else only those with findings are kept.
	ShowHealthy, IncludeCompleted bool
	// HintContext is the kubeconfig context that hints name, empty if they can
	// do without.
	HintContext string
}

// Collector gathers judged pods and owners. It is not safe for concurrent use.
type Collector struct {
	options Options
	stubs   map[key]stub
	// shown are the pods that the report prints.
	shown map[key]judged
	// origins are interned, with the number of their pods: many pods, few
	// ReplicaSets.
	origins  []origin
	originOf map[related.Origin]int32
	nameless uint64
	owners   map[types.UID]judgedOwner
}

// key identifies a pod. A digest takes less memory than the UID itself, and
// the map that holds it has no pointers to keys for the collector to follow.
type key [16]byte

// stub is what stays of every pod.
type stub struct {
	state v1alpha1.State
	// origin is an index into origins, or none.
	origin int32
}

// none is the origin of pods that are their own workload. They are not worth
// interning: what such a workload counts are its own pods.
const none = -1

type origin struct {
	related.Origin
	pods int
}

type judged struct {
	pod      *projection.Pod
	findings []v1alpha1.Finding
}

type judgedOwner struct {
	owner    *projection.Owner
	findings []v1alpha1.Finding
}

// NewCollector returns a collector without pods.
func NewCollector(o Options) *Collector {
	return &Collector{
		options:  o,
		stubs:    map[key]stub{},
		shown:    map[key]judged{},
		originOf: map[related.Origin]int32{},
		owners:   map[types.UID]judgedOwner{},
	}
}

// ObservedAt replaces Options.Now: the server's time is known only once the server
// has answered.
func (c *Collector) ObservedAt(now time.Time) { c.options.Now = now }

// Add takes a pod and the verdict on it; a pod outside of the selection is
// dropped. A pod that was added before, by UID
// or else by namespace and name, is replaced; pods that have neither UID nor
// name, as files may hold them, all count. The collector keeps p and the
// findings of v only if the report prints them, and never changes them.
func (c *Collector) Add(p *projection.Pod, v diagnose.Verdict) {
	k := keyOf(p.Namespace, p.Name, p.UID)
	if p.Name == "" && p.UID == "" {
		c.nameless++
		binary.BigEndian.PutUint64(k[:], c.nameless)
	}
	c.drop(k)
	if !c.options.Selection.pod(p) {
		return
	}
	s := stub{state: v.State, origin: none}
	if o := related.OriginOf(p); !o.Bare() {
		s.origin = c.intern(o)
		c.origins[s.origin].pods++
	}
	c.stubs[k] = s
	findings := c.options.Selection.findings(p, v.Findings)
	if len(findings) > 0 || c.options.ShowHealthy || c.options.IncludeCompleted && v.State == v1alpha1.StateCompleted {
		c.shown[k] = judged{pod: p, findings: findings}
	}
}

// AddOwner takes an owner of pods and what is wrong with the owner itself: it
// can make no pods, or its rollout does not get on. With findings it counts as a
// workload, and never as a pod; without, it only tells how many pods there should
// be. One that was added before, by UID, is replaced; one outside of
// the selection is ignored. The collector keeps both arguments and never changes
// them.
func (c *Collector) AddOwner(o *projection.Owner, findings []v1alpha1.Finding) {
	if c.options.Selection.owner(o, workloadOf(o)) {
		c.owners[o.UID] = judgedOwner{owner: o, findings: findings}
	}
}

// Remove forgets a pod that is gone. A pod that was never added is ignored.
func (c *Collector) Remove(namespace, name string, uid types.UID) {
	c.drop(keyOf(namespace, name, uid))
}

// Rejudge replaces the verdict on every pod that has findings by what judge
// says, which knows the related objects by now. The findings of a verdict that
// was made without them only get milder or more precise, so pods without
// findings are not asked about.
func (c *Collector) Rejudge(judge func(p *projection.Pod) diagnose.Verdict) {
	for k, j := range c.shown {
		if len(j.findings) == 0 {
			continue
		}
		v := judge(j.pod)
		s := c.stubs[k]
		s.state = v.State
		c.stubs[k] = s
		c.shown[k] = judged{pod: j.pod, findings: c.options.Selection.findings(j.pod, v.Findings)}
	}
}

// Need returns what to read around the pods with findings.
func (c *Collector) Need() related.Need {
	var need related.Need
	for k, j := range c.shown {
		need.Add(j.pod, diagnose.Verdict{State: c.stubs[k].state, Findings: j.findings})
	}
	return need
}

// keyOf relies on the UID being unique in a cluster and over time.
func keyOf(namespace, name string, uid types.UID) key {
	id := string(uid)
	if id == "" {
		id = namespace + "/" + name
	}
	sum := sha256.Sum256([]byte(id))
	return key(sum[:16])
}

func (c *Collector) drop(k key) {
	s, ok := c.stubs[k]
	if !ok {
		return
	}
	if s.origin != none {
		c.origins[s.origin].pods--
	}
	delete(c.stubs, k)
	delete(c.shown, k)
}

func (c *Collector) intern(o related.Origin) int32 {
	i, ok := c.originOf[o]
	if !ok {
		i = int32(len(c.origins))
		c.originOf[o] = i
		c.origins = append(c.origins, origin{Origin: o})
	}
	return i
}
