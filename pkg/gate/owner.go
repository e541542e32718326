// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package gate

import (
	"strings"
	"time"
)

// owner names what makes a new pod in place of one that fails: the Deployment
// behind a ReplicaSet, else the controller.
type owner struct{ context, namespace, name string }

// owner returns false for a pod that nothing replaces.
func (m *member) owner() (owner, bool) {
	c := m.pod.Controller
	if c == nil {
		return owner{}, false
	}
	name := string(c.UID)
	base, ok := strings.CutSuffix(c.Name, "-"+m.pod.TemplateHash)
	if ok && m.pod.TemplateHash != "" && c.Kind == "ReplicaSet" {
		name = "deployment/" + base
	}
	return owner{m.key.Context, m.key.Namespace, name}, true
}

func (m *member) created() time.Time { return m.pod.CreationTimestamp.Time }

// compare keeps m if it is the youngest pod of its owner.
func (g *Gate) compare(m *member) {
	o, ok := m.owner()
	if y := g.youngest[o]; ok && (y == nil || !m.created().Before(y.created())) {
		g.youngest[o] = m
	}
}

// age finds the youngest pod of m's owner anew, now that m is gone; nil is
// nobody. Pods go in any order, so the youngest is rarely the one that goes.
func (g *Gate) age(m *member) {
	if m == nil {
		return
	}
	o, ok := m.owner()
	if !ok || g.youngest[o].key != m.key {
		return
	}
	delete(g.youngest, o)
	for _, other := range g.members {
		if of, ok := other.owner(); ok && of == o {
			g.compare(other)
		}
	}
}

// replaced reports whether the owner of m has made a younger pod.
func (g *Gate) replaced(m *member) bool {
	o, ok := m.owner()
	return ok && g.youngest[o].created().After(m.created())
}

// superseded reports whether the Deployment of m rolls out something else by
// now: then m is on its way out.
func (g *Gate) superseded(m *member) bool {
	o, _ := m.owner()
	return g.replaced(m) && g.youngest[o].pod.TemplateHash != m.pod.TemplateHash
}
