// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package offline

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

const (
	kindPod   = "Pod"
	kindNode  = "Node"
	kindClaim = "PersistentVolumeClaim"
	kindList  = "List"
)

// list is what is known of a list while its items are handled.
type list struct {
	// kind is the kind of the list, empty as long as it is unknown.
	kind string
	// items counts the items.
	items int
	// pending are items that need the kind of the list to be understood,
	// pendingBytes what they take.
	pending      []pending
	pendingBytes int
	// nesting counts the lists around this one.
	nesting int
	// partial is true for a page of a longer list.
	partial bool
}

type pending struct {
	fragment
	item int
}

// isList is true for the kind of a list, and for a kind that is not known yet.
func isList(kind string) bool { return strings.HasSuffix(kind, kindList) || kind == "" }

// itemKind is the kind of the items that do not name theirs, "" if the list
// does not tell.
func (l *list) itemKind() string { return strings.TrimSuffix(l.kind, kindList) }

// element handles the next item of l. The memory of f is only lent.
func (d *decoder) element(l *list, f *fragment) error {
	l.items++
	err := d.object(f, cmp.Or(l.itemKind(), d.place.resource.kind), l.nesting)
	if errors.Is(err, errNoKind) {
		// So that a flood of empty items ends soon.
		const overhead = 1 << 10
		if l.pendingBytes += len(f.raw) + overhead; l.pendingBytes > d.maxPending {
			return d.at(f.begin, fmt.Errorf("more than %d MiB of items without a kind in front of the kind of their list", d.maxPending>>20))
		}
		f.raw = bytes.Clone(f.raw)
		l.pending = append(l.pending, pending{fragment: *f, item: d.item})
		return nil
	}
	return err
}

// endList handles what had to wait for the end of l. A list of pods, or of no
// particular kind, is an answer even if it is empty.
func (d *decoder) endList(l *list) error {
	for i := range l.pending {
		p := &l.pending[i]
		d.item = p.item
		if err := d.untyped(&p.fragment, l.itemKind(), l.nesting); err != nil {
			return err
		}
	}
	kind := l.itemKind()
	if l.kind == "" {
		kind = d.place.resource.kind
	}
	switch {
	case kind == "" || kind == kindPod:
		d.snapshot.lists = true
	case l.items == 0:
		d.snapshot.count(printable(cmp.Or(l.kind, kind+kindList)))
	}
	if r, ok := resourceOf("", kind); ok {
		d.snapshot.hold(r)
	}
	if !l.partial && l.nesting == 0 {
		d.endWhole(l, kind)
	}
	return nil
}

// endWhole remembers a list that holds all there is of a kind, so that what is
// not in it does not exist. What kubectl get has printed may have been selected,
// so only the layouts that are known count, and in a dump only typed lists.
func (d *decoder) endWhole(l *list, kind string) {
	c := d.snapshot.captureAt(d.input, d.place)
	typed := l.kind != "" && kind != ""
	switch {
	case d.place.complete && kind == kindClaim && d.place.namespace != "":
		d.snapshot.allClaims[d.place.namespace] = true
	case d.place.complete && kind == kindNode:
		c.nodes, c.whole = true, true
	case !typed:
	case kind == kindNode && (d.place.dump != "" || d.input.Entry == ""):
		c.nodes = true
	case kind == kindPod && d.place.dump != "":
		c.whole = true
	}
}

// untyped handles an object that does not name its kind: the list's word counts,
// else it is a pod if it has the containers of one.
func (d *decoder) untyped(f *fragment, kind string, nesting int) error {
	if kind == "" {
		kind = d.place.resource.kind
	}
	if kind == "" && resemblesPod(f.raw) {
		kind = kindPod
	}
	err := d.object(f, kind, nesting)
	if errors.Is(err, errNoKind) {
		return d.at(f.begin, err)
	}
	return err
}

func resemblesPod(raw []byte) bool {
	var shape struct {
		Spec struct {
			Containers []json.RawMessage `json:"containers"`
		} `json:"spec"`
	}
	return json.Unmarshal(raw, &shape) == nil && len(shape.Spec.Containers) > 0
}

// kindOf returns the kind that raw names, empty if there is none.
func kindOf(raw []byte) string {
	var meta metav1.TypeMeta
	if err := json.Unmarshal(raw, &meta); err != nil {
		return ""
	}
	return meta.Kind
}
