// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package gate

import (
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/podwatch/kubectl-podwatch/pkg/reconcile"
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

// compare keeps m if it lives, and if it is the youngest pod of its owner that does.
func (g *Gate) compare(m *member) {
	o, ok := m.owner()
	if !ok || m.pod.Phase == corev1.PodFailed {
		return
	}
	if g.alive[o] == nil {
		g.alive[o] = map[reconcile.Key]*member{}
	}
	g.alive[o][m.key] = m
	if y := g.youngest[o]; y == nil || !m.created().Before(y.created()) {
		g.youngest[o] = m
	}
}

// age finds the youngest pod of m's owner anew, now that m is gone or is another
// one; nil is nobody. Pods go in any order, so the youngest is rarely the one that
// goes.
func (g *Gate) age(m *member) {
	if m == nil {
		return
	}
	o, ok := m.owner()
	if !ok || g.youngest[o] != m {
		return
	}
	delete(g.youngest, o)
	for _, other := range g.alive[o] {
		g.compare(other)
	}
	if len(g.alive[o]) == 0 {
		delete(g.alive, o)
	}
}

// replaced reports whether the owner of m has made another pod since, that has not
// failed as well. Times are whole seconds, and a pod that its node refuses is replaced
// within the second; that one was made with m and not for it shows when the other
// one comes.
func (g *Gate) replaced(m *member) bool {
	o, ok := m.owner()
	if !ok {
		return false
	}
	y := g.youngest[o]
	return y != nil && y.key != m.key && !y.created().Before(m.created())
}

// superseded reports whether the Deployment of m rolls out something else by
// now: then m is on its way out. A pod of another template may be one of the old
// revision that was made anew, so the numbers of the revisions count if they were
// read.
func (g *Gate) superseded(m *member) bool {
	if !g.replaced(m) {
		return false
	}
	if set := g.above(m, m.pod.Controller.UID); set != nil && set.Revision != "" && set.Controller != nil {
		deployment := g.above(m, set.Controller.UID)
		if deployment != nil && deployment.Observed && deployment.Revision != "" {
			return set.Revision != deployment.Revision
		}
	}
	o, _ := m.owner()
	return g.youngest[o].pod.TemplateHash != m.pod.TemplateHash
}
