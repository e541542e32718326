// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package offline

import (
	"bufio"
	"bytes"
	"time"

	corev1 "k8s.io/api/core/v1"
)

// origins is what is known of where a snapshot comes from, and of what it holds
// all there is.
type origins struct {
	captures map[root]*capture
	// allClaims are the namespaces of which all claims are held.
	allClaims map[string]bool
	// nodes are the names of the nodes; nodesSeen is the newest time of them.
	nodes     map[string]bool
	nodesSeen time.Time
	// bound is when the last pod was bound to a node, by the node's name.
	bound map[string]time.Time
	// unread counts what could not be read, by the plural name of the resource.
	unread map[string]int
}

// root is where a capture begins: a folder inside of an input.
type root struct{ name, folder string }

// capture is what a root has turned out to be.
type capture struct {
	source SourceType
	// nodes is true once all nodes of a capture that holds them were read, whole
	// once it is known for one, logs once it is known for a dump.
	nodes, whole, logs bool
}

func newOrigins() origins {
	return origins{
		captures: map[root]*capture{}, allClaims: map[string]bool{},
		nodes: map[string]bool{}, bound: map[string]time.Time{}, unread: map[string]int{},
	}
}

// captureAt returns the capture that a place belongs to.
func (o *origins) captureAt(input Input, p place) *capture {
	at := root{name: input.Name, folder: p.dump}
	c := o.captures[at]
	if c == nil {
		c = &capture{source: SourceFile}
		o.captures[at] = c
	}
	if p.source != "" && p.source != SourceFile {
		c.source = p.source
	}
	return c
}

// sourceType is what the capture is, as far as it is known.
func (c *capture) sourceType() SourceType {
	if c.source == SourceFile && (c.logs || c.nodes && c.whole) {
		return SourceDump
	}
	return c.source
}

// bind remembers when a pod came to its node.
func (o *origins) bind(pod *corev1.Pod) {
	var l latest
	l.see(pod.CreationTimestamp)
	if t := pod.Status.StartTime; t != nil {
		l.see(*t)
	}
	for i := range pod.Status.Conditions {
		if c := &pod.Status.Conditions[i]; c.Type == corev1.PodScheduled {
			l.see(c.LastTransitionTime)
		}
	}
	if name := pod.Spec.NodeName; name != "" && !l.Before(o.bound[name]) {
		o.bound[name] = l.Time
	}
}

// node remembers a node, and how new its status is.
func (o *origins) node(n *corev1.Node) {
	o.nodes[n.Name] = true
	l := latest{o.nodesSeen}
	l.see(n.CreationTimestamp)
	for i := range n.Status.Conditions {
		l.see(n.Status.Conditions[i].LastHeartbeatTime, n.Status.Conditions[i].LastTransitionTime)
	}
	o.nodesSeen = l.Time
}

// settle draws the conclusions at the end of all inputs.
func (o *origins) settle(s *Snapshot) {
	s.Source = o.sourceType()
	// With two clusters in one snapshot nothing is known.
	if o.inputs() > 1 {
		return
	}
	if o.unread["persistentvolumeclaims"] == 0 {
		for namespace := range o.allClaims {
			s.Related.AllClaims(namespace)
		}
	}
	if o.allNodes() {
		s.Related.AllNodes()
	}
}

// sourceType is the type that all inputs have in common.
func (o *origins) sourceType() SourceType {
	types := map[string]SourceType{}
	for at, c := range o.captures {
		t, known := c.sourceType(), types[at.name]
		// One input with two layouts in it is neither.
		if known != "" && known != SourceFile && t != SourceFile && t != known {
			return SourceFile
		}
		if known == "" || t != SourceFile {
			types[at.name] = t
		}
	}
	var common SourceType
	for _, t := range types {
		if common != "" && t != common {
			return SourceFile
		}
		common = t
	}
	if common == "" {
		return SourceFile
	}
	return common
}

// allNodes reports whether a node that is not held does not exist. A dump takes
// a while: a node that has joined since its nodes were read is not among them,
// but the pods that were bound to it are.
func (o *origins) allNodes() bool {
	whole := 0
	for _, c := range o.captures {
		if c.nodes && c.whole {
			whole++
		}
	}
	if whole != 1 || o.unread["nodes"] > 0 {
		return false
	}
	for name, at := range o.bound {
		if !o.nodes[name] && !at.Before(o.nodesSeen) {
			return false
		}
	}
	return true
}

func (o *origins) inputs() int {
	names := map[string]bool{}
	for at := range o.captures {
		names[at.name] = true
	}
	return len(names)
}

// looksRight is a cheap look at a file whose name says that it may hold
// manifests: those of this world say their kind early.
func looksRight(r *bufio.Reader, p place) bool {
	head, _ := r.Peek(bufferSize)
	switch {
	case p.sections:
		return bytes.HasPrefix(head, []byte(logBegins))
	case p.resource.kind != "":
		return len(bytes.TrimSpace(head)) > 0
	default:
		return bytes.Contains(head, []byte("kind"))
	}
}
